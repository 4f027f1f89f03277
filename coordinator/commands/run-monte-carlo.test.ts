// Whole Monte Carlo jobs through the Node client: a real coordinator, and workers that answer leases
// with made-up samples, whose statistics are known without any of this.
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { ARTICLE_OPTION, type AsianOption } from "../../shared/monte-carlo/asian-option.ts";
import { discountOf } from "../../shared/monte-carlo/closed-form.ts";
import { type MonteCarloMeta, parseMonteCarloMeta } from "../../shared/monte-carlo/plan.ts";
import { httpPaths } from "../../shared/protocol/http.ts";
import type { JobView } from "../../shared/protocol/messages.ts";
import { CoordinatorFixture } from "../coordinator-fixture.ts";
import { clusterOf } from "../node-cluster.ts";
import { createNodeTools, type NodeTools } from "../node-client.ts";
import { httpOf } from "../scripted-pages.ts";
import type { Coordinator } from "../start-coordinator.ts";
import { connect } from "./connect.ts";
import type { Progress } from "./progress.ts";
import { type RunOptions, runMonteCarlo, withError } from "./run-monte-carlo.ts";
import { answerWithSamples, expectedResult, joinSimulatingWorker } from "./simulating-worker.ts";

const progress: Progress = { show: () => undefined, say: () => undefined, stop: () => undefined };
const PATHS = 30 * 4_096 + 100;
let fixture: CoordinatorFixture;
let coordinator: Coordinator;
let tools: NodeTools;

beforeEach(async () => {
  tools = await createNodeTools();
  fixture = await CoordinatorFixture.create();
  coordinator = await fixture.start();
});
afterEach(() => fixture.remove());

async function run(options: Partial<RunOptions> = {}) {
  const address = { baseUrl: `http://127.0.0.1:${coordinator.port}` };
  const client = await connect({ ...address, token: coordinator.submitToken }, tools);
  const cluster = clusterOf(client, tools);
  try {
    return await runMonteCarlo(cluster, tools, {
      scenarios: [ARTICLE_OPTION],
      paths: PATHS,
      control: "none",
      seed: 1,
      targetStandardError: null,
      progress,
      signal: new AbortController().signal,
      ...options,
    });
  } finally {
    await cluster.close();
  }
}

async function jobs(): Promise<readonly JobView[]> {
  const http = httpOf(coordinator, coordinator.submitToken);
  return (await (await http("GET", httpPaths.jobs)).json()) as JobView[];
}

async function onlyMeta(): Promise<MonteCarloMeta> {
  return parseMonteCarloMeta((await jobs())[0]?.meta ?? null);
}

describe("runMonteCarlo", () => {
  test("gives the estimate of all paths, and tells what it took", async () => {
    await joinSimulatingWorker(coordinator, tools);
    const shown: string[] = [];
    const summary = await run({
      progress: { ...progress, show: (_, __, ___, detail) => void shown.push(detail ?? "") },
    });
    const { estimate, standardError, confidence } = expectedResult(await onlyMeta());
    expect(summary).toMatchObject({
      option: ARTICLE_OPTION,
      estimate,
      standardError,
      confidence,
      control: "none",
      seed: 1,
      paths: PATHS,
      steps: PATHS * 1_459,
      workers: 1,
      targetReached: null,
    });
    expect(summary.scenarios).toBeUndefined();
    expect(shown.at(-1)).toMatch(/^11\.\d{3,} ± 0\.0\d+, 0 s left$/);
    expect((await jobs()).map(({ kind, state }) => [kind, state])).toEqual([
      ["monte-carlo", "done"],
    ]);
  });

  test("the same bits from two workers that were not there when it was planned", async () => {
    const running = run({ control: "geometric" });
    await joinSimulatingWorker(coordinator, tools);
    await joinSimulatingWorker(coordinator, tools);
    const summary = await running;
    const { estimate, standardError } = expectedResult(await onlyMeta());
    expect(summary).toMatchObject({ estimate, standardError });
  });

  test("several scenarios: all of them, and the first one on top", async () => {
    await joinSimulatingWorker(coordinator, tools);
    const discounted = { ...ARTICLE_OPTION, discounted: true };
    const scenarios: AsianOption[] = [
      ARTICLE_OPTION,
      { ...ARTICLE_OPTION, strike: 101 },
      discounted,
    ];
    const summary = await run({ scenarios });
    const meta = await onlyMeta();
    expect(summary.steps).toBe(3 * PATHS * 1_459);
    expect(summary.scenarios).toHaveLength(3);
    for (const [i, option] of scenarios.entries()) {
      const { estimate, standardError, paths } = expectedResult(meta, i);
      expect(summary.scenarios?.[i]).toMatchObject({ option, estimate, standardError, paths });
    }
    // Simulated once, for both.
    const ratio = (summary.scenarios?.[2]?.estimate ?? NaN) / summary.estimate;
    expect(ratio).toBeCloseTo(discountOf(discounted), 14);
    expect(summary.estimate).toBe(summary.scenarios?.[0]?.estimate);
  });

  test("with a target it stops early, at the same place whatever runs, and lets go of the rest", async () => {
    // Whoever waited for all paths would wait for ever.
    await joinSimulatingWorker(coordinator, tools, (params) =>
      params.firstBatch < 25 ? answerWithSamples(params) : null,
    );
    const targetStandardError = 0.009;
    const summary = await run({ targetStandardError });
    const { estimate, standardError, paths } = expectedResult(await onlyMeta());
    expect(summary).toMatchObject({ estimate, standardError, paths, targetReached: true });
    expect(standardError).toBeLessThanOrEqual(targetStandardError);
    expect(paths).toBeGreaterThan(10 * 4_096);
    expect(paths).toBeLessThanOrEqual(25 * 4_096);
    expect((await jobs()).map(({ state }) => state)).toEqual(["done"]);
  });

  test("a target that is never reached is no failure, but it is told", async () => {
    await joinSimulatingWorker(coordinator, tools);
    const summary = await run({ targetStandardError: 1e-4 });
    expect(summary).toMatchObject({ targetReached: false, paths: PATHS });
  });

  test("stopped half way, it cancels its job", async () => {
    const stop = new AbortController();
    const reason = new Error("Stopped.");
    const running = run({
      signal: stop.signal,
      // Nobody computes: the first sign of the job ends the wait for it.
      progress: { ...progress, show: () => stop.abort(reason) },
    });
    await expect(running).rejects.toBe(reason);
    expect((await jobs()).map(({ state }) => state)).toEqual(["cancelled"]);
  });

  test("a result that cannot be is a failure in words at once, and cancels the job", async () => {
    await joinSimulatingWorker(coordinator, tools, (params) =>
      params.firstBatch === 0 ? answerWithSamples({ ...params, paths: params.paths - 2 }) : null,
    );
    await expect(run()).rejects.toThrow(/not what was asked for/);
    expect((await jobs()).map(({ state }) => state)).toEqual(["cancelled"]);
  });

  test("what cannot be planned is bad usage", async () => {
    await expect(run({ paths: 3 })).rejects.toMatchObject({
      exitStatus: 2,
      message: expect.stringMatching(/paths is 3/) as string,
    });
  });
});

test("an estimate is told with as many digits as its error has meaning for", () => {
  expect(withError(11.612_131, 0.018)).toBe("11.6121 ± 0.0180");
  expect(withError(11.612_131, 0.000_9)).toBe("11.612131 ± 0.000900");
  expect(withError(12_345.678, 150)).toBe("12346 ± 150");
  expect(withError(5.894_133_204_406, 0)).toBe("5.894133204 ± 0");
});
