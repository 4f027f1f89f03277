// Entry point of dist/kernels/peak.wasm: multiplying and adding in registers alone, the most that the
// processor does in such code. Benchmarks state a kernel's speed as a share of it.

/** Chains of sums and chains of products: enough to fill two adders and two multipliers of latency 3. */
const CHAINS: i32 = 6;

/** Operations of one round of the loop, in each lane: multiplications and additions. */
export function operationsPerRound(): i32 {
  return ASC_FEATURE_RELAXED_SIMD ? 4 * CHAINS : 2 * CHAINS;
}

/** Runs `rounds` rounds; returns a sum that keeps the compiler from leaving them out. */
export function peakF64(rounds: i32): f64 {
  return f64x2.extract_lane(runRounds<f64>(rounds, f64x2.splat(rounds < 0 ? 2 : 1)), 0);
}

export function peakF32(rounds: i32): f64 {
  return f32x4.extract_lane(runRounds<f32>(rounds, f32x4.splat(rounds < 0 ? 2 : 1)), 0);
}

/**
 * Every sum grows by a product of its own, p ← p · factor, s ← s + p, so that nothing can be computed
 * ahead of the loop, and a product needs no register besides. The factor is 1: nothing overflows or
 * becomes denormal, which would be slower. Fused, twelve sums s ← factor · factor + s.
 */
function runRounds<T>(rounds: i32, factor: v128): v128 {
  let s0 = factor,
    s1 = factor,
    s2 = factor,
    s3 = factor,
    s4 = factor,
    s5 = factor;
  let p0 = factor,
    p1 = factor,
    p2 = factor,
    p3 = factor,
    p4 = factor,
    p5 = factor;
  for (let round = 0; round < rounds; round++) {
    if (ASC_FEATURE_RELAXED_SIMD) {
      s0 = v128.relaxed_madd<T>(factor, factor, s0);
      s1 = v128.relaxed_madd<T>(factor, factor, s1);
      s2 = v128.relaxed_madd<T>(factor, factor, s2);
      s3 = v128.relaxed_madd<T>(factor, factor, s3);
      s4 = v128.relaxed_madd<T>(factor, factor, s4);
      s5 = v128.relaxed_madd<T>(factor, factor, s5);
      p0 = v128.relaxed_madd<T>(factor, factor, p0);
      p1 = v128.relaxed_madd<T>(factor, factor, p1);
      p2 = v128.relaxed_madd<T>(factor, factor, p2);
      p3 = v128.relaxed_madd<T>(factor, factor, p3);
      p4 = v128.relaxed_madd<T>(factor, factor, p4);
      p5 = v128.relaxed_madd<T>(factor, factor, p5);
    } else {
      p0 = v128.mul<T>(p0, factor);
      s0 = v128.add<T>(s0, p0);
      p1 = v128.mul<T>(p1, factor);
      s1 = v128.add<T>(s1, p1);
      p2 = v128.mul<T>(p2, factor);
      s2 = v128.add<T>(s2, p2);
      p3 = v128.mul<T>(p3, factor);
      s3 = v128.add<T>(s3, p3);
      p4 = v128.mul<T>(p4, factor);
      s4 = v128.add<T>(s4, p4);
      p5 = v128.mul<T>(p5, factor);
      s5 = v128.add<T>(s5, p5);
    }
  }
  const sums = v128.add<T>(
    v128.add<T>(s0, s1),
    v128.add<T>(v128.add<T>(s2, s3), v128.add<T>(s4, s5)),
  );
  const products = v128.add<T>(
    v128.add<T>(p0, p1),
    v128.add<T>(v128.add<T>(p2, p3), v128.add<T>(p4, p5)),
  );
  return v128.add<T>(sums, products);
}
