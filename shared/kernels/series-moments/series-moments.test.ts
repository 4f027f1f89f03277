// The kernel "series-moments@1" against textbook sums, and its refusals.
import { describe, expect, test } from "vitest";
import { asBlockId } from "../../ids.ts";
import { createPrng, nextFloat } from "../../prng.ts";
import { KernelInputError } from "../kernel.ts";
import { createSeriesMoments } from "./series-moments.ts";

const kernel = createSeriesMoments();
const inputOf = (shape: readonly number[], data: Float64Array | Float32Array) => ({
  block: asBlockId("1".repeat(64)),
  array: { shape, data },
});

function run(series: readonly (readonly number[])[]) {
  const dates = series[0]?.length ?? 0;
  const input = inputOf([series.length, dates], Float64Array.from(series.flat()));
  const [moments, squares] = kernel.run(kernel.parseParams({}), [input]);
  expect(moments?.shape).toEqual([2, series.length]);
  expect(squares?.shape).toEqual([dates]);
  const data = [...(moments?.data ?? [])];
  return {
    means: data.slice(0, series.length),
    variances: data.slice(series.length),
    squares: [...(squares?.data ?? [])],
  };
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);

describe("series-moments@1", () => {
  test("gives means, population variances and the squares of each date", () => {
    const { means, variances, squares } = run([
      [1, 2, 3, 6],
      [10, 10, 14, 14],
    ]);
    expect(means).toEqual([3, 12]);
    expect(variances).toEqual([3.5, 4]);
    expect(squares).toEqual([4 + 4, 1 + 4, 0 + 4, 9 + 4]);
  });

  test("agrees with sums over shifted values, on levels that squares would not survive", () => {
    const prng = createPrng(5);
    // 700 dates are two whole chunks and a part; 2^30 leaves 22 bits to the noise.
    const noise = Array.from({ length: 3 }, () =>
      Array.from({ length: 700 }, () => Math.round(nextFloat(prng) * 2 ** 20) / 2 ** 20),
    );
    const { means, variances, squares } = run(
      noise.map((line, i) => line.map((value) => value + i * 2 ** 30)),
    );
    const centres = noise.map((line) => sum(line) / 700);
    noise.forEach((line, i) => {
      const mean = centres[i] ?? NaN;
      expect(means[i]).toBeCloseTo(mean + i * 2 ** 30, 6);
      const variance = sum(line.map((value) => (value - mean) ** 2)) / 700;
      expect(Math.abs((variances[i] ?? NaN) / variance - 1)).toBeLessThan(1e-13);
    });
    const expected = noise[0]?.map((_, t) =>
      sum(noise.map((line, i) => ((line[t] ?? NaN) - (centres[i] ?? NaN)) ** 2)),
    );
    squares.forEach((value, t) => expect(value).toBeCloseTo(expected?.[t] ?? NaN, 6));
  });

  test("a constant series has exactly its value as mean, and no variance", () => {
    // Three times 0.1 is more than 0.3.
    const level = run([[0.1, 0.1, 0.1]]);
    expect([level.means[0], level.variances[0]]).toEqual([0.1, 0]);
    const third = 1 / 3;
    const { means, variances } = run([
      Array.from({ length: 301 }, () => third),
      [...Array(301).keys()],
    ]);
    expect(means[0]).toBe(third);
    expect(variances[0]).toBe(0);
    expect(variances[1]).toBe((301 ** 2 - 1) / 12);
  });

  test("values that cannot be squared give a variance that is no number, and no error", () => {
    expect(run([[1e200, -1e200, 0]]).variances[0]).toBe(Infinity);
    expect(run([[1e308, -1e308, 0]]).variances[0]).not.toBeLessThan(Infinity);
  });

  test.each([NaN, Infinity, -Infinity])("refuses %d, naming series and date", (value) => {
    const data = Float64Array.of(1, 2, 3, 4, value, 6);
    expect(() => kernel.run({}, [inputOf([2, 3], data)])).toThrow(KernelInputError);
    expect(() => kernel.run({}, [inputOf([2, 3], data)])).toThrow(
      "Series 1 of this panel has no value at date 1.",
    );
  });

  test.each([
    ["no panel", []],
    ["two panels", [inputOf([1, 1], new Float64Array(1)), inputOf([1, 1], new Float64Array(1))]],
    ["a vector", [inputOf([4], new Float64Array(4))]],
    ["single precision", [inputOf([2, 2], new Float32Array(4))]],
    ["no series", [inputOf([0, 3], new Float64Array(0))]],
  ])("refuses %s", (_, inputs) => {
    expect(() => kernel.run({}, inputs)).toThrow(KernelInputError);
  });

  test.each([null, 3, "x", { minPeriods: 1 }])("refuses parameters %o", (params) => {
    expect(() => kernel.parseParams(params)).toThrow(KernelInputError);
  });

  test("predicts five operations a value, and what it will put out", () => {
    expect(kernel.cost({}, [[8, 100]])).toEqual({
      operations: 4_000,
      outputBytes: 8 * 16 + 8 * 100 + 256,
    });
  });
});
