// Results: the same bits whatever the tasks, their order and repetition; textbook statistics of what
// is a prefix of all paths; and a stop that depends on nothing but the target.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import type { NdArray } from "../codecs/npy.ts";
import { ARTICLE_OPTION, type AsianOption, type Control } from "./asian-option.ts";
import { averageMoments, discountOf, geometricPayoffMean } from "./closed-form.ts";
import { MonteCarloResult, type ScenarioResult } from "./estimate.ts";
import { type MakeSample, outputsOf, rowOf, samplesOf, usualSamples } from "./made-samples.ts";
import {
  type Chunk,
  histogramHigh,
  MonteCarloError,
  type MonteCarloMeta,
  rangeCount,
  rangeOf,
} from "./plan.ts";

const CONTROLS: readonly Control[] = ["none", "antithetic", "geometric"];

const metaOf = (changes: Partial<MonteCarloMeta> = {}): MonteCarloMeta => ({
  scenarios: [ARTICLE_OPTION],
  paths: 20_000,
  control: "none",
  seed: 1,
  targetStandardError: null,
  batchesPerTask: 1,
  ...changes,
});

const chunksOf = (meta: MonteCarloMeta): Chunk[] =>
  Array.from({ length: rangeCount(meta) }, (_, range) =>
    meta.scenarios.map((_option, scenario) => ({ scenario, range, ...rangeOf(meta, range) })),
  ).flat();

const outputs = (meta: MonteCarloMeta, chunk: Chunk, make?: MakeSample): readonly NdArray[] =>
  outputsOf(chunk, meta.control, make ?? usualSamples[meta.control]);

function resultOf(
  meta: MonteCarloMeta,
  chunks: readonly Chunk[] = chunksOf(meta),
  make?: MakeSample,
): MonteCarloResult {
  const result = new MonteCarloResult(meta);
  for (const chunk of chunks) result.add(chunk, outputs(meta, chunk, make));
  return result;
}

function scenarioOf(result: MonteCarloResult, index = 0): ScenarioResult {
  const scenario = result.scenario(index);
  if (scenario === null) throw new Error("There is no result yet.");
  return scenario;
}

const shuffled = <T>(items: readonly T[], seeds: readonly number[]): T[] =>
  items
    .map((item, i) => ({ item, order: seeds[i % seeds.length] ?? 0, i }))
    .toSorted((a, b) => a.order - b.order || a.i - b.i)
    .map(({ item }) => item);

const near = (actual: number, expected: number, relative = 1e-11): void =>
  expect(Math.abs(actual - expected)).toBeLessThanOrEqual(relative * Math.abs(expected));

describe("the bits of a result", () => {
  const property = (control: Control) =>
    fc.property(
      fc.integer({ min: 2, max: 20_000 }),
      fc.integer({ min: 1, max: 2 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 6 }),
      fc.array(fc.integer(), { minLength: 1, maxLength: 12 }),
      fc.array(fc.nat(11), { maxLength: 6 }),
      (halfPaths, scenarioCount, oneTask, otherTask, order, repeated) => {
        const discounted = { ...ARTICLE_OPTION, discounted: true };
        const scenarios = [ARTICLE_OPTION, discounted].slice(0, scenarioCount);
        const meta = { ...metaOf({ scenarios, control }), paths: 2 * halfPaths };
        const one = { ...meta, batchesPerTask: oneTask };
        const other = { ...meta, batchesPerTask: otherTask };
        const chunks = shuffled(chunksOf(other), order);
        const twice = [...chunks, ...repeated.flatMap((i) => chunks[i % chunks.length] ?? [])];
        const expected = resultOf(one);
        const result = resultOf(other, shuffled(twice, order.toReversed()));
        expect(result.isComplete).toBe(true);
        for (const index of scenarios.keys()) {
          expect(scenarioOf(result, index)).toStrictEqual(scenarioOf(expected, index));
        }
      },
    );

  test.each(CONTROLS)("depend on neither tasks, order nor repetition (%s)", (control) => {
    fc.assert(property(control), { numRuns: 25 });
  });
});

describe("statistics", () => {
  const all = (control: Control, paths: number) =>
    chunksOf(metaOf({ control, paths })).flatMap((chunk) =>
      samplesOf(usualSamples[control], control, 0, chunk.firstBatch, chunk.paths),
    );

  test.each(CONTROLS)("are those of all samples together (%s)", (control) => {
    const paths = 7 * 4_096 + 2_000;
    const [n = 0, meanY = 0, m2Y = 0, meanX = 0, m2X = 0, cXY = 0, count = 0, meanA = 0, m2A = 0] =
      rowOf(all(control, paths));
    const scenario = scenarioOf(resultOf(metaOf({ control, paths })));
    expect(scenario).toMatchObject({ paths, samples: n });
    expect(count).toBe(paths);
    near(scenario.averagePrice, meanA);
    near(scenario.averagePriceSd, Math.sqrt(m2A / (paths - 1)));
    if (control === "geometric") {
      const slope = cXY / m2X;
      near(scenario.estimate, meanY - slope * (meanX - geometricPayoffMean(ARTICLE_OPTION)));
      near(scenario.standardError, Math.sqrt((m2Y - cXY ** 2 / m2X) / (n - 2) / n));
      near(scenario.controlCorrelation ?? NaN, cXY / Math.sqrt(m2X * m2Y));
    } else {
      near(scenario.estimate, meanY);
      near(scenario.standardError, Math.sqrt(m2Y / (n - 1) / n));
      expect(scenario.controlCorrelation).toBeNull();
    }
    const [low, high] = scenario.confidence;
    near(high - low, 2 * 1.959_963_984_540_054 * scenario.standardError, 1e-9);
    near((low + high) / 2, scenario.estimate);
  });

  test("of a discounted option are those of the other, discounted", () => {
    const discounted: AsianOption = { ...ARTICLE_OPTION, discounted: true };
    const plain = scenarioOf(resultOf(metaOf()));
    const scenario = scenarioOf(resultOf(metaOf({ scenarios: [discounted] })));
    const factor = discountOf(discounted);
    expect(factor).toBeLessThan(0.93);
    near(scenario.estimate, plain.estimate * factor);
    near(scenario.standardError, plain.standardError * factor);
    near(scenario.confidence[1], plain.confidence[1] * factor);
    near(scenario.convergence[0]?.estimate ?? NaN, (plain.convergence[0]?.estimate ?? 0) * factor);
    near(scenario.histogram.high, plain.histogram.high * factor);
    expect(scenario.averagePrice).toBe(plain.averagePrice);
  });

  test("come with the closed forms that they are checked against", () => {
    const { expectedAveragePrice, expectedAveragePriceSd } = scenarioOf(resultOf(metaOf()));
    const { mean, sd } = averageMoments(ARTICLE_OPTION);
    expect([expectedAveragePrice, expectedAveragePriceSd]).toEqual([mean, sd]);
  });

  test("histograms count every path once, in bins without gaps", () => {
    const { histogram } = scenarioOf(resultOf(metaOf()));
    const { zero, above, counts, lowEdges, high } = histogram;
    expect(counts.reduce((sum, count) => sum + count, zero + above)).toBe(20_000);
    // The made-up batches have a bin each.
    expect(counts.slice(0, 6)).toEqual([4_096, 4_096, 4_096, 4_096, 3_616, 0]);
    expect(high).toBe(histogramHigh(ARTICLE_OPTION));
    expect(lowEdges).toHaveLength(64);
    expect(lowEdges.slice(0, 3)).toEqual([0, high / 64, (2 * high) / 64]);
  });
});

describe("what does not vary", () => {
  const still: AsianOption = { ...ARTICLE_OPTION, sigma: 0 };
  // Sums of equal numbers leave traces of rounding in both mean and deviations.
  const traced =
    (y: number, averages: readonly number[]): MakeSample =>
    (_, __, i) => {
      const trace = (i % 3) * 104 * 1e-13;
      return { y: y + trace, x: 5 + 2 * trace, averages };
    };

  test.each(CONTROLS)("is exact, without an error (%s)", (control) => {
    const averages = control === "antithetic" ? [104, 104] : [104];
    const meta = metaOf({ control, scenarios: [still] });
    const scenario = scenarioOf(resultOf(meta, chunksOf(meta), traced(4, averages)));
    near(scenario.estimate, 4, 1e-11);
    expect(scenario).toMatchObject({ standardError: 0, averagePriceSd: 0, averagePrice: 104 });
    expect(scenario.confidence).toEqual([scenario.estimate, scenario.estimate]);
    expect(scenario.controlCorrelation).toBeNull();
  });

  test("reaches any target at once; but where prices vary, payoffs of nothing reach none", () => {
    const meta = metaOf({ targetStandardError: 1e-9, scenarios: [still], paths: 40_960 });
    const exact = resultOf(meta, chunksOf(meta), traced(4, [104]));
    expect(exact).toMatchObject({ isTargetReached: true, pathsDone: 2 * 4_096 });
    const blind = resultOf(meta, chunksOf(meta), (random) => {
      return { y: 0, x: 0, averages: [90 + random()] };
    });
    expect(blind).toMatchObject({ isTargetReached: false, isComplete: true, pathsDone: 40_960 });
    expect(scenarioOf(blind)).toMatchObject({ estimate: 0, standardError: 0 });
  });
});

describe("while results come in", () => {
  test("only paths before the first missing one count", () => {
    const meta = metaOf({ paths: 10 * 4_096, batchesPerTask: 2 });
    const chunks = chunksOf(meta);
    const result = new MonteCarloResult(meta);
    expect(result.scenario(0)).toBeNull();
    expect(result.standardError).toBeNaN();
    const add = (range: number): void => {
      const chunk = chunks[range];
      if (chunk !== undefined) result.add(chunk, outputs(meta, chunk));
    };
    add(1);
    expect(result).toMatchObject({ pathsDone: 0, isComplete: false });
    add(3);
    add(0);
    expect(result).toMatchObject({ pathsDone: 4 * 4_096, stepsDone: 4 * 4_096 * 1_459 });
    const shorter = metaOf({ paths: 4 * 4_096 });
    expect(scenarioOf(result)).toStrictEqual(scenarioOf(resultOf(shorter)));
    add(2);
    add(4);
    expect(result).toMatchObject({ pathsDone: 10 * 4_096, isComplete: true });
  });

  test("scenarios advance together", () => {
    const meta = metaOf({ scenarios: [ARTICLE_OPTION, { ...ARTICLE_OPTION, strike: 90 }] });
    const chunks = chunksOf(meta);
    const ofFirst = chunks.filter(({ scenario }) => scenario === 0);
    const result = resultOf(meta, ofFirst);
    expect(result.pathsDone).toBe(0);
    const other = chunks.find(({ scenario }) => scenario === 1);
    if (other !== undefined) result.add(other, outputs(meta, other));
    expect(result.pathsDone).toBe(4_096);
    expect(scenarioOf(result, 1).paths).toBe(4_096);
  });

  test("convergence refines, never beyond 200 points, and ends with the present", () => {
    const meta = metaOf({ paths: 1_000 * 4_096 - 10 });
    const row = outputs(meta, { scenario: 0, range: 0, firstBatch: 0, paths: 4_096 });
    const last = outputs(meta, { scenario: 0, range: 999, firstBatch: 999, paths: 4_086 });
    const result = new MonteCarloResult(meta);
    for (const chunk of chunksOf(meta)) {
      result.add(chunk, chunk.paths === 4_096 ? row : last);
      const { convergence, estimate, standardError } = scenarioOf(result);
      expect(convergence.length).toBeLessThanOrEqual(200);
      expect(convergence.length).toBeGreaterThan(Math.min(chunk.range, 99));
      expect(convergence.at(-1)).toEqual({ paths: result.pathsDone, estimate, standardError });
      const paths = convergence.map((point) => point.paths);
      expect(paths).toEqual(paths.toSorted((a, b) => a - b));
      expect(new Set(paths).size).toBe(paths.length);
    }
    expect(scenarioOf(result).convergence[0]?.paths).toBe(8 * 4_096);
  });

  const good = outputs(metaOf(), { scenario: 0, range: 0, firstBatch: 0, paths: 4_096 });
  const changed = (output: number, at: number, value: number): NdArray[] =>
    good.map((array, i) => {
      const data = array.data.slice();
      if (i === output) data[at] = value;
      return { ...array, data };
    });
  const replaced = (output: number, data: NdArray["data"]): NdArray[] =>
    good.map((array, i) => (i === output ? { shape: [data.length], data } : array));
  const [row, histogram] = good.map(({ data }) => [...data]);
  test.each<[string, readonly NdArray[]]>([
    ["nothing", []],
    ["one output", good.slice(0, 1)],
    ["the wrong types", good.toReversed()],
    ["too many rows", replaced(0, Float64Array.from([...(row ?? []), ...(row ?? [])]))],
    ["too many bins", replaced(1, Uint32Array.from([...(histogram ?? []), 0]))],
    ["floats for counts", replaced(1, Float64Array.from(histogram ?? []))],
    ["a number that is none", changed(0, 1, NaN)],
    ["a wrong number of samples", changed(0, 0, 4_095)],
    ["a wrong number of paths", changed(0, 6, 4_097)],
    ["a histogram of other paths", changed(1, 3, 1)],
  ])("%s is refused in words", (_, wrong) => {
    const result = new MonteCarloResult(metaOf());
    const add = () => result.add({ scenario: 0, range: 0, firstBatch: 0, paths: 4_096 }, wrong);
    expect(add).toThrow(MonteCarloError);
    expect(add).toThrow(/paths 0 to 4095/);
    expect(result.pathsDone).toBe(0);
  });
});

describe("a target", () => {
  const paths = 40 * 4_096;
  /** Standard errors of 1, 2, … batches. */
  const errors = Array.from({ length: 40 }, (_, i) => {
    return resultOf(metaOf({ paths: (i + 1) * 4_096 })).standardError;
  });
  const whole = (batches: number): number => errors[batches - 1] ?? NaN;

  test("is reached by the smallest prefix of tasks, in whatever order they come", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 3, max: 39 }),
        fc.integer({ min: 1, max: 7 }),
        fc.array(fc.integer(), { minLength: 1, maxLength: 40 }),
        (batches, batchesPerTask, order) => {
          const targetStandardError = whole(batches);
          const meta = metaOf({ paths, batchesPerTask, targetStandardError });
          const result = resultOf(meta, shuffled(chunksOf(meta), order));
          // The first task boundary at which the error is small enough, found by trying all.
          let expected = batchesPerTask;
          while (expected < 40 && whole(expected) > targetStandardError) expected += batchesPerTask;
          expected = Math.max(expected, Math.ceil(2 / batchesPerTask) * batchesPerTask);
          const pathsDone = Math.min(paths, expected * 4_096);
          expect(result).toMatchObject({ isTargetReached: true, isComplete: true, pathsDone });
          expect(result.standardError).toBeLessThanOrEqual(targetStandardError);
          const alone = scenarioOf(resultOf(metaOf({ paths: pathsDone })));
          expect(scenarioOf(result)).toStrictEqual(alone);
        },
      ),
      { numRuns: 15 },
    );
  });

  test("is not believed on one batch, unless there is only one", () => {
    const meta = metaOf({ paths, targetStandardError: 1e9 });
    expect(resultOf(meta).pathsDone).toBe(2 * 4_096);
    expect(resultOf({ ...meta, paths: 1_000 })).toMatchObject({ isTargetReached: true });
  });

  test("must be met by every scenario, in the units that are told", () => {
    // The payoffs of the second vary by ten times as much.
    const make: MakeSample = (random, scenario) => {
      const y = (scenario === 0 ? 1 : 10) * random();
      return { y, x: 0, averages: [100 + random()] };
    };
    const scenarios = [ARTICLE_OPTION, { ...ARTICLE_OPTION, strike: 90 }];
    const meta = metaOf({ scenarios, paths, targetStandardError: 0.02 });
    const result = resultOf(meta, chunksOf(meta), make);
    expect(result.isTargetReached).toBe(true);
    expect(result.standardError).toBeLessThanOrEqual(0.02);
    expect(result.standardError).toBe(scenarioOf(result, 1).standardError);
    expect(result.pathsDone).toBeGreaterThan(3 * 4_096);

    const discounted = scenarios.map((option) => ({ ...option, mu: 0.2, discounted: true }));
    const cheaper = resultOf({ ...meta, scenarios: discounted }, chunksOf(meta), make);
    expect(cheaper.pathsDone).toBeLessThan(result.pathsDone);
    expect(cheaper.isTargetReached).toBe(true);
  });

  test("that is too small ends with all paths", () => {
    const result = resultOf(metaOf({ targetStandardError: 1e-6 }));
    expect(result).toMatchObject({ isTargetReached: false, isComplete: true, pathsDone: 20_000 });
  });
});
