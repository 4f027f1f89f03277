// All pairs of two lists of ranks that hold for the same dates: by register tiles.
import { colSide, dates, diagonal, rowSide, storePair } from "./block-state";
import { coefficientOf } from "./coefficient";
import { TILE_BYTES, TILE_COLS, TILE_ROWS, multiplyTile, vectorsMax } from "./multiply";
import { listedRanks, listedSquares } from "./sides";

/**
 * The ranks listed on both sides, of `rows` rows from i0 on and `cols` columns from j0 on, which have
 * `n` common dates. In a diagonal block the pairs below the diagonal are left out.
 */
export function multiplyLists(i0: i32, rows: i32, j0: i32, cols: i32, n: i32): void {
  const tile = memory.data(<i32>TILE_BYTES, 16);
  const vectors = (dates + 7) >> 3;
  const most = vectorsMax(dates);
  const upper = diagonal && i0 == j0;
  for (let j = 0; j < cols; j += TILE_COLS) {
    const end = upper ? min(rows, j + TILE_COLS) : rows;
    for (let i = 0; i < end; i += TILE_ROWS) {
      multiplyTile(listedRanks(rowSide, i), listedRanks(colSide, j), vectors, most, tile);
      const iEnd = min(i + TILE_ROWS, rows);
      const jEnd = min(j + TILE_COLS, cols);
      storeTile(tile, i, iEnd, j, jEnd, i0, j0, n, upper);
    }
  }
}

function storeTile(
  tile: usize,
  first: i32,
  iEnd: i32,
  jFirst: i32,
  jEnd: i32,
  i0: i32,
  j0: i32,
  n: i32,
  upper: bool,
): void {
  for (let i = first; i < iEnd; i++, tile += (<usize>TILE_COLS) << 4) {
    for (let j = jFirst; j < jEnd; j++) {
      if (upper && j < i) continue;
      const sums = tile + ((<usize>(j - jFirst)) << 4);
      const sum = load<f64>(sums) + load<f64>(sums, 8);
      const r = coefficientOf(sum, listedSquares(rowSide, i), listedSquares(colSide, j));
      storePair(i0 + i, j0 + j, n, r);
    }
  }
}
