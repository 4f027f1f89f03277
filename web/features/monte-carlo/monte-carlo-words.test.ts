// Tests of what the page of a simulation says in each of its states.
import { describe, expect, test } from "vitest";
import { ARTICLE_OPTION } from "../../../shared/monte-carlo/asian-option.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";
import { jobView, workerView } from "../../../shared/testing/views.ts";
import type { MonteCarloShown } from "./monte-carlo-reader.ts";
import {
  errorWords,
  simulationAbout,
  simulationShares,
  simulationStory,
  simulationWork,
  spanWords,
  type SimulationFacts,
} from "./monte-carlo-words.ts";
import { scenarioResult } from "./scenario-results.ts";

const job = jobView({
  kind: "monte-carlo",
  tasksTotal: 100,
  tasksDone: 20,
  tasksRunning: 2,
  targetsTotal: 100,
  targetsDone: 20,
});
const worker = workerView({ state: "computing", running: 4, leased: 6, path: "direct" });
const meta: MonteCarloShown["meta"] = {
  scenarios: [ARTICLE_OPTION],
  paths: 1_000_000,
  control: "none",
  seed: 1,
  targetStandardError: null,
  batchesPerTask: 3,
};
const shown: MonteCarloShown = {
  kind: "monte-carlo",
  meta,
  scenarios: [scenarioResult()],
  pathsDone: 200_000,
  isTargetReached: false,
  standardError: 0.04,
};
/** 0.04 after 200,000 paths: 0.02 takes four times as many. */
const aiming: MonteCarloShown = { ...shown, meta: { ...meta, targetStandardError: 0.02 } };

const factsOf = (change: Partial<JobView>, facts: Partial<SimulationFacts>): SimulationFacts => ({
  job: { ...job, ...change },
  workers: [worker],
  estimate: { sharePerSecond: 0.02, leftMs: 40_000 },
  shown,
  isArriving: false,
  ...facts,
});
const story = (change: Partial<JobView>, facts: Partial<SimulationFacts> = {}) =>
  simulationStory(factsOf(change, facts));

describe("simulationStory without a target", () => {
  test("running: paths and steps a second, and the time left", () => {
    expect(story({})).toEqual({
      phase: "running",
      headline: "Computing: 20%, about 40 s left",
      text: "4 threads on 1 machine, 20,000 paths/s, 29.2 million steps/s",
    });
  });

  test("done, and cancelled by a person", () => {
    const all = { ...shown, pathsDone: 1_000_000 };
    expect(story({ state: "done", finishedAtMs: 10_000 }, { shown: all }).text).toBe(
      "1,000,000 paths, 100,000 paths/s, 146 million steps/s from start to end.",
    );
    expect(story({ state: "cancelled" })).toMatchObject({
      phase: "cancelled",
      headline: "Cancelled at 20%",
    });
  });
});

describe("simulationStory with a target", () => {
  test("running: how far the error has come, and the time until it is reached", () => {
    // 600,000 more paths at 20,000 a second.
    expect(story({}, { shown: aiming }).headline).toBe(
      "Computing: ± 0.0400 of ± 0.02 wanted, about 30 s left",
    );
  });

  const reached: MonteCarloShown = { ...aiming, isTargetReached: true, standardError: 0.0195 };

  test("reached and not yet ended", () => {
    expect(story({}, { shown: reached })).toMatchObject({
      phase: "collecting",
      headline: "Target reached: storing the results",
    });
  });

  test("ended at the target, after a reload too, and by whoever was there", () => {
    for (const state of ["done", "cancelled"] as const) {
      expect(story({ state, finishedAtMs: 12_000 }, { shown: reached })).toEqual({
        phase: "done",
        headline: "Target reached in 12 s",
        text: "± 0.020, within the ± 0.02 asked for: 200,000 of at most 1 million paths were needed.",
      });
    }
  });

  test("a cancelled job is not called so before its results are here", () => {
    const early = { ...aiming, scenarios: [], pathsDone: 0, standardError: null };
    for (const some of [early, aiming]) {
      expect(story({ state: "cancelled" }, { shown: some, isArriving: true })).toMatchObject({
        phase: "collecting",
        headline: "Stopped early",
      });
      expect(story({ state: "cancelled" }, { shown: some }).phase).toBe("cancelled");
    }
  });

  test("all paths were not enough: how many would be", () => {
    const all = { ...aiming, pathsDone: 1_000_000, standardError: 0.036 };
    expect(story({ state: "done", finishedAtMs: 9_000 }, { shown: all }).text).toBe(
      "± 0.036 after all 1 million paths: the ± 0.02 asked for would need about 3.2 million paths.",
    );
  });
});

describe("simulationShares", () => {
  test("towards all paths, or towards the target", () => {
    expect(simulationShares(factsOf({}, {}))).toEqual({ done: 0.2, known: 0.2 });
    const { done, known } = simulationShares(factsOf({ targetsDone: 40 }, { shown: aiming }));
    expect(done).toBeCloseTo(0.5, 12);
    expect(known).toBeCloseTo(0.25, 12);
  });

  test("nearly there is not there, and reached is", () => {
    const near = { ...aiming, pathsDone: 800_000, standardError: 0.0200001 };
    const shares = simulationShares(factsOf({ targetsDone: 81 }, { shown: near }));
    expect(shares.done).toBe(0.99);
    const reached = { ...near, isTargetReached: true };
    expect(simulationShares(factsOf({}, { shown: reached }))).toEqual({ done: 1, known: 1 });
    expect(simulationWork(reached).known).toBe(1_000_000);
  });
});

describe("simulationAbout", () => {
  test("says what all scenarios have in common", () => {
    expect(simulationAbout(meta)).toBe(
      "Call · strike 100 · first price 100 · volatility 20% · drift 2% a year · average of 1,460 prices over 4 years · not discounted · plain · seed 1",
    );
    const scenarios = [ARTICLE_OPTION, { ...ARTICLE_OPTION, strike: 90 }];
    const several = simulationAbout({ ...meta, scenarios, control: "geometric" });
    expect(several).toMatch(/^2 scenarios · Call · first price 100/);
    expect(several).not.toMatch(/strike/);
  });

  test("a time in years with few digits", () => {
    expect(spanWords({ points: 365, stepsPerYear: 365 })).toBe(" over 1 year");
    expect(spanWords({ points: 100, stepsPerYear: 365 })).toBe(" over 0.27 years");
  });
});

test("errors have two figures", () => {
  expect([0.0051, 0.18, 12.3].map((error) => errorWords(error))).toEqual([
    "± 0.0051",
    "± 0.18",
    "± 12",
  ]);
});
