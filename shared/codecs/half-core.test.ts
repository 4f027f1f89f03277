// Half precision: every half there is, and every boundary between two of them.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeHalves, encodeHalves } from "./half-core.ts";
import { decodeNpy, npyHeader } from "./npy.ts";

const everyHalf = Uint16Array.from({ length: 0x10000 }, (_, bits) => bits);
const isNan = (bits: number) => (bits & 0x7fff) > 0x7c00;

function valuesOf(bits: ArrayLike<number>): Float64Array {
  const values = new Float64Array(bits.length);
  decodeHalves(Uint16Array.from(bits), values);
  return values;
}

function bitsOf(values: ArrayLike<number>): number[] {
  const bits = new Uint16Array(values.length);
  encodeHalves(Float64Array.from(values), bits);
  return [...bits];
}

/** The doubles next to a positive one. */
function neighbours(value: number): [below: number, above: number] {
  const words = new BigInt64Array(Float64Array.of(value).buffer);
  const at = (step: bigint) =>
    new Float64Array(BigInt64Array.of((words[0] ?? 0n) + step).buffer)[0] ?? NaN;
  return [at(-1n), at(1n)];
}

describe("decodeHalves", () => {
  it("gives what the definition of binary16 says, for every half", () => {
    // Independently: a half's bits are those of a float32 but for the exponent's bias, 112 less.
    const float = new Float32Array(1);
    const word = new Uint32Array(float.buffer);
    const expected = Float64Array.from(everyHalf, (bits) => {
      word[0] = (bits & 0x7fff) << 13;
      const sign = bits < 0x8000 ? 1 : -1;
      if ((bits & 0x7fff) === 0x7c00) return sign * Infinity;
      return isNan(bits) ? NaN : sign * (float[0] ?? NaN) * 2 ** 112;
    });
    expect(valuesOf(everyHalf)).toEqual(expected);
    expect(Object.is(valuesOf([0x8000])[0], -0)).toBe(true);
    expect([...valuesOf([1, 0x3ff, 0x400, 0x3c00, 0x3555, 0x7bff])]).toEqual([
      2 ** -24,
      (1 - 2 ** -10) * 2 ** -14,
      2 ** -14,
      1,
      0.333251953125,
      65_504,
    ]);
  });
});

describe("encodeHalves", () => {
  it("gives every half back from its value, and one NaN for all", () => {
    const expected = [...everyHalf].map((bits) => (isNan(bits) ? 0x7e00 : bits));
    expect(bitsOf(valuesOf(everyHalf))).toEqual(expected);
  });

  it("rounds to the nearest, and from the middle between two to the even one", () => {
    // Beyond the largest half lies 65,536, in whose place infinity stands.
    const positive = [...valuesOf(everyHalf.subarray(0, 0x7c00)), 65_536];
    const middles = positive.slice(1).map((value, i) => (value + (positive[i] ?? NaN)) / 2);
    const even = middles.map((_, i) => i + (i & 1));
    const below = middles.map((middle) => neighbours(middle)[0]);
    const above = middles.map((middle) => neighbours(middle)[1]);
    const up = middles.map((_, i) => i + 1);
    expect(bitsOf(middles)).toEqual(even);
    expect(bitsOf(below)).toEqual(middles.map((_, i) => i));
    expect(bitsOf(above)).toEqual(up);
    expect(bitsOf(middles.map((value) => -value))).toEqual(even.map((bits) => bits | 0x8000));
    expect(bitsOf(above.map((value) => -value))).toEqual(up.map((bits) => bits | 0x8000));
  });

  it("is never further away than any other half", () => {
    fc.assert(
      fc.property(fc.double({ min: -65_519, max: 65_519, noNaN: true }), (value) => {
        const [bits = 0] = bitsOf([value]);
        const near = [bits, bits - 1, bits + 1].filter(
          (one) => one >= 0 && (one & 0x7fff) < 0x7c00,
        );
        const distances = [...valuesOf(near)].map((other) => Math.abs(other - value));
        expect(distances[0]).toBe(Math.min(...distances));
      }),
      { numRuns: 2_000 },
    );
  });

  it("keeps signs, zeros and infinities, and sends what is too large or too small there", () => {
    expect(bitsOf([0, -0, Infinity, -Infinity, NaN])).toEqual([0, 0x8000, 0x7c00, 0xfc00, 0x7e00]);
    expect(bitsOf([1e300, -1e5, 65_520, 65_519.99])).toEqual([0x7c00, 0xfc00, 0x7c00, 0x7bff]);
    expect(bitsOf([1e-300, -1e-30, Number.MIN_VALUE, 2 ** -25])).toEqual([0, 0x8000, 0, 0]);
  });
});

describe("NPY of halves", () => {
  const bits = Uint16Array.of(0x3c00, 0xc000, 0x7e00, 0x0001, 0x7c00, 0x8000);

  /** Written without the codec's encoder, which has no arrays of halves to take. */
  function file(offset: number): Uint8Array {
    const header = npyHeader("<f2", [2, 3]);
    const bytes = new Uint8Array(offset + header.length + bits.byteLength);
    bytes.set(header, offset);
    bytes.set(new Uint8Array(bits.buffer), offset + header.length);
    return bytes.subarray(offset);
  }

  it("is read as float64, at any offset of its buffer", () => {
    for (const offset of [0, 1, 2]) {
      const { shape, data } = decodeNpy(file(offset));
      expect(shape).toEqual([2, 3]);
      expect(data).toEqual(Float64Array.of(1, -2, NaN, 2 ** -24, Infinity, -0));
    }
  });

  it("is refused when bytes lack", () => {
    expect(() => decodeNpy(file(0).subarray(0, -1))).toThrow("should have 12 bytes but has 11");
  });
});
