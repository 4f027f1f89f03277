// Tests of the timing figures.
import { describe, expect, test } from "vitest";
import { asWorkerId } from "../../../shared/ids.ts";
import { timingParts, workerShares } from "./timing-model.ts";

const timed = (name: string, computeMs: number) => ({
  worker: asWorkerId(`w_${name}`),
  name,
  tasks: 1,
  computeMs,
  fetchMs: 0,
  waitMs: 0,
  bytesFetched: 0,
});

describe("timingParts", () => {
  test("shares are of the three together", () => {
    const parts = timingParts({ computeMs: 600, fetchMs: 100, waitMs: 300 });
    expect(parts.map((part) => part.share)).toEqual([0.6, 0.1, 0.3]);
  });

  test("nothing timed has no shares", () => {
    const parts = timingParts({ computeMs: 0, fetchMs: 0, waitMs: 0 });
    expect(parts.map((part) => part.share)).toEqual([0, 0, 0]);
  });
});

test("machines are ordered by what they computed, and those that left stay in the list", () => {
  const timing = {
    computeMs: 400,
    fetchMs: 0,
    waitMs: 0,
    bytesMoved: 0,
    workers: [timed("b", 100), timed("phone", 200), timed("a", 100)],
  };
  const shares = workerShares(timing, []);
  expect(shares.map((one) => [one.timing.name, one.share, one.worker])).toEqual([
    ["phone", 0.5, null],
    ["a", 0.25, null],
    ["b", 0.25, null],
  ]);
});
