// The normal variates: each against a value of sixty digits, and many against their distribution.
import { describe, expect, it } from "vitest";
import { createPrng, nextFloat } from "../../prng.ts";
import { normalCdf } from "../../monte-carlo/portable-math.ts";
import { createTurns, normalPair, scaleLogarithm } from "./normals-core.ts";
import { expandSeed } from "./threefry-core.ts";
import { fillShocks } from "./walk-core.ts";

const turns = createTurns();
const standard = scaleLogarithm(1);

// Fixed-point arithmetic with 200 binary digits.
const SHIFT = 200n;
const UNIT = 1n << SHIFT;
const times = (a: bigint, b: bigint): bigint => (a * b) >> SHIFT;
const over = (a: bigint, b: bigint): bigint => (a << SHIFT) / b;

/** artanh(1/n), or arctan(1/n) for sign -1. */
function arc(n: bigint, sign: bigint): bigint {
  let sum = 0n;
  let power = UNIT / n;
  for (let k = 1n; power !== 0n; k += 2n) {
    sum += power / k;
    power = (sign * power) / (n * n);
  }
  return sum;
}
const LN2 = 2n * arc(3n, 1n);
const PI = 16n * arc(5n, -1n) - 4n * arc(239n, -1n);

/** ln(k / 2^41) */
function exactLog(k: bigint): bigint {
  const twos = BigInt(k.toString(2).length - 1);
  const mantissa = k << (SHIFT - twos);
  const s = over(mantissa - UNIT, mantissa + UNIT);
  let sum = 0n;
  let power = s;
  for (let n = 1n; power !== 0n; n += 2n) {
    sum += power / n;
    power = times(times(power, s), s);
  }
  return 2n * sum + (twos - 41n) * LN2;
}

function exactRoot(x: bigint): bigint {
  const target = x << SHIFT;
  let root = 1n << BigInt(Math.ceil(target.toString(2).length / 2));
  for (;;) {
    const next = (root + target / root) >> 1n;
    if (next >= root) return root;
    root = next;
  }
}

/** Cosine (from 0) or sine (from 1) by their series. */
function exactWave(angle: bigint, from: 0n | 1n): bigint {
  let sum = 0n;
  let term = from === 0n ? UNIT : angle;
  for (let n = from; term !== 0n; n += 2n) {
    sum += term;
    term = -times(times(term, angle), angle) / ((n + 1n) * (n + 2n));
  }
  return sum;
}

/** The definition of u and the angle, from the comment of normals-core.ts, without rounding. */
function exactPair(a: number, b: number): [bigint, bigint] {
  const u = 2n * ((BigInt(b & 0xff) << 32n) + BigInt(a >>> 0)) + 1n;
  const steps = 2n * ((BigInt(b >>> 22) << 12n) + BigInt((b >>> 8) & 0xfff)) + 1n;
  const radius = exactRoot(-2n * exactLog(u));
  const angle = (2n * PI * steps) >> 23n;
  return [times(radius, exactWave(angle, 0n)), times(radius, exactWave(angle, 1n))];
}

/** |actual - exact|; 80 binary digits of `actual` are all that it has. */
const errorOf = (actual: number, exact: bigint): number =>
  Math.abs(Number((BigInt(Math.round(actual * 2 ** 80)) << (SHIFT - 80n)) - exact) / 2 ** 200);

describe("normalPair", () => {
  const prng = createPrng(1);
  const word = () => Math.floor(nextFloat(prng) * 2 ** 32);
  const random = Array.from({ length: 1500 }, () => [word(), word()] as const);
  // The largest radii, the smallest, and everything at the borders of the angle's parts.
  const tails = random.slice(0, 200).map(([a, b]) => [a >>> 28, b & 0xffffff00] as const);
  const centres = random.slice(0, 200).map(([a, b]) => [a | 0xfffff000, b | 0xff] as const);
  const borders = Array.from({ length: 1024 }, (_, part) =>
    [0, 0xfff, 0x7ff, 0x800].map((fine) => [part * 7, (part << 22) | (fine << 8)] as const),
  ).flat();

  it.each([
    { name: "at random", words: random },
    { name: "in the tails", words: tails },
    { name: "with the smallest radii", words: centres },
    { name: "at the borders of the table's parts", words: borders },
  ])("is within 3e-15 of the exact values $name", ({ words }) => {
    const pair = new Float64Array(2);
    const errors = words.flatMap(([a, b]) => {
      normalPair(pair, 0, a, b, standard, turns);
      return exactPair(a, b).map((exact, i) => errorOf(pair[i] ?? NaN, exact));
    });
    expect(errors.length).toBeGreaterThan(0);
    expect(Math.max(...errors)).toBeLessThan(3e-15);
  });

  it("reaches 7.54 and has a radius of nearly 0 at the other end", () => {
    const pair = new Float64Array(2);
    normalPair(pair, 0, 0, 0, standard, turns);
    expect(Math.hypot(...pair)).toBeCloseTo(Math.sqrt(2 * 41 * Math.LN2), 14);
    normalPair(pair, 0, 0xffffffff, 0xff, standard, turns);
    expect(Math.hypot(...pair)).toBeCloseTo(2 ** -20, 16);
  });

  it("scales with the root of the variance", () => {
    const [unit, scaled] = [new Float64Array(2), new Float64Array(2)];
    for (const [a, b] of random.slice(0, 100)) {
      normalPair(unit, 0, a, b, standard, turns);
      normalPair(scaled, 0, a, b, scaleLogarithm(0.04 / 365), turns);
      expect((scaled[0] ?? 0) / Math.sqrt(0.04 / 365)).toBeCloseTo(unit[0] ?? NaN, 13);
      expect((scaled[1] ?? 0) / Math.sqrt(0.04 / 365)).toBeCloseTo(unit[1] ?? NaN, 13);
    }
  });
});

describe("the variates of many paths", () => {
  const paths = 2000;
  const steps = 2000;
  const count = paths * steps;
  const z = new Float64Array(count);
  const keys = expandSeed(20_250_101);
  for (let path = 0; path < paths; path += 1) {
    fillShocks(z.subarray(path * steps, (path + 1) * steps), path, keys, standard, turns);
  }
  const mean = (f: (value: number, at: number) => number): number => {
    let sum = 0;
    for (let at = 0; at < count; at += 1) sum += f(z[at] ?? NaN, at);
    return sum / count;
  };

  it.each([
    { moment: "mean", power: 1, expected: 0, variance: 1 },
    { moment: "variance", power: 2, expected: 1, variance: 2 },
    { moment: "third moment", power: 3, expected: 0, variance: 15 },
    { moment: "fourth moment", power: 4, expected: 3, variance: 96 },
  ])("have a normal's $moment", ({ power, expected, variance }) => {
    const deviation = Math.abs(mean((value) => value ** power) - expected);
    expect(deviation).toBeLessThan(4 * Math.sqrt(variance / count));
  });

  it.each([
    [2, 4.550026389635842e-2],
    [3, 2.699796063260207e-3],
    [4, 6.334248366623973e-5],
    [5, 5.733031437583869e-7],
  ])("exceed %d as often as they should", (limit, probability) => {
    const expected = count * probability;
    const seen = count * mean((value) => (Math.abs(value) > limit ? 1 : 0));
    expect(Math.abs(seen - expected)).toBeLessThan(4 * Math.sqrt(expected));
  });

  it("fill 256 parts of equal probability evenly", () => {
    const parts = 256;
    const sample = 1_000_000;
    const counts = new Float64Array(parts);
    for (const value of z.subarray(0, sample)) {
      const part = Math.min(parts - 1, Math.floor(normalCdf(value) * parts));
      counts[part] = (counts[part] ?? 0) + 1;
    }
    const even = sample / parts;
    const chiSquare = counts.reduce((sum, seen) => sum + (seen - even) ** 2 / even, 0);
    expect(Math.abs(chiSquare - (parts - 1))).toBeLessThan(4 * Math.sqrt(2 * (parts - 1)));
  });

  // Of the values, and of their squares, whose variance is 2.
  const shapes = [
    { of: "values", shape: (value: number) => value },
    { of: "squares", shape: (value: number) => (value * value - 1) / Math.SQRT2 },
  ];
  const lags = [1, 2, 3, 4, 5, 6, 7, 8];

  /** The correlation of each with the one `distance` further, where `within` says that there is one. */
  function correlation(shape: (value: number) => number, distance: number): [number, number] {
    let sum = 0;
    let pairs = 0;
    for (let at = 0; at + distance < count; at += 1) {
      if (distance < steps && (at % steps) + distance >= steps) continue;
      sum += shape(z[at] ?? NaN) * shape(z[at + distance] ?? NaN);
      pairs += 1;
    }
    return [sum / pairs, 4 / Math.sqrt(pairs)];
  }

  it.each(shapes)("are not correlated along a path, nor across paths ($of)", ({ shape }) => {
    for (const lag of lags) {
      const [along, alongLimit] = correlation(shape, lag);
      expect(Math.abs(along)).toBeLessThan(alongLimit);
      const [across, acrossLimit] = correlation(shape, lag * steps);
      expect(Math.abs(across)).toBeLessThan(acrossLimit);
    }
  });
});
