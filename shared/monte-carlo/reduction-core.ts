// Merges rows of statistics in a tree that depends on nothing but their order, so that the bits of a
// result depend on neither tasks nor workers. Unchecked indexing: every index stays within `STRIDE`
// columns of a row that the caller, `estimate.ts`, has checked.
import { assert } from "../assert.ts";
import { STATISTICS } from "./asian-option.ts";

export const STRIDE = STATISTICS.length;

/** Places of the columns; `STATISTICS` has their meaning. */
export const SAMPLES = 0;
export const MEAN_Y = 1;
export const M2_Y = 2;
export const MEAN_X = 3;
export const M2_X = 4;
export const C_XY = 5;
export const PATHS = 6;
export const MEAN_A = 7;
export const M2_A = 8;

/** 2^32 leaves: more than the paths of a job. */
const LEVELS_MAX = 33;

/**
 * A binary counter of rows: like bits of the number of leaves, there is at most one complete subtree
 * of each size 2^k, and two of a size become one of the next.
 */
export class ReductionTree {
  readonly #rows = new Float64Array(LEVELS_MAX * STRIDE);
  #depth = 0;
  #leaves = 0;

  get leaves(): number {
    return this.#leaves;
  }

  /** Adds the row that starts at `from`, as the next leaf. */
  push(rows: Float64Array, from: number): void {
    assert(this.#depth < LEVELS_MAX, "the tree has room");
    this.#rows.set(rows.subarray(from, from + STRIDE), this.#depth * STRIDE);
    this.#depth += 1;
    this.#leaves += 1;
    for (let n = this.#leaves; n % 2 === 0; n /= 2) {
      this.#depth -= 1;
      mergeRow(this.#rows, (this.#depth - 1) * STRIDE, this.#rows, this.#depth * STRIDE);
    }
  }

  /** All leaves so far as one row; smaller, later subtrees are merged first. */
  total(): Float64Array {
    assert(this.#depth > 0, "there is a leaf");
    const last = (this.#depth - 1) * STRIDE;
    let total = this.#rows.slice(last, last + STRIDE);
    for (let level = this.#depth - 2; level >= 0; level -= 1) {
      const merged = this.#rows.slice(level * STRIDE, (level + 1) * STRIDE);
      mergeRow(merged, 0, total, 0);
      total = merged;
    }
    return total;
  }
}

/**
 * Merges row `b` at `fromB` into row `a` at `atA` (Chan, Golub & LeVeque, "Updating formulae and a
 * pairwise algorithm for computing sample variances", 1979).
 */
function mergeRow(a: Float64Array, atA: number, b: Float64Array, fromB: number): void {
  const samplesA = a[atA + SAMPLES] as number;
  const samplesB = b[fromB + SAMPLES] as number;
  const samples = samplesA + samplesB;
  const shareB = samplesB / samples;
  const cross = samplesA * shareB;
  const meanYA = a[atA + MEAN_Y] as number;
  const meanXA = a[atA + MEAN_X] as number;
  const dY = (b[fromB + MEAN_Y] as number) - meanYA;
  const dX = (b[fromB + MEAN_X] as number) - meanXA;
  a[atA + SAMPLES] = samples;
  a[atA + MEAN_Y] = meanYA + dY * shareB;
  a[atA + MEAN_X] = meanXA + dX * shareB;
  a[atA + M2_Y] = (a[atA + M2_Y] as number) + (b[fromB + M2_Y] as number) + dY * dY * cross;
  a[atA + M2_X] = (a[atA + M2_X] as number) + (b[fromB + M2_X] as number) + dX * dX * cross;
  a[atA + C_XY] = (a[atA + C_XY] as number) + (b[fromB + C_XY] as number) + dX * dY * cross;

  const pathsA = a[atA + PATHS] as number;
  const pathsB = b[fromB + PATHS] as number;
  const paths = pathsA + pathsB;
  const meanAA = a[atA + MEAN_A] as number;
  const dA = (b[fromB + MEAN_A] as number) - meanAA;
  a[atA + PATHS] = paths;
  a[atA + MEAN_A] = meanAA + dA * (pathsB / paths);
  a[atA + M2_A] =
    (a[atA + M2_A] as number) + (b[fromB + M2_A] as number) + dA * dA * ((pathsA * pathsB) / paths);
}
