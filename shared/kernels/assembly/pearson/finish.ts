// From sums to coefficients: undefined cases, doubtful pairs recomputed from the original values.
import {
  FLAG_COMPLETE,
  FLAG_CONSTANT,
  FLAG_OVERFLOW,
  FLAG_PAIRWISE,
  colSideAt,
  colSumsAt,
  countOf,
  flagsOf,
  maskOf,
  productsAt,
  rowSideAt,
  rowSumsAt,
  squaresAfter,
  totalSquaresAt,
  totalSumsAt,
  valuesOf,
} from "./layout";
import { commonDates } from "./overlap";

// The limits are explained and mirrored in shared/kernels/correlation/pearson-core.ts.
const FEW_DATES: i32 = 32;
const CONDITION_LIMIT_F64: f64 = 1000;
const CONDITION_LIMIT_F32: f64 = 5;

/** Writes r (f64) and n (u32), rows × cols, and returns how many pairs were recomputed. */
export function finishBlock<T>(
  rows: usize,
  rowCount: i32,
  rowsPadded: i32,
  cols: usize,
  colCount: i32,
  colsPadded: i32,
  dates: i32,
  minPeriods: i32,
  diagonal: bool,
  scratch: usize,
  outR: usize,
  outN: usize,
): i32 {
  let recomputed = 0;
  for (let i = 0; i < rowCount; i++) {
    const x = <usize>load<u32>(rows + ((<usize>i) << 2));
    if (diagonal) finishOwn(x, minPeriods, outR, outN, i * colCount + i);
    for (let j = diagonal ? i + 1 : 0; j < colCount; j++) {
      const y = <usize>load<u32>(cols + ((<usize>j) << 2));
      const n = commonDates(x, y, dates);
      let r = NaN;
      if (n >= minPeriods && n > 0 && !((flagsOf(x) | flagsOf(y)) & FLAG_CONSTANT)) {
        r =
          n < FEW_DATES || (flagsOf(x) | flagsOf(y)) & FLAG_PAIRWISE
            ? Infinity
            : finishPair<T>(x, i, y, j, n, rowsPadded, colsPadded, scratch);
        // Infinity stands for "doubtful": no coefficient can be infinite.
        if (r == Infinity) {
          r = correlatePair(y, x, dates);
          recomputed++;
        }
      }
      const at = i * colCount + j;
      store<f64>(outR + ((<usize>at) << 3), r);
      store<i32>(outN + ((<usize>at) << 2), n);
      if (diagonal) {
        const mirrored = j * colCount + i;
        store<f64>(outR + ((<usize>mirrored) << 3), r);
        store<i32>(outN + ((<usize>mirrored) << 2), n);
      }
    }
  }
  return recomputed;
}

/** A series with itself: 1, or NaN when it is constant or has too few dates. */
function finishOwn(x: usize, minPeriods: i32, outR: usize, outN: usize, at: i32): void {
  const defined = countOf(x) >= minPeriods && !(flagsOf(x) & (FLAG_CONSTANT | FLAG_OVERFLOW));
  store<f64>(outR + ((<usize>at) << 3), defined ? 1 : NaN);
  store<i32>(outN + ((<usize>at) << 2), countOf(x));
}

function finishPair<T>(
  x: usize,
  i: i32,
  y: usize,
  j: i32,
  n: i32,
  rowsPadded: i32,
  colsPadded: i32,
  scratch: usize,
): f64 {
  const rowSide = rowSideAt(scratch);
  const colSide = colSideAt(scratch);
  const ownX = load<f64>(totalSquaresAt(rowSide) + ((<usize>i) << 3));
  const ownY = load<f64>(totalSquaresAt(colSide) + ((<usize>j) << 3));
  let sx: f64, sxx: f64, sy: f64, syy: f64;
  if (flagsOf(y) & FLAG_COMPLETE) {
    sx = load<f64>(totalSumsAt(rowSide) + ((<usize>i) << 3));
    sxx = ownX;
  } else {
    const at = rowSumsAt(scratch) + ((<usize>(j * rowsPadded + i)) << 3);
    sx = load<f64>(at);
    sxx = load<f64>(squaresAfter(at));
  }
  if (flagsOf(x) & FLAG_COMPLETE) {
    sy = load<f64>(totalSumsAt(colSide) + ((<usize>j) << 3));
    syy = ownY;
  } else {
    const at = colSumsAt(scratch) + ((<usize>(i * colsPadded + j)) << 3);
    sy = load<f64>(at);
    syy = load<f64>(squaresAfter(at));
  }
  const sxy = load<f64>(productsAt(scratch) + ((<usize>(i * colsPadded + j)) << 3));
  const count = <f64>n;
  const a = sxx - (sx * sx) / count;
  const b = syy - (sy * sy) / count;
  const c = sxy - (sx * sy) / count;
  // Written so that NaN also counts as doubtful.
  if (!(a * CONDITION_LIMIT_F64 >= ownX) || !(b * CONDITION_LIMIT_F64 >= ownY)) return Infinity;
  if (sizeof<T>() == 4) {
    if (!(a * CONDITION_LIMIT_F32 >= sxx) || !(b * CONDITION_LIMIT_F32 >= syy)) return Infinity;
  }
  return max(-1.0, min(1.0, c / Math.sqrt(a * b)));
}

/** The recurrence of pandas' nancorr on the original values; x is the later series, as there. */
function correlatePair(x: usize, y: usize, dates: i32): f64 {
  const xs = valuesOf(x);
  const ys = valuesOf(y);
  const xMask = maskOf(x);
  const yMask = maskOf(y);
  let n: f64 = 0;
  let meanX: f64 = 0,
    meanY: f64 = 0,
    xx: f64 = 0,
    yy: f64 = 0,
    xy: f64 = 0;
  for (let first = 0; first < dates; first += 64) {
    let word = load<u64>(xMask + (first >> 3)) & load<u64>(yMask + (first >> 3));
    while (word) {
      const at = (<usize>(first + <i32>ctz<u64>(word))) << 3;
      word &= word - 1;
      const vx = load<f64>(xs + at);
      const vy = load<f64>(ys + at);
      n += 1;
      const share = 1.0 / n;
      const dx = vx - meanX;
      const dy = vy - meanY;
      meanX += share * dx;
      meanY += share * dy;
      xx += (vx - meanX) * dx;
      yy += (vy - meanY) * dy;
      xy += (vx - meanX) * dy;
    }
  }
  const divisor = Math.sqrt(xx * yy);
  if (divisor == 0) return NaN;
  const r = xy / divisor;
  // The bits of a computed NaN differ between processors; those of a constant do not.
  return r == r ? max(-1.0, min(1.0, r)) : NaN;
}
