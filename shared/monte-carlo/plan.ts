// From options to the graph of a Monte Carlo job: ranges of batches of paths, for every scenario.
import { assert } from "../assert.ts";
import { kernel } from "../client/callable.ts";
import type { PlannedJob } from "../client/cluster.ts";
import { type Lazy, lazy } from "../client/lazy.ts";
import type { JsonValue } from "../graph/task.ts";
import { taskKey, type EncodeText, type Hash } from "../graph/task-key.ts";
import type { TaskKey } from "../ids.ts";
import { TASKS_PER_JOB_MAX } from "../limits.ts";
import {
  type AsianOption,
  type AsianOptionParams,
  BATCH_PATHS,
  type Control,
  optionProblem,
  STATISTICS,
  type WalkOption,
} from "./asian-option.ts";
import { averageMoments, discountOf, exceedsRange } from "./closed-form.ts";

export interface MonteCarloOptions {
  /** All with the same control, paths and random numbers, so that they can be compared. */
  readonly scenarios: readonly AsianOption[];
  /** Paths of each scenario; with a target, at most. */
  readonly paths: number;
  readonly control: Control;
  /** A whole number from 0 to 2^53 - 1. */
  readonly seed: number;
  /** The job stops when every scenario's standard error is this small; null: all paths are run. */
  readonly targetStandardError: number | null;
}

/** What a Monte Carlo job carries as `meta`: enough to rebuild its plan. */
export interface MonteCarloMeta extends MonteCarloOptions {
  /** Batches of one task; the last task of a scenario may have fewer. */
  readonly batchesPerTask: number;
}

/** One task's share: a range of one scenario's batches. */
export interface Chunk {
  readonly scenario: number;
  /** The range's number, the same for all scenarios; ranges follow each other without gaps. */
  readonly range: number;
  readonly firstBatch: number;
  readonly paths: number;
}

/** Options that no plan can be made for: says what was asked and what is possible. */
export class MonteCarloError extends Error {
  override name = "MonteCarloError";
}

export interface PlanTools {
  readonly hash: Hash;
  readonly encode: EncodeText;
}

export interface MonteCarloPlan {
  /** One a target, in their order; `cluster.compute(calls, job)` runs them. */
  readonly calls: readonly Lazy[];
  readonly job: PlannedJob;
  readonly meta: MonteCarloMeta;
  readonly chunks: ChunksByTask;
}

/** Equal work has an equal key: a task serves all scenarios that differ in their discounting only. */
export type ChunksByTask = ReadonlyMap<TaskKey, readonly Chunk[]>;

export const MONTE_CARLO_KIND = "monte-carlo";
const KERNEL = "asian-option@1";

export const SCENARIOS_MAX = 100;
export const PATHS_MAX = 1_000_000_000;
/** A standard error needs a few samples, and the geometric control takes two of them for itself. */
export const PATHS_MIN = 4;
export const HISTOGRAM_BINS = 64;

/** About a second of one thread, at the 150 million steps a second that were aimed at. */
const TASK_STEPS = 150e6;
/** A target is looked at after each range, and what runs beyond it is wasted: a quarter of that. */
const TARGET_TASK_STEPS = TASK_STEPS / 4;
/** Enough tasks that unequal workers finish together, and that even a small job is shared. */
const TASKS_PER_THREAD = 4;
const TASKS_WANTED_MIN = 16;
/** Four million paths, a quarter of what the kernel takes: very short ones cost more than their steps. */
const BATCHES_PER_TASK_MAX = 1_024;
/** About 600 bytes of JSON a task: a submission of 24 MB, of the 64 MB that are possible. */
const TASKS_MAX = 40_000;
/** Retries forgive a kernel's exception, not a worker's death. */
const RETRIES = 2;
const NPY_HEADER_BYTES = 128;

/**
 * The graph of a Monte Carlo job. `threads` is the cluster's number of threads now (0 is fine); only
 * the size of tasks depends on it, and not even that where there is a target, as the result would
 * then depend on it too. Throws MonteCarloError.
 */
export function planMonteCarlo(
  options: MonteCarloOptions,
  tools: PlanTools & { readonly threads: number },
): MonteCarloPlan {
  checkMonteCarlo(options);
  const { scenarios, paths, control, seed, targetStandardError } = options;
  const batchesPerTask = chooseBatchesPerTask(options, tools.threads);
  const meta: MonteCarloMeta = {
    scenarios,
    paths,
    control,
    seed,
    targetStandardError,
    batchesPerTask,
  };
  const { calls, chunks } = planTargets(meta, tools);
  return {
    meta,
    calls,
    chunks,
    job: {
      kind: MONTE_CARLO_KIND,
      title: titleOf(meta),
      meta: { ...meta, scenarios: scenarios.map((option) => ({ ...option })) },
      onFailure: "end",
    },
  };
}

/** The same chunks as when the job of `meta` was planned: task keys depend on nothing else. */
export function replanMonteCarlo(meta: MonteCarloMeta, tools: PlanTools): ChunksByTask {
  return planTargets(meta, tools).chunks;
}

/** Throws MonteCarloError where the options cannot be run as they are. */
export function checkMonteCarlo(options: MonteCarloOptions): void {
  const { scenarios, paths, control, seed, targetStandardError } = options;
  if (scenarios.length < 1 || scenarios.length > SCENARIOS_MAX) {
    throw new MonteCarloError(
      `These are ${scenarios.length} scenarios; a job has from 1 to ${SCENARIOS_MAX}.`,
    );
  }
  for (const option of scenarios) {
    const problem = optionProblem(option);
    if (problem !== null) throw new MonteCarloError(problem.message);
    if (exceedsRange(option)) {
      throw new MonteCarloError(
        `Prices grow beyond all numbers with a drift of ${option.mu} and a volatility of ` +
          `${option.sigma} over ${option.points} points; make one of them smaller.`,
      );
    }
  }
  if (!(Number.isInteger(paths) && paths >= PATHS_MIN && paths <= PATHS_MAX)) {
    throw new MonteCarloError(
      `The number of paths is ${paths}; give a whole number from ${PATHS_MIN} to ${grouped(PATHS_MAX)}.`,
    );
  }
  if (control !== "none" && control !== "antithetic" && control !== "geometric") {
    throw new MonteCarloError(
      `The control is "${String(control satisfies never)}"; choose none, antithetic or geometric.`,
    );
  }
  if (control === "antithetic" && paths % 2 !== 0) {
    throw new MonteCarloError(
      `Antithetic paths come in pairs, and ${paths} is odd; give an even number of paths.`,
    );
  }
  if (!(Number.isSafeInteger(seed) && seed >= 0)) {
    throw new MonteCarloError(
      `The seed is ${seed}; give a whole number from 0 to ${Number.MAX_SAFE_INTEGER}.`,
    );
  }
  if (targetStandardError === null) return;
  if (!(Number.isFinite(targetStandardError) && targetStandardError > 0)) {
    throw new MonteCarloError(
      `The target standard error is ${targetStandardError}; give a number above 0.`,
    );
  }
}

/** Checks and narrows a job's `meta`. Throws MonteCarloError when it is not of a Monte Carlo job. */
export function parseMonteCarloMeta(meta: JsonValue): MonteCarloMeta {
  // Every field is looked at below; checkMonteCarlo refuses what is there but is no number.
  const fields = meta as unknown as Partial<MonteCarloMeta> | null;
  if (
    typeof fields === "object" &&
    fields !== null &&
    Array.isArray(fields.scenarios) &&
    fields.scenarios.every((option: unknown) => typeof option === "object" && option !== null) &&
    fields.paths !== undefined &&
    fields.control !== undefined &&
    fields.seed !== undefined &&
    fields.targetStandardError !== undefined &&
    isBatchesPerTask(fields.batchesPerTask)
  ) {
    const { paths, control, seed, targetStandardError, batchesPerTask } = fields;
    const scenarios = (fields.scenarios as readonly AsianOption[]).map(
      ({ s0, mu, sigma, strike, points, stepsPerYear, type, discounted }) => {
        return { s0, mu, sigma, strike, points, stepsPerYear, type, discounted };
      },
    );
    const parsed = { scenarios, paths, control, seed, targetStandardError, batchesPerTask };
    checkMonteCarlo(parsed);
    if (taskCount(parsed) <= TASKS_MAX) return parsed;
  }
  throw new MonteCarloError("This job does not describe a Monte Carlo simulation.");
}

const isBatchesPerTask = (value: unknown): value is number =>
  Number.isSafeInteger(value) && Number(value) > 0 && Number(value) <= BATCHES_PER_TASK_MAX;

export const batchCount = (paths: number): number => Math.ceil(paths / BATCH_PATHS);

/** Ranges of batches; each is one task a scenario. */
export const rangeCount = (meta: MonteCarloMeta): number =>
  Math.ceil(batchCount(meta.paths) / meta.batchesPerTask);

const taskCount = (meta: MonteCarloMeta): number => rangeCount(meta) * meta.scenarios.length;

/** The range's place among the batches, and how many paths it has. */
export function rangeOf(
  { paths, batchesPerTask }: MonteCarloMeta,
  range: number,
): { readonly firstBatch: number; readonly paths: number } {
  const firstBatch = range * batchesPerTask;
  const rest = paths - firstBatch * BATCH_PATHS;
  return { firstBatch, paths: Math.min(batchesPerTask * BATCH_PATHS, rest) };
}

/**
 * Paths that will surely do for a standard error in every scenario: a payoff never varies more than
 * the average that it depends on, whose spread is known. Throws MonteCarloError when it may take more
 * than there can be.
 */
export function pathsForTarget(
  scenarios: readonly AsianOption[],
  targetStandardError: number,
): number {
  let spread = 0;
  for (const option of scenarios) {
    spread = Math.max(spread, discountOf(option) * averageMoments(option).sd);
  }
  // The measured spread scatters about the true one: a twentieth more, and one batch.
  const needed = (spread / targetStandardError) ** 2 * 1.05;
  const paths = (Math.ceil(needed / BATCH_PATHS) + 1) * BATCH_PATHS;
  if (paths <= PATHS_MAX) return paths;
  throw new MonteCarloError(
    `A standard error of ${targetStandardError} may take ${paths.toPrecision(2)} paths, of at most ` +
      `${grouped(PATHS_MAX)}; ask for a larger one, or say how many paths to run.`,
  );
}

function chooseBatchesPerTask(options: MonteCarloOptions, threads: number): number {
  const { scenarios, paths, targetStandardError } = options;
  const batches = batchCount(paths);
  const points = Math.max(...scenarios.map((option) => option.points));
  const batchSteps = BATCH_PATHS * Math.max(1, points - 1);
  const hasTarget = targetStandardError !== null;
  const byTime = Math.floor((hasTarget ? TARGET_TASK_STEPS : TASK_STEPS) / batchSteps);
  const wanted = Math.max(TASKS_WANTED_MIN, TASKS_PER_THREAD * (hasTarget ? 0 : threads));
  const byShare = Math.floor((batches * scenarios.length) / wanted);
  const least = Math.ceil(batches / Math.floor(TASKS_MAX / scenarios.length));
  const usual = Math.min(BATCHES_PER_TASK_MAX, byTime, byShare);
  const most = Math.min(batches, Math.max(1, least, usual));
  // The same number of ranges, but without a sliver at the end.
  return Math.ceil(batches / Math.ceil(batches / most));
}

function planTargets(
  meta: MonteCarloMeta,
  tools: PlanTools,
): { readonly calls: readonly Lazy[]; readonly chunks: ChunksByTask } {
  assert(taskCount(meta) <= Math.min(TASKS_MAX, TASKS_PER_JOB_MAX), "a job's tasks are limited");
  const calls: Lazy[] = [];
  const chunks = new Map<TaskKey, Chunk[]>();
  const walks = meta.scenarios.map((option) => {
    const histogram = { high: histogramHigh(option), bins: HISTOGRAM_BINS };
    return { option: walkOf(option), histogram };
  });
  // Ranges are the outer loop, so that all scenarios have the same paths done at any time.
  for (let range = 0; range < rangeCount(meta); range += 1) {
    const { firstBatch, paths } = rangeOf(meta, range);
    for (const [scenario, { option, histogram }] of walks.entries()) {
      const params: AsianOptionParams = {
        option,
        control: meta.control,
        seed: meta.seed,
        firstBatch,
        paths,
        histogram,
      };
      const work = { kernel: KERNEL, params: params as unknown as JsonValue, inputs: [] };
      const key = taskKey(work, tools.hash, tools.encode);
      const chunk = { scenario, range, firstBatch, paths };
      const same = chunks.get(key);
      if (same !== undefined) {
        same.push(chunk);
        continue;
      }
      chunks.set(key, [chunk]);
      const operations = paths * Math.max(1, option.points - 1);
      const cost = { operations, outputBytes: outputBytes(paths) };
      calls.push(lazy(kernel(KERNEL), { cost, retries: RETRIES })(work.params));
    }
  }
  return { calls, chunks };
}

const outputBytes = (paths: number): number =>
  2 * NPY_HEADER_BYTES +
  batchCount(paths) * STATISTICS.length * Float64Array.BYTES_PER_ELEMENT +
  (HISTOGRAM_BINS + 2) * Uint32Array.BYTES_PER_ELEMENT;

const walkOf = (option: AsianOption): WalkOption => {
  const { s0, mu, sigma, strike, points, stepsPerYear, type } = option;
  return { s0, mu, sigma, strike, points, stepsPerYear, type };
};

/** Bins up to where payoffs are rare: this many standard deviations beyond the mean average. */
const HISTOGRAM_SPREADS = 4;
/** Widths of bins that people read with ease, within a power of ten. */
const EASY_WIDTHS = [1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8, 10];

/**
 * The upper end of the histogram: `HISTOGRAM_BINS` bins of an easy width. A part of task keys, hence
 * made of + - * / and sqrt alone.
 */
export function histogramHigh({ strike, type, ...walk }: WalkOption): number {
  const { mean, sd } = averageMoments({ strike, type, ...walk });
  const usual = type === "call" ? mean - strike : strike - mean;
  const far = usual + HISTOGRAM_SPREADS * sd;
  // Prices hardly fall below zero, so that a put hardly pays more than its strike.
  const reach = type === "call" ? far : Math.min(far, strike);
  const wanted = Math.max(reach, sd, mean / 1_000) / HISTOGRAM_BINS;
  let unit = 1;
  while (unit * 10 <= wanted) unit *= 10;
  while (unit > wanted) unit /= 10;
  const width = EASY_WIDTHS.find((easy) => easy * unit >= wanted) ?? 10;
  return width * unit * HISTOGRAM_BINS;
}

function titleOf({ scenarios, paths }: MonteCarloMeta): string {
  const [first] = scenarios;
  const what = scenarios.length > 1 ? `${scenarios.length} Asian options` : `Asian ${first?.type}`;
  return `Price ${what}, ${grouped(paths)} paths`;
}

const grouped = (count: number): string => String(count).replaceAll(/\B(?=(\d{3})+$)/g, ",");
