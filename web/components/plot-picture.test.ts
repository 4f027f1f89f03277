// Tests of the ticks and ranges of plots.
import { describe, expect, test } from "vitest";
import { logTicks, padded, roundMax, timeTicks } from "./plot-picture.ts";

describe("logTicks", () => {
  test("decades where there are many, parts of them where there are few", () => {
    expect(logTicks(4_096, 1e9, 8)).toEqual([1e4, 1e5, 1e6, 1e7, 1e8, 1e9]);
    expect(logTicks(4_096, 40_960, 8)).toEqual([5_000, 10_000, 20_000]);
  });

  test("leaves decades out where there is no room for all", () => {
    expect(logTicks(4_096, 1e9, 3)).toEqual([1e4, 1e6, 1e8]);
    expect(logTicks(1, 1e9, 0)).toEqual([]);
  });

  test("ticks are the very numbers, below one as well", () => {
    expect(logTicks(0.001, 0.5, 12)).toEqual([
      0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5,
    ]);
  });
});

test("a range of one value becomes one that can be drawn", () => {
  expect(padded([5, 5], 0.1, 2)).toEqual([3.8, 6.2]);
  expect(padded([0, 10], 0.1, 2)).toEqual([-1, 11]);
});

test("ticks of time stand at whole minutes, as many as there is room for", () => {
  const at = Date.UTC(2026, 10, 27, 14, 3, 20);
  const clocks = (ticks: readonly number[]): string[] =>
    ticks.map((tick) => new Date(tick).toISOString().slice(11, 19));
  expect(clocks(timeTicks(at, at + 300_000, 6))).toHaveLength(5);
  expect(clocks(timeTicks(at, at + 300_000, 6))[0]).toBe("14:04:00");
  expect(clocks(timeTicks(at, at + 3_600_000, 4))).toEqual([
    "14:15:00",
    "14:30:00",
    "14:45:00",
    "15:00:00",
  ]);
  expect(timeTicks(at, at + 3_600_000, 0)).toHaveLength(1);
});

test("the end of an axis is a round number that is not below its values", () => {
  expect([0.03, 1, 1.1, 2.2, 5.1, 99, 0.1 + 0.2].map((value) => roundMax(value, 0))).toEqual([
    0.05, 1, 2, 5, 10, 100, 0.5,
  ]);
  expect(roundMax(0, 20)).toBe(20);
  expect(roundMax(1 + Number.EPSILON, 0)).toBe(1);
});
