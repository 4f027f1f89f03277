// The loops of Ledoit–Wolf shrinkage over a tile's pairs: its norm, and what becomes of its values.
// Indices are checked by the callers; casts spare the hot loops an `undefined` check a pair.
import type { NdData } from "../codecs/npy.ts";
import type { Tile } from "./plan.ts";

/**
 * Adds Σⱼ r² varianceⱼ to each row's sum, over the tile's columns right of the diagonal. Constant series
 * have no correlations and no covariance, so their pairs count nothing.
 */
export function addSquares(
  rowSums: Float64Array,
  tile: Tile,
  r: NdData,
  variances: Float64Array,
): void {
  const { rowStart, rowCount, colStart, colCount } = tile;
  for (let row = 0; row < rowCount; row += 1) {
    const i = rowStart + row;
    if (variances[i] === 0) continue;
    const from = row * colCount;
    let sum = rowSums[i] as number;
    for (let col = Math.max(0, i + 1 - colStart); col < colCount; col += 1) {
      const variance = variances[colStart + col] as number;
      if (variance === 0) continue;
      const value = r[from + col] as number;
      sum += value * value * variance;
    }
    rowSums[i] = sum;
  }
}

/**
 * Writes r · (scaleᵢ scaleⱼ) to `out`, and `diagonal` where a series meets itself. A scale of zero
 * makes zero even of an undefined correlation: a constant series varies with no other.
 */
export function scalePairs(
  out: Float64Array | Float32Array,
  tile: Tile,
  r: NdData,
  scales: Float64Array,
  diagonal: Float64Array,
): void {
  const { rowStart, rowCount, colStart, colCount } = tile;
  for (let row = 0; row < rowCount; row += 1) {
    const from = row * colCount;
    const rowScale = scales[rowStart + row] as number;
    for (let col = 0; col < colCount; col += 1) {
      // The product of both scales first: it is the same for (i, j) and (j, i), to the bit.
      const scale = rowScale * (scales[colStart + col] as number);
      out[from + col] = scale === 0 ? 0 : (r[from + col] as number) * scale;
    }
    const self = rowStart + row - colStart;
    if (self >= 0 && self < colCount) out[from + self] = diagonal[rowStart + row] as number;
  }
}
