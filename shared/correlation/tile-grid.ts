// Where the tiles of an upper triangle lie, how large they are, and in which order they are run.
import { INPUTS_PER_TASK_MAX } from "../limits.ts";
import type { Precision, Tile } from "./plan.ts";

/** Below 8 series a task's overhead exceeds its work; above 2,048 its output leaves a block. */
export const TILE_MIN = 8;
export const TILE_MAX = 2_048;
/** "auto" stays where panels are reused well and a lost attempt costs little. */
const AUTO_TILE_MIN = 64;
const AUTO_TILE_MAX = 512;
/** Enough tiles that unequal workers finish together, and that even a small job is shared. */
const TILES_PER_THREAD = 4;
const TILES_MIN = 12;
/** Inputs of one task, as float64: a thread holds them all at once. */
const TASK_INPUT_BYTES_MAX = 128 * 2 ** 20;

/** The tiles of an upper triangle of `seriesCount` series, in the order in which they are run. */
export function tileGrid(seriesCount: number, tile: number): readonly Tile[] {
  const blocks = Math.ceil(seriesCount / tile);
  const places: { row: number; col: number; order: number }[] = [];
  for (let row = 0; row < blocks; row += 1) {
    for (let col = row; col < blocks; col += 1) places.push({ row, col, order: zOrder(row, col) });
  }
  places.sort((a, b) => a.order - b.order);
  const count = (start: number): number => Math.min(tile, seriesCount - start);
  return places.map(({ row, col }) => ({
    rowStart: row * tile,
    rowCount: count(row * tile),
    colStart: col * tile,
    colCount: count(col * tile),
  }));
}

/** How many tiles `tileGrid` gives. */
export const tileCount = (seriesCount: number, tile: number): number =>
  triangle(Math.ceil(seriesCount / tile));

/** Rows of the matrix that share their tiles. */
export interface Band {
  readonly start: number;
  readonly end: number;
  /** Tiles whose rows are the band's, by column, from the diagonal on. */
  readonly right: readonly Tile[];
  /** Tiles whose columns are the band's, by row: by symmetry the band's part left of the diagonal. */
  readonly left: readonly Tile[];
}

/** All bands from the top, for reading the matrix row by row. */
export function bandsOf(seriesCount: number, tileSize: number): readonly Band[] {
  const bands: (Band & { right: Tile[]; left: Tile[] })[] = [];
  for (let start = 0; start < seriesCount; start += tileSize) {
    const end = Math.min(start + tileSize, seriesCount);
    bands.push({ start, end, right: [], left: [] });
  }
  // The grid's order has the tiles of each row by column, and those of each column by row.
  for (const tile of tileGrid(seriesCount, tileSize)) {
    bands[tile.rowStart / tileSize]?.right.push(tile);
    if (tile.rowStart < tile.colStart) bands[tile.colStart / tileSize]?.left.push(tile);
  }
  return bands;
}

/** Bytes of the two outputs of a tile (correlations and counts), headers included. */
export function tileOutputBytes(tile: Tile, dateCount: number, precision: Precision): number {
  const valueBytes = (precision === "f64" ? 8 : 4) + (dateCount <= 65_535 ? 2 : 4);
  return tile.rowCount * tile.colCount * valueBytes + 2 * 128;
}

/**
 * The largest tile that still gives enough tiles and fits a thread's memory. Sizes that divide
 * panels evenly are preferred when they are not much smaller, as their tasks need fewer panels.
 */
export function autoTile(
  seriesCount: number,
  dateCount: number,
  panelSeries: number,
  threads: number,
): number {
  const memoryMax = Math.floor(TASK_INPUT_BYTES_MAX / (2 * 8 * dateCount));
  const panelsMax = (INPUTS_PER_TASK_MAX / 2 - 1) * panelSeries;
  const high = Math.max(TILE_MIN, Math.min(AUTO_TILE_MAX, memoryMax, panelsMax));
  // Few series make small tiles, so that a small job is shared as well: five parts make 15 tiles.
  const small = Math.max(TILE_MIN, Math.ceil(seriesCount / 5 / 8) * 8);
  const low = Math.min(AUTO_TILE_MIN, high, small);
  const wanted = Math.max(TILES_MIN, TILES_PER_THREAD * threads);
  let largest = low;
  let aligned = 0;
  for (let tile = low; tile <= high; tile += 1) {
    if (tileCount(seriesCount, tile) < wanted) break;
    if (tile % 8 === 0) largest = tile;
    if (tile % panelSeries === 0 || panelSeries % tile === 0) aligned = tile;
  }
  if (aligned >= largest * 0.6) return aligned;
  // The same number of tiles a side, but without a sliver at the end.
  const blocks = Math.ceil(seriesCount / largest);
  return Math.max(low, Math.min(largest, Math.ceil(seriesCount / blocks / 8) * 8));
}

const triangle = (side: number): number => (side * (side + 1)) / 2;

/** Morton order: interleaves the bits of both places, so that neighbours in the list share panels. */
function zOrder(row: number, col: number): number {
  let order = 0;
  // 13 bits each: SERIES_MAX / TILE_MIN is below 2^13, and 26 bits are exact in a double.
  for (let bit = 12; bit >= 0; bit -= 1) {
    order = order * 4 + ((row >> bit) & 1) * 2 + ((col >> bit) & 1);
  }
  return order;
}
