// The kernels "pearson-tile@3" and "pearson-tile-fast@1": a tile of the correlation matrix.
import type { TaskCost } from "../../graph/task.ts";
import type { Kernel, Shape } from "../kernel.ts";
import type { PearsonEngine } from "./pearson-engine.ts";
import { type TileParams, measureTile, parseTileParams, runTile } from "./tile-params.ts";

/** "fast" is for engines that use fused multiply-adds where the processor has them. */
type PearsonVariant = "exact" | "fast";

const FORMULA =
  "r = Σ(x-x̄)(y-ȳ) / √(Σ(x-x̄)² Σ(y-ȳ)²) over the n dates that both series have; " +
  "NaN for n < minPeriods or a series constant on them; within [-1, 1]";

/** What sets the variants apart. The tolerance is what "fast" promises in either precision. */
const VARIANTS: {
  readonly [variant in PearsonVariant]: Pick<Kernel, "id" | "formula" | "determinism">;
} = {
  exact: { id: "pearson-tile@3", formula: FORMULA, determinism: "exact" },
  fast: {
    id: "pearson-tile-fast@1",
    formula: `${FORMULA}; the last bits may differ between machines`,
    determinism: { tolerance: 1e-6 },
  },
};

/**
 * Inputs: panels (series × dates, float64, NaN or ±inf where missing), those of the rows first, then
 * those of the columns (none for a diagonal tile). Outputs: r (rows × cols, float64 or float32 by
 * `precision`, NaN where undefined) and n (rows × cols, uint16, or uint32 above 65,535 dates).
 * When "exact", the bits of r and n for a pair depend on its two series, their order and the
 * precision alone.
 */
export function createPearsonTile(
  engine: PearsonEngine,
  variant: PearsonVariant = "exact",
): Kernel<TileParams> {
  return {
    ...VARIANTS[variant],
    parseParams: parseTileParams,
    cost: pearsonTileCost,
    run: (params, inputs) => runTile(engine, params, inputs),
  };
}

/** 2 operations a pair and date in double precision, counted as 1 in single, which is twice as fast. */
function pearsonTileCost(params: TileParams, shapes: readonly Shape[]): TaskCost {
  const dates = shapes[0]?.[1] ?? 0;
  const { pairs, outputBytes } = measureTile(params, dates);
  return {
    operations: Math.ceil(pairs * dates * (params.precision === "f64" ? 2 : 1)),
    outputBytes,
  };
}
