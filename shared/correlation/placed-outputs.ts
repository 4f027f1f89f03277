// Sorts the outputs of a job's targets to where they belong: tiles of the matrix, moments of panels.
import type { TaskResult } from "../graph/task.ts";
import type { CorrelationTargets, Tile } from "./plan.ts";

/** The outputs that are there so far, by place; `Block` is a block's reference of any kind. */
export interface PlacedOutputs<Block> {
  /** False for a task that is none of the job's targets. */
  add(result: { readonly task: TaskResult["task"]; readonly outputs: readonly Block[] }): boolean;
  /** Correlations and observations; undefined while they are not there. */
  ofTile(tile: Tile): readonly [r: Block, n: Block] | undefined;
  /** Of each panel in order, those of "series-moments@1"; undefined unless all are there. */
  ofPanels(panelCount: number): readonly (readonly Block[])[] | undefined;
}

export function createPlacedOutputs<Block>(targets: CorrelationTargets): PlacedOutputs<Block> {
  const tiles = new Map<string, readonly Block[]>();
  const panels = new Map<number, readonly Block[]>();
  return {
    add: ({ task, outputs }) => {
      const place = targets.get(task);
      if (place?.kind === "tiles") {
        for (const tile of place.tiles) tiles.set(nameOf(tile), outputs);
      } else if (place?.kind === "moments") {
        for (const panel of place.panels) panels.set(panel, outputs);
      }
      return place !== undefined;
    },
    ofTile: (tile) => {
      const [r, n] = tiles.get(nameOf(tile)) ?? [];
      return r === undefined || n === undefined ? undefined : [r, n];
    },
    ofPanels: (panelCount) => {
      const all = Array.from({ length: panelCount }, (_, panel) => panels.get(panel) ?? []);
      return all.every((outputs) => outputs.length > 0) ? all : undefined;
    },
  };
}

const nameOf = (tile: Tile): string => `${tile.rowStart},${tile.colStart}`;
