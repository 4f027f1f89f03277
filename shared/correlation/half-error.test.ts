// The measured error of half precision: what it finds, what it chooses, and that it stays bounded.
import { describe, expect, test } from "vitest";
import { decodeNpy } from "../codecs/npy.ts";
import type { ParsedTable } from "../ingest/finish-table.ts";
import { panelsOf } from "../ingest/panels.ts";
import { correlateAll } from "../kernels/correlation/pearson-reference.ts";
import { createPrng, nextFloat } from "../prng.ts";
import { mustRead } from "../testing/read-table.ts";
import { measureHalfError } from "./half-error.ts";

/** A table over these series that counts which of them are read. */
function tableOf(series: readonly Float64Array[]) {
  const reads: number[] = [];
  const missing = series.reduce((sum, line) => sum + line.filter((x) => Number.isNaN(x)).length, 0);
  const dateCount = series[0]?.length ?? 0;
  const table: ParsedTable = {
    ...mustRead("date,A,B\n2020-01-01,1,2\n2020-01-02,2,1\n2020-01-03,3,5\n"),
    series: series.map((_, i) => `S${i}`),
    dates: Array.from({ length: dateCount }, (_, t) => `${t}`),
    missingShare: missing / (series.length * dateCount),
    read: (index, target) => {
      reads.push(index);
      target.set(series[index] ?? []);
    },
    release: () => undefined,
  };
  return { table, reads };
}

function noise(seriesCount: number, dateCount: number, seed = 1): Float64Array[] {
  const prng = createPrng(seed);
  const line = () => Float64Array.from({ length: dateCount }, () => nextFloat(prng) - 0.5);
  return Array.from({ length: seriesCount }, line);
}

/** What the panels as they are sent make of every pair. */
function differencesOf(series: readonly Float64Array[], minPeriods: number) {
  const dateCount = series[0]?.length ?? 0;
  const [panel] = Array.from(panelsOf(tableOf(series).table, series.length, "f16"), decodeNpy);
  const sent = series.map((_, i) =>
    Float64Array.from(panel?.data.subarray(i * dateCount, (i + 1) * dateCount) ?? []),
  );
  const [exact, rounded] = [correlateAll(series, minPeriods), correlateAll(sent, minPeriods)];
  const differences: number[] = [];
  let lost = 0;
  for (let i = 0; i < series.length; i += 1) {
    for (let j = i + 1; j < series.length; j += 1) {
      const [before, after] = [exact.r[i * series.length + j], rounded.r[i * series.length + j]];
      if (before === undefined || Number.isNaN(before)) continue;
      if (after === undefined || Number.isNaN(after)) lost += 1;
      else differences.push(Math.abs(after - before));
    }
  }
  return { differences, lost };
}

describe("measureHalfError", () => {
  test("of a small table it looks at every pair, exactly as panels are sent", () => {
    const series = noise(12, 90);
    const { differences } = differencesOf(series, 1);
    const sorted = differences.toSorted((a, b) => a - b);
    const found = measureHalfError(tableOf(series).table, 1);
    expect(found).toEqual({ pairs: 66, largest: sorted.at(-1), typical: sorted[33], lost: 0 });
    expect(found.largest).toBeGreaterThan(1e-6);
    expect(found.largest).toBeLessThan(2 ** -10);
  });

  test("counts pairs that lose their correlation, and none that the minimum leaves empty", () => {
    // Where the second series is there, the first one moves by less than halves can tell.
    const step = Float64Array.of(0, 0, 0, 0, 1, 1 + 1e-6, 1 + 2e-6, 1);
    const late = Float64Array.of(NaN, NaN, NaN, NaN, 1, 2, 4, 3);
    const other = Float64Array.of(3, 1, 4, 1, 5, 9, 2, 6);
    const series = [step, late, other];
    expect(differencesOf(series, 1).lost).toBe(1);
    expect(measureHalfError(tableOf(series).table, 1)).toMatchObject({ pairs: 3, lost: 1 });
    expect(measureHalfError(tableOf(series).table, 5)).toMatchObject({ pairs: 1, lost: 0 });
  });

  test("of a large table it takes neighbours from everywhere, the same at every call", () => {
    const series = noise(600, 30);
    const { table, reads } = tableOf(series);
    const found = measureHalfError(table, 1);
    expect(found.pairs).toBe((63 * 62) / 2);
    expect(new Set(reads).size).toBe(63);
    const coupled = reads.filter((index) => reads.includes(index + 1) || reads.includes(index - 1));
    expect(coupled.length).toBeGreaterThanOrEqual(62);
    expect(Math.min(...reads)).toBe(0);
    expect(Math.max(...reads)).toBeGreaterThan(560);
    const gap = reads.slice(1).map((index, i) => index - (reads[i] ?? 0));
    expect(Math.max(...gap)).toBeLessThanOrEqual(20);
    expect(measureHalfError(table, 1)).toEqual(found);
  });

  test("looks for the series with the fewest values, whose error is the largest", () => {
    const series = noise(600, 60);
    series.forEach((line, i) => {
      // The last 8 dates only, at a level that the others' scale hides.
      if (i % 41 === 17) line.fill(NaN, 0, 52);
      else line.fill(0.3, 52);
    });
    const { table, reads } = tableOf(series);
    const found = measureHalfError(table, 1);
    const short = series.flatMap((_, i) => (i % 41 === 17 ? [i] : []));
    // The search reads every series, the comparison its sample after that.
    expect(reads.slice(600)).toEqual(expect.arrayContaining(short));
    expect(found.pairs).toBeLessThan((63 * 62) / 2);
  });

  test("of very long series it compares fewer pairs, and at least one", () => {
    const long = noise(40, 50_000);
    const { pairs } = measureHalfError(tableOf(long).table, 1);
    // Twenty series have 190 pairs, and 10 million values are 200 pairs of 50,000 dates.
    expect(pairs).toBe(190);
    const longest = noise(2, 1_000_000);
    expect(measureHalfError(tableOf(longest).table, 1).pairs).toBe(1);
  });
});
