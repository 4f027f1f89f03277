// From sums to coefficients: undefined cases, doubtful pairs recomputed from the original values.
import {
  FLAG_COMPLETE,
  FLAG_CONSTANT,
  FLAG_OVERFLOW,
  STRIP_SERIES,
  Series,
  TILE_ROWS,
  seriesAt,
} from "./layout";
import { countColsOf } from "./counts";
import { Overlaps } from "./overlap";
import { tileCols, tilesBytes } from "./products";
import { BATCH_PAIRS, correlatePairs } from "./repair";
import { Side } from "./side";

// The limits are explained and mirrored in shared/kernels/correlation/pearson-core.ts.
const FEW_DATES: i32 = 32;
const CONDITION_LIMIT_F64: f64 = 1000;
const CONDITION_LIMIT_F32: f64 = 5;

/** Where results go, and what decides over them. */
@unmanaged
export class Results {
  /** f64 or f32, as the products are. */
  r: usize;
  n: usize;
  /** n is u16, not u32. */
  isShort: bool;
  minPeriods: i32;
  dates: i32;
  /** Common dates, as i32: rows × countColsOf(columns), for rows with gaps. */
  counts: usize;
  /** Room for one u32 a column: those whose pair with the present row is doubtful. */
  doubtful: usize;

  @inline
  open(r: usize, n: usize, minPeriods: i32, dates: i32): void {
    this.r = r;
    this.n = n;
    this.isShort = dates <= 0xffff;
    this.minPeriods = minPeriods;
    this.dates = dates;
  }

  @inline
  storeR<T>(at: i32, r: f64): void {
    store<T>(this.r + <usize>at * sizeof<T>(), <T>r);
  }

  @inline
  storeN(at: i32, n: i32): void {
    if (this.isShort) store<u16>(this.n + ((<usize>at) << 1), <u16>n);
    else store<i32>(this.n + ((<usize>at) << 2), n);
  }

  @inline
  loadN(at: i32): i32 {
    if (this.isShort) return load<u16>(this.n + ((<usize>at) << 1));
    return load<i32>(this.n + ((<usize>at) << 2));
  }
}

/** Writes r and n, rows × cols, and returns how many pairs were recomputed. */
export function finishBlock<T>(
  results: Results,
  rows: Side,
  cols: Side,
  ofRows: Overlaps,
  ofCols: Overlaps,
  totals: usize,
  diagonal: bool,
): i32 {
  const rowTilesBytes = tilesBytes((cols.strips * STRIP_SERIES) / tileCols<T>(), tileCols<T>());
  let recomputed = 0;
  for (let i = 0; i < rows.series; i++) {
    const row =
      totals +
      <usize>(i / TILE_ROWS) * rowTilesBytes +
      ((<usize>((i % TILE_ROWS) * tileCols<T>())) << 3);
    const first = diagonal ? i + 1 : 0;
    const doubtful = finishRow<T>(results, rows, i, cols, first, ofRows, ofCols, row);
    if (doubtful > 0) {
      const y = seriesAt(rows.list, i);
      recomputed += finishDoubtful<T>(results, y, i * cols.series, cols, doubtful);
    }
    if (diagonal) finishOwn<T>(results, seriesAt(rows.list, i), i * cols.series + i);
  }
  if (diagonal) mirror<T>(results, rows.series);
  return recomputed;
}

/** A series with itself: 1, or NaN when it is constant or has too few dates. */
function finishOwn<T>(results: Results, x: Series, at: i32): void {
  const isDefined = x.count >= results.minPeriods && !(x.flags & (FLAG_CONSTANT | FLAG_OVERFLOW));
  results.storeR<T>(at, isDefined ? 1 : NaN);
  results.storeN(at, x.count);
}

/**
 * Two pairs at a time, from the last even column up to `first` on. Returns how many columns from
 * `first` on it has listed as doubtful; theirs and the other results before `first` mean nothing yet.
 */
function finishRow<T>(
  results: Results,
  rows: Side,
  i: i32,
  cols: Side,
  first: i32,
  ofRows: Overlaps,
  ofCols: Overlaps,
  row: usize,
): i32 {
  const one = f64x2.splat(1);
  const limit = f64x2.splat(CONDITION_LIMIT_F64);
  const narrowLimit = f64x2.splat(CONDITION_LIMIT_F32);
  const leastDates = f64x2.splat(<f64>max(FEW_DATES, results.minPeriods));
  const ownX = v128.load64_splat(rows.own + ((<usize>i) << 3));
  const xLine = <usize>(i / STRIP_SERIES) * ofRows.stripBytes + ((<usize>(i % STRIP_SERIES)) << 3);
  const tileBytes = tilesBytes(1, tileCols<T>());
  const hasGaps = !(seriesAt(rows.list, i).flags & FLAG_COMPLETE);
  const counts = hasGaps
    ? results.counts + ((<usize>(i * countColsOf(cols.series))) << 2)
    : cols.counts;
  let doubtful = 0;
  for (let j = first & ~1; j < cols.series; j += 2) {
    const lane = <usize>(j % STRIP_SERIES);
    const x0 = xLine + <usize>j * ofRows.lineBytes;
    const x1 = x0 + ofRows.lineBytes;
    const y =
      <usize>(j / STRIP_SERIES) * ofCols.stripBytes + <usize>i * ofCols.lineBytes + (lane << 3);
    const tile = row + <usize>(j / tileCols<T>()) * tileBytes;
    const sxy = v128.load(tile + ((<usize>(j % tileCols<T>())) << 3));
    const sx = loadTwo(ofRows.sums + x0, ofRows.sums + x1);
    const sxx = loadTwo(ofRows.squares + x0, ofRows.squares + x1);
    const sy = v128.load(ofCols.sums + y);
    const syy = v128.load(ofCols.squares + y);
    const common = v128.load64_zero(counts + ((<usize>j) << 2));
    const n = f64x2.convert_low_i32x4_s(common);
    const share = f64x2.div(one, n);
    const a = f64x2.sub(sxx, f64x2.mul(f64x2.mul(sx, sx), share));
    const b = f64x2.sub(syy, f64x2.mul(f64x2.mul(sy, sy), share));
    const c = f64x2.sub(sxy, f64x2.mul(f64x2.mul(sx, sy), share));
    const r = f64x2.div(c, f64x2.sqrt(f64x2.mul(a, b)));
    storeTwo<T>(results, i * cols.series + j, clip(r), common);
    // Written so that NaN also counts as doubtful.
    const ownY = v128.load(cols.own + ((<usize>j) << 3));
    let sure = v128.and(
      f64x2.ge(n, leastDates),
      v128.and(f64x2.ge(f64x2.mul(a, limit), ownX), f64x2.ge(f64x2.mul(b, limit), ownY)),
    );
    if (sizeof<T>() == 4) {
      const isXSure = f64x2.ge(f64x2.mul(a, narrowLimit), sxx);
      const isYSure = f64x2.ge(f64x2.mul(b, narrowLimit), syy);
      sure = v128.and(sure, v128.and(isXSure, isYSure));
    }
    const bits = i64x2.bitmask(sure);
    if (bits == 3) continue;
    for (let k = 0; k < 2; k++) {
      if ((bits >> k) & 1 || j + k < first || j + k >= cols.series) continue;
      store<i32>(results.doubtful + ((<usize>doubtful) << 2), j + k);
      doubtful++;
    }
  }
  return doubtful;
}

function loadTwo(a: usize, b: usize): v128 {
  return v128.load64_lane(b, v128.load64_zero(a), 1);
}

/** To [-1, 1], for numbers only. */
export function clip(r: v128): v128 {
  return f64x2.pmax(f64x2.splat(-1), f64x2.pmin(f64x2.splat(1), r));
}

/** The second of an odd last column goes where the next row begins, or one beyond the end. */
function storeTwo<T>(results: Results, at: i32, r: v128, n: v128): void {
  if (sizeof<T>() == 8) v128.store(results.r + ((<usize>at) << 3), r);
  else v128.store64_lane(results.r + ((<usize>at) << 2), f32x4.demote_f64x2_zero(r), 0);
  if (results.isShort) {
    v128.store32_lane(results.n + ((<usize>at) << 1), i16x8.narrow_i32x4_u(n, n), 0);
  } else v128.store64_lane(results.n + ((<usize>at) << 2), n, 0);
}

/** The listed columns of one row, whose results begin at `at`: NaN, or recomputed. */
function finishDoubtful<T>(results: Results, y: Series, at: i32, cols: Side, doubtful: i32): i32 {
  let recomputed = 0;
  const list = results.doubtful;
  for (let k = 0; k < doubtful; k++) {
    const j = load<i32>(list + ((<usize>k) << 2));
    const x = seriesAt(cols.list, j);
    const n = results.loadN(at + j);
    if (n < results.minPeriods || n == 0 || (x.flags | y.flags) & FLAG_CONSTANT) {
      results.storeR<T>(at + j, NaN);
    } else {
      store<i32>(list + ((<usize>recomputed) << 2), j);
      recomputed++;
    }
  }
  for (let k = 0; k < recomputed; k += BATCH_PAIRS) {
    correlatePairs<T>(results, y, at, cols, list + ((<usize>k) << 2), recomputed - k);
  }
  return recomputed;
}

/** Copies the upper half of a square block to the lower; 8 × 8 values at a time stay in the cache. */
function mirror<T>(results: Results, size: i32): void {
  for (let top = 0; top < size; top += 8) {
    for (let left = top; left < size; left += 8) {
      for (let i = top; i < min(size, top + 8); i++) {
        for (let j = max(i + 1, left); j < min(size, left + 8); j++) {
          const r = load<T>(results.r + <usize>(i * size + j) * sizeof<T>());
          store<T>(results.r + <usize>(j * size + i) * sizeof<T>(), r);
          results.storeN(j * size + i, results.loadN(i * size + j));
        }
      }
    }
  }
}
