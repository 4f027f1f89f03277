// Tests of finding series and sorting pairs.
import { describe, expect, test } from "vitest";
import type { Pair } from "../../../shared/correlation/extremes.ts";
import { searchSeries, sortPairs } from "./pairs-model.ts";

const names = ["AAPL", "AA", "BAA", "Aal", "MSFT"];

describe("searchSeries", () => {
  test("an exact name wins, then a beginning, then any part; capitals do not matter", () => {
    expect(searchSeries(names, " aa ")).toEqual({ best: 1, others: [3, 0, 2], othersCount: 3 });
    expect(searchSeries(names, "aal")).toEqual({ best: 3, others: [], othersCount: 0 });
  });

  test("finds nothing for no text and for an unknown name", () => {
    expect(searchSeries(names, "  ")).toBeNull();
    expect(searchSeries(names, "XOM")).toBeNull();
  });

  test("shows a few of many others but counts them all", () => {
    const many = Array.from({ length: 50 }, (_, at) => `S${at}`);
    const found = searchSeries(many, "s");
    expect(found?.others).toHaveLength(6);
    expect(found?.othersCount).toBe(49);
  });
});

describe("sortPairs", () => {
  const pair = (i: number, j: number, correlation: number, observations: number): Pair => ({
    i,
    j,
    correlation,
    observations,
  });
  const pairs = [pair(0, 1, 0.5, 10), pair(4, 2, -0.9, 30), pair(1, 3, 0.7, 10)];
  const firsts = (sorted: readonly Pair[]): number[] => sorted.map((one) => one.i);

  test("by each column, both ways", () => {
    const by = (column: "pair" | "correlation" | "observations", isDescending: boolean) =>
      firsts(sortPairs(pairs, { column, isDescending }, names));
    expect(by("correlation", true)).toEqual([1, 0, 4]);
    expect(by("correlation", false)).toEqual([4, 0, 1]);
    expect(by("pair", false)).toEqual([1, 0, 4]);
    expect(by("observations", true)).toEqual([4, 0, 1]);
  });

  test("ties keep their order, and the given list is not changed", () => {
    const before = [...pairs];
    expect(
      firsts(sortPairs(pairs, { column: "observations", isDescending: false }, names)),
    ).toEqual([0, 1, 4]);
    expect(pairs).toEqual(before);
  });
});
