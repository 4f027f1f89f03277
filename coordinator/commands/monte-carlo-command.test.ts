// `tabswarm monte-carlo` as its users meet it: one process, its output and its exit status.
import { spawn } from "node:child_process";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { ARTICLE_OPTION } from "../../shared/monte-carlo/asian-option.ts";
import { type MonteCarloMeta, planMonteCarlo } from "../../shared/monte-carlo/plan.ts";
import { CoordinatorFixture } from "../coordinator-fixture.ts";
import { createNodeTools } from "../node-client.ts";
import type { Coordinator } from "../start-coordinator.ts";
import { expectedResult, joinSimulatingWorker } from "./simulating-worker.ts";

/** Node starts in each test, on machines that do other things as well. */
const TIMEOUT_MS = 120_000;
const bin = join(import.meta.dirname, "../tabswarm.js");
let fixture: CoordinatorFixture;
let coordinator: Coordinator;

beforeAll(async () => {
  fixture = await CoordinatorFixture.create();
  coordinator = await fixture.start();
  await joinSimulatingWorker(coordinator, await createNodeTools());
});
afterAll(() => fixture.remove());

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function monteCarlo(...args: string[]): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, "monte-carlo", ...args], {
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
    child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
}

const here = (): string[] => [
  "--coordinator",
  `http://127.0.0.1:${coordinator.port}`,
  "--token",
  coordinator.submitToken,
];

async function metaOf(changes: Partial<MonteCarloMeta>): Promise<MonteCarloMeta> {
  const options = {
    scenarios: [ARTICLE_OPTION],
    paths: 20_000,
    control: "none",
    seed: 1,
    targetStandardError: null,
    ...changes,
  } as const;
  return planMonteCarlo(options, { ...(await createNodeTools()), threads: 2 }).meta;
}

describe("tabswarm monte-carlo", () => {
  test(
    "--json prints one object with the result and what it took",
    async () => {
      const outcome = await monteCarlo(...here(), "--paths", "2e4", "--json");
      expect(outcome).toMatchObject({ status: 0, stderr: "" });
      expect(outcome.stdout.trimEnd().split("\n")).toHaveLength(1);
      const told = JSON.parse(outcome.stdout) as Record<string, unknown>;
      const { estimate, standardError, confidence } = expectedResult(await metaOf({}));
      expect(told).toMatchObject({
        estimate,
        standardError,
        confidence,
        paths: 20_000,
        steps: 20_000 * 1_459,
        workers: 1,
        seed: 1,
        control: "none",
        option: ARTICLE_OPTION,
      });
      expect(told["scenarios"]).toBeUndefined();
      const seconds = told["seconds"] as Record<string, number>;
      expect(Object.keys(seconds).toSorted()).toEqual(["compute", "total", "transfer"]);
      const { compute = NaN, transfer = NaN, total = NaN } = seconds;
      expect(total).toBeGreaterThanOrEqual(compute + transfer);
    },
    TIMEOUT_MS,
  );

  test(
    "a grid: every scenario in the object, or a line each for people",
    async () => {
      const args = [...here(), "--paths", "20000", "--strike", "100,101", "--control", "geometric"];
      const [json, text] = await Promise.all([monteCarlo(...args, "--json"), monteCarlo(...args)]);
      const scenarios = [ARTICLE_OPTION, { ...ARTICLE_OPTION, strike: 101 }];
      const meta = await metaOf({ scenarios, control: "geometric" });
      const results = [0, 1].map((i) => expectedResult(meta, i));
      const told = JSON.parse(json.stdout) as {
        estimate: number;
        scenarios: { estimate: number }[];
      };
      expect(told.estimate).toBe(results[0]?.estimate);
      expect(told.scenarios.map(({ estimate }) => estimate)).toEqual(
        results.map(({ estimate }) => estimate),
      );
      expect(text.status).toBe(0);
      const lines = text.stdout.trimEnd().split("\n");
      expect(lines).toHaveLength(2);
      for (const [i, { estimate }] of results.entries()) {
        expect(lines[i]).toContain(`strike ${100 + i}: ${estimate.toFixed(4)} ± 0.0`);
      }
      expect(text.stderr).toMatch(/^20,000 paths, 58,360,000 steps in all, on 1 worker, in \d/);
    },
    TIMEOUT_MS,
  );

  test(
    "a target that all paths do not reach is told; the exit status is 0",
    async () => {
      const args = [...here(), "--paths", "20000", "--target-se", "0.001"];
      const { status, stderr, stdout } = await monteCarlo(...args);
      expect(stderr).toMatch(/^All paths were run without reaching a standard error of 0\.001\.\n/);
      expect(stdout.trimEnd().split("\n")).toHaveLength(1);
      expect(status).toBe(0);
    },
    TIMEOUT_MS,
  );

  test(
    "bad usage ends with 2, a failure with 1, each with one line",
    async () => {
      const [usage, failure] = await Promise.all([
        monteCarlo("--sigma", "-0.2"),
        monteCarlo(...here().slice(0, -1), "wrong-token"),
      ]);
      expect(usage).toMatchObject({ status: 2, stdout: "" });
      expect(usage.stderr).toMatch(/^error: The yearly volatility is -0\.2; give .*\n$/);
      expect(failure).toMatchObject({ status: 1, stdout: "" });
      expect(failure.stderr).toMatch(/^error: .*token.*\n$/i);
    },
    TIMEOUT_MS,
  );
});
