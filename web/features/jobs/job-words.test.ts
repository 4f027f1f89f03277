// Tests of what the page says in each state of a job.
import { describe, expect, test } from "vitest";
import { asJobId, asPeerId, asTaskKey, asWorkerId } from "../../../shared/ids.ts";
import type { JobView, WorkerView } from "../../../shared/protocol/messages.ts";
import { fileStem, formatLarge, jobStory, type JobFacts } from "./job-words.ts";

const job: JobView = {
  job: asJobId("j_1"),
  kind: "correlation",
  title: "Correlate prices.csv",
  meta: null,
  priority: 0,
  state: "running",
  submittedAtMs: 0,
  finishedAtMs: null,
  tasksTotal: 100,
  tasksDone: 40,
  tasksRunning: 8,
  targetsTotal: 100,
  targetsDone: 40,
  failure: null,
  timing: { computeMs: 0, fetchMs: 0, waitMs: 0, bytesMoved: 0, workers: [] },
};

const worker: WorkerView = {
  worker: asWorkerId("w_1"),
  peer: asPeerId("peer-1"),
  name: "Laptop",
  device: {
    browser: "Firefox",
    system: "Linux",
    cores: 8,
    isMobile: false,
    isSecureContext: false,
  },
  address: "",
  threads: 4,
  threadsMax: 8,
  state: "computing",
  hidden: false,
  running: 4,
  leased: 6,
  tasksDone: 0,
  tasksFailed: 0,
  cacheBytes: 0,
  bytesDirect: 0,
  bytesCoordinator: 0,
  path: "direct",
  why: null,
};

const story = (change: Partial<JobView>, facts: Partial<JobFacts> = {}) =>
  jobStory({
    job: { ...job, ...change },
    workers: [worker],
    estimate: { sharePerSecond: 0.01, leftMs: 60_000 },
    pairsTotal: 10_000_000,
    pairsKnown: 4_000_000,
    ...facts,
  });

describe("jobStory", () => {
  test("running: share, time left, machines and rate", () => {
    expect(story({})).toEqual({
      phase: "running",
      headline: "Computing: 40%, about 1 min left",
      text: "4 threads on 1 machine, 100,000 pairs/s",
    });
  });

  test("running, speed not yet known", () => {
    const { headline, text } = story({}, { estimate: null });
    expect(headline).toBe("Computing: 40%");
    expect(text).toBe("4 threads on 1 machine, measuring the speed");
  });

  test("waiting: nobody joined, or everybody is paused", () => {
    expect(story({}, { workers: [] }).text).toMatch(/No machine has joined/);
    const paused = story({}, { workers: [{ ...worker, state: "paused" }] });
    expect(paused.phase).toBe("waiting");
    expect(paused.text).toMatch(/paused or silent/);
  });

  test("nearly done: all computed, not all stored", () => {
    expect(story({ tasksDone: 100, targetsDone: 97 }).phase).toBe("collecting");
  });

  test("done: how long it took, how fast, or what is still on its way", () => {
    const done = { state: "done", finishedAtMs: 5_000, targetsDone: 100 } as const;
    expect(story(done, { pairsKnown: 10_000_000 })).toEqual({
      phase: "done",
      headline: "Done in 5.0 s",
      text: "10,000,000 pairs, 2.0 million pairs/s from start to end.",
    });
    expect(story(done).text).toBe("The results are on their way to this page: 40%.");
  });

  test("failed: the reason, and what is left of the work", () => {
    const failure = { task: asTaskKey("0"), message: "A panel is gone" };
    expect(story({ state: "failed", failure }).text).toBe(
      "A panel is gone. The results until then (about 4.0 million of 10.0 million pairs) are shown below.",
    );
    expect(story({ state: "failed", failure, targetsDone: 0 }).text).toMatch(
      /No pair was computed/,
    );
  });

  test("paused and cancelled say where", () => {
    expect(story({ state: "paused" }).headline).toBe("Paused at 40%");
    expect(story({ state: "cancelled" }).headline).toBe("Cancelled at 40%");
  });
});

test("large numbers are read at a glance", () => {
  expect([950, 24_496_500, 3_200_000, 4.1e9].map(formatLarge)).toEqual([
    "950",
    "24.5 million",
    "3.2 million",
    "4.1 billion",
  ]);
});

test("file names hold letters, digits and hyphens only", () => {
  expect(fileStem("daily prices (2024).csv")).toBe("daily-prices-2024");
  expect(fileStem("../..")).toBe("table");
  expect(fileStem("Kurse_täglich.CSV")).toBe("Kurse-täglich");
});
