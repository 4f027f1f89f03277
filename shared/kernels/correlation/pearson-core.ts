// The arithmetic of "pearson-tile@1" pair by pair, to the bit what the WebAssembly kernel computes.
// Hot loops over typed arrays: an index in range is the loops' own condition, hence `as number`.
import type { Precision } from "../../correlation/plan.ts";
import { correlatePairwise } from "./pearson-reference.ts";

/** Dates summed before a partial sum joins the total, in the overlap sums and in double precision. */
const CHUNK_DATES = 256;
/**
 * Single precision joins its f64 total more often: 16 roundings of at most 2^-24 each stay below 1e-6
 * even when all go the same way, as they do after one outlier or in a series of few distinct values.
 */
const FLUSH_DATES_F32 = 16;
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

/** A series' dates in one chunk: all, none, all but the listed ones, or just the listed ones. */
type ChunkDates =
  | { readonly kind: "all" }
  | { readonly kind: "none" }
  | { readonly kind: "missing" | "present"; readonly dates: readonly number[] };

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
  readonly chunks: readonly ChunkDates[];
}

/** A series standardised in one precision: zero where missing, else (value - mean) · scale. */
export interface StandardSeries {
  readonly of: PreparedSeries;
  readonly z: Float64Array;
  readonly chunkSums: Float64Array;
  readonly chunkSquares: Float64Array;
  readonly sum: number;
  readonly squares: number;
}

export function prepareSeries(values: Float64Array): PreparedSeries {
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
  const constant = squares === 0;
  let scale = constant ? 0 : 1 / Math.sqrt(squares / count);
  const overflow = !Number.isFinite(squares);
  const pairwise = overflow || (!constant && !(Math.abs(mean) * scale < LEVEL_LIMIT));
  if (pairwise) {
    mean = 0;
    scale = 0;
  }
  const complete = count === values.length;
  const chunks = listChunks(values);
  return { values, count, mean, scale, complete, constant, pairwise, overflow, chunks };
}

function listChunks(values: Float64Array): ChunkDates[] {
  const chunks: ChunkDates[] = [];
  for (let first = 0; first < values.length; first += CHUNK_DATES) {
    const present: number[] = [];
    const missing: number[] = [];
    const end = Math.min(first + CHUNK_DATES, values.length);
    for (let t = first; t < end; t += 1) {
      (Number.isFinite(values[t]) ? present : missing).push(t);
    }
    if (missing.length === 0) chunks.push({ kind: "all" });
    else if (present.length === 0) chunks.push({ kind: "none" });
    else if (missing.length <= present.length) chunks.push({ kind: "missing", dates: missing });
    else chunks.push({ kind: "present", dates: present });
  }
  return chunks;
}

export function standardiseSeries(series: PreparedSeries, precision: Precision): StandardSeries {
  const { values, mean, scale } = series;
  const z = new Float64Array(values.length);
  const chunkSums = new Float64Array(series.chunks.length);
  const chunkSquares = new Float64Array(series.chunks.length);
  let sum = 0;
  let squares = 0;
  for (let chunk = 0; chunk < series.chunks.length; chunk += 1) {
    let chunkSum = 0;
    let chunkSquare = 0;
    const end = Math.min((chunk + 1) * CHUNK_DATES, values.length);
    for (let t = chunk * CHUNK_DATES; t < end; t += 1) {
      const value = values[t] as number;
      const exact = Number.isFinite(value) ? (value - mean) * scale : 0;
      const rounded = precision === "f64" ? exact : Math.fround(exact);
      z[t] = rounded;
      chunkSum += rounded;
      chunkSquare += rounded * rounded;
    }
    chunkSums[chunk] = chunkSum;
    chunkSquares[chunk] = chunkSquare;
    sum += chunkSum;
    squares += chunkSquare;
  }
  return { of: series, z, chunkSums, chunkSquares, sum, squares };
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
  const [sx, sxx] = sumOverlap(x, y.of);
  const [sy, syy] = sumOverlap(y, x.of);
  const sxy = precision === "f64" ? multiplyF64(x.z, y.z) : multiplyF32(x.z, y.z);
  const a = sxx - (sx * sx) / n;
  const b = syy - (sy * sy) / n;
  const c = sxy - (sx * sy) / n;
  // Written so that NaN also counts as doubtful.
  if (!(a * CONDITION_LIMIT_F64 >= x.squares && b * CONDITION_LIMIT_F64 >= y.squares)) return null;
  if (precision === "f32" && !(a * CONDITION_LIMIT_F32 >= sxx && b * CONDITION_LIMIT_F32 >= syy)) {
    return null;
  }
  return Math.max(-1, Math.min(1, c / Math.sqrt(a * b)));
}

/** Sum and sum of squares of x over the dates of y, from the dates that y lacks or has. */
function sumOverlap(x: StandardSeries, y: PreparedSeries): [sum: number, squares: number] {
  if (y.complete) return [x.sum, x.squares];
  let sum = 0;
  let squares = 0;
  for (let chunk = 0; chunk < y.chunks.length; chunk += 1) {
    const described = y.chunks[chunk] as ChunkDates;
    if (described.kind === "none") continue;
    let listSum = 0;
    let listSquares = 0;
    if (described.kind !== "all") {
      for (const t of described.dates) {
        const value = x.z[t] as number;
        listSum += value;
        listSquares += value * value;
      }
    }
    const isListed = described.kind === "present";
    sum += isListed ? listSum : (x.chunkSums[chunk] as number) - listSum;
    squares += isListed ? listSquares : (x.chunkSquares[chunk] as number) - listSquares;
  }
  return [sum, squares];
}

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
  for (let first = 0; first < x.length; first += FLUSH_DATES_F32) {
    const end = Math.min(first + FLUSH_DATES_F32, x.length);
    let partial = 0;
    for (let t = first; t < end; t += 1) {
      partial = Math.fround(partial + Math.fround((x[t] as number) * (y[t] as number)));
    }
    total += partial;
  }
  return total;
}
