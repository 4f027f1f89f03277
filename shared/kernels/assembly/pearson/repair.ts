// Coefficients from the original values, by the recurrence of pandas' nancorr: slow and dependable.
import { Series, seriesAt } from "./layout";
import { Results, clip } from "./finish";
import { Side } from "./side";

/** Pairs that are computed side by side: each waits most of the time for its own last step. */
export const BATCH_PAIRS: i32 = 4;

/**
 * `y` with up to four of the columns (u32) of `list`, of which there are `length` or more. The later
 * series is x, as in nancorr. Writes to the row of results that begins at `at`.
 */
export function correlatePairs<T>(
  results: Results,
  y: Series,
  at: i32,
  cols: Side,
  list: usize,
  length: i32,
): void {
  const used = min(BATCH_PAIRS, length);
  // Unused places repeat the last column.
  const j0 = load<i32>(list);
  const j1 = load<i32>(list + ((<usize>min(1, used - 1)) << 2));
  const j2 = load<i32>(list + ((<usize>min(2, used - 1)) << 2));
  const j3 = load<i32>(list + ((<usize>min(3, used - 1)) << 2));
  const x0 = seriesAt(cols.list, j0);
  const x1 = seriesAt(cols.list, j1);
  const x2 = seriesAt(cols.list, j2);
  const x3 = seriesAt(cols.list, j3);
  const one = f64x2.splat(1);
  let n0 = f64x2.splat(0),
    n1 = f64x2.splat(0);
  let meanX0 = f64x2.splat(0),
    meanX1 = f64x2.splat(0);
  let meanY0 = f64x2.splat(0),
    meanY1 = f64x2.splat(0);
  let xx0 = f64x2.splat(0),
    xx1 = f64x2.splat(0);
  let yy0 = f64x2.splat(0),
    yy1 = f64x2.splat(0);
  let xy0 = f64x2.splat(0),
    xy1 = f64x2.splat(0);
  for (let first = 0; first < results.dates; first += 64) {
    const at = <usize>(first >> 3);
    const any =
      load<u64>(x0.mask + at) |
      load<u64>(x1.mask + at) |
      load<u64>(x2.mask + at) |
      load<u64>(x3.mask + at);
    for (let word = any & load<u64>(y.mask + at); word; word &= word - 1) {
      const date = (<usize>(first + <i32>ctz<u64>(word))) << 3;
      const vy = v128.load64_splat(y.values + date);
      const vx0 = v128.load64_lane(x1.values + date, v128.load64_zero(x0.values + date), 1);
      const vx1 = v128.load64_lane(x3.values + date, v128.load64_zero(x2.values + date), 1);
      const is0 = f64x2.eq(vx0, vx0);
      const is1 = f64x2.eq(vx1, vx1);
      n0 = f64x2.add(n0, v128.and(one, is0));
      n1 = f64x2.add(n1, v128.and(one, is1));
      const share0 = f64x2.div(one, f64x2.pmax(n0, one));
      const share1 = f64x2.div(one, f64x2.pmax(n1, one));
      const dx0 = v128.and(f64x2.sub(vx0, meanX0), is0);
      const dx1 = v128.and(f64x2.sub(vx1, meanX1), is1);
      const dy0 = v128.and(f64x2.sub(vy, meanY0), is0);
      const dy1 = v128.and(f64x2.sub(vy, meanY1), is1);
      meanX0 = f64x2.add(meanX0, f64x2.mul(share0, dx0));
      meanX1 = f64x2.add(meanX1, f64x2.mul(share1, dx1));
      meanY0 = f64x2.add(meanY0, f64x2.mul(share0, dy0));
      meanY1 = f64x2.add(meanY1, f64x2.mul(share1, dy1));
      const ex0 = v128.and(f64x2.sub(vx0, meanX0), is0);
      const ex1 = v128.and(f64x2.sub(vx1, meanX1), is1);
      xx0 = f64x2.add(xx0, f64x2.mul(ex0, dx0));
      xx1 = f64x2.add(xx1, f64x2.mul(ex1, dx1));
      xy0 = f64x2.add(xy0, f64x2.mul(ex0, dy0));
      xy1 = f64x2.add(xy1, f64x2.mul(ex1, dy1));
      yy0 = f64x2.add(yy0, f64x2.mul(f64x2.sub(vy, meanY0), dy0));
      yy1 = f64x2.add(yy1, f64x2.mul(f64x2.sub(vy, meanY1), dy1));
    }
  }
  const r0 = divide(xx0, yy0, xy0);
  const r1 = divide(xx1, yy1, xy1);
  results.storeR<T>(at + j0, f64x2.extract_lane(r0, 0));
  results.storeR<T>(at + j1, f64x2.extract_lane(r0, 1));
  results.storeR<T>(at + j2, f64x2.extract_lane(r1, 0));
  results.storeR<T>(at + j3, f64x2.extract_lane(r1, 1));
}

/** NaN where a series is constant: the bits of a computed NaN differ between processors. */
function divide(xx: v128, yy: v128, xy: v128): v128 {
  const divisor = f64x2.sqrt(f64x2.mul(xx, yy));
  const r = f64x2.div(xy, divisor);
  const isDefined = v128.and(f64x2.ne(divisor, f64x2.splat(0)), f64x2.eq(r, r));
  return v128.bitselect(clip(r), f64x2.splat(NaN), isDefined);
}
