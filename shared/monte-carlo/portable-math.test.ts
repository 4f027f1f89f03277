// Elementary functions against values of 30 digits (mpmath 1.3), and against the engine's own.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { exp, log, normalCdf } from "./portable-math.ts";

const ulps = (actual: number, expected: number): number =>
  Math.abs(actual - expected) / (Math.abs(expected) * Number.EPSILON);

describe("exp", () => {
  test.each([
    [-700.5, 5.980_196_118_639_791e-305],
    [-20, 2.061_153_622_438_558e-9],
    [-1, 0.367_879_441_171_442_33],
    [-1e-9, 0.999_999_999],
    [0, 1],
    [0.1, 1.105_170_918_075_647_7],
    [0.5, 1.648_721_270_700_128_2],
    [1, Math.E],
    [10.25, 28282.541_920_334_98],
    [700.125, 1.149_275_483_873_759e304],
  ])("of %f", (x, expected) => {
    expect(ulps(exp(x), expected)).toBeLessThanOrEqual(2);
  });

  test("is within 3 units in the last place of the engine's, which may be off by one", () => {
    fc.assert(
      fc.property(fc.double({ min: -700, max: 709, noNaN: true }), (x) => {
        expect(ulps(exp(x), Math.exp(x))).toBeLessThanOrEqual(3);
      }),
    );
  });

  test("beyond the range of a double", () => {
    for (const x of [710, 1e300, Infinity]) expect([exp(x), exp(-x - 36)]).toEqual([Infinity, 0]);
    expect(exp(-740)).toBeGreaterThan(0);
    expect(exp(NaN)).toBeNaN();
  });
});

describe("log", () => {
  test.each([
    [1e-300, -690.775_527_898_213_7],
    [1e-9, -20.723_265_836_946_41],
    [0.5, -Math.LN2],
    [0.7, -0.356_674_943_938_732_45],
    [0.999, -0.001_000_500_333_583_534_4],
    [1.001, 0.000_999_500_333_083_423_2],
    [1.41, 0.343_589_704_390_076_86],
    [2, Math.LN2],
    [1.000_000_1, 9.999_999_505_838_704e-8],
    [123.456, 4.815_884_817_283_264],
    [1e250, 575.646_273_248_511_4],
  ])("of %f", (x, expected) => {
    expect(ulps(log(x), expected)).toBeLessThanOrEqual(2);
  });

  test("undoes exp", () => {
    fc.assert(
      fc.property(fc.double({ min: -700, max: 700, noNaN: true }), (x) => {
        expect(Math.abs(log(exp(x)) - x)).toBeLessThanOrEqual(4e-16 * Math.max(1, Math.abs(x)));
      }),
    );
  });

  test("of what has none", () => {
    expect(log(1)).toBe(0);
    expect(log(0)).toBe(-Infinity);
    expect(log(-1)).toBeNaN();
    expect(log(Infinity)).toBe(Infinity);
  });
});

describe("normalCdf", () => {
  test.each([
    [-37, 5.725_571_222_524_577e-300],
    [-10, 7.619_853_024_160_525e-24],
    [-5, 2.866_515_718_791_939e-7],
    [-2.5, 0.006_209_665_325_776_135],
    [-1, 0.158_655_253_931_457_05],
    [-0.1, 0.460_172_162_722_971],
    [0, 0.5],
    [0.3, 0.617_911_422_188_952_7],
    [1, 0.841_344_746_068_542_9],
    [2, 0.977_249_868_051_820_8],
    [2.5, 0.993_790_334_674_224],
    [3, 0.998_650_101_968_369_9],
    [8, 0.999_999_999_999_999_4],
  ])("at %f", (x, expected) => {
    expect(Math.abs(normalCdf(x) - expected)).toBeLessThan(1e-15);
    expect(Math.abs(normalCdf(x) / expected - 1)).toBeLessThan(1e-13);
  });

  test("is symmetric, rises, and joins its two formulas without a step", () => {
    const at = (x: number): number => normalCdf(x);
    for (let x = -6; x <= 6; x += 1 / 64) {
      expect(Math.abs(at(x) + at(-x) - 1)).toBeLessThan(1e-15);
      expect(at(x + 1 / 64)).toBeGreaterThan(at(x));
    }
    const besides = 2.5 + 1e-12;
    expect(Math.abs(at(-2.5) / at(-besides) - 1)).toBeLessThan(1e-11);
    expect([at(-Infinity), at(Infinity)]).toEqual([0, 1]);
    expect(at(NaN)).toBeNaN();
  });
});
