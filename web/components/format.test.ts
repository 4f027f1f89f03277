// Checks that figures read as people say them, at the edges where rounding changes a word.
import { describe, expect, it } from "vitest";
import {
  digitsOf,
  formatAgo,
  formatByteRate,
  formatBytes,
  formatClock,
  formatCorrelation,
  formatCount,
  formatDuration,
  formatFigure,
  formatLarge,
  formatPercent,
  formatPlain,
  formatPlural,
  formatRate,
  formatRound,
  formatSpan,
  formatTimeLeft,
  formatTimes,
} from "./format.ts";

describe("format", () => {
  it("groups thousands and agrees in number", () => {
    expect(formatCount(24_496_500)).toBe("24,496,500");
    expect(formatPlural(1, "machine")).toBe("1 machine");
    expect(formatPlural(0, "machine")).toBe("0 machines");
    expect(formatPlural(2_000, "series", "series")).toBe("2,000 series");
  });

  it.each([
    [0, "0 B"],
    [999, "999 B"],
    [1_000, "1.0 kB"],
    [999_499, "999 kB"],
    [999_500, "1.0 MB"],
    [62_400_000, "62 MB"],
    [4_100_000_000, "4.1 GB"],
    [5e15, "5,000 TB"],
  ])("writes %d bytes as %s", (bytes, words) => {
    expect(formatBytes(bytes)).toBe(words);
  });

  it.each([
    [0, "0 ms"],
    [350.4, "350 ms"],
    [999.6, "1.0 s"],
    [4_240, "4.2 s"],
    [9_960, "10 s"],
    [59_400, "59 s"],
    [59_600, "1 min"],
    [200_000, "3 min 20 s"],
    [3_599_600, "1 h"],
    [7_500_000, "2 h 5 min"],
    [-5, "0 ms"],
  ])("writes %d ms as %s", (ms, words) => {
    expect(formatDuration(ms)).toBe(words);
  });

  it.each([
    [2_000, "a few seconds left"],
    [19_000, "about 20 s left"],
    [55_000, "about 1 min left"],
    [130_000, "about 2 min left"],
    [7_300_000, "about 2 h left"],
    [Number.POSITIVE_INFINITY, "estimating the time left"],
  ])("says how long %d ms are", (ms, words) => {
    expect(formatTimeLeft(ms)).toBe(words);
  });

  it("writes rates with their unit", () => {
    expect(formatRate(12.51, "tasks")).toBe("13 tasks/s");
    expect(formatRate(0.44, "tasks")).toBe("0.4 tasks/s");
    expect(formatRate(0, "tasks")).toBe("0 tasks/s");
    expect(formatByteRate(4_100_000)).toBe("4.1 MB/s");
  });

  it("never rounds a share to nothing or to all", () => {
    expect(formatPercent(0)).toBe("0%");
    expect(formatPercent(0.00001)).toBe("<0.1%");
    expect(formatPercent(0.053)).toBe("5.3%");
    expect(formatPercent(0.53)).toBe("53%");
    expect(formatPercent(0.9999)).toBe("99.9%");
    expect(formatPercent(1)).toBe("100%");
    expect(formatPercent(Number.NaN)).toBe("0%");
  });

  it("says when something was", () => {
    const now = new Date(2026, 2, 14, 12, 0).getTime();
    expect(formatAgo(now - 10_000, now)).toBe("just now");
    expect(formatAgo(now - 180_000, now)).toBe("3 min ago");
    expect(formatAgo(now - 2 * 3_600_000, now)).toBe("2 h ago");
    expect(formatAgo(now - 24 * 3_600_000, now)).toBe("yesterday");
    expect(formatAgo(now - 3 * 24 * 3_600_000, now)).toBe("11 Mar");
    expect(formatAgo(now + 5_000, now)).toBe("just now");
  });

  it("says how long something lasts without counting its seconds", () => {
    const minute = 60_000;
    expect([0, 59_999, minute, 59.9 * minute, 60 * minute, 125 * minute].map(formatSpan)).toEqual([
      "a moment",
      "a moment",
      "1 min",
      "59 min",
      "1 h",
      "2 h 5 min",
    ]);
    expect([47.9 * 60 * minute, 48 * 60 * minute].map(formatSpan)).toEqual([
      "47 h 54 min",
      "2 days",
    ]);
  });

  it("tells the time of day", () => {
    const at = new Date(2026, 2, 14, 9, 5, 7).getTime();
    expect(formatClock(at, 60_000)).toBe("09:05");
    expect(formatClock(at, 1_000)).toBe("09:05:07");
  });

  it("says how many times one is another", () => {
    expect([2.34, 0.84, 14.2, 1].map(formatTimes)).toEqual([
      "2.3 times",
      "0.8 times",
      "14 times",
      "1.0 times",
    ]);
  });

  it("writes correlations with a minus sign and fixed digits", () => {
    expect(formatCorrelation(-0.83124)).toBe("−0.8312");
    expect(formatCorrelation(1, 2)).toBe("1.00");
    expect(formatCorrelation(Number.NaN)).toBe("–");
  });

  it("writes large numbers so that they are read at a glance", () => {
    expect([950, 24_496_500, 3_200_000, 999_700_000, 4.1e9].map(formatLarge)).toEqual([
      "950",
      "24.5 million",
      "3.2 million",
      "1.0 billion",
      "4.1 billion",
    ]);
  });

  it("writes chosen counts in words only where nothing is lost", () => {
    expect([10_000, 1e6, 1.5e6, 1_234_567, 1e7, 1.2e9, 1_250_000_000].map(formatRound)).toEqual([
      "10,000",
      "1 million",
      "1.5 million",
      "1,234,567",
      "10 million",
      "1.2 billion",
      "1,250 million",
    ]);
  });

  it("writes figures with fixed digits, and chosen numbers with their own", () => {
    expect(formatFigure(-1234.5, 2)).toBe("−1,234.50");
    expect(formatFigure(11.6121, 3)).toBe("11.612");
    expect(formatFigure(Number.NaN, 3)).toBe("–");
    expect([0.2, 1460, -0.05, 0.07 * 100].map(formatPlain)).toEqual(["0.2", "1,460", "−0.05", "7"]);
  });

  it("gives a figure two digits of its standard error", () => {
    expect([0.0051, 0.18, 1.8, 24, 0.00999].map(digitsOf)).toEqual([4, 2, 1, 0, 4]);
    expect([0, Number.NaN, Number.POSITIVE_INFINITY, 1e-15].map(digitsOf)).toEqual([4, 4, 4, 9]);
  });
});
