// The arithmetic of "pearson-tile@3" pair by pair, to the bit what the WebAssembly kernel computes.
// Hot loops over typed arrays: an index in range is the loops' own condition, hence `as number`.
import type { Precision } from "../../correlation/plan.ts";
import { correlatePairwise } from "./pearson-reference.ts";

/** Dates summed before a partial sum joins the total, in the overlap sums and in double precision. */
const CHUNK_DATES = 192;
/**
 * Single precision sums 12 products after each other, and the 16 sums of a chunk in pairs: 16 roundings
 * of at most 2^-24 each stay below 1e-6 even when all go the same way, as they do after one outlier or
 * in a series of few distinct values.
 */
const GROUP_DATES = 12;
/** Chunks whose lists of dates are summed as one; what a chunk's sums leave out adds up in between. */
const STAGE_CHUNKS = 5;
/** So few dates are recomputed: it costs nothing, and perfect correlations come out as exactly ±1. */
const FEW_DATES = 32;
/**
 * A pair is recomputed when its variation on the common dates is less than 1/limit of the sum of
 * squares from which it was obtained by subtraction: that factor multiplies the rounding error.
 * Against compensated sums (60 to 5,000 dates, returns and price levels, late starts, r up to 0.9999)
 * the error was at most 8.4e-16 times the factor, so 1,000 keeps every pair within 1e-12 …
 */
const CONDITION_LIMIT_F64 = 1000;
/** … and in single precision at most 1.1e-7 times the factor: 5 keeps every pair well within 1e-6. */
const CONDITION_LIMIT_F32 = 5;

/**
 * A series whose mean is this many standard deviations from zero is always computed pairwise: pandas
 * centres by a rounded mean, which costs it about 1e-17 to 1e-16 times that ratio, and we agree with it.
 */
const LEVEL_LIMIT = 1000;

/**
 * Deviations whose squares add up to less may have lost some to underflow, and a series further from
 * zero than LEVEL_LIMIT may be a constant: the recurrence, which is slow, then decides.
 */
const SQUARES_MIN = 1e-280;

/** A series' dates in one stage. */
interface StageDates {
  /** Chunks that it has at least half of, from the beginning of the series. */
  readonly mostly: readonly number[];
  /** Dates that it lacks in these, and dates that it has in the others. */
  readonly missing: readonly number[];
  readonly listed: readonly number[];
  /** Whether all chunks of the stage are in `mostly`. */
  readonly isWhole: boolean;
}

/** A series' values and what is known of it alone. */
export interface PreparedSeries {
  readonly values: Float64Array;
  readonly count: number;
  readonly mean: number;
  readonly scale: number;
  readonly complete: boolean;
  readonly constant: boolean;
  /** Every pair is computed from the original values: a level far from zero, or an overflow. */
  readonly pairwise: boolean;
  /** The values overflow when squared: with itself the series is undefined. */
  readonly overflow: boolean;
  readonly stages: readonly StageDates[];
}

/** A series standardised in one precision: zero where missing, else (value - mean) · scale. */
export interface StandardSeries {
  readonly of: PreparedSeries;
  readonly z: Float64Array;
  readonly chunkSums: Float64Array;
  readonly chunkSquares: Float64Array;
  readonly stageSums: Float64Array;
  readonly stageSquares: Float64Array;
  readonly sum: number;
  readonly squares: number;
}

export function prepareSeries(values: Float64Array): PreparedSeries {
  const count = values.reduce((sum, value) => sum + (Number.isFinite(value) ? 1 : 0), 0);
  let mean = sumLanes(values, (value) => value) / count;
  let squares = sumLanes(values, (value) => (value - mean) * (value - mean));
  let scale = 1 / Math.sqrt(squares / count);
  let constant = false;
  let overflow = false;
  let pairwise = false;
  const isSound = squares >= SQUARES_MIN && squares < Infinity;
  if (!isSound || !(Math.abs(mean) * scale < LEVEL_LIMIT)) {
    ({ mean, squares } = runRecurrence(values));
    scale = 1 / Math.sqrt(squares / count);
    constant = squares === 0;
    overflow = !Number.isFinite(squares);
    pairwise = overflow || (!constant && !(Math.abs(mean) * scale < LEVEL_LIMIT));
  }
  if (constant || pairwise) {
    mean = 0;
    scale = 0;
  }
  const complete = count === values.length;
  const stages = listStages(values);
  return { values, count, mean, scale, complete, constant, pairwise, overflow, stages };
}

/** Sums over the valid values in four lanes, date after date in turn, as two registers hold them. */
function sumLanes(values: Float64Array, of: (value: number) => number): number {
  const lanes = [0, 0, 0, 0];
  for (let t = 0; t < values.length; t += 1) {
    const value = values[t] as number;
    if (Number.isFinite(value)) lanes[t % 4] = (lanes[t % 4] as number) + of(value);
  }
  const [lane0, lane1, lane2, lane3] = lanes as [number, number, number, number];
  return lane0 + lane2 + (lane1 + lane3);
}

/** Welford's recurrence, exact for a constant and sound far from zero. */
function runRecurrence(values: Float64Array): { mean: number; squares: number } {
  let count = 0;
  let mean = 0;
  let squares = 0;
  for (let t = 0; t < values.length; t += 1) {
    const value = values[t] as number;
    if (!Number.isFinite(value)) continue;
    count += 1;
    const delta = value - mean;
    mean += (1 / count) * delta;
    squares += (value - mean) * delta;
  }
  return { mean, squares };
}

function listStages(values: Float64Array): StageDates[] {
  const stages: StageDates[] = [];
  const chunks = Math.ceil(values.length / CHUNK_DATES);
  for (let firstChunk = 0; firstChunk < chunks; firstChunk += STAGE_CHUNKS) {
    const mostly: number[] = [];
    const missing: number[] = [];
    const listed: number[] = [];
    const end = Math.min(firstChunk + STAGE_CHUNKS, chunks);
    for (let chunk = firstChunk; chunk < end; chunk += 1) {
      const { present, absent } = sortDates(values, chunk);
      if (present.length >= absent.length) {
        mostly.push(chunk);
        missing.push(...absent);
      } else listed.push(...present);
    }
    const isWhole = mostly.length === end - firstChunk;
    stages.push({ mostly, missing, listed, isWhole });
  }
  return stages;
}

function sortDates(values: Float64Array, chunk: number): { present: number[]; absent: number[] } {
  const present: number[] = [];
  const absent: number[] = [];
  const end = Math.min((chunk + 1) * CHUNK_DATES, values.length);
  for (let t = chunk * CHUNK_DATES; t < end; t += 1) {
    (Number.isFinite(values[t]) ? present : absent).push(t);
  }
  return { present, absent };
}

export function standardiseSeries(series: PreparedSeries, precision: Precision): StandardSeries {
  const { values, mean, scale, stages } = series;
  const z = values.map((value) => {
    const exact = Number.isFinite(value) ? (value - mean) * scale : 0;
    return precision === "f64" ? exact : Math.fround(exact);
  });
  const chunks = Math.ceil(values.length / CHUNK_DATES);
  const chunkSums = new Float64Array(chunks);
  const chunkSquares = new Float64Array(chunks);
  const stageSums = new Float64Array(stages.length);
  const stageSquares = new Float64Array(stages.length);
  let sum = 0;
  let squares = 0;
  stages.forEach((_, stage) => {
    let stageSum = 0;
    let stageSquare = 0;
    const end = Math.min((stage + 1) * STAGE_CHUNKS, chunks);
    for (let chunk = stage * STAGE_CHUNKS; chunk < end; chunk += 1) {
      const [chunkSum, chunkSquare] = sumChunk(z, chunk);
      chunkSums[chunk] = chunkSum;
      chunkSquares[chunk] = chunkSquare;
      stageSum += chunkSum;
      stageSquare += chunkSquare;
      sum += chunkSum;
      squares += chunkSquare;
    }
    stageSums[stage] = stageSum;
    stageSquares[stage] = stageSquare;
  });
  return { of: series, z, chunkSums, chunkSquares, stageSums, stageSquares, sum, squares };
}

function sumChunk(z: Float64Array, chunk: number): [sum: number, squares: number] {
  let sum = 0;
  let squares = 0;
  const end = Math.min((chunk + 1) * CHUNK_DATES, z.length);
  for (let t = chunk * CHUNK_DATES; t < end; t += 1) {
    const value = z[t] as number;
    sum += value;
    squares += value * value;
  }
  return [sum, squares];
}

/** How many dates two series share. */
export function countCommonDates(x: PreparedSeries, y: PreparedSeries): number {
  if (x.complete) return y.count;
  if (y.complete) return x.count;
  let count = 0;
  for (let t = 0; t < x.values.length; t += 1) {
    if (Number.isFinite(x.values[t]) && Number.isFinite(y.values[t])) count += 1;
  }
  return count;
}

/** The coefficient of two series with `n` common dates, and whether it had to be recomputed. */
export function correlateStandard(
  x: StandardSeries,
  y: StandardSeries,
  n: number,
  minPeriods: number,
  precision: Precision,
): { r: number; recomputed: boolean } {
  if (n < minPeriods || n === 0 || x.of.constant || y.of.constant) {
    return { r: NaN, recomputed: false };
  }
  const doubtful = n < FEW_DATES || x.of.pairwise || y.of.pairwise;
  const r = doubtful ? null : correlateSums(x, y, n, precision);
  if (r !== null) return { r, recomputed: false };
  return { r: correlatePairwise(y.of.values, x.of.values, minPeriods).r, recomputed: true };
}

/** From the six sums over the common dates; null when cancellation makes them doubtful. */
function correlateSums(
  x: StandardSeries,
  y: StandardSeries,
  n: number,
  precision: Precision,
): number | null {
  const [sx, sxx] = sumOverlap(x, y.of, precision);
  const [sy, syy] = sumOverlap(y, x.of, precision);
  const sxy = precision === "f64" ? multiplyF64(x.z, y.z) : multiplyF32(x.z, y.z);
  const share = 1 / n;
  const a = sxx - sx * sx * share;
  const b = syy - sy * sy * share;
  const c = sxy - sx * sy * share;
  // Written so that NaN also counts as doubtful.
  if (!(a * CONDITION_LIMIT_F64 >= x.squares && b * CONDITION_LIMIT_F64 >= y.squares)) return null;
  if (precision === "f32" && !(a * CONDITION_LIMIT_F32 >= sxx && b * CONDITION_LIMIT_F32 >= syy)) {
    return null;
  }
  return Math.max(-1, Math.min(1, c / Math.sqrt(a * b)));
}

/** Sum and sum of squares of x over the dates of y, from the dates that y lacks or has. */
function sumOverlap(
  x: StandardSeries,
  y: PreparedSeries,
  precision: Precision,
): [sum: number, squares: number] {
  const sumMissing = precision === "f64" ? sumDates : sumGroups;
  if (y.complete) return [x.sum, x.squares];
  let sum = 0;
  let squares = 0;
  y.stages.forEach((dates, stage) => {
    if (dates.mostly.length > 0) {
      const [missingSum, missingSquares] = sumMissing(x.z, dates.missing);
      sum += pickSum(x.stageSums[stage] as number, x.chunkSums, dates) - missingSum;
      squares += pickSum(x.stageSquares[stage] as number, x.chunkSquares, dates) - missingSquares;
    }
    if (dates.listed.length > 0) {
      const [listedSum, listedSquares] = sumDates(x.z, dates.listed);
      sum += listedSum;
      squares += listedSquares;
    }
  });
  return [sum, squares];
}

function sumDates(z: Float64Array, dates: readonly number[]): [sum: number, squares: number] {
  let sum = 0;
  let squares = 0;
  for (const t of dates) {
    const value = z[t] as number;
    sum += value;
    squares += value * value;
  }
  return [sum, squares];
}

/** In single precision: sums of a few dates, as of products, join those in double. */
function sumGroups(z: Float64Array, dates: readonly number[]): [sum: number, squares: number] {
  let sum = 0;
  let squares = 0;
  for (let group = 0; group < dates.length; group += GROUP_DATES) {
    let [partial, partialSquares] = [0, 0];
    for (const t of dates.slice(group, group + GROUP_DATES)) {
      const value = z[t] as number;
      partial = Math.fround(partial + value);
      partialSquares = Math.fround(partialSquares + Math.fround(value * value));
    }
    sum += partial;
    squares += partialSquares;
  }
  return [sum, squares];
}

/** The sum over the chunks that are mostly there: the stage's own, when these are all. */
const pickSum = (ofStage: number, ofChunks: Float64Array, dates: StageDates): number =>
  dates.isWhole
    ? ofStage
    : dates.mostly.reduce((sum, chunk) => sum + (ofChunks[chunk] as number), 0);

function multiplyF64(x: Float64Array, y: Float64Array): number {
  let total = 0;
  for (let first = 0; first < x.length; first += CHUNK_DATES) {
    const end = Math.min(first + CHUNK_DATES, x.length);
    let partial = 0;
    for (let t = first; t < end; t += 1) partial += (x[t] as number) * (y[t] as number);
    total += partial;
  }
  return total;
}

function multiplyF32(x: Float64Array, y: Float64Array): number {
  let total = 0;
  for (let first = 0; first < x.length; first += CHUNK_DATES) {
    const sums: number[] = [];
    for (let group = first; group < first + CHUNK_DATES; group += GROUP_DATES) {
      const end = Math.min(group + GROUP_DATES, x.length);
      let partial = 0;
      for (let t = group; t < end; t += 1) {
        partial = Math.fround(partial + Math.fround((x[t] as number) * (y[t] as number)));
      }
      sums.push(partial);
    }
    total += addInPairs(sums);
  }
  return total;
}

/** Neighbours, neighbouring sums of two and so on; there are 2^k. */
function addInPairs(sums: readonly number[]): number {
  if (sums.length === 1) return sums[0] as number;
  const half = sums.length / 2;
  return Math.fround(addInPairs(sums.slice(0, half)) + addInPairs(sums.slice(half)));
}
