// Tests of what is made of a scenario's figures: plots, tables, checks, files and times.
import { describe, expect, test } from "vitest";
import { ARTICLE_OPTION } from "../../../shared/monte-carlo/asian-option.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";
import { checkAverage, controlGain } from "./average-check.ts";
import { scenarioResult } from "./scenario-results.ts";
import {
  parameterWords,
  scenarioRows,
  scenarioWords,
  varyingParameters,
} from "./scenarios-model.ts";
import { convergenceCsv, scenariosCsv } from "../../../shared/monte-carlo/scenarios-csv.ts";
import { jobView } from "../../../shared/testing/views.ts";
import {
  convergencePicture,
  convergenceWords,
  payoffPicture,
  payoffRestWords,
  payoffWords,
} from "./simulation-plots.ts";
import { expectedMs, stepsOf, stepsPerThreadMs } from "./simulation-speed.ts";

describe("plots", () => {
  test("the convergence is a line in a band of 1.96 errors over a logarithmic axis", () => {
    const { xs, x, layers } = convergencePicture(scenarioResult());
    expect(xs).toEqual([4_096, 100_000, 1_000_000]);
    expect(x).toMatchObject({ isLog: true, range: [4_096, 1_000_000] });
    const [band, line] = layers;
    if (band?.kind !== "band" || line?.kind !== "line") throw new Error("a band and a line");
    expect(line.values).toEqual([11.2, 11.5, 11.6]);
    expect(band.high[2]).toBeCloseTo(11.6 + 1.96 * 0.018, 12);
    expect(band.low[2]).toBeCloseTo(11.6 - 1.96 * 0.018, 12);
  });

  test("the rough beginning is cut off rather than flatten the rest", () => {
    const [low, high] = convergencePicture(scenarioResult()).y.range;
    expect(high).toBeGreaterThan(11.6 + 1.96 * 0.018);
    expect(low).toBeLessThan(11.5 - 1.96 * 0.057);
    expect(low).toBeGreaterThan(11.2 - 1.96 * 0.28);
  });

  test("one point, and a job in which nothing varies, can be drawn", () => {
    const point = { paths: 4_096, estimate: 0, standardError: 0 };
    const { x, y } = convergencePicture(scenarioResult({ convergence: [point] }));
    expect(x.range).toEqual([2_048, 8_192]);
    expect(y.range[1]).toBeGreaterThan(y.range[0]);
  });

  test("words at a point of the convergence have two digits of its error", () => {
    expect(convergenceWords({ paths: 100_000, estimate: 11.5, standardError: 0.057 })).toBe(
      "11.500 ± 0.057 after 100,000 paths",
    );
  });

  test("payoffs are shares of all paths, with those left out in words", () => {
    const result = scenarioResult();
    const { xs, x, layers, marks } = payoffPicture(result);
    expect(xs).toEqual([0, 2, 4, 6]);
    expect(x.range).toEqual([0, 8]);
    expect(layers).toEqual([{ kind: "bars", values: [20, 15, 10, 4.9] }]);
    expect(marks).toMatchObject([{ axis: "x", value: 11.6 }]);
    expect(payoffWords(result.histogram, result.paths, 1)).toBe("15% of the paths pay 2 to 4");
    expect(payoffWords(result.histogram, result.paths, 3)).toBe("4.9% of the paths pay 6 to 8");
    expect(payoffRestWords(result.histogram, result.paths)).toBe(
      "50% of the paths pay nothing, 0.1% pay 8 or more",
    );
  });

  test("ticks have the digits that tell them apart", () => {
    const { y } = convergencePicture(scenarioResult());
    expect(y.tick(11.6, 0.02)).toBe("11.60");
    expect(y.tick(11.25, 0.25)).toBe("11.25");
    expect(y.tick(12.5, 2.5)).toBe("12.5");
    expect(y.tick(-20, 10)).toBe("−20");
  });
});

describe("the table of scenarios", () => {
  const results = [
    scenarioResult({ option: { ...ARTICLE_OPTION, strike: 110, sigma: 0.3 }, estimate: 9 }),
    scenarioResult({ option: { ...ARTICLE_OPTION, strike: 90, sigma: 0.3 }, estimate: 18 }),
    scenarioResult({ option: { ...ARTICLE_OPTION, strike: 90, sigma: 0.2 }, estimate: 16 }),
  ];
  const options = results.map(({ option }) => option);

  test("shows the parameters that differ, and names a scenario by them", () => {
    const varying = varyingParameters(options);
    expect(varying).toEqual(["sigma", "strike"]);
    expect(scenarioWords(options[0] ?? ARTICLE_OPTION, varying)).toBe("Volatility 30%, strike 110");
    expect(scenarioWords(ARTICLE_OPTION, [])).toBe("");
    expect(parameterWords({ ...ARTICLE_OPTION, mu: -0.05 }, "mu")).toBe("−5%");
    expect(parameterWords(ARTICLE_OPTION, "type")).toBe("call");
  });

  test("sorts by any column, ties in the job's order", () => {
    const order = (rows: ReturnType<typeof scenarioRows>) => rows.map(({ index }) => index);
    expect(order(scenarioRows(results, null))).toEqual([0, 1, 2]);
    expect(order(scenarioRows(results, { column: "estimate", isDescending: true }))).toEqual([
      1, 2, 0,
    ]);
    expect(order(scenarioRows(results, { column: "strike", isDescending: false }))).toEqual([
      1, 2, 0,
    ]);
    expect(order(scenarioRows(results, { column: "sigma", isDescending: true }))).toEqual([
      0, 1, 2,
    ]);
  });
});

describe("the check of the average", () => {
  test("counts standard errors of the mean of so many paths", () => {
    // 25 / √1,000,000 = 0.025, and 104.13 lies 0.03 above 104.10.
    const { standardError, zScore, verdict } = checkAverage(scenarioResult());
    expect(standardError).toBeCloseTo(0.025, 12);
    expect(zScore).toBeCloseTo(1.2, 6);
    expect(verdict).toBe("agrees");
  });

  test.each([
    [104.1 - 0.025 * 3.5, "unusual"],
    [104.1 + 0.025 * 5, "differs"],
  ])("an average of %d is %s", (averagePrice, verdict) => {
    expect(checkAverage(scenarioResult({ averagePrice })).verdict).toBe(verdict);
  });

  test("without any spread rounding is no disagreement, but anything more is", () => {
    const flat = { averagePriceSd: 0, expectedAveragePrice: 104.1 };
    const rounded = scenarioResult({ ...flat, averagePrice: 104.1 + 1e-12 });
    expect(checkAverage(rounded)).toMatchObject({ zScore: 0, verdict: "agrees" });
    expect(checkAverage(scenarioResult({ ...flat, averagePrice: 104.2 })).verdict).toBe("differs");
  });

  test("a control is as good as so many more paths", () => {
    expect(controlGain("geometric", 0.9984)).toBeCloseTo(1 / (1 - 0.9984 ** 2), 9);
    expect(controlGain("none", null)).toBeNull();
    expect(controlGain("geometric", 1)).toBeNull();
  });
});

describe("files", () => {
  test("one line a scenario, every digit, empty where there is no value", () => {
    const text = scenariosCsv({ control: "none", seed: 7 }, [scenarioResult()]);
    const [head, line, rest] = text.split("\n");
    const cells = new Map(head?.split(",").map((name, at) => [name, line?.split(",")[at]]));
    expect(rest).toBe("");
    expect(cells.get("scenario")).toBe("1");
    expect(cells.get("seed")).toBe("7");
    expect(cells.get("sigma")).toBe("0.2");
    expect(cells.get("estimate")).toBe("11.6");
    expect(cells.get("confidence_95_high")).toBe("11.636");
    expect(cells.get("control_correlation")).toBe("");
    expect(cells.size).toBe(line?.split(",").length);
  });

  test("one line a point of the convergence", () => {
    const text = convergenceCsv([scenarioResult(), scenarioResult()]);
    expect(text.split("\n").slice(0, 3)).toEqual([
      "scenario,paths,estimate,standard_error",
      "1,4096,11.2,0.28",
      "1,100000,11.5,0.057",
    ]);
    expect(text.trimEnd().split("\n")).toHaveLength(7);
  });
});

describe("the time that a simulation will take", () => {
  const options = {
    scenarios: [ARTICLE_OPTION],
    paths: 1_000_000,
    control: "none",
    seed: 1,
    targetStandardError: null,
  } as const;
  const job = (change: Partial<JobView>): JobView =>
    jobView({
      kind: "monte-carlo",
      meta: { ...options, scenarios: [{ ...ARTICLE_OPTION }], batchesPerTask: 10 },
      state: "done",
      finishedAtMs: 1,
      tasksTotal: 10,
      tasksDone: 10,
      targetsTotal: 10,
      targetsDone: 10,
      timing: { computeMs: 10_000, fetchMs: 0, waitMs: 0, bytesMoved: 0, workers: [] },
      ...change,
    });

  test("is that of the newest simulation here, by steps, shared by all threads", () => {
    expect(stepsOf(options)).toBe(1_459_000_000);
    expect(stepsPerThreadMs([job({})])).toBe(145_900);
    const half = job({ submittedAtMs: 5, tasksDone: 5, state: "cancelled" });
    expect(stepsPerThreadMs([job({}), half])).toBe(72_950);
    expect(expectedMs({ ...options, paths: 4_000_000 }, [job({})], 2)).toBe(20_000);
  });

  test("is not known without one that tells", () => {
    const timing = { computeMs: 3, fetchMs: 0, waitMs: 0, bytesMoved: 0, workers: [] };
    expect(stepsPerThreadMs([job({ kind: "correlation" }), job({ timing })])).toBeNull();
    expect(stepsPerThreadMs([job({ meta: null })])).toBeNull();
    expect(expectedMs(options, [job({})], 0)).toBeNull();
  });
});
