// The strongest pairs of a matrix, kept while its tiles arrive, and those of one series.
import type { NdArray } from "../codecs/npy.ts";
import { offerTile, PairHeap } from "./extremes-core.ts";
import type { CorrelationMatrix } from "./matrix.ts";
import type { Tile } from "./plan.ts";

export interface Pair {
  readonly i: number;
  readonly j: number;
  readonly correlation: number;
  readonly observations: number;
}

/** The `limit` most positive and the `limit` most negative pairs; the same for any order of tiles. */
export class Extremes {
  readonly #matrix: CorrelationMatrix;
  readonly #positive: PairHeap;
  readonly #negative: PairHeap;

  constructor(matrix: CorrelationMatrix, limit: number) {
    this.#matrix = matrix;
    this.#positive = new PairHeap(limit);
    this.#negative = new PairHeap(limit);
  }

  /** Looks at a tile's correlations; each tile must be given once only. */
  add(tile: Tile, values: NdArray): void {
    const size = this.#matrix.seriesCount;
    offerTile(this.#positive, this.#negative, size, tile, values.data);
  }

  /** Pairs above zero, strongest first; ties by series order. */
  positive(): Pair[] {
    return this.#sorted(this.#positive);
  }

  /** Pairs below zero, most negative first; ties by series order. */
  negative(): Pair[] {
    return this.#sorted(this.#negative);
  }

  #sorted(heap: PairHeap): Pair[] {
    const size = this.#matrix.seriesCount;
    const order = Array.from({ length: heap.count }, (_, at) => at);
    const score = (at: number): number => heap.scores[at] ?? 0;
    const pair = (at: number): number => heap.pairs[at] ?? 0;
    order.sort((a, b) => score(b) - score(a) || pair(a) - pair(b));
    return order.map((at) => pairOf(this.#matrix, Math.floor(pair(at) / size), pair(at) % size));
  }
}

function pairOf(matrix: CorrelationMatrix, i: number, j: number): Pair {
  return {
    i,
    j,
    correlation: matrix.value(i, j) ?? NaN,
    observations: matrix.observations(i, j) ?? 0,
  };
}

/** The known, defined pairs of one series, strongest of either sign first; at most `limit`. */
export function pairsOfSeries(matrix: CorrelationMatrix, series: number, limit: number): Pair[] {
  const pairs: Pair[] = [];
  for (let other = 0; other < matrix.seriesCount; other += 1) {
    const value = other === series ? undefined : matrix.value(series, other);
    if (value !== undefined && !Number.isNaN(value)) pairs.push(pairOf(matrix, series, other));
  }
  const strength = (pair: Pair): number => Math.abs(pair.correlation);
  pairs.sort((a, b) => strength(b) - strength(a) || a.j - b.j);
  return pairs.slice(0, limit);
}
