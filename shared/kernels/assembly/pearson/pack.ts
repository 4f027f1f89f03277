// Packs one chunk of four series side by side, standardised and with zeros for missing dates.
import { meanOf, scaleOf, valuesOf } from "./layout";

/**
 * Writes dates × 4 values of type T at `out`, lines `lineBytes` apart, and the four sums and sums of
 * squares of exactly these values. A record of 0 is padding: its lane is all zeros.
 */
export function packFour<T>(
  out: usize,
  lineBytes: usize,
  records: usize,
  used: i32,
  firstDate: i32,
  dates: i32,
  sums: usize,
  squares: usize,
): void {
  const r0 = <usize>load<u32>(records);
  const r1 = used > 1 ? <usize>load<u32>(records, 4) : 0;
  const r2 = used > 2 ? <usize>load<u32>(records, 8) : 0;
  const r3 = used > 3 ? <usize>load<u32>(records, 12) : 0;
  const first = (<usize>firstDate) << 3;
  // A padding lane reads the first series and scales it by zero.
  let p0 = valuesOf(r0) + first;
  let p1 = (r1 ? valuesOf(r1) : valuesOf(r0)) + first;
  let p2 = (r2 ? valuesOf(r2) : valuesOf(r0)) + first;
  let p3 = (r3 ? valuesOf(r3) : valuesOf(r0)) + first;
  const m0 = f64x2.splat(meanOf(r0));
  const m1 = f64x2.splat(r1 ? meanOf(r1) : 0);
  const m2 = f64x2.splat(r2 ? meanOf(r2) : 0);
  const m3 = f64x2.splat(r3 ? meanOf(r3) : 0);
  const s0 = f64x2.splat(scaleOf(r0));
  const s1 = f64x2.splat(r1 ? scaleOf(r1) : 0);
  const s2 = f64x2.splat(r2 ? scaleOf(r2) : 0);
  const s3 = f64x2.splat(r3 ? scaleOf(r3) : 0);
  let sum01 = f64x2.splat(0);
  let sum23 = f64x2.splat(0);
  let square01 = f64x2.splat(0);
  let square23 = f64x2.splat(0);
  for (let t = 0; t < dates; t += 2) {
    const v0 = standardise(v128.load(p0), m0, s0);
    const v1 = standardise(v128.load(p1), m1, s1);
    const v2 = standardise(v128.load(p2), m2, s2);
    const v3 = standardise(v128.load(p3), m3, s3);
    let a01 = v128.shuffle<f64>(v0, v1, 0, 2);
    let a23 = v128.shuffle<f64>(v2, v3, 0, 2);
    let b01 = v128.shuffle<f64>(v0, v1, 1, 3);
    let b23 = v128.shuffle<f64>(v2, v3, 1, 3);
    if (sizeof<T>() == 8) {
      v128.store(out, a01);
      v128.store(out, a23, 16);
      v128.store(out + lineBytes, b01);
      v128.store(out + lineBytes, b23, 16);
    } else {
      const fa01 = f32x4.demote_f64x2_zero(a01);
      const fa23 = f32x4.demote_f64x2_zero(a23);
      const fb01 = f32x4.demote_f64x2_zero(b01);
      const fb23 = f32x4.demote_f64x2_zero(b23);
      v128.store(out, v128.shuffle<f64>(fa01, fa23, 0, 2));
      v128.store(out + lineBytes, v128.shuffle<f64>(fb01, fb23, 0, 2));
      a01 = f64x2.promote_low_f32x4(fa01);
      a23 = f64x2.promote_low_f32x4(fa23);
      b01 = f64x2.promote_low_f32x4(fb01);
      b23 = f64x2.promote_low_f32x4(fb23);
    }
    sum01 = f64x2.add(f64x2.add(sum01, a01), b01);
    sum23 = f64x2.add(f64x2.add(sum23, a23), b23);
    square01 = f64x2.add(f64x2.add(square01, f64x2.mul(a01, a01)), f64x2.mul(b01, b01));
    square23 = f64x2.add(f64x2.add(square23, f64x2.mul(a23, a23)), f64x2.mul(b23, b23));
    out += lineBytes << 1;
    p0 += 16;
    p1 += 16;
    p2 += 16;
    p3 += 16;
  }
  v128.store(sums, sum01);
  v128.store(sums, sum23, 16);
  v128.store(squares, square01);
  v128.store(squares, square23, 16);
}

/** (v - mean) · scale, and +0 where v is NaN. */
function standardise(v: v128, mean: v128, scale: v128): v128 {
  return v128.and(f64x2.mul(f64x2.sub(v, mean), scale), f64x2.eq(v, v));
}
