// Closed forms against reference values: the article's option, and others summed or integrated
// independently (mpmath 1.3: the double sum of covariances, and the integral over the normal density).
import { describe, expect, test } from "vitest";
import { ARTICLE_OPTION, type AsianOption } from "./asian-option.ts";
import {
  averageMoments,
  discountOf,
  exceedsRange,
  geometricMean,
  geometricPayoffMean,
} from "./closed-form.ts";

const option = (changes: Partial<AsianOption>): AsianOption => ({ ...ARTICLE_OPTION, ...changes });
const near = (actual: number, expected: number, relative: number): void =>
  expect(Math.abs(actual / expected - 1)).toBeLessThan(relative);

describe("averageMoments", () => {
  test("of the article's option", () => {
    const { mean, sd } = averageMoments(ARTICLE_OPTION);
    expect(mean).toBeCloseTo(104.105_866_795_6, 10);
    expect(sd).toBeCloseTo(24.770_464_49, 8);
  });

  test("of others, as the double sum over all pairs of prices gives them", () => {
    const cases = [
      [{ points: 12, stepsPerYear: 12 }, 100.921_778_407_506_57, 10.978_767_830_345_422],
      [
        { s0: 50, mu: -0.3, sigma: 0.01, points: 40, stepsPerYear: 4 },
        15.929_580_841_878_504,
        0.200_460_954_345_340_64,
      ],
      // Subtracting the square of the mean would leave four digits of this.
      [{ s0: 1, mu: 0, sigma: 1e-6, points: 5, stepsPerYear: 1 }, 1, 1.095_445_115_010_697_4e-6],
    ] as const;
    for (const [changes, mean, sd] of cases) {
      const moments = averageMoments(option(changes));
      near(moments.mean, mean, 1e-14);
      near(moments.sd, sd, 1e-13);
    }
  });

  test("one point is the first price, and no volatility is no spread", () => {
    expect(averageMoments(option({ points: 1 }))).toEqual({ mean: 100, sd: 0 });
    const still = averageMoments(option({ sigma: 0, mu: 0.5, points: 3, stepsPerYear: 1 }));
    expect(still).toEqual({ mean: (100 + 150 + 225) / 3, sd: 0 });
  });
});

describe("geometricPayoffMean", () => {
  test("of the article's option", () => {
    expect(geometricMean(ARTICLE_OPTION)).toBeCloseTo(102.699_727_302_6, 10);
    expect(geometricPayoffMean(ARTICLE_OPTION)).toBeCloseTo(10.723_601_515_2, 10);
  });

  test("of calls and puts, as integrating over the normal density gives them", () => {
    const cases = [
      [{}, 10.723_601_515_232_8, 8.023_874_212_634_74],
      [
        { s0: 90, mu: 0.05, sigma: 0.4, points: 50, stepsPerYear: 12, strike: 110 },
        11.899_741_621_447_2,
        27.611_200_196_066_6,
      ],
      [{ sigma: 0.1, strike: 40 }, 63.731_876_234_849_1, 6.537_795_683_515_88e-17],
      [
        { mu: 0.01, points: 12, stepsPerYear: 12, strike: 190 },
        3.876_097_317_767e-9,
        89.872_604_109_345_7,
      ],
    ] as const;
    for (const [changes, call, put] of cases) {
      const price = (type: "call" | "put") => geometricPayoffMean(option({ ...changes, type }));
      expect(Math.abs(price("call") - call)).toBeLessThan(1e-13 * (1 + call));
      expect(Math.abs(price("put") - put)).toBeLessThan(1e-13 * (1 + put));
    }
  });

  test("without volatility or with one point only, it is the payoff itself", () => {
    const still = option({ sigma: 0, points: 3, stepsPerYear: 1, mu: 0.5, strike: 150 });
    const average = 100 * Math.exp(0.5);
    expect(geometricPayoffMean(still)).toBeCloseTo(average - 150, 12);
    expect(geometricPayoffMean({ ...still, type: "put" })).toBe(0);
    expect(geometricPayoffMean(option({ points: 1, strike: 90 }))).toBe(10);
    expect(geometricPayoffMean(option({ points: 1, strike: 100 }))).toBe(0);
  });

  test("a strike of nothing is always exercised", () => {
    expect(geometricPayoffMean(option({ strike: 0 }))).toBe(geometricMean(ARTICLE_OPTION));
    expect(geometricPayoffMean(option({ strike: 0, type: "put" }))).toBe(0);
  });
});

test("discounting is by the drift, over all points", () => {
  expect(discountOf(ARTICLE_OPTION)).toBe(1);
  const discounted = discountOf(option({ discounted: true }));
  expect(discounted).toBeCloseTo(Math.exp(-0.08), 15);
  expect(11.612_131 * discounted).toBeCloseTo(10.719_348, 6);
});

test("a walk beyond the range of doubles is recognised", () => {
  expect(exceedsRange(ARTICLE_OPTION)).toBe(false);
  expect(exceedsRange(option({ sigma: 10, points: 20_000, stepsPerYear: 1 }))).toBe(true);
  expect(exceedsRange(option({ mu: 10, points: 100_000 }))).toBe(true);
});
