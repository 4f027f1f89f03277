// Prepares a panel once: marks missing dates, finds each series' mean and scale in double precision.
import { FLAG_COMPLETE, FLAG_CONSTANT, FLAG_OVERFLOW, FLAG_PAIRWISE, RECORD_BYTES } from "./layout";

// Explained and mirrored in shared/kernels/correlation/pearson-core.ts.
const LEVEL_LIMIT: f64 = 1000;

/**
 * `values`: series × stride f64 with the first `dates` of each line filled in; ±inf becomes NaN and
 * the padding is set to NaN. `masks`: series × maskBytes, one bit a date. `records`: one a series.
 */
export function preparePanel(
  records: usize,
  values: usize,
  masks: usize,
  series: i32,
  dates: i32,
  stride: i32,
  maskBytes: i32,
): void {
  for (let i = 0; i < series; i++) {
    const line = values + <usize>i * <usize>stride * 8;
    const mask = masks + <usize>i * <usize>maskBytes;
    for (let t = dates; t < stride; t++) store<f64>(line + ((<usize>t) << 3), NaN);
    prepareSeries(records + <usize>i * RECORD_BYTES, line, mask, dates, maskBytes);
  }
}

function prepareSeries(record: usize, line: usize, mask: usize, dates: i32, maskBytes: i32): void {
  memory.fill(mask, 0, maskBytes);
  let count: i32 = 0;
  let mean: f64 = 0;
  let squares: f64 = 0;
  for (let t = 0; t < dates; t++) {
    const address = line + ((<usize>t) << 3);
    const value = load<f64>(address);
    if (!(abs(value) < Infinity)) {
      store<f64>(address, NaN);
      continue;
    }
    const word = mask + ((<usize>t >> 6) << 3);
    store<u64>(word, load<u64>(word) | ((<u64>1) << (<u64>t & 63)));
    count++;
    const delta = value - mean;
    mean += (1.0 / <f64>count) * delta;
    squares += (value - mean) * delta;
  }
  let flags: u32 = count == dates ? FLAG_COMPLETE : 0;
  let scale: f64 = 0;
  if (squares == 0) {
    flags |= FLAG_CONSTANT;
  } else {
    scale = 1.0 / Math.sqrt(squares / <f64>count);
    // Both are written so that NaN counts, too.
    if (!(squares < Infinity)) flags |= FLAG_OVERFLOW | FLAG_PAIRWISE;
    if (!(abs(mean) * scale < LEVEL_LIMIT)) flags |= FLAG_PAIRWISE;
    // To the products, whose sums will not be used, such a series contributes harmless zeros.
    if (flags & FLAG_PAIRWISE) {
      scale = 0;
      mean = 0;
    }
  }
  store<f64>(record, mean);
  store<f64>(record, scale, 8);
  store<u32>(record, <u32>line, 16);
  store<u32>(record, <u32>mask, 20);
  store<i32>(record, count, 24);
  store<u32>(record, flags, 28);
}
