// The planner: every path of every scenario exactly once, the same keys for everybody, sensible tasks.
import fc from "fast-check";
import { createBLAKE3 } from "hash-wasm";
import { describe, expect, test } from "vitest";
import type { JsonValue } from "../graph/task.ts";
import { BLOCK_BYTES_MAX, JOB_BODY_BYTES_MAX } from "../limits.ts";
import { jobSubmissionSchema } from "../protocol/http.ts";
import { plannedTasks } from "../testing/planned-tasks.ts";
import { ARTICLE_OPTION, type AsianOption, type AsianOptionParams } from "./asian-option.ts";
import { averageMoments } from "./closed-form.ts";
import {
  checkMonteCarlo,
  HISTOGRAM_BINS,
  histogramHigh,
  MonteCarloError,
  type MonteCarloOptions,
  type MonteCarloPlan,
  parseMonteCarloMeta,
  pathsForTarget,
  planMonteCarlo,
  replanMonteCarlo,
} from "./plan.ts";

const blake3 = await createBLAKE3();
const tools = {
  hash: (bytes: Uint8Array) => blake3.init().update(bytes).digest("hex"),
  encode: (text: string) => new TextEncoder().encode(text),
};

const options = (changes: Partial<MonteCarloOptions> = {}): MonteCarloOptions => ({
  scenarios: [ARTICLE_OPTION],
  paths: 1_000_000,
  control: "none",
  seed: 1,
  targetStandardError: null,
  ...changes,
});
const plan = (changes: Partial<MonteCarloOptions> = {}, threads = 2) =>
  planMonteCarlo(options(changes), { ...tools, threads });
/** The tasks that a client makes of the planned calls. */
const tasksOf = ({ calls }: MonteCarloPlan) => plannedTasks(calls, tools);
const grid = (count: number): AsianOption[] =>
  Array.from({ length: count }, (_, i) => ({ ...ARTICLE_OPTION, strike: 50 + i }));
const paramsOf = (task: { readonly params: JsonValue }): AsianOptionParams =>
  task.params as unknown as AsianOptionParams;

describe("planMonteCarlo", () => {
  test("covers every batch of every scenario exactly once, in batch order", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 3_000_000 }),
        fc.integer({ min: 1, max: 5 }),
        fc.integer({ min: 0, max: 40 }),
        fc.integer({ min: 1, max: 3_000 }),
        (paths, scenarioCount, threads, points) => {
          const scenarios = grid(scenarioCount).map((option) => ({ ...option, points }));
          const planned = plan({ scenarios, paths }, threads);
          const { chunks } = planned;
          expect([...chunks.keys()]).toEqual(tasksOf(planned).map((task) => task.key));
          const nextBatch = scenarios.map(() => 0);
          const pathsSeen = scenarios.map(() => 0);
          let range = 0;
          for (const task of tasksOf(planned)) {
            const params = paramsOf(task);
            const [chunk, ...others] = chunks.get(task.key) ?? [];
            expect(others).toEqual([]);
            const scenario = chunk?.scenario ?? NaN;
            expect(params.option.strike).toBe(scenarios[scenario]?.strike);
            expect(chunk).toMatchObject({ firstBatch: params.firstBatch, paths: params.paths });
            expect(params.firstBatch).toBe(nextBatch[scenario]);
            expect(chunk?.range).toBeGreaterThanOrEqual(range);
            range = chunk?.range ?? NaN;
            nextBatch[scenario] = params.firstBatch + Math.ceil(params.paths / 4_096);
            pathsSeen[scenario] = (pathsSeen[scenario] ?? NaN) + params.paths;
            // Only the last task may end within a batch.
            const isLast = pathsSeen[scenario] === paths;
            expect(isLast || params.paths % 4_096 === 0).toBe(true);
          }
          expect(pathsSeen).toEqual(scenarios.map(() => paths));
        },
      ),
      { numRuns: 60 },
    );
  });

  test("the params are what the kernel's contract says, and nothing else", () => {
    const [first] = tasksOf(plan({ control: "geometric", seed: 7 }));
    expect(first?.kernel).toBe("asian-option@1");
    expect(first?.inputs).toEqual([]);
    expect(first?.params).toEqual({
      option: {
        s0: 100,
        mu: 0.02,
        sigma: 0.2,
        strike: 100,
        points: 1_460,
        stepsPerYear: 365,
        type: "call",
      },
      control: "geometric",
      seed: 7,
      firstBatch: 0,
      paths: expect.any(Number) as number,
      histogram: { high: 128, bins: 64 },
    });
  });

  test("a job of 10,000 paths still gives three tasks", () => {
    expect(tasksOf(plan({ paths: 10_000 }, 0))).toHaveLength(3);
    expect(tasksOf(plan({ paths: 10_000 }, 64))).toHaveLength(3);
  });

  test.each([1, 2, 8, 61])(
    "%i threads get four tasks each, of at most about a second",
    (threads) => {
      const tasks = tasksOf(plan({ paths: 20_000_000 }, threads));
      expect(tasks.length).toBeGreaterThanOrEqual(4 * threads);
      for (const { cost } of tasks) expect(cost.operations).toBeLessThanOrEqual(150e6);
    },
  );

  test("a short path makes tasks of many batches, a long one of single ones", () => {
    const countOf = (points: number) =>
      tasksOf(plan({ paths: 2_000_000, scenarios: [{ ...ARTICLE_OPTION, points }] })).length;
    expect(countOf(1)).toBeLessThanOrEqual(17);
    const { meta } = plan({ paths: 1e9, scenarios: [{ ...ARTICLE_OPTION, points: 1 }] });
    expect(meta.batchesPerTask).toBeLessThanOrEqual(1_024);
    expect(countOf(100_000)).toBe(Math.ceil(2_000_000 / 4_096));
  });

  test("a thousand million paths fit, and a hundred scenarios of them", () => {
    for (const scenarios of [grid(1), grid(100)]) {
      const planned = plan({ scenarios, paths: 1e9 }, 256);
      const { meta } = planned;
      expect(JSON.stringify(tasksOf(planned)).length).toBeLessThan(JOB_BODY_BYTES_MAX / 2);
      for (const { cost } of tasksOf(planned)) {
        expect(cost.outputBytes).toBeLessThan(BLOCK_BYTES_MAX / 64);
      }
      expect(parseMonteCarloMeta(meta as unknown as JsonValue)).toEqual(meta);
    }
  });

  test("with a target, tasks do not depend on who is there, so that neither does the result", () => {
    const few = plan({ targetStandardError: 0.1, paths: 5_000_000 }, 1);
    const many = plan({ targetStandardError: 0.1, paths: 5_000_000 }, 250);
    expect([tasksOf(many), many.job]).toEqual([tasksOf(few), few.job]);
    for (const { cost } of tasksOf(few)) {
      expect(cost.operations).toBeLessThanOrEqual(150e6 / 4);
    }
  });

  test("scenarios that differ in their discounting only are simulated once", () => {
    const scenarios = [ARTICLE_OPTION, { ...ARTICLE_OPTION, discounted: true }];
    const both = plan({ scenarios, paths: 50_000 });
    const places = [...both.chunks.values()];
    expect(places.every((chunks) => chunks.length === 2)).toBe(true);
    expect(new Set(places.flat().map(({ scenario }) => scenario))).toEqual(new Set([0, 1]));
    expect(tasksOf(both)).toHaveLength(places.length);
  });

  test("the coordinator accepts the submission", () => {
    const planned = plan({ scenarios: grid(3) });
    const targets = [...planned.chunks.keys()];
    const submission = { ...planned.job, priority: 0, tasks: tasksOf(planned), targets };
    expect(jobSubmissionSchema.safeParse(JSON.parse(JSON.stringify(submission))).success).toBe(
      true,
    );
    expect(submission.title).toBe("Price 3 Asian options, 1,000,000 paths");
  });
});

describe("a job's meta", () => {
  test("is enough to have the same tasks again, whoever is in the cluster then", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 4, max: 2_000_000 }),
        fc.integer({ min: 1, max: 3 }),
        fc.integer({ min: 0, max: 99 }),
        fc.option(fc.double({ min: 1e-3, max: 1, noNaN: true })),
        (paths, scenarioCount, threads, targetStandardError) => {
          const scenarios = grid(scenarioCount);
          const { job, meta, chunks } = plan({ paths, scenarios, targetStandardError }, threads);
          const read = parseMonteCarloMeta(JSON.parse(JSON.stringify(job.meta)) as JsonValue);
          expect(read).toEqual(meta);
          expect(replanMonteCarlo(read, tools)).toEqual(chunks);
        },
      ),
      { numRuns: 30 },
    );
  });

  test.each<[string, JsonValue]>([
    ["nothing", null],
    ["a list", []],
    ["another kind's", { dataset: "d_x", seriesCount: 3 }],
    ["one without scenarios", { ...options(), scenarios: 3, batchesPerTask: 1 }],
    ["one with scenarios that are none", { ...options(), scenarios: [null], batchesPerTask: 1 }],
    ["one without a task's size", { ...options(), scenarios: [{ ...ARTICLE_OPTION }] }],
    [
      "one with more tasks than possible",
      { ...options(), paths: 1e9, scenarios: [{ ...ARTICLE_OPTION }], batchesPerTask: 1 },
    ],
    [
      "one with a task larger than possible",
      { ...options(), scenarios: [{ ...ARTICLE_OPTION }], batchesPerTask: 1_025 },
    ],
    [
      "one with words for numbers",
      { ...options(), paths: "many", scenarios: [{ ...ARTICLE_OPTION }], batchesPerTask: 1 },
    ],
    [
      "one with words in an option",
      { ...options(), scenarios: [{ ...ARTICLE_OPTION, s0: "100" }], batchesPerTask: 1 },
    ],
  ])("%s is refused", (_, meta) => {
    expect(() => parseMonteCarloMeta(meta)).toThrow(MonteCarloError);
  });
});

describe("what cannot be planned is said in words", () => {
  const withOption = (changes: Partial<AsianOption>): Partial<MonteCarloOptions> => ({
    scenarios: [{ ...ARTICLE_OPTION, ...changes }],
  });
  test.each<[Partial<MonteCarloOptions>, RegExp]>([
    [{ scenarios: [] }, /0 scenarios.*from 1 to 100/],
    [{ scenarios: grid(101) }, /101 scenarios/],
    [{ paths: 0 }, /paths is 0.*from 4 to 1,000,000,000/],
    [{ paths: 1.5 }, /whole number/],
    [{ paths: 1e10 }, /10000000000/],
    [{ paths: 4_097, control: "antithetic" }, /pairs.*even/],
    [{ control: "quasi" as "none" }, /"quasi".*none, antithetic or geometric/],
    [{ seed: -1 }, /seed is -1/],
    [{ seed: 2 ** 53 }, /seed/],
    [{ targetStandardError: 0 }, /target standard error is 0/],
    [{ targetStandardError: NaN }, /above 0/],
    [withOption({ s0: 0 }), /first price is 0/],
    [withOption({ mu: Infinity }), /drift is Infinity/],
    [withOption({ sigma: -0.1 }), /volatility is -0.1; give a number from 0 to 10/],
    [withOption({ strike: NaN }), /strike is NaN/],
    [withOption({ points: 2.5 }), /averaged is 2.5; give a whole number/],
    [withOption({ points: 0 }), /averaged is 0/],
    [withOption({ stepsPerYear: 0 }), /steps a year is 0/],
    [withOption({ type: "straddle" as "put" }), /"call" or a "put", not straddle/],
    [withOption({ discounted: "yes" as unknown as boolean }), /discount/],
    [withOption({ sigma: 10, points: 50_000, stepsPerYear: 1 }), /beyond all numbers/],
  ])("case %#", (changes, message) => {
    expect(() => checkMonteCarlo(options(changes))).toThrow(message);
    expect(() => plan(changes)).toThrow(MonteCarloError);
  });

  test("an option that is sound is not refused", () => {
    expect(() => checkMonteCarlo(options())).not.toThrow();
    expect(() => checkMonteCarlo(options(withOption({ sigma: 0, strike: 0 })))).not.toThrow();
  });
});

describe("pathsForTarget", () => {
  test("is enough for the spread of the average, which no payoff exceeds", () => {
    const { sd } = averageMoments(ARTICLE_OPTION);
    const paths = pathsForTarget([ARTICLE_OPTION], 0.01);
    expect(sd / Math.sqrt(paths)).toBeLessThan(0.01);
    expect(paths).toBeLessThan((sd / 0.01) ** 2 * 1.1);
    expect(paths % 4_096).toBe(0);
    const wild = { ...ARTICLE_OPTION, sigma: 0.4 };
    expect(pathsForTarget([ARTICLE_OPTION, wild], 0.01)).toBeGreaterThan(3 * paths);
  });

  test("what would take too many is refused", () => {
    expect(() => pathsForTarget([ARTICLE_OPTION], 1e-4)).toThrow(/1,000,000,000/);
  });
});

test("histograms reach far enough for almost every payoff, in bins of easy widths", () => {
  fc.assert(
    fc.property(
      fc.record({
        s0: fc.double({ min: 0.001, max: 1e6, noNaN: true }),
        sigma: fc.double({ min: 0, max: 1, noNaN: true }),
        share: fc.double({ min: 0, max: 2, noNaN: true }),
        type: fc.constantFrom("call" as const, "put" as const),
      }),
      ({ s0, sigma, share, type }) => {
        const option = { ...ARTICLE_OPTION, s0, sigma, strike: s0 * share, type };
        const high = histogramHigh(option);
        const { mean, sd } = averageMoments(option);
        const usual = type === "call" ? mean - option.strike : option.strike - mean;
        const far = type === "call" ? usual + 4 * sd : Math.min(option.strike, usual + 4 * sd);
        expect(high).toBeGreaterThanOrEqual(far * (1 - 1e-12));
        expect(high).toBeLessThanOrEqual(1.7 * Math.max(far, sd, mean / 1_000));
        const digits = (high / HISTOGRAM_BINS).toPrecision(12).replace(/e.*/, "");
        expect(digits.replaceAll(/[.0]/g, "")).toMatch(/^(1|125|15|2|25|3|4|5|6|8)$/);
      },
    ),
  );
});
