// Sums of products of all pairs of a block: register tile by register tile, one chunk after the other.
import { CHUNK_DATES, STRIP_SERIES, TILE_COL_BYTES, TILE_ROWS } from "./layout";
import { EXPANDED_BYTES, GROUPS_BYTES, expandRows, multiplyTile } from "./multiply";
import { packedAt } from "./pack";
import { Side } from "./side";

/** Columns of a register tile. */
export function tileCols<T>(): i32 {
  return <i32>(TILE_COL_BYTES / sizeof<T>());
}

/** Totals lie tile after tile, along a row of tiles, so that they are read and written in order. */
export function tilesBytes(tiles: i32, cols: i32): usize {
  return (<usize>(tiles * TILE_ROWS * cols)) << 3;
}

/** Room for the totals of a block, in either precision. */
export function productsBytes(rowStrips: i32, colStrips: i32): usize {
  return (<usize>(rowStrips * colStrips * STRIP_SERIES * STRIP_SERIES)) << 3;
}

/** Room for one row of tiles' expanded rows and the sums of groups. */
export function multiplyBytes(): usize {
  return <usize>CHUNK_DATES * EXPANDED_BYTES + GROUPS_BYTES;
}

/** Columns of tiles that every row of tiles runs through before others: 384 KiB stay in the cache. */
const BLOCK_TILES: i32 = 64;

/**
 * Adds the products over the first `dates` dates of a chunk of the stage to `totals`. Tiles below the
 * diagonal or without any value are left out.
 */
export function multiplyChunk<T>(
  totals: usize,
  rows: Side,
  cols: Side,
  chunk: i32,
  dates: i32,
  diagonal: bool,
  room: usize,
): void {
  const width = tileCols<T>();
  const bit = (<u32>1) << chunk;
  const groups = room + <usize>CHUNK_DATES * EXPANDED_BYTES;
  const colTiles = (cols.strips * STRIP_SERIES) / width;
  for (let left = 0; left < cols.series; left += BLOCK_TILES * width) {
    const right = min(cols.series, left + BLOCK_TILES * width);
    const bottom = diagonal ? min(rows.series, right) : rows.series;
    for (let i = 0; i < bottom; i += TILE_ROWS) {
      if (rows.isEmpty(i, TILE_ROWS, bit)) continue;
      expandRows<T>(room, rows.packed + packedAt<T>(rows, chunk, i), dates);
      const rowTotals = totals + tilesBytes((i / TILE_ROWS) * colTiles, width);
      const first = diagonal ? max(left, (i / width) * width) : left;
      for (let j = first; j < right; j += width) {
        if (cols.isEmpty(j, width, bit)) continue;
        const b = cols.packed + packedAt<T>(cols, chunk, j);
        multiplyTile<T>(room, b, dates, rowTotals + tilesBytes(j / width, width), groups);
      }
    }
  }
}
