// Panels: how a table is cut and laid out for the cluster, in full and in half precision.
import fc from "fast-check";
import { expect, test } from "vitest";
import { decodeNpy } from "../codecs/npy.ts";
import { BLOCK_BYTES_MAX, DATES_MAX, PANEL_BYTES_TARGET } from "../limits.ts";
import { datasetSchema } from "../protocol/http.ts";
import { correlateAll } from "../kernels/correlation/pearson-reference.ts";
import type { ParsedTable } from "./finish-table.ts";
import { describe, panelSeriesFor, panelsOf, transportBytes } from "./panels.ts";
import { standardise } from "./standardise-core.ts";
import { createPrng, nextFloat } from "../prng.ts";
import { addSeries, createSeriesStore, putValue, valueAt } from "./series-store-core.ts";
import { contents, mustRead } from "../testing/read-table.ts";

test("panels hold multiples of 8 series, near the target, and always fit a block", () => {
  for (const dates of [3, 62, 1_000, 2_500, 7_126, 30_000, 100_000, 600_000, DATES_MAX]) {
    const series = panelSeriesFor(dates);
    expect(series % 8).toBe(0);
    expect(series).toBeGreaterThanOrEqual(8);
    expect(series).toBeLessThanOrEqual(512);
    expect(series * dates * 8 + 256).toBeLessThanOrEqual(BLOCK_BYTES_MAX);
  }
  expect(panelSeriesFor(62)).toBe(512);
  expect(panelSeriesFor(2_500)).toBe(208);
  expect(panelSeriesFor(2_500) * 2_500 * 8).toBeLessThanOrEqual(PANEL_BYTES_TARGET);
  expect(panelSeriesFor(100_000)).toBe(16);
});

test("panels are NPY arrays of (series, dates) that together hold the table", () => {
  const names = Array.from({ length: 11 }, (_, i) => `S${i}`);
  const rows = Array.from(
    { length: 5 },
    (_, t) =>
      `2020-01-0${t + 1},${names.map((_, s) => (s === 3 && t === 2 ? "" : s * 10 + t)).join(",")}`,
  );
  const table = mustRead(`date,${names.join(",")}\n${rows.join("\n")}\n`);
  const expected = Object.values(contents(table));
  const released: number[] = [];
  const release = (index: number) => released.push(index);
  const arrays = Array.from(panelsOf({ ...table, release }, 8, "f64"), decodeNpy);
  expect(released).toEqual([...names.keys()]);
  expect(arrays.map((array) => array.shape)).toEqual([
    [8, 5],
    [3, 5],
  ]);
  expect(arrays.flatMap((array) => Array.from(array.data))).toEqual(expected.flat());
  expect(arrays[0]?.data[3 * 5 + 2]).toBeNaN();
  const description = describe(table, " prices.csv ", "f64");
  const block = { block: "0".repeat(64), sizeBytes: 1 };
  expect(datasetSchema.safeParse({ ...description, panels: [block] }).success).toBe(true);
  expect(description).toMatchObject({
    name: "prices.csv",
    series: names,
    panelSeries: 512,
    transport: "f64",
  });
});

test("the store keeps values at any date, near or far, and knows what is absent", () => {
  const store = createSeriesStore();
  const [a, b] = [addSeries(store), addSeries(store)];
  for (const date of [0, 255, 256, 100_000]) putValue(store, b, date, date + 0.5);
  for (const date of [0, 255, 256, 100_000]) expect(valueAt(store, b, date)).toBe(date + 0.5);
  for (const date of [1, 257, 99_999, 200_000]) expect(valueAt(store, b, date)).toBeNaN();
  expect(valueAt(store, a, 0)).toBeNaN();
});

/** Series of noise as they come in tables: at any level, of any size, with gaps. */
const seriesArbitrary = fc
  .record({
    level: fc.constantFrom(0, 1, 350, -1e6),
    size: fc.constantFrom(1e-5, 1, 1e9),
    seed: fc.nat(),
    gaps: fc.array(fc.nat({ max: 39 }), { maxLength: 10 }),
  })
  .map(({ level, size, seed, gaps }) => {
    const prng = createPrng(seed);
    const values = Float64Array.from({ length: 40 }, () => size * (level + nextFloat(prng)));
    for (const gap of gaps) values[gap] = NaN;
    return values;
  });

const tableOf = (series: readonly Float64Array[]): ParsedTable => {
  const table = mustRead("date,A,B\n2020-01-01,1,2\n2020-01-02,2,1\n2020-01-03,3,5\n");
  return {
    ...table,
    series: series.map((_, i) => `S${i}`),
    dates: Array.from(series[0] ?? [], (_, t) => `${t}`),
    read: (index, target) => target.set(series[index] ?? []),
    release: () => undefined,
  };
};

test("panels of halves take a quarter of the bytes, and keep correlations and gaps", () => {
  fc.assert(
    fc.property(fc.array(seriesArbitrary, { minLength: 9, maxLength: 9 }), (series) => {
      const table = tableOf(series);
      const bytes = Array.from(panelsOf(table, 8, "f16"));
      expect(bytes.map((panel) => panel.length)).toEqual([128 + 8 * 40 * 2, 128 + 40 * 2]);
      const values = bytes.flatMap((panel) => Array.from(decodeNpy(panel).data));
      const halves = series.map((_, i) => Float64Array.from(values.slice(i * 40, (i + 1) * 40)));
      const [exact, rounded] = [correlateAll(series, 1), correlateAll(halves, 1)];
      expect(rounded.n).toEqual(exact.n);
      // At least 20 dates in common: 2^-11, the largest relative rounding, is not felt twice over.
      for (const [at, r] of exact.r.entries()) {
        expect(Math.abs((rounded.r[at] ?? NaN) - r)).toBeLessThan(2 ** -10);
      }
    }),
    { numRuns: 60 },
  );
  expect(transportBytes("f16") * 4).toBe(transportBytes("f64"));
});

test("a series in half precision has mean 0 and deviation 1 over its valid values", () => {
  const values = Float64Array.of(1e6 + 2, NaN, 1e6 + 4, Infinity, 1e6 + 6, -Infinity);
  standardise(values);
  const root = Math.sqrt(1.5);
  expect([...values].map((value) => Math.round(value * 1e9) / 1e9)).toEqual([
    Math.round(-root * 1e9) / 1e9,
    NaN,
    0,
    NaN,
    Math.round(root * 1e9) / 1e9,
    NaN,
  ]);
});

test.each([
  ["a constant series", [0.1, 0.1, NaN, 0.1], [0, 0, NaN, 0]],
  ["a single value", [NaN, 7, NaN, NaN], [NaN, 0, NaN, NaN]],
  ["values too large to be squared", [1e308, -1e308, NaN, 1e308], [0, 0, NaN, 0]],
  ["values too small to be squared", [2.5e-162, 0, NaN, 0], [0, 0, NaN, 0]],
  ["no value", [NaN, NaN, NaN, NaN], [NaN, NaN, NaN, NaN]],
])("%s becomes zeros, which have no correlation either", (_, values, expected) => {
  const series = Float64Array.from(values);
  standardise(series);
  expect([...series]).toEqual(expected);
});
