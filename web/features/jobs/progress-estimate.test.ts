// Tests of rate and time left.
import { describe, expect, test } from "vitest";
import { ProgressEstimator } from "./progress-estimate.ts";

const steady = (seconds: number, sharePerSecond: number): ProgressEstimator => {
  const estimator = new ProgressEstimator();
  for (let at = 0; at <= seconds; at += 1) estimator.note(at * sharePerSecond, at * 1_000);
  return estimator;
};

describe("ProgressEstimator", () => {
  test("a steady job has its rate and the rest of its time", () => {
    const estimate = steady(10, 0.01).estimate(10_000);
    expect(estimate?.sharePerSecond).toBeCloseTo(0.01, 9);
    expect(estimate?.leftMs).toBeCloseTo(90_000, 3);
  });

  test("says nothing before it has seen work done", () => {
    const estimator = new ProgressEstimator();
    expect(estimator.estimate(0)).toBeNull();
    estimator.note(0.3, 0);
    estimator.note(0.3, 60_000);
    expect(estimator.estimate(60_000)).toBeNull();
    estimator.note(0.4, 60_500);
    expect(estimator.estimate(60_500)).not.toBeNull();
  });

  test("what was done before the page was opened is no speed", () => {
    const estimator = new ProgressEstimator();
    estimator.note(0.8, 0);
    expect(estimator.estimate(5_000)).toBeNull();
  });

  test("follows a change of speed within half a minute", () => {
    const estimator = steady(60, 0.002);
    for (let at = 61; at <= 90; at += 1) estimator.note(0.12 + (at - 60) * 0.01, at * 1_000);
    expect(estimator.estimate(90_000)?.sharePerSecond).toBeCloseTo(0.01, 4);
  });

  test("a job that stands still slows down", () => {
    const estimator = steady(10, 0.01);
    const before = estimator.estimate(10_000)?.leftMs ?? NaN;
    const after = estimator.estimate(40_000)?.leftMs ?? NaN;
    expect(after).toBeGreaterThan(before * 3);
  });

  test("starts anew after a pause, and when work was lost", () => {
    const estimator = steady(10, 0.01);
    estimator.reset();
    expect(estimator.estimate(10_000)).toBeNull();
    const lost = steady(10, 0.01);
    lost.note(0.05, 11_000);
    expect(lost.estimate(11_000)).toBeNull();
  });
});
