import { expect, test } from "vitest";
import { decodeNpy } from "../codecs/npy.ts";
import { BLOCK_BYTES_MAX, DATES_MAX, PANEL_BYTES_TARGET } from "../limits.ts";
import { datasetSchema } from "../protocol/http.ts";
import { describe, panelSeriesFor, panelsOf } from "./panels.ts";
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
  const arrays = Array.from(panelsOf(table, 8), decodeNpy);
  expect(arrays.map((array) => array.shape)).toEqual([
    [8, 5],
    [3, 5],
  ]);
  expect(arrays.flatMap((array) => Array.from(array.data))).toEqual(expected.flat());
  expect(arrays[0]?.data[3 * 5 + 2]).toBeNaN();
  const description = describe(table, " prices.csv ");
  const block = { block: "0".repeat(64), sizeBytes: 1 };
  expect(datasetSchema.safeParse({ ...description, panels: [block] }).success).toBe(true);
  expect(description).toMatchObject({ name: "prices.csv", series: names, panelSeries: 512 });
});

test("the store keeps values at any date, near or far, and knows what is absent", () => {
  const store = createSeriesStore();
  const [a, b] = [addSeries(store), addSeries(store)];
  for (const date of [0, 255, 256, 100_000]) putValue(store, b, date, date + 0.5);
  for (const date of [0, 255, 256, 100_000]) expect(valueAt(store, b, date)).toBe(date + 0.5);
  for (const date of [1, 257, 99_999, 200_000]) expect(valueAt(store, b, date)).toBeNaN();
  expect(valueAt(store, a, 0)).toBeNaN();
});
