// Average-linkage clustering by nearest-neighbour chains, in O(n²) time and in place.
// Casts spare the hot loops an `undefined` check a pair.
import { condensedRow } from "./matrix-core.ts";

/** sqrt(2 (1 − r)), in place: the distance of two standardised series. NaN counts as r = 0. */
export function distancesInPlace(correlations: Float32Array): void {
  for (let at = 0; at < correlations.length; at += 1) {
    const r = correlations[at] as number;
    correlations[at] = r === r ? Math.sqrt(Math.max(0, 2 - 2 * r)) : Math.SQRT2;
  }
}

/** Merges in the order the chain found them: a cluster is named by its lowest member. */
export interface ChainMerges {
  readonly kept: Uint32Array;
  readonly absorbed: Uint32Array;
  readonly heights: Float32Array;
}

/**
 * Merges n series by average linkage (UPGMA). `distances` is condensed (n (n − 1) / 2, rows of the
 * strict upper triangle) and is overwritten. Nearest-neighbour chain: Murtagh 1983, Müllner 2011.
 * Ties go to the cluster with the lower number, so that the result is the same everywhere.
 */
export function mergeByChains(distances: Float32Array, n: number): ChainMerges {
  const merges = Math.max(0, n - 1);
  const kept = new Uint32Array(merges);
  const absorbed = new Uint32Array(merges);
  const heights = new Float32Array(merges);
  const sizes = new Float64Array(n).fill(1);
  // Rounding could put a merge an ulp below one of its sides, and then sorting by height would tear
  // the tree: a cluster never merges lower than it was made.
  const floors = new Float32Array(n);
  const rows = Float64Array.from({ length: n }, (_, i) => condensedRow(i, n) - i - 1);
  const active = Int32Array.from({ length: n }, (_, i) => i);
  const chain = new Int32Array(n + 1);
  let activeCount = n;
  let length = 0;
  for (let merge = 0; merge < merges;) {
    if (length === 0) {
      chain[0] = active[0] as number;
      length = 1;
    }
    const tip = chain[length - 1] as number;
    const before = length > 1 ? (chain[length - 2] as number) : -1;
    const rowOfTip = rows[tip] as number;
    // The cluster before the tip wins ties, or the chain could run in a circle.
    let nearest = before;
    let least = before < 0 ? Infinity : (distances[at(rows, before, tip)] as number);
    for (let k = 0; k < activeCount; k += 1) {
      const other = active[k] as number;
      if (other === tip) continue;
      const index = other < tip ? (rows[other] as number) + tip : rowOfTip + other;
      const distance = distances[index] as number;
      if (distance < least) {
        least = distance;
        nearest = other;
      }
    }
    if (nearest !== before) {
      chain[length] = nearest;
      length += 1;
      continue;
    }
    const low = Math.min(tip, before);
    const high = Math.max(tip, before);
    kept[merge] = low;
    absorbed[merge] = high;
    const height = Math.max(least, floors[low] as number, floors[high] as number);
    heights[merge] = height;
    floors[low] = height;
    merge += 1;
    length -= 2;
    activeCount = remove(active, activeCount, high);
    average(distances, rows, active, activeCount, sizes, low, high);
  }
  return { kept, absorbed, heights };
}

const at = (rows: Float64Array, a: number, b: number): number =>
  a < b ? (rows[a] as number) + b : (rows[b] as number) + a;

/** Removes a value from the ascending list, keeping it ascending: scans then run forwards in memory. */
function remove(active: Int32Array, count: number, value: number): number {
  const position = active.indexOf(value);
  active.copyWithin(position, position + 1, count);
  return count - 1;
}

/** Gives cluster `low` the mean distances of `low` and `high`, weighted by their sizes. */
function average(
  distances: Float32Array,
  rows: Float64Array,
  active: Int32Array,
  activeCount: number,
  sizes: Float64Array,
  low: number,
  high: number,
): void {
  const lowSize = sizes[low] as number;
  const highSize = sizes[high] as number;
  const total = lowSize + highSize;
  sizes[low] = total;
  for (let k = 0; k < activeCount; k += 1) {
    const other = active[k] as number;
    if (other === low) continue;
    const index = at(rows, low, other);
    const a = distances[index] as number;
    const b = distances[at(rows, high, other)] as number;
    distances[index] = (lowSize * a + highSize * b) / total;
  }
}
