// Box–Muller in three passes over a chunk: each is short, so that the processor overlaps many vectors of
// it, and small, so that its constants stay in registers. With one pass for all a simulation takes 1.2
// times as long.
// The formulas, their errors and the meaning of every bit stand in normals-core.ts.
import {
  COSINE_POWERS,
  EXPONENTS,
  EXPONENT_BIAS,
  FINE_BITS,
  FINE_CENTRE,
  FORTY_BITS,
  LOG_POWERS,
  LOG_TWO,
  MANTISSA_BITS,
  ONE,
  PAIRS,
  RADII,
  ROOT_HALF,
  SHOCKS,
  SINE_POWERS,
  TO_ROOT_HALF,
  TURNS,
  TWO_52,
  TWO_52_LESS_HALF,
} from "./layout";

function multiplyAdd(x: v128, y: v128, z: v128): v128 {
  return f64x2.add(f64x2.mul(x, y), z);
}

/** From `blocks` blocks of words to four times as many steps' shocks. */
export function makeShocks(base: usize, blocks: i32): void {
  const end = base + ((<usize>blocks) << 6);
  splitUniforms(base, end);
  makeRadii(base, end);
  turnRadii(base, end);
}

/** u = m · 2^e with m between about √½ and √2: stores (m - 1) / (m + 1) and scale · e ln 2. */
function splitUniforms(at: usize, end: usize): void {
  const fortyBits = v128.load(at, FORTY_BITS);
  const two52 = v128.load(at, TWO_52);
  const two52LessHalf = v128.load(at, TWO_52_LESS_HALF);
  const toRootHalf = v128.load(at, TO_ROOT_HALF);
  const exponentBias = v128.load(at, EXPONENT_BIAS);
  const mantissaBits = v128.load(at, MANTISSA_BITS);
  const rootHalf = v128.load(at, ROOT_HALF);
  const one = v128.load(at, ONE);
  const logTwo = v128.load(at, LOG_TWO);
  for (; at < end; at += 16) {
    const integer = v128.or(v128.and(v128.load(at, PAIRS), fortyBits), two52);
    const u = i64x2.add(f64x2.sub(integer, two52LessHalf), toRootHalf);
    const e = f64x2.sub(v128.or(i64x2.shr_u(u, 52), two52), exponentBias);
    v128.store(at, f64x2.mul(e, logTwo), EXPONENTS);
    const m = i64x2.add(v128.and(u, mantissaBits), rootHalf);
    v128.store(at, f64x2.div(f64x2.sub(m, one), f64x2.add(m, one)), RADII);
  }
}

/** Replaces s = (m - 1) / (m + 1) by the radius √(scale · ln u), where ln m = s · polynomial of s². */
function makeRadii(at: usize, end: usize): void {
  const c0 = v128.load(at, LOG_POWERS);
  const c1 = v128.load(at, LOG_POWERS + 16);
  const c2 = v128.load(at, LOG_POWERS + 32);
  const c3 = v128.load(at, LOG_POWERS + 48);
  const c4 = v128.load(at, LOG_POWERS + 64);
  const c5 = v128.load(at, LOG_POWERS + 80);
  const c6 = v128.load(at, LOG_POWERS + 96);
  for (; at < end; at += 16) {
    const s = v128.load(at, RADII);
    const z = f64x2.mul(s, s);
    const z2 = f64x2.mul(z, z);
    // Estrin's order: shorter chains than Horner's.
    const low = multiplyAdd(multiplyAdd(c3, z, c2), z2, multiplyAdd(c1, z, c0));
    const high = multiplyAdd(c6, z2, multiplyAdd(c5, z, c4));
    const polynomial = multiplyAdd(high, f64x2.mul(z2, z2), low);
    const square = f64x2.add(v128.load(at, EXPONENTS), f64x2.mul(polynomial, s));
    v128.store(at, f64x2.sqrt(square), RADII);
  }
}

/** Shocks of two steps from each radius: times the cosine and the sine of a random angle. */
function turnRadii(base: usize, end: usize): void {
  const fineBits = v128.load(base, FINE_BITS);
  const one = v128.load(base, ONE);
  const fineCentre = v128.load(base, FINE_CENTRE);
  const s0 = v128.load(base, SINE_POWERS);
  const s1 = v128.load(base, SINE_POWERS + 16);
  const c1 = v128.load(base, COSINE_POWERS);
  const c2 = v128.load(base, COSINE_POWERS + 16);
  let out = base;
  for (let at = base; at < end; at += 16) {
    const turn0 = v128.load(base + <usize>((load<u32>(at, PAIRS + 4) >>> 18) & 0x3ff0), TURNS);
    const turn1 = v128.load(base + <usize>((load<u32>(at, PAIRS + 12) >>> 18) & 0x3ff0), TURNS);
    const fine = v128.or(v128.and(v128.load(at, PAIRS), fineBits), one);
    const x = f64x2.sub(fine, fineCentre);
    const y = f64x2.mul(x, x);
    const sine = f64x2.mul(multiplyAdd(s1, y, s0), x);
    const cosine = multiplyAdd(multiplyAdd(c2, y, c1), y, one);
    const radius = v128.load(at, RADII);
    const right = f64x2.mul(radius, v128.shuffle<f64>(turn0, turn1, 0, 2));
    const up = f64x2.mul(radius, v128.shuffle<f64>(turn0, turn1, 1, 3));
    v128.store(out, f64x2.sub(f64x2.mul(right, cosine), f64x2.mul(up, sine)), SHOCKS);
    v128.store(out, f64x2.add(f64x2.mul(up, cosine), f64x2.mul(right, sine)), SHOCKS + 16);
    out += 32;
  }
}
