// The correlation matrix as it grows: tiles of the upper triangle, kept as the arrays they came in.
import { assert } from "../assert.ts";
import type { NdArray, NdData } from "../codecs/npy.ts";
import { createTileShrinker, type Shrinkage } from "./ledoit-wolf.ts";
import { copyCondensed, writeLevels } from "./matrix-core.ts";
import type { Tile } from "./plan.ts";

/** Up to this many series a byte a pair (100 MB) is kept for drawing; larger matrices are not drawn. */
export const LEVELS_SERIES_MAX = 10_000;

interface StoredTile {
  readonly tile: Tile;
  readonly values: NdData;
  readonly observations: NdData;
}

const triangle = (count: number): number => (count * (count - 1)) / 2;

/** How many pairs of distinct series a tile holds. */
const pairsOfTile = (tile: Tile): number =>
  tile.rowStart === tile.colStart ? triangle(tile.rowCount) : tile.rowCount * tile.colCount;

/**
 * A symmetric matrix of `seriesCount` series in square tiles of `tileSize`, filled in any order.
 * Tiles lie on the grid of `tileSize`, on or above the diagonal; diagonal tiles are full squares.
 */
export class CorrelationMatrix {
  readonly seriesCount: number;
  readonly tileSize: number;
  /** Pairs of distinct series. */
  readonly pairsTotal: number;
  /**
   * One byte a pair, seriesCount × seriesCount, both triangles: 0 = not yet, 1 = undefined,
   * 2 to 254 = the value (colour.ts). Null above LEVELS_SERIES_MAX.
   */
  readonly levels: Uint8Array | null;
  readonly #side: number;
  readonly #tiles: (StoredTile | undefined)[];
  readonly #listeners = new Set<(tile: Tile) => void>();
  #pairsKnown = 0;
  #tilesKnown = 0;

  constructor(seriesCount: number, tileSize: number) {
    assert(seriesCount > 0 && tileSize > 0, "a matrix needs series and a tile size");
    this.seriesCount = seriesCount;
    this.tileSize = tileSize;
    this.pairsTotal = triangle(seriesCount);
    this.levels =
      seriesCount <= LEVELS_SERIES_MAX ? new Uint8Array(seriesCount * seriesCount) : null;
    this.#side = Math.ceil(seriesCount / tileSize);
    this.#tiles = Array.from({ length: this.#side * this.#side }, () => undefined);
  }

  get pairsKnown(): number {
    return this.#pairsKnown;
  }

  get tilesKnown(): number {
    return this.#tilesKnown;
  }

  get tilesTotal(): number {
    return (this.#side * (this.#side + 1)) / 2;
  }

  get isComplete(): boolean {
    return this.#tilesKnown === this.tilesTotal;
  }

  /**
   * Takes a tile's correlations and observations, both of shape (rowCount, colCount); the arrays
   * belong to the matrix from then on. False when that tile was already there.
   */
  add(tile: Tile, values: NdArray, observations: NdArray): boolean {
    const index = this.#indexOf(tile);
    for (const { shape } of [values, observations]) {
      assert(
        shape.length === 2 && shape[0] === tile.rowCount && shape[1] === tile.colCount,
        `a tile of ${tile.rowCount} × ${tile.colCount} came with shape (${shape.join(", ")})`,
      );
    }
    if (this.#tiles[index] !== undefined) return false;
    this.#tiles[index] = { tile, values: values.data, observations: observations.data };
    this.#pairsKnown += pairsOfTile(tile);
    this.#tilesKnown += 1;
    this.#show(tile, values.data);
    return true;
  }

  /** The correlations of a tile that is there, in C order; not to be changed. */
  valuesOf(tile: Tile): NdData {
    const stored = this.#tiles[this.#indexOf(tile)];
    assert(stored !== undefined, "the values of a tile are asked for once it is there");
    return stored.values;
  }

  /**
   * Replaces the correlations of the complete matrix by the shrunk ones, tile by tile; listeners hear
   * of each as if it had come anew. Yields after each tile, so that a page can spread the work.
   */
  *shrink(shrinkage: Shrinkage): Generator<void, void> {
    assert(this.isComplete, "a matrix is shrunk when all of its tiles are there");
    const shrinker = createTileShrinker(shrinkage);
    for (const [index, stored] of this.#tiles.entries()) {
      if (stored === undefined) continue;
      // Fresh arrays: places with the same bits may share theirs.
      const values = shrinker.correlations(stored.tile, stored.values);
      this.#tiles[index] = { ...stored, values };
      this.#show(stored.tile, values);
      yield;
    }
  }

  hasTile(tile: Tile): boolean {
    return this.#tiles[this.#indexOf(tile)] !== undefined;
  }

  has(i: number, j: number): boolean {
    return this.#holding(i, j) !== undefined;
  }

  /** The correlation of series i and j (either order); NaN where undefined; undefined if not yet there. */
  value(i: number, j: number): number | undefined {
    const stored = this.#holding(i, j);
    return stored?.values[this.#offset(stored, i, j)];
  }

  /** On how many common dates the pair was observed; undefined if not yet there. */
  observations(i: number, j: number): number | undefined {
    const stored = this.#holding(i, j);
    return stored?.observations[this.#offset(stored, i, j)];
  }

  /**
   * Copies the strict upper triangle into an array of seriesCount × (seriesCount − 1) / 2 values,
   * row by row; pairs not yet there stay as they are. Yields after each tile, so that a page can
   * spread the work over frames.
   */
  *copyCondensed(condensed: Float32Array): Generator<void, void> {
    assert(condensed.length === this.pairsTotal, "the condensed array has one value a pair");
    for (const stored of this.#tiles) {
      if (stored === undefined) continue;
      copyCondensed(condensed, this.seriesCount, stored.tile, stored.values);
      yield;
    }
  }

  /** Calls the listener after each new tile, until the returned function is called. */
  subscribe(listener: (tile: Tile) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  #show(tile: Tile, values: NdData): void {
    if (this.levels !== null) writeLevels(this.levels, this.seriesCount, tile, values);
    for (const listener of this.#listeners) listener(tile);
  }

  #indexOf(tile: Tile): number {
    const { rowStart, rowCount, colStart, colCount } = tile;
    const rows = rowStart / this.tileSize;
    const cols = colStart / this.tileSize;
    assert(
      Number.isInteger(rows) && Number.isInteger(cols) && rows >= 0 && rows <= cols,
      `no tile of the upper triangle starts at (${rowStart}, ${colStart})`,
    );
    assert(
      rowCount === Math.min(this.tileSize, this.seriesCount - rowStart) &&
        colCount === Math.min(this.tileSize, this.seriesCount - colStart),
      `a tile at (${rowStart}, ${colStart}) cannot have ${rowCount} × ${colCount} pairs`,
    );
    return rows * this.#side + cols;
  }

  #holding(i: number, j: number): StoredTile | undefined {
    const low = Math.floor(Math.min(i, j) / this.tileSize);
    const high = Math.floor(Math.max(i, j) / this.tileSize);
    return this.#tiles[low * this.#side + high];
  }

  #offset({ tile }: StoredTile, i: number, j: number): number {
    return (Math.min(i, j) - tile.rowStart) * tile.colCount + Math.max(i, j) - tile.colStart;
  }
}
