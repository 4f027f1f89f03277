// Normal variates by Box and Muller's formula from nothing but + - * / sqrt and integer arithmetic, so
// that every engine and the WebAssembly kernel give the same bits; assembly/asian-option/shocks.ts is the
// same. Hot loops over typed arrays: an index in range is the loops' own condition, hence `as number`.

// Of two random words A and B,
//   u     = (low 8 bits of B, then A, + 1/2) / 2^40   gives the radius √(-2 ln u), at most 7.54;
//   angle = (top 10 bits of B, bits 8 to 19 of B, + 1/2) / 2^22 of a turn.
// Larger radii have a probability of 5e-13; of 1e9 paths of 1,459 steps every third such job would have
// one. Angles on 2^22 equal steps are as good as continuous ones: sums over equal steps of a circle are
// exact up to the 2^22-th harmonic, and no statistic sees higher ones. Two bits of B are not used.
//
// Against exact values (normals.test.ts) a variate's error is below 3e-15, and most are within 1e-15;
// rounding the factor 1 + 0.01 z of a step costs four times as much.

/**
 * ln m = s · p(s²) with s = (m - 1) / (m + 1), √½ ≤ m ≤ √2: powers 0 to 6 of s². Fitted to least maximal
 * error (Remez), which is 1.9e-16 relatively.
 */
const LOG_POWERS = [
  2, 0.6666666666658716, 0.4000000005230162, 0.28571417124896026, 0.22223372053331777,
  0.18123629991374288, 0.16819979629855975,
] as const;

/** The table of turns has an entry for the middle of each of so many parts of a turn. */
const TURN_PARTS = 1024;
/**
 * Within a part, x from -½ to ½: sin(2πx / 1024) = x (s₀ + s₁ x²), fitted to least maximal error, 1.5e-16,
 * and cos(2πx / 1024) = 1 + c₁ x² + c₂ x⁴, with 5e-20.
 */
export const SINE_POWERS = [0.006135923151541149, -3.8502437919514516e-8] as const;
export const COSINE_POWERS = [-1.8824776460816024e-5, 5.906200899987067e-11] as const;

/** The upper half of the bits of about √½: below it a mantissa counts for the next power of two. */
export const ROOT_HALF_BITS = 0x3fe6a09e;
/** The upper half of the bits of 1. */
export const ONE_BITS = 0x3ff00000;
/** The exponent's bias in a double, and 40 for the division by 2^40. */
export const EXPONENT_BIAS = 1023 + 40;

/**
 * The coefficients for variates of this variance: ln 2, then the powers, all times -2 · variance; the
 * radius is the root of what they give.
 */
export const scaleLogarithm = (variance: number): Float64Array =>
  Float64Array.of(Math.LN2, ...LOG_POWERS).map((coefficient) => -2 * variance * coefficient);

/** Cosine and sine, alternating, of the middle of each part of a turn; within 2e-16. */
export function createTurns(): Float64Array {
  const turns = new Float64Array(2 * TURN_PARTS);
  const eighth = TURN_PARTS / 8;
  for (let part = 0; part < eighth; part += 1) {
    const angle = ((part + 0.5) / TURN_PARTS) * (2 * Math.PI);
    const [cosine, sine] = [taylor(angle, 0), taylor(angle, 1)];
    // The other seven eighths have the same values with other signs and places.
    for (let quarter = 0; quarter < 4; quarter += 1) {
      const at = quarter * 2 * eighth;
      turns.set(turn(cosine, sine, quarter), 2 * (at + part));
      turns.set(turn(sine, cosine, quarter), 2 * (at + 2 * eighth - 1 - part));
    }
  }
  return turns;
}

/** x^first / first! - x^(first+2) / (first+2)! + …: cosine from 0, sine from 1, up to a quarter of π. */
function taylor(x: number, first: 0 | 1): number {
  let sum = 0;
  for (let n = 20 + first; n > first; n -= 2) sum = ((1 - sum) * x * x) / (n * (n - 1));
  return first === 0 ? 1 - sum : x - x * sum;
}

/** The point (x, y) turned by so many quarters. */
function turn(x: number, y: number, quarters: number): [number, number] {
  if (quarters === 0) return [x, y];
  if (quarters === 1) return [-y, x];
  return quarters === 2 ? [-x, -y] : [y, -x];
}

/** The host's byte order decides which half of a double is the upper one. */
const bits = new Uint32Array(2);
const double = new Float64Array(bits.buffer);
double[0] = 1;
const UPPER = bits[1] === ONE_BITS ? 1 : 0;

/** √(scale · ln u) of words A and B. */
function radius(a: number, b: number, scaled: Float64Array): number {
  double[0] = (b & 0xff) * 2 ** 32 + (a >>> 0) + 0.5;
  const shifted = (bits[UPPER] as number) + (ONE_BITS - ROOT_HALF_BITS);
  const e = (shifted >>> 20) - EXPONENT_BIAS;
  bits[UPPER] = (shifted & 0xfffff) + ROOT_HALF_BITS;
  const m = double[0];
  const s = (m - 1) / (m + 1);
  const z = s * s;
  const z2 = z * z;
  // In Estrin's order, as the kernel: shorter chains than Horner's.
  const low =
    ((scaled[4] as number) * z + (scaled[3] as number)) * z2 +
    ((scaled[2] as number) * z + (scaled[1] as number));
  const high = (scaled[7] as number) * z2 + ((scaled[6] as number) * z + (scaled[5] as number));
  return Math.sqrt(e * (scaled[0] as number) + (high * (z2 * z2) + low) * s);
}

/** Two independent variates of words A and B to `out` from `at` on; see `scaleLogarithm` and `createTurns`. */
export function normalPair(
  out: Float64Array,
  at: number,
  a: number,
  b: number,
  scaled: Float64Array,
  turns: Float64Array,
): void {
  const part = 2 * (b >>> 22);
  const x = (((b >>> 8) & 0xfff) + 0.5) / 4096 - 0.5;
  const y = x * x;
  const sine = (SINE_POWERS[1] * y + SINE_POWERS[0]) * x;
  const cosine = (COSINE_POWERS[1] * y + COSINE_POWERS[0]) * y + 1;
  const length = radius(a, b, scaled);
  const right = length * (turns[part] as number);
  const up = length * (turns[part + 1] as number);
  out[at] = right * cosine - up * sine;
  out[at + 1] = up * cosine + right * sine;
}
