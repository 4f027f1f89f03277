// Checks the speed-up against figures that can be worked out by hand, and its silence elsewhere.
import { expect, test } from "vitest";
import { asWorkerId } from "../../../shared/ids.ts";
import { jobView } from "../../../shared/testing/views.ts";
import { speedUpOf } from "./speed-up.ts";

const worker = (name: string, change: { computeMs: number; threads?: number; pace?: number }) => ({
  worker: asWorkerId(`w_${name.padEnd(22, "x")}`),
  name,
  tasks: 10,
  fetchMs: 0,
  waitMs: 0,
  bytesFetched: 0,
  ...change,
});
const done = (workers: ReturnType<typeof worker>[]) =>
  jobView({
    state: "done",
    finishedAtMs: 5_000,
    timing: {
      computeMs: workers.reduce((sum, one) => sum + one.computeMs, 0),
      fetchMs: 0,
      waitMs: 0,
      bytesMoved: 0,
      workers,
    },
  });

test("two equal machines that always computed are twice as fast as one", () => {
  const pair = [
    worker("a", { computeMs: 10_000, threads: 2, pace: 1 }),
    worker("b", { computeMs: 10_000, threads: 2, pace: 1 }),
  ];
  expect(speedUpOf(done(pair))).toMatchObject({ factor: 2, factorMost: 2, computing: 1 });
});

test("the best machine is the one with the most work a second, not the fastest thread", () => {
  // b's threads are slower, but there are six of them.
  const unequal = [
    worker("a", { computeMs: 4_000, threads: 1, pace: 1.5 }),
    worker("b", { computeMs: 8_000, threads: 6, pace: 0.75 }),
  ];
  const speedUp = speedUpOf(done(unequal));
  expect(speedUp).toMatchObject({ name: "b", threads: 6 });
  expect(speedUp?.aloneMs).toBeCloseTo(12_000 / 4.5, 6);
  expect(speedUp?.factorMost).toBeCloseTo(6 / 4.5, 6);
  // 12 s of work at 6 a second is 2 s of the 5 s that it took: more machines did not help.
  expect(speedUp?.computing).toBeCloseTo(0.4, 6);
  expect(speedUp?.factor).toBeCloseTo(12 / 4.5 / 5, 6);
});

test("nothing is said where the figures do not carry it", () => {
  const known = worker("a", { computeMs: 10_000, threads: 2, pace: 1 });
  expect(speedUpOf({ ...done([known]), state: "running", finishedAtMs: null })).toBeNull();
  // Of an earlier version: nobody knows whether it was the best.
  expect(speedUpOf(done([known, worker("b", { computeMs: 10 })]))).toBeNull();
  expect(speedUpOf(done([{ ...known, tasks: 3 }]))).toBeNull();
  expect(speedUpOf(done([{ ...known, computeMs: 50 }]))).toBeNull();
});
