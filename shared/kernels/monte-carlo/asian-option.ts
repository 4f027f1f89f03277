// The kernel "asian-option@1": simulated payoffs of an Asian option, behind a checked front door.
import type { JsonValue, TaskCost } from "../../graph/task.ts";
import {
  type AsianOptionParams,
  BATCH_PATHS,
  type Control,
  STATISTICS,
  type WalkOption,
  optionProblem,
} from "../../monte-carlo/asian-option.ts";
import { type Kernel, KernelInputError } from "../kernel.ts";
import { parseObject } from "../kernel-params.ts";
import { createBatchArrays, summariseBatch } from "./batch-statistics-core.ts";
import { type AsianOptionExports, createWasmWalkEngine } from "./wasm-engine.ts";
import { createTypescriptWalkEngine } from "./walk-core.ts";
import type { WalkEngine } from "./walk-engine.ts";

/** Paths of one task: some minutes of the article's option, and 4,096 rows of statistics. */
const TASK_PATHS_MAX = 2 ** 24;
const BINS_MAX = 1024;
const SEED_MAX = Number.MAX_SAFE_INTEGER;
/** The last path's number must be a whole double, too. */
const BATCHES_MAX = (Number.MAX_SAFE_INTEGER + 1) / BATCH_PATHS;
/** NPY headers are padded to 64 bytes and need two such lines for a two-dimensional shape. */
const NPY_HEADER_BYTES = 128;

const WALK_NUMBERS = ["s0", "mu", "sigma", "strike", "points", "stepsPerYear"] as const;

/** On WebAssembly, or in plain TypeScript where the host has no module; the bits are the same. */
export function createAsianOption(
  exports: AsianOptionExports | undefined,
): Kernel<AsianOptionParams> {
  const engine =
    exports === undefined ? createTypescriptWalkEngine() : createWasmWalkEngine(exports);
  return {
    id: "asian-option@1",
    formula:
      "S ← S (1 + mu dt + sigma √dt z) with dt = 1 / stepsPerYear; A = the mean of all points' prices; " +
      "payoff max(A - strike, 0) or max(strike - A, 0), not discounted",
    determinism: "exact",
    parseParams: parseAsianOptionParams,
    cost: asianOptionCost,
    run(params, inputs) {
      if (inputs.length > 0) {
        throw new KernelInputError(`The simulation has no inputs, but got ${inputs.length}.`);
      }
      return simulate(engine, params);
    },
  };
}

function simulate(
  engine: WalkEngine,
  params: AsianOptionParams,
): { shape: number[]; data: Float64Array | Uint32Array }[] {
  const { option, control, seed, firstBatch, paths, histogram } = params;
  // A path and its mirror are two paths, but one in the generator's count.
  const pathsPerSample = control === "antithetic" ? 2 : 1;
  const batchSamples = BATCH_PATHS / pathsPerSample;
  const batches = Math.ceil(paths / BATCH_PATHS);
  const rows = new Float64Array(batches * STATISTICS.length);
  const counts = new Uint32Array(histogram.bins + 2);
  const arrays = createBatchArrays();
  for (let batch = 0; batch < batches; batch += 1) {
    const samples = Math.min(batchSamples, paths / pathsPerSample - batch * batchSamples);
    const firstPath = (firstBatch + batch) * batchSamples;
    const sums = engine.simulate({ option, control, seed, firstPath, paths: samples });
    const row = rows.subarray(batch * STATISTICS.length, (batch + 1) * STATISTICS.length);
    summariseBatch(row, counts, params, samples, sums, arrays);
    checkFinite(row, firstBatch + batch);
  }
  return [
    { shape: [batches, STATISTICS.length], data: rows },
    { shape: [counts.length], data: counts },
  ];
}

/** Prices that grow beyond the range of doubles have no mean. */
function checkFinite(row: Float64Array, batch: number): void {
  if (row.every((value) => Number.isFinite(value))) return;
  throw new KernelInputError(
    `Prices of batch ${batch} grow beyond the range of numbers; give fewer points, more steps a year, or a smaller drift or volatility.`,
  );
}

/** Checks and narrows the parameters. Throws KernelInputError. */
function parseAsianOptionParams(params: JsonValue): AsianOptionParams {
  const fields = parseObject(params, "parameters");
  const control = fields["control"];
  if (!isControl(control)) {
    throw new KernelInputError(
      `control must be "none", "antithetic" or "geometric", not ${JSON.stringify(control)}.`,
    );
  }
  const histogram = parseObject(fields["histogram"], "histogram");
  const parsed: AsianOptionParams = {
    option: parseOption(fields["option"]),
    control,
    seed: parseInteger(fields["seed"], "seed", 0, SEED_MAX),
    firstBatch: parseInteger(fields["firstBatch"], "firstBatch", 0, BATCHES_MAX - 1),
    paths: parseInteger(fields["paths"], "paths", 1, TASK_PATHS_MAX),
    histogram: {
      high: parseNumber(histogram["high"], "histogram.high"),
      bins: parseInteger(histogram["bins"], "histogram.bins", 1, BINS_MAX),
    },
  };
  checkPaths(parsed);
  if (parsed.histogram.high <= 0) {
    throw new KernelInputError(
      `histogram.high must be above 0, the payoff of a worthless path, not ${parsed.histogram.high}.`,
    );
  }
  return parsed;
}

function checkPaths({ control, firstBatch, paths }: AsianOptionParams): void {
  if (control === "antithetic" && paths % 2 !== 0) {
    throw new KernelInputError(
      `Antithetic paths come in pairs: paths must be an even number, not ${paths}.`,
    );
  }
  if (firstBatch + Math.ceil(paths / BATCH_PATHS) > BATCHES_MAX) {
    throw new KernelInputError(
      `Paths are counted up to 2^53, but ${paths} from batch ${firstBatch} on go beyond.`,
    );
  }
}

function parseOption(value: JsonValue | undefined): WalkOption {
  const fields = parseObject(value, "option");
  const numbers = Object.fromEntries(
    WALK_NUMBERS.map((name) => [name, parseNumber(fields[name], `option.${name}`)]),
  ) as Record<(typeof WALK_NUMBERS)[number], number>;
  const type = fields["type"];
  if (type !== "call" && type !== "put") {
    throw new KernelInputError(`option.type must be "call" or "put", not ${JSON.stringify(type)}.`);
  }
  const option: WalkOption = { ...numbers, type };
  const problem = optionProblem({ ...option, discounted: false });
  if (problem !== null) throw new KernelInputError(problem.message);
  return option;
}

/** A step of a path is one operation; a mirrored path's steps count like any other's. */
function asianOptionCost({ option, paths, histogram }: AsianOptionParams): TaskCost {
  const rowBytes = STATISTICS.length * Float64Array.BYTES_PER_ELEMENT;
  return {
    operations: paths * Math.max(1, option.points - 1),
    outputBytes:
      Math.ceil(paths / BATCH_PATHS) * rowBytes +
      (histogram.bins + 2) * Uint32Array.BYTES_PER_ELEMENT +
      2 * NPY_HEADER_BYTES,
  };
}

function parseNumber(value: JsonValue | undefined, name: string): number {
  if (typeof value !== "number" || !Number.isFinite(value)) {
    throw new KernelInputError(`${name} must be a number, not ${JSON.stringify(value)}.`);
  }
  return value;
}

function parseInteger(
  value: JsonValue | undefined,
  name: string,
  least: number,
  most: number,
): number {
  const number = parseNumber(value, name);
  if (!Number.isInteger(number) || number < least || number > most) {
    throw new KernelInputError(
      `${name} must be a whole number from ${least} to ${most}, not ${number}.`,
    );
  }
  return number;
}

const isControl = (value: JsonValue | undefined): value is Control =>
  value === "none" || value === "antithetic" || value === "geometric";
