// What the kernel "pearson-tile@3" needs of an engine: resident panels and tiles over them.
import type { Precision } from "../../correlation/plan.ts";
import type { BlockId } from "../../ids.ts";
import type { KernelInput } from "../kernel.ts";

export interface PanelShape {
  readonly series: number;
  readonly dates: number;
}

/** `count` series from the `start`-th of the panels put end to end. */
export interface SeriesSelection {
  readonly blocks: readonly BlockId[];
  readonly start: number;
  readonly count: number;
}

/** One tile over resident panels; all selections lie within them and all panels share their dates. */
export interface TileRequest {
  readonly rows: SeriesSelection;
  /** null for a diagonal tile: its columns are its rows. */
  readonly cols: SeriesSelection | null;
  readonly dates: number;
  readonly minPeriods: number;
  readonly precision: Precision;
}

interface TileResult {
  /** Coefficients, rows × cols, NaN where undefined. */
  readonly r: Float64Array | Float32Array;
  /** Common dates of each pair, rows × cols. */
  readonly n: Uint16Array | Uint32Array;
  /** Pairs recomputed from their original values because their sums were too ill-conditioned. */
  readonly recomputed: number;
}

export interface PearsonEngine {
  holds(block: BlockId): boolean;
  /** Makes the panels resident until other panels need their room. Throws KernelMemoryError. */
  load(inputs: readonly KernelInput[]): readonly PanelShape[];
  correlate(tile: TileRequest): TileResult;
}

/** The selected series as (panel, index within it), in order. */
export function* selectSeries<Panel extends PanelShape>(
  panels: readonly Panel[],
  start: number,
  count: number,
): Generator<{ panel: Panel; index: number }> {
  let first = 0;
  for (const panel of panels) {
    const from = Math.max(start, first);
    const to = Math.min(start + count, first + panel.series);
    for (let series = from; series < to; series += 1) yield { panel, index: series - first };
    first += panel.series;
  }
}

/** Arrays for a tile's result, of the types that the kernel promises. */
export function createTileArrays(
  size: number,
  tile: TileRequest,
): { r: Float64Array | Float32Array; n: Uint16Array | Uint32Array } {
  return {
    r: tile.precision === "f64" ? new Float64Array(size) : new Float32Array(size),
    n: tile.dates <= 0xffff ? new Uint16Array(size) : new Uint32Array(size),
  };
}
