// Prepares a panel once: marks missing dates, finds each series' mean and scale and its chunks' sums.
import {
  CHUNK_DATES,
  FLAG_COMPLETE,
  FLAG_CONSTANT,
  FLAG_OVERFLOW,
  FLAG_PAIRWISE,
  Moments,
  Series,
  chunksOf,
  maskBytesOf,
  chunkBytesOf,
  momentsOf,
  recordsOffset,
  strideOf,
  valueBytesOf,
} from "./layout";

// Explained and mirrored in shared/kernels/correlation/pearson-core.ts.
const LEVEL_LIMIT: f64 = 1000;
const SQUARES_MIN: f64 = 1e-280;

/**
 * `panel`: panelBytes(series, dates) bytes that begin with series × strideOf(dates) f64, of whose
 * lines the first `dates` are filled in. ±inf becomes NaN, and the padding is set to NaN.
 */
export function preparePanel(panel: usize, series: i32, dates: i32): void {
  const records = panel + recordsOffset(series, dates);
  const masks = panel + <usize>series * valueBytesOf(dates);
  const chunks = masks + <usize>series * maskBytesOf(dates);
  for (let i = 0; i < series; i++) {
    const record = changetype<Series>(records + <usize>i * offsetof<Series>());
    record.values = panel + <usize>i * valueBytesOf(dates);
    record.mask = masks + <usize>i * maskBytesOf(dates);
    record.chunkMoments = chunks + <usize>i * chunkBytesOf(dates);
    record.chunkCounts = record.chunkMoments + <usize>chunksOf(dates) * (2 * offsetof<Moments>());
    prepareSeries(record, dates);
  }
}

function prepareSeries(record: Series, dates: i32): void {
  const stride = strideOf(dates);
  for (let t = dates; t < stride; t++) store<f64>(record.values + ((<usize>t) << 3), NaN);
  record.mean = markDates(record, dates) / <f64>record.count;
  let squares = sumSquares(record.values, stride, record.mean);
  let scale = 1.0 / Math.sqrt(squares / <f64>record.count);
  let flags: u32 = record.count == dates ? FLAG_COMPLETE : 0;
  // Written so that NaN counts, too.
  if (!(squares >= SQUARES_MIN && squares < Infinity && abs(record.mean) * scale < LEVEL_LIMIT)) {
    squares = runRecurrence(record, dates);
    scale = 1.0 / Math.sqrt(squares / <f64>record.count);
    if (squares == 0) flags |= FLAG_CONSTANT;
    else {
      if (!(squares < Infinity)) flags |= FLAG_OVERFLOW | FLAG_PAIRWISE;
      if (!(abs(record.mean) * scale < LEVEL_LIMIT)) flags |= FLAG_PAIRWISE;
    }
  }
  // To the products, whose sums will not be used, such a series contributes harmless zeros.
  if (flags & (FLAG_CONSTANT | FLAG_PAIRWISE)) {
    scale = 0;
    record.mean = 0;
  }
  record.scale = scale;
  record.flags = flags;
  countChunks(record, dates);
  sumChunks(record, stride, chunksOf(dates));
}

/** Counts and marks the dates with a value, and returns the sum of the values. */
function markDates(record: Series, dates: i32): f64 {
  const infinite = f64x2.splat(Infinity);
  const missing = f64x2.splat(NaN);
  let sum0 = f64x2.splat(0);
  let sum1 = f64x2.splat(0);
  let count: i32 = 0;
  let at = record.values;
  let mask = record.mask;
  for (let first = 0; first < dates; first += 64, mask += 8) {
    const end = min(64, strideOf(dates) - first);
    let word: u64 = 0;
    let t = 0;
    do {
      const v0 = v128.load(at);
      const v1 = v128.load(at, 16);
      const is0 = f64x2.lt(f64x2.abs(v0), infinite);
      const is1 = f64x2.lt(f64x2.abs(v1), infinite);
      const bits = i64x2.bitmask(is0) | (i64x2.bitmask(is1) << 2);
      word |= (<u64>bits) << (<u64>t);
      sum0 = f64x2.add(sum0, v128.and(v0, is0));
      sum1 = f64x2.add(sum1, v128.and(v1, is1));
      if (bits != 15) {
        v128.store(at, v128.bitselect(v0, missing, is0));
        v128.store(at, v128.bitselect(v1, missing, is1), 16);
      }
      t += 4;
      at += 32;
    } while (t < end);
    store<u64>(mask, word);
    count += <i32>popcnt<u64>(word);
  }
  record.count = count;
  return addLanes(f64x2.add(sum0, sum1));
}

/** Sum of (v - mean)² over the dates with a value. */
function sumSquares(values: usize, stride: i32, mean: f64): f64 {
  const centre = f64x2.splat(mean);
  let sum0 = f64x2.splat(0);
  let sum1 = f64x2.splat(0);
  const end = values + ((<usize>stride) << 3);
  do {
    const v0 = v128.load(values);
    const v1 = v128.load(values, 16);
    const d0 = v128.and(f64x2.sub(v0, centre), f64x2.eq(v0, v0));
    const d1 = v128.and(f64x2.sub(v1, centre), f64x2.eq(v1, v1));
    sum0 = f64x2.add(sum0, f64x2.mul(d0, d0));
    sum1 = f64x2.add(sum1, f64x2.mul(d1, d1));
    values += 32;
  } while (values < end);
  return addLanes(f64x2.add(sum0, sum1));
}

function addLanes(v: v128): f64 {
  return f64x2.extract_lane(v, 0) + f64x2.extract_lane(v, 1);
}

/** Welford's recurrence: slow, but exact for a constant and sound far from zero. Sets the mean. */
function runRecurrence(record: Series, dates: i32): f64 {
  let count: f64 = 0;
  let mean: f64 = 0;
  let squares: f64 = 0;
  for (let t = 0; t < dates; t++) {
    const value = load<f64>(record.values + ((<usize>t) << 3));
    if (value != value) continue;
    count += 1;
    const delta = value - mean;
    mean += (1.0 / count) * delta;
    squares += (value - mean) * delta;
  }
  record.mean = mean;
  return squares;
}

function countChunks(record: Series, dates: i32): void {
  let mask = record.mask;
  let at = record.chunkCounts;
  for (let first = 0; first < dates; first += CHUNK_DATES, at += 4) {
    const end = record.mask + ((<usize>(min(dates, first + CHUNK_DATES) + 63) >> 6) << 3);
    let count: u64 = 0;
    for (; mask < end; mask += 8) count += popcnt<u64>(load<u64>(mask));
    store<i32>(at, <i32>count);
  }
}

/**
 * Sums and sums of squares of the standardised values, as they are and rounded to single precision:
 * date after date, so that a series' squares add up to the bit as its products with an equal one.
 */
function sumChunks(record: Series, stride: i32, chunks: i32): void {
  const mean = f64x2.splat(record.mean);
  const scale = f64x2.splat(record.scale);
  let at = record.values;
  const end = at + ((<usize>stride) << 3);
  for (let chunk = 0; chunk < chunks; chunk++) {
    const chunkEnd = min(end, at + CHUNK_DATES * 8);
    // A value and its square side by side.
    let exact = f64x2.splat(0);
    let rounded = f64x2.splat(0);
    do {
      const z = standardise(v128.load(at), mean, scale);
      const squares = f64x2.mul(z, z);
      exact = f64x2.add(exact, v128.shuffle<f64>(z, squares, 0, 2));
      exact = f64x2.add(exact, v128.shuffle<f64>(z, squares, 1, 3));
      const single = roundToSingle(z);
      const singleSquares = f64x2.mul(single, single);
      rounded = f64x2.add(rounded, v128.shuffle<f64>(single, singleSquares, 0, 2));
      rounded = f64x2.add(rounded, v128.shuffle<f64>(single, singleSquares, 1, 3));
      at += 16;
    } while (at < chunkEnd);
    v128.store(changetype<usize>(momentsOf<f64>(record, chunk, chunks)), exact);
    v128.store(changetype<usize>(momentsOf<f32>(record, chunk, chunks)), rounded);
  }
}

/** (v - mean) · scale, and +0 where v is NaN. */
export function standardise(v: v128, mean: v128, scale: v128): v128 {
  return v128.and(f64x2.mul(f64x2.sub(v, mean), scale), f64x2.eq(v, v));
}

export function roundToSingle(z: v128): v128 {
  return f64x2.promote_low_f32x4(f32x4.demote_f64x2_zero(z));
}
