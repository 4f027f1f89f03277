// Tests of what the page says in each state of a job.
import { describe, expect, test } from "vitest";
import { asTaskKey } from "../../../shared/ids.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";
import { jobView, workerView } from "../../../shared/testing/views.ts";
import { doneShare, fileStem, jobStory, type JobFacts, type JobWork } from "./job-words.ts";

const job = jobView({
  title: "Correlate prices.csv",
  tasksTotal: 100,
  tasksDone: 40,
  tasksRunning: 8,
  targetsTotal: 100,
  targetsDone: 40,
});

const worker = workerView({ state: "computing", running: 4, leased: 6, path: "direct" });

const work: JobWork = { one: "pair", many: "pairs", total: 10_000_000, known: 4_000_000 };

const story = (change: Partial<JobView>, facts: Partial<JobFacts> = {}) =>
  jobStory({
    job: { ...job, ...change },
    workers: [worker],
    estimate: { sharePerSecond: 0.01, leftMs: 60_000 },
    work,
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

  test("running: what else is counted has its rate too", () => {
    const counted = { ...work, alsoCounted: { many: "dates", total: 5e11 } };
    expect(story({}, { work: counted }).text).toBe(
      "4 threads on 1 machine, 100,000 pairs/s, 5.0 billion dates/s",
    );
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

  test("open: everything that was asked for is there, and more may come", () => {
    const open = { isOpen: true, tasksDone: 100, targetsDone: 97, targetsFailed: 3 };
    expect(story(open).phase).toBe("open");
    expect(story({ ...open, targetsFailed: 0 }).phase).not.toBe("open");
  });

  test("nearly done: all computed, not all stored", () => {
    expect(story({ tasksDone: 100, targetsDone: 97 }).phase).toBe("collecting");
  });

  test("done: how long it took, how fast, or what is still on its way", () => {
    const done = { state: "done", finishedAtMs: 5_000, targetsDone: 100 } as const;
    expect(story(done, { work: { ...work, known: 10_000_000 } })).toEqual({
      phase: "done",
      headline: "Done in 5.0 s",
      text: "10,000,000 pairs, 2.0 million pairs/s from start to end.",
    });
    expect(story(done).text).toBe("The results are on their way to this page: 40%.");
  });

  test("failed: the reason, and what is left of the work", () => {
    const failure = { task: asTaskKey("0"), message: "A panel is gone", thrown: null };
    expect(story({ state: "failed", failure }).text).toBe(
      "A panel is gone. The results until then (about 4.0 million of 10.0 million pairs) are shown below.",
    );
    const thrown = { ...failure, thrown: "RangeError: No prices for week 0" };
    expect(story({ state: "failed", failure: thrown }).text).toMatch(
      /^RangeError: No prices for week 0\. The results until then/,
    );
    expect(story({ state: "failed", failure, tasksDone: 0 }).text).toMatch(/No pair was computed/);
  });

  test("paused and cancelled say where", () => {
    expect(story({ state: "paused" }).headline).toBe("Paused at 40%");
    expect(story({ state: "cancelled" }).headline).toBe("Cancelled at 40%");
  });
});

test("an ended job's share is that of its tasks, as its targets are no longer told", () => {
  expect(doneShare({ ...job, state: "cancelled", targetsDone: 0 })).toBe(0.4);
  expect(doneShare({ ...job, targetsDone: 20 })).toBe(0.2);
  expect(doneShare({ ...job, targetsTotal: 0, targetsDone: 0 })).toBe(0);
});

test("file names hold letters, digits and hyphens only", () => {
  expect(fileStem("daily prices (2024).csv")).toBe("daily-prices-2024");
  expect(fileStem("../..")).toBe("table");
  expect(fileStem("Kurse_täglich.CSV")).toBe("Kurse-täglich");
});
