// The kernel "spearman-tile@1": a tile of the matrix of rank correlations.
import type { TaskCost } from "../../graph/task.ts";
import {
  type TileParams,
  measureTile,
  parseTileParams,
  runTile,
} from "../correlation/tile-params.ts";
import type { Kernel, Shape } from "../kernel.ts";
import type { SpearmanEngine } from "./spearman-engine.ts";

/**
 * Inputs and outputs are those of "pearson-tile@3". The bits of r and n for a pair depend on the values
 * that its two series have on their common dates, and on the precision alone: all sums are exact.
 */
export function createSpearmanTile(engine: SpearmanEngine): Kernel<TileParams> {
  return {
    id: "spearman-tile@1",
    formula:
      "Pearson's r of the ranks (equal values share the mean of theirs), which are taken anew for each " +
      "pair over the n dates that both series have; NaN for n < minPeriods or a series constant on them",
    determinism: "exact",
    parseParams: parseTileParams,
    cost: spearmanTileCost,
    run: (params, inputs) => runTile(engine, params, inputs),
  };
}

/**
 * 2 operations a pair and date, in either precision: ranks are whole numbers. Gaps, which shapes do not
 * tell, cost several times as much.
 */
function spearmanTileCost(params: TileParams, shapes: readonly Shape[]): TaskCost {
  const dates = shapes[0]?.[1] ?? 0;
  const { pairs, outputBytes } = measureTile(params, dates);
  return { operations: Math.ceil(2 * pairs * dates), outputBytes };
}
