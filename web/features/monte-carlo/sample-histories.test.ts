// Tests of the histories that illustrate the simulation form.
import { expect, test } from "vitest";
import { ARTICLE_OPTION } from "../../../shared/monte-carlo/asian-option.ts";
import { sampleHistories } from "./sample-histories.ts";

test("histories begin at the first price and span the option's time", () => {
  const { times, prices } = sampleHistories(ARTICLE_OPTION, 5, 1);
  expect(prices).toHaveLength(5);
  for (const history of prices) {
    expect(history).toHaveLength(times.length);
    expect(history[0]).toBe(100);
  }
  expect(times[0]).toBe(0);
  expect(times.at(-1)).toBeCloseTo(1_459 / 365, 9);
});

test("the same seed draws the same, and the spread is that of the volatility", () => {
  const { prices } = sampleHistories(ARTICLE_OPTION, 2_000, 7);
  expect(sampleHistories(ARTICLE_OPTION, 2_000, 7).prices).toEqual(prices);
  const ends = prices.map((history) => Math.log((history.at(-1) ?? 0) / 100));
  const mean = ends.reduce((sum, end) => sum + end, 0) / ends.length;
  const sd = Math.sqrt(ends.reduce((sum, end) => sum + (end - mean) ** 2, 0) / ends.length);
  // sigma · √4 = 0.4; the standard error of a standard deviation of 2,000 values is 0.4 / √4000.
  expect(Math.abs(sd - 0.4)).toBeLessThan((4 * 0.4) / Math.sqrt(4_000));
});

test("without volatility there is one path; a single point has no time", () => {
  const { prices } = sampleHistories({ ...ARTICLE_OPTION, sigma: 0, points: 3 }, 2, 1);
  const growth = 1 + 0.02 / 365;
  expect(prices[0]).toEqual([100, 100 * growth, 100 * growth * growth]);
  expect(prices[1]).toEqual(prices[0]);
  expect(sampleHistories({ ...ARTICLE_OPTION, points: 1 }, 1, 1)).toEqual({
    times: [0],
    prices: [[100]],
  });
});
