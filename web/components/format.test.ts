// Checks that figures read as people say them, at the edges where rounding changes a word.
import { describe, expect, it } from "vitest";
import {
  formatAgo,
  formatByteRate,
  formatBytes,
  formatCorrelation,
  formatCount,
  formatDuration,
  formatPercent,
  formatPlural,
  formatRate,
  formatTimeLeft,
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

  it("writes correlations with a minus sign and fixed digits", () => {
    expect(formatCorrelation(-0.83124)).toBe("−0.8312");
    expect(formatCorrelation(1, 2)).toBe("1.00");
    expect(formatCorrelation(Number.NaN)).toBe("–");
  });
});
