// One Monte Carlo job through the library, from options to estimates, with its timings.
import type { Cluster } from "../../shared/client/cluster.ts";
import { ClusterError } from "../../shared/client/cluster-client.ts";
import type { Job } from "../../shared/client/job.ts";
import type { AsianOption, Control } from "../../shared/monte-carlo/asian-option.ts";
import { MonteCarloResult, type ScenarioResult } from "../../shared/monte-carlo/estimate.ts";
import {
  MonteCarloError,
  type MonteCarloOptions,
  type MonteCarloPlan,
  planMonteCarlo,
} from "../../shared/monte-carlo/plan.ts";
import type { NodeTools } from "../node-client.ts";
import { CommandError } from "./command-error.ts";
import type { Progress } from "./progress.ts";
import { seconds } from "./run-correlation.ts";
import { createSimulationResults, type SimulationResults } from "./simulation-results.ts";
import { unlessAborted } from "./unless-aborted.ts";
import { untilDone } from "./until-done.ts";

export interface RunOptions extends MonteCarloOptions {
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

/** What is told of one option. */
interface ScenarioSummary {
  readonly option: AsianOption;
  readonly estimate: number;
  readonly standardError: number;
  /** 95 %. */
  readonly confidence: readonly [low: number, high: number];
  readonly paths: number;
  readonly averagePrice: number;
  /** The closed form that the average price comes near to. */
  readonly expectedAveragePrice: number;
}

/** The first scenario's result, and what it took to have all of them. */
export interface MonteCarloSummary extends ScenarioSummary {
  readonly control: Control;
  readonly seed: number;
  /** Null where none was asked for. */
  readonly targetReached: boolean | null;
  /** Steps of all paths of all scenarios in the result. */
  readonly steps: number;
  readonly workers: number;
  readonly seconds: {
    readonly compute: number;
    /** Planning and submitting, and fetching what results had not come while computing went on. */
    readonly transfer: number;
    readonly total: number;
  };
  /** All of them, where there are several. */
  readonly scenarios?: readonly ScenarioSummary[];
}

/** Everything but the total time, which the caller measures. Throws CommandError. */
export async function runMonteCarlo(
  cluster: Cluster,
  tools: NodeTools,
  options: RunOptions,
): Promise<MonteCarloSummary> {
  const { progress, signal } = options;
  const startMs = performance.now();
  const plan = makePlan(cluster, tools, options);
  const result = new MonteCarloResult(plan.meta);
  const job = await submit(cluster, plan);
  const submitMs = performance.now();
  const results = createSimulationResults(plan.chunks, result, signal, () => {
    const { done, total, detail } = progressOf(result, options, performance.now() - submitMs);
    progress.show("Simulating", done, total, detail);
  });
  let workers = 0;
  const followed = untilDone(job, signal, {
    onResult: (future) => results.add(future),
    onProgress: (view) => {
      workers = Math.max(workers, cluster.workers().length, view.timing.workers.length);
    },
  });
  progress.show("Simulating", 0, 1);
  try {
    const computedMs = await untilEnough(followed.complete, results, signal);
    const endMs = performance.now();
    // What still runs is of no use when the target was reached before the last paths.
    if (result.isTargetReached) await job.finish();
    await followed.finalView;
    return {
      ...summaryOf(plan, result),
      workers,
      seconds: {
        compute: seconds(computedMs - submitMs),
        transfer: seconds(submitMs - startMs + (endMs - computedMs)),
        total: 0,
      },
    };
  } catch (error) {
    // Nobody waits for this job any more; a coordinator that is gone needs no telling.
    await job.cancel().catch(() => undefined);
    throw error;
  } finally {
    job.leave();
  }
}

function makePlan(cluster: Cluster, tools: NodeTools, options: MonteCarloOptions): MonteCarloPlan {
  const { threads } = cluster;
  try {
    return planMonteCarlo(options, { ...tools, threads });
  } catch (error) {
    if (error instanceof MonteCarloError) {
      throw new CommandError(error.message, 2, { cause: error });
    }
    throw error;
  }
}

async function submit(cluster: Cluster, plan: MonteCarloPlan): Promise<Job> {
  try {
    return await cluster.compute(plan.calls, plan.job);
  } catch (error) {
    if (error instanceof ClusterError) {
      throw new CommandError(`The job could not be started. ${error.message}`, 1, { cause: error });
    }
    throw error;
  }
}

/** Resolves when the result is complete, with the time at which the last task had ended. */
async function untilEnough(
  jobDone: Promise<void>,
  results: SimulationResults,
  signal: AbortSignal,
): Promise<number> {
  let computedMs: number | undefined;
  const ended = jobDone.then(() => {
    computedMs ??= performance.now();
    return results.settled();
  });
  await unlessAborted(Promise.race([ended, results.complete]), signal);
  return computedMs ?? performance.now();
}

function summaryOf(
  plan: MonteCarloPlan,
  result: MonteCarloResult,
): Omit<MonteCarloSummary, "workers" | "seconds"> {
  const { meta } = plan;
  const all = meta.scenarios.flatMap((_, i) => {
    const scenario = result.scenario(i);
    return scenario === null ? [] : [scenarioSummary(scenario)];
  });
  const [first] = all;
  if (first === undefined || !result.isComplete) {
    throw new CommandError("The job ended without some of its results. Run it again.");
  }
  return {
    ...first,
    control: meta.control,
    seed: meta.seed,
    targetReached: meta.targetStandardError === null ? null : result.isTargetReached,
    steps: result.stepsDone,
    ...(all.length === 1 ? {} : { scenarios: all }),
  };
}

function scenarioSummary(scenario: ScenarioResult): ScenarioSummary {
  const { option, estimate, standardError, confidence, paths } = scenario;
  const { averagePrice, expectedAveragePrice } = scenario;
  return {
    estimate,
    standardError,
    confidence,
    paths,
    option,
    averagePrice,
    expectedAveragePrice,
  };
}

/** Towards all paths or, where there is a target, towards as many as it seems to take. */
function progressOf(
  result: MonteCarloResult,
  options: MonteCarloOptions,
  elapsedMs: number,
): { readonly done: number; readonly total: number; readonly detail: string } {
  const scenario = result.scenario(0);
  const { paths, targetStandardError } = options;
  if (scenario === null) return { done: 0, total: paths, detail: "" };
  const done = result.pathsDone;
  const needed =
    targetStandardError === null ? paths : done * (result.standardError / targetStandardError) ** 2;
  const total = Math.max(done, Math.min(paths, Math.round(needed)));
  const leftMs = (elapsedMs / done) * (total - done);
  const estimate = withError(scenario.estimate, scenario.standardError);
  return { done, total, detail: `${estimate}, ${Math.ceil(leftMs / 1_000)} s left` };
}

/** "11.6123 ± 0.0180": as many digits as the error has meaning for. */
export function withError(estimate: number, standardError: number): string {
  if (standardError === 0) return `${estimate.toPrecision(10)} ± 0`;
  const exponent = Math.floor(Math.log10(standardError));
  const digits = Math.min(12, Math.max(0, 2 - exponent));
  return `${estimate.toFixed(digits)} ± ${standardError.toFixed(digits)}`;
}
