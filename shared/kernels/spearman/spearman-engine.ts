// What the kernel "spearman-tile@1" needs of an engine: resident panels and tiles over them.
import type { BlockId } from "../../ids.ts";
import type { PanelShape, TileRequest } from "../correlation/pearson-engine.ts";
import type { KernelInput } from "../kernel.ts";

export interface SpearmanEngine {
  holds(block: BlockId): boolean;
  /** Makes the panels resident until other panels need their room. Throws KernelMemoryError. */
  load(inputs: readonly KernelInput[]): readonly PanelShape[];
  /** Coefficients (NaN where undefined) and common dates, each rows × cols. */
  correlate(tile: TileRequest): {
    readonly r: Float64Array | Float32Array;
    readonly n: Uint16Array | Uint32Array;
  };
}
