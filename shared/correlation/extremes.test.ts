// Tests of the lists of strongest pairs.
import { describe, expect, test } from "vitest";
import { createPrng, nextFloat, nextInteger } from "../prng.ts";
import { Extremes, pairsOfSeries, type Pair } from "./extremes.ts";
import { CorrelationMatrix } from "./matrix.ts";
import type { Tile } from "./plan.ts";

const SIZE = 50;
const SIDE = 16;

/** Values of one decimal, so that most of them are tied; some undefined. */
function randomSquare(seed: number): Float64Array {
  const prng = createPrng(seed);
  const square = new Float64Array(SIZE * SIZE);
  for (let i = 0; i < SIZE; i += 1) {
    for (let j = i; j < SIZE; j += 1) {
      const isUndefined = nextInteger(prng, 20) === 0;
      const value = i === j ? 1 : isUndefined ? NaN : Math.round(nextFloat(prng) * 20 - 10) / 10;
      square[i * SIZE + j] = value;
      square[j * SIZE + i] = value;
    }
  }
  return square;
}

function tiles(): Tile[] {
  const all: Tile[] = [];
  for (let rowStart = 0; rowStart < SIZE; rowStart += SIDE) {
    for (let colStart = rowStart; colStart < SIZE; colStart += SIDE) {
      const rowCount = Math.min(SIDE, SIZE - rowStart);
      all.push({ rowStart, rowCount, colStart, colCount: Math.min(SIDE, SIZE - colStart) });
    }
  }
  return all;
}

function reduce(square: Float64Array, order: readonly Tile[], limit: number) {
  const matrix = new CorrelationMatrix(SIZE, SIDE);
  const extremes = new Extremes(matrix, limit);
  for (const tile of order) {
    const shape = [tile.rowCount, tile.colCount];
    const data = new Float64Array(tile.rowCount * tile.colCount);
    data.forEach((_, at) => {
      const i = tile.rowStart + Math.floor(at / tile.colCount);
      data[at] = square[i * SIZE + tile.colStart + (at % tile.colCount)] ?? 0;
    });
    const values = { shape, data };
    matrix.add(tile, values, { shape, data: new Uint16Array(data.length).fill(9) });
    extremes.add(tile, values);
  }
  return { matrix, extremes };
}

const oracle = (square: Float64Array, sign: 1 | -1): (readonly [number, number, number])[] => {
  const pairs: (readonly [number, number, number])[] = [];
  for (let i = 0; i < SIZE; i += 1) {
    for (let j = i + 1; j < SIZE; j += 1) pairs.push([i, j, square[i * SIZE + j] ?? 0]);
  }
  return pairs
    .filter(([, , value]) => value * sign > 0)
    .sort((a, b) => sign * (b[2] - a[2]) || a[0] - b[0] || a[1] - b[1]);
};

const plain = (pairs: readonly Pair[]) => pairs.map((pair) => [pair.i, pair.j, pair.correlation]);

describe("Extremes", () => {
  test.each([1, 7, 40, 5_000])("keeps the %i strongest of each sign, as sorting would", (limit) => {
    for (let seed = 0; seed < 20; seed += 1) {
      const square = randomSquare(seed);
      const { extremes } = reduce(square, tiles(), limit);
      expect(plain(extremes.positive())).toEqual(oracle(square, 1).slice(0, limit));
      expect(plain(extremes.negative())).toEqual(oracle(square, -1).slice(0, limit));
    }
  });

  test("does not depend on the order of tiles", () => {
    const square = randomSquare(3);
    const forwards = reduce(square, tiles(), 25).extremes;
    const backwards = reduce(square, tiles().toReversed(), 25).extremes;
    expect(backwards.positive()).toEqual(forwards.positive());
    expect(backwards.negative()).toEqual(forwards.negative());
  });

  test("tells the observations of each pair", () => {
    const { extremes } = reduce(randomSquare(1), tiles(), 3);
    expect(extremes.positive().map((pair) => pair.observations)).toEqual([9, 9, 9]);
  });
});

describe("pairsOfSeries", () => {
  test("gives the strongest of either sign first, without itself and undefined pairs", () => {
    const square = randomSquare(5);
    const pairs = pairsOfSeries(reduce(square, tiles(), 1).matrix, 20, 1_000);
    const defined = [...square.subarray(20 * SIZE, 21 * SIZE)].filter((r) => !Number.isNaN(r));
    expect(pairs).toHaveLength(defined.length - 1);
    expect(pairs.every((pair) => pair.i === 20 && pair.j !== 20)).toBe(true);
    const strengths = pairs.map((pair) => Math.abs(pair.correlation));
    expect(strengths).toEqual(strengths.toSorted((a, b) => b - a));
  });

  test("stops at the limit, and leaves out what is not there yet", () => {
    const { matrix } = reduce(randomSquare(5), tiles().slice(0, 1), 1);
    expect(pairsOfSeries(matrix, 20, 10)).toEqual([]);
    expect(pairsOfSeries(matrix, 3, 4)).toHaveLength(4);
  });
});
