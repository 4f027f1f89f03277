// From sums along paths to a batch's row of statistics and the payoffs' histogram, in a fixed order.
// Hot loops over typed arrays: an index in range is the loops' own condition, hence `as number`.
import {
  type AsianOptionParams,
  BATCH_PATHS,
  STATISTICS,
  type WalkOption,
} from "../../monte-carlo/asian-option.ts";
import { exp } from "../../monte-carlo/portable-math.ts";
import type { PathSums } from "./walk-engine.ts";

/** Room for a batch's samples and each path's average; for one task, as `x` stays 0 without a control. */
export interface BatchArrays {
  readonly y: Float64Array;
  readonly x: Float64Array;
  readonly averages: Float64Array;
}

export const createBatchArrays = (): BatchArrays => ({
  y: new Float64Array(BATCH_PATHS),
  x: new Float64Array(BATCH_PATHS),
  averages: new Float64Array(BATCH_PATHS),
});

/** Writes the batch's row to `row` and counts its payoffs; `samples` were simulated. */
export function summariseBatch(
  row: Float64Array,
  counts: Uint32Array,
  params: AsianOptionParams,
  samples: number,
  sums: PathSums,
  arrays: BatchArrays,
): void {
  const paths = collectSamples(params, samples, sums, arrays);
  countPayoffs(counts, params, arrays.averages, paths);
  const meanY = meanOf(arrays.y, samples);
  const meanX = meanOf(arrays.x, samples);
  const meanA = meanOf(arrays.averages, paths);
  const values: Record<(typeof STATISTICS)[number], number> = {
    samples,
    meanY,
    m2Y: sumProducts(arrays.y, meanY, arrays.y, meanY, samples),
    meanX,
    m2X: sumProducts(arrays.x, meanX, arrays.x, meanX, samples),
    cXY: sumProducts(arrays.x, meanX, arrays.y, meanY, samples),
    paths,
    meanA,
    m2A: sumProducts(arrays.averages, meanA, arrays.averages, meanA, paths),
  };
  STATISTICS.forEach((name, column) => {
    row[column] = values[name];
  });
}

/** Fills the arrays and returns how many single paths there were. */
function collectSamples(
  { option, control }: AsianOptionParams,
  samples: number,
  { prices, others }: PathSums,
  { y, x, averages }: BatchArrays,
): number {
  const { points } = option;
  if (control === "antithetic") {
    for (let i = 0; i < samples; i += 1) {
      const average = (prices[i] as number) / points;
      const mirrored = (others[i] as number) / points;
      averages[2 * i] = average;
      averages[2 * i + 1] = mirrored;
      y[i] = (payoff(option, average) + payoff(option, mirrored)) / 2;
    }
    return 2 * samples;
  }
  for (let i = 0; i < samples; i += 1) {
    const average = (prices[i] as number) / points;
    averages[i] = average;
    y[i] = payoff(option, average);
  }
  if (control === "geometric") {
    const meanDrift = (logDrift(option) * (points - 1)) / 2;
    for (let i = 0; i < samples; i += 1) {
      x[i] = payoff(option, option.s0 * exp((others[i] as number) / points + meanDrift));
    }
  }
  return samples;
}

/** Of one step of the exact exponential walk, ln S(t + dt) - ln S(t), in the mean. */
const logDrift = ({ mu, sigma, stepsPerYear }: WalkOption): number =>
  (mu - (sigma * sigma) / 2) / stepsPerYear;

const payoff = ({ type, strike }: WalkOption, average: number): number =>
  Math.max(0, type === "call" ? average - strike : strike - average);

/** Zero, then equal bins over (0, high), then `high` and more. */
function countPayoffs(
  counts: Uint32Array,
  { option, histogram }: AsianOptionParams,
  averages: Float64Array,
  paths: number,
): void {
  const { high, bins } = histogram;
  for (let i = 0; i < paths; i += 1) {
    const value = payoff(option, averages[i] as number);
    let place = 0;
    if (value >= high) place = bins + 1;
    else if (value > 0) place = 1 + Math.min(bins - 1, Math.floor((value / high) * bins));
    counts[place] = (counts[place] as number) + 1;
  }
}

/** Around the first value, so that equal values have exactly their value as mean. */
function meanOf(values: Float64Array, count: number): number {
  const pivot = values[0] as number;
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum += (values[i] as number) - pivot;
  return pivot + sum / count;
}

/** Σ (a - ā)(b - b̄), in a second pass over the values. */
function sumProducts(
  a: Float64Array,
  meanA: number,
  b: Float64Array,
  meanB: number,
  count: number,
): number {
  let sum = 0;
  for (let i = 0; i < count; i += 1) sum += ((a[i] as number) - meanA) * ((b[i] as number) - meanB);
  return sum;
}
