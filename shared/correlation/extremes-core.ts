// A bounded heap of the strongest pairs: the loop that looks at every value of every tile.
// Casts spare the hot loops an `undefined` check a pair.
import type { NdData } from "../codecs/npy.ts";
import type { Tile } from "./plan.ts";

/**
 * The `capacity` best of all pairs offered, by a score; equal scores are settled by the pair's
 * number, lower first, so that the set does not depend on the order of arrival.
 */
export class PairHeap {
  readonly capacity: number;
  count = 0;
  /** Heap with the worst kept pair at 0. */
  readonly scores: Float64Array;
  readonly pairs: Float64Array;

  constructor(capacity: number) {
    this.capacity = capacity;
    this.scores = new Float64Array(capacity);
    this.pairs = new Float64Array(capacity);
  }

  /** Pairs must score more than this to have a chance; equal scores may win by number. */
  get worst(): number {
    return this.count < this.capacity ? 0 : (this.scores[0] as number);
  }

  offer(score: number, pair: number): void {
    if (this.count < this.capacity) {
      this.#rise(this.count, score, pair);
      this.count += 1;
    } else if (this.#isWorse(this.scores[0] as number, this.pairs[0] as number, score, pair)) {
      this.#sink(score, pair);
    }
  }

  #isWorse(score: number, pair: number, thanScore: number, thanPair: number): boolean {
    return score < thanScore || (score === thanScore && pair > thanPair);
  }

  #rise(from: number, score: number, pair: number): void {
    const { scores, pairs } = this;
    let at = from;
    while (at > 0) {
      const parent = (at - 1) >> 1;
      if (!this.#isWorse(score, pair, scores[parent] as number, pairs[parent] as number)) break;
      scores[at] = scores[parent] as number;
      pairs[at] = pairs[parent] as number;
      at = parent;
    }
    scores[at] = score;
    pairs[at] = pair;
  }

  #sink(score: number, pair: number): void {
    const { scores, pairs, count } = this;
    let at = 0;
    for (let child = 1; child < count; child = 2 * at + 1) {
      const right = child + 1;
      const isRightWorse =
        right < count &&
        this.#isWorse(
          scores[right] as number,
          pairs[right] as number,
          scores[child] as number,
          pairs[child] as number,
        );
      const worse = isRightWorse ? right : child;
      if (!this.#isWorse(scores[worse] as number, pairs[worse] as number, score, pair)) break;
      scores[at] = scores[worse] as number;
      pairs[at] = pairs[worse] as number;
      at = worse;
    }
    scores[at] = score;
    pairs[at] = pair;
  }
}

/** Offers every pair (i < j) of a tile: positive ones to one heap, negative ones to the other. */
export function offerTile(
  positive: PairHeap,
  negative: PairHeap,
  size: number,
  tile: Tile,
  values: NdData,
): void {
  const { rowStart, rowCount, colStart, colCount } = tile;
  let high = positive.worst;
  let low = -negative.worst;
  for (let row = 0; row < rowCount; row += 1) {
    const i = rowStart + row;
    const from = row * colCount - colStart;
    for (let j = Math.max(colStart, i + 1); j < colStart + colCount; j += 1) {
      const value = values[from + j] as number;
      // NaN fails both comparisons; zero belongs to neither list.
      if (value >= high && value > 0) {
        positive.offer(value, i * size + j);
        high = positive.worst;
      } else if (value <= low && value < 0) {
        negative.offer(-value, i * size + j);
        low = -negative.worst;
      }
    }
  }
}
