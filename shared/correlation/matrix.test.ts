// Tests of the matrix that grows by tiles.
import { describe, expect, test } from "vitest";
import type { NdArray } from "../codecs/npy.ts";
import { LEVEL_NOT_YET, LEVEL_UNDEFINED, levelOf } from "./colour.ts";
import { CorrelationMatrix } from "./matrix.ts";
import type { Tile } from "./plan.ts";

const correlation = (i: number, j: number): number =>
  i === j ? 1 : Math.sin(Math.min(i, j) * 12.9 + Math.max(i, j) * 78.2);
const count = (i: number, j: number): number => 1000 - Math.abs(i - j);

const levelAt = (matrix: CorrelationMatrix, i: number, j: number): number | undefined =>
  matrix.levels?.[i * matrix.seriesCount + j];

function tilesOf(size: number, side: number): Tile[] {
  const tiles: Tile[] = [];
  for (let rowStart = 0; rowStart < size; rowStart += side) {
    for (let colStart = rowStart; colStart < size; colStart += side) {
      const rowCount = Math.min(side, size - rowStart);
      tiles.push({ rowStart, rowCount, colStart, colCount: Math.min(side, size - colStart) });
    }
  }
  return tiles;
}

function fill(tile: Tile, value: (i: number, j: number) => number, data: NdArray["data"]): NdArray {
  for (let row = 0; row < tile.rowCount; row += 1) {
    for (let col = 0; col < tile.colCount; col += 1) {
      data[row * tile.colCount + col] = value(tile.rowStart + row, tile.colStart + col);
    }
  }
  return { shape: [tile.rowCount, tile.colCount], data };
}

const add = (matrix: CorrelationMatrix, tile: Tile, value = correlation): boolean => {
  const area = tile.rowCount * tile.colCount;
  return matrix.add(
    tile,
    fill(tile, value, new Float64Array(area)),
    fill(tile, count, new Uint16Array(area)),
  );
};

describe("CorrelationMatrix", () => {
  test("gives every pair in both directions, whatever the order of tiles", () => {
    const matrix = new CorrelationMatrix(73, 32);
    for (const tile of tilesOf(73, 32).toReversed()) add(matrix, tile);
    for (let i = 0; i < 73; i += 1) {
      for (let j = 0; j < 73; j += 1) {
        expect(matrix.value(i, j)).toBe(correlation(i, j));
        expect(matrix.observations(i, j)).toBe(count(i, j));
        expect(levelAt(matrix, i, j)).toBe(levelOf(correlation(i, j)));
      }
    }
    expect(matrix.isComplete).toBe(true);
    expect(matrix.pairsKnown).toBe((73 * 72) / 2);
  });

  test("knows nothing of pairs whose tile has not come", () => {
    const matrix = new CorrelationMatrix(10, 4);
    add(matrix, { rowStart: 0, rowCount: 4, colStart: 4, colCount: 4 });
    expect(matrix.has(5, 2)).toBe(true);
    expect(matrix.has(2, 3)).toBe(false);
    expect(matrix.value(9, 9)).toBeUndefined();
    expect(matrix.observations(9, 9)).toBeUndefined();
    expect(levelAt(matrix, 9, 9)).toBe(LEVEL_NOT_YET);
    expect(matrix.pairsKnown).toBe(16);
    expect(matrix.isComplete).toBe(false);
  });

  test("takes each tile once", () => {
    const matrix = new CorrelationMatrix(6, 4);
    const tile = { rowStart: 0, rowCount: 4, colStart: 0, colCount: 4 };
    let heard = 0;
    const unsubscribe = matrix.subscribe(() => (heard += 1));
    expect(add(matrix, tile)).toBe(true);
    expect(add(matrix, tile, () => 0.5)).toBe(false);
    expect(matrix.value(1, 2)).toBe(correlation(1, 2));
    expect(matrix.pairsKnown).toBe(6);
    unsubscribe();
    add(matrix, { rowStart: 4, rowCount: 2, colStart: 4, colCount: 2 });
    expect(heard).toBe(1);
  });

  test("an undefined correlation has its own level", () => {
    const matrix = new CorrelationMatrix(4, 2);
    add(matrix, { rowStart: 0, rowCount: 2, colStart: 2, colCount: 2 }, () => NaN);
    expect(matrix.value(0, 3)).toBeNaN();
    expect([levelAt(matrix, 0, 3), levelAt(matrix, 3, 0)]).toEqual([
      LEVEL_UNDEFINED,
      LEVEL_UNDEFINED,
    ]);
  });

  test("keeps no levels for a matrix too large to draw, but all else", () => {
    const matrix = new CorrelationMatrix(10_001, 4_096);
    // Not toBeNull: its message would print a hundred million values.
    expect(matrix.levels === null).toBe(true);
    add(matrix, { rowStart: 8_192, rowCount: 1_809, colStart: 8_192, colCount: 1_809 }, () => -1);
    expect(matrix.value(9_000, 10_000)).toBe(-1);
  });

  test.each([
    ["below the diagonal", { rowStart: 4, rowCount: 2, colStart: 0, colCount: 4 }],
    ["off the grid", { rowStart: 0, rowCount: 4, colStart: 2, colCount: 4 }],
    ["of a wrong height", { rowStart: 0, rowCount: 3, colStart: 0, colCount: 4 }],
    ["of a wrong width", { rowStart: 0, rowCount: 4, colStart: 4, colCount: 1 }],
  ])("refuses a tile %s", (_, tile) => {
    expect(() => add(new CorrelationMatrix(6, 4), tile)).toThrow(/tile/);
  });

  test.each([[[2, 4]], [[4, 3]], [[8]]])("refuses arrays of shape %j for 4 × 2 pairs", (shape) => {
    const tile = { rowStart: 0, rowCount: 4, colStart: 4, colCount: 2 };
    const wrong = { shape, data: new Float64Array(shape.reduce((a, b) => a * b, 1)) };
    expect(() => new CorrelationMatrix(6, 4).add(tile, wrong, wrong)).toThrow(/came with shape/);
  });

  test("copies its strict upper triangle row by row", () => {
    const matrix = new CorrelationMatrix(7, 3);
    for (const tile of tilesOf(7, 3)) add(matrix, tile);
    const condensed = new Float32Array(21);
    for (const _ of matrix.copyCondensed(condensed));
    const expected: number[] = [];
    for (let i = 0; i < 7; i += 1) {
      for (let j = i + 1; j < 7; j += 1) expected.push(Math.fround(correlation(i, j)));
    }
    expect([...condensed]).toEqual(expected);
  });

  test("shrinks tile by tile, even where two places share their arrays", () => {
    const matrix = new CorrelationMatrix(4, 2);
    const arrays = [
      { shape: [2, 2], data: Float64Array.of(1, 0.5, 0.5, 1) },
      { shape: [2, 2], data: new Uint16Array(4).fill(9) },
    ] as const;
    const shared = Float64Array.of(0.8, NaN, -0.4, 0.2);
    const tiles = tilesOf(4, 2);
    for (const tile of tiles) {
      const isDiagonal = tile.rowStart === tile.colStart;
      matrix.add(tile, isDiagonal ? arrays[0] : { shape: [2, 2], data: shared }, arrays[1]);
    }
    expect(matrix.valuesOf({ rowStart: 0, rowCount: 2, colStart: 2, colCount: 2 })).toBe(shared);
    const heard: Tile[] = [];
    matrix.subscribe((tile) => heard.push(tile));
    // Of each covariance a half is kept; the variances 1, 1, 3 and 0 become 1, 1, 2 and 1/2.
    const variances = Float64Array.of(1, 1, 3, 0);
    const steps = [...matrix.shrink({ intensity: 0.5, meanVariance: 1, variances })];
    expect(steps).toHaveLength(3);
    expect(heard).toEqual(tiles);
    const half = Math.sqrt(0.5) * Math.sqrt(0.5);
    expect(matrix.value(0, 1)).toBe(0.5 * half);
    expect(matrix.value(0, 2)).toBe(0.8 * (Math.sqrt(0.5) * Math.sqrt(1.5 / 2)));
    expect([matrix.value(3, 0), matrix.value(2, 3), matrix.value(3, 3)]).toEqual([0, 0, 1]);
    expect(matrix.observations(0, 2)).toBe(9);
    for (const [i, j] of [
      [0, 2],
      [2, 0],
      [3, 0],
    ] as const) {
      expect(levelAt(matrix, i, j)).toBe(levelOf(matrix.value(i, j) ?? NaN));
    }
    expect([...shared]).toEqual([0.8, NaN, -0.4, 0.2]);
  });

  test("is not shrunk before it is complete", () => {
    const matrix = new CorrelationMatrix(4, 2);
    add(matrix, { rowStart: 0, rowCount: 2, colStart: 0, colCount: 2 });
    const shrinkage = { intensity: 0, meanVariance: 1, variances: new Float64Array(4).fill(1) };
    expect(() => matrix.shrink(shrinkage).next()).toThrow(/all of its tiles/);
    expect(() => matrix.valuesOf({ rowStart: 2, rowCount: 2, colStart: 2, colCount: 2 })).toThrow(
      /once it is there/,
    );
  });
});
