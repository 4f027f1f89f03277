// The loops over a tile's pairs: levels for drawing, and the flat copy that clustering starts from.
// Indices are checked by the callers; casts spare the hot loops an `undefined` check a pair.
import type { NdData } from "../codecs/npy.ts";
import { LEVEL_STEPS, LEVEL_UNDEFINED, LEVEL_ZERO } from "./colour.ts";
import type { Tile } from "./plan.ts";

/** Writes the levels of a tile and of its mirror image into `levels`, size × size, row-major. */
export function writeLevels(levels: Uint8Array, size: number, tile: Tile, values: NdData): void {
  const { rowStart, rowCount, colStart, colCount } = tile;
  for (let row = 0; row < rowCount; row += 1) {
    const from = row * colCount;
    const to = (rowStart + row) * size + colStart;
    for (let col = 0; col < colCount; col += 1) {
      const value = values[from + col] as number;
      levels[to + col] =
        value === value ? LEVEL_ZERO + Math.round(value * LEVEL_STEPS) : LEVEL_UNDEFINED;
    }
  }
  if (rowStart !== colStart) mirrorLevels(levels, size, tile);
}

/** Copies a tile's levels across the diagonal, in squares of 32 so that both sides stay in cache. */
function mirrorLevels(levels: Uint8Array, size: number, tile: Tile): void {
  const { rowStart, rowCount, colStart, colCount } = tile;
  const SQUARE = 32;
  for (let rows = 0; rows < rowCount; rows += SQUARE) {
    const rowEnd = rowStart + Math.min(rows + SQUARE, rowCount);
    for (let cols = 0; cols < colCount; cols += SQUARE) {
      const colEnd = colStart + Math.min(cols + SQUARE, colCount);
      for (let col = colStart + cols; col < colEnd; col += 1) {
        for (let row = rowStart + rows; row < rowEnd; row += 1) {
          levels[col * size + row] = levels[row * size + col] as number;
        }
      }
    }
  }
}

/** Where row `i` of the strict upper triangle starts in a condensed array of `size` series. */
export const condensedRow = (i: number, size: number): number => (i * (2 * size - i - 1)) / 2;

/** Copies the pairs (i < j) of a tile into `condensed`, rows of the strict upper triangle. */
export function copyCondensed(
  condensed: Float32Array,
  size: number,
  tile: Tile,
  values: NdData,
): void {
  const { rowStart, rowCount, colStart, colCount } = tile;
  for (let row = 0; row < rowCount; row += 1) {
    const i = rowStart + row;
    const first = Math.max(colStart, i + 1);
    const end = colStart + colCount;
    if (first >= end) continue;
    const from = row * colCount + first - colStart;
    condensed.set(values.subarray(from, from + end - first), condensedRow(i, size) + first - i - 1);
  }
}
