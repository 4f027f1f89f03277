// The NPY codec: bytes as NumPy writes them, round trips, and refusals of everything else.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BigNdArray,
  type NdArray,
  NpyError,
  decodeAnyNpy,
  decodeNpy,
  encodeNpy,
} from "./npy.ts";

const fixture = (name: string) =>
  new Uint8Array(readFileSync(join(import.meta.dirname, "../../e2e/fixtures/kernels", name)));

/** The bytes of an array's data, in which NaN payloads and signed zeros count. */
const rawBytes = ({ data }: NdArray | BigNdArray) =>
  new Uint8Array(data.buffer, data.byteOffset, data.byteLength);

const shapeArbitrary = fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 3 });
const arrayArbitrary: fc.Arbitrary<NdArray | BigNdArray> = fc
  .tuple(
    shapeArbitrary,
    fc.constantFrom(
      Float64Array,
      Float32Array,
      Int32Array,
      Int16Array,
      Int8Array,
      Uint32Array,
      Uint16Array,
      Uint8Array,
      BigInt64Array,
      BigUint64Array,
    ),
  )
  .chain(([shape, type]) => {
    const length = shape.reduce((size, n) => size * n, 1) * type.BYTES_PER_ELEMENT;
    return fc
      .uint8Array({ minLength: length, maxLength: length })
      .map((bytes) => ({ shape, data: new type(bytes.slice().buffer) }) as NdArray | BigNdArray);
  });

/** A file with this header text, padded as NumPy does, and `dataBytes` zero bytes. */
function fileWith(header: string, dataBytes: number): Uint8Array {
  const text = `${header.padEnd(117)}\n`;
  const bytes = new Uint8Array(10 + text.length + dataBytes);
  bytes.set([0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59, 1, 0, text.length, 0]);
  bytes.set(Buffer.from(text, "latin1"), 10);
  return bytes;
}

describe("NPY", () => {
  it("round-trips every type and shape to the bit", () => {
    fc.assert(
      fc.property(arrayArbitrary, (array) => {
        const decoded = decodeAnyNpy(encodeNpy(array));
        expect(decoded.shape).toEqual(array.shape);
        expect(decoded.data.constructor).toBe(array.data.constructor);
        expect(rawBytes(decoded)).toEqual(rawBytes(array));
      }),
    );
  });

  it.each(["prices.values.npy", "prices.r.npy", "prices.n.npy"])(
    "writes the very bytes that NumPy wrote: %s",
    (name) => {
      const bytes = fixture(name);
      expect(Buffer.compare(encodeNpy(decodeNpy(bytes)), bytes)).toBe(0);
    },
  );

  it("decodes bytes at any offset of their buffer", () => {
    const bytes = encodeNpy({ shape: [2], data: Float64Array.of(1.5, -2) });
    for (let offset = 0; offset < 9; offset += 1) {
      const shifted = new Uint8Array(bytes.length + offset);
      shifted.set(bytes, offset);
      expect([...decodeNpy(shifted.subarray(offset)).data]).toEqual([1.5, -2]);
    }
  });

  it("does not copy aligned data", () => {
    const bytes = encodeNpy({ shape: [2], data: Float64Array.of(1, 2) });
    expect(decodeNpy(bytes).data.buffer).toBe(bytes.buffer);
  });

  it("encodes a view without its surroundings", () => {
    const view = Float64Array.of(1, 2, 3, 4).subarray(1, 3);
    expect([...decodeNpy(encodeNpy({ shape: [2], data: view })).data]).toEqual([2, 3]);
  });

  it("starts the data at a multiple of 64 bytes", () => {
    for (const shape of [[], [3], [1, 3], [1, 1, 3]]) {
      const length = shape.reduce((size, n) => size * n, 1);
      const bytes = encodeNpy({ shape, data: new Uint8Array(length) });
      expect((bytes.length - length) % 64).toBe(0);
    }
  });

  it("refuses to encode a shape that does not fit", () => {
    expect(() => encodeNpy({ shape: [3], data: new Float64Array(2) })).toThrow(NpyError);
  });

  it("keeps 64-bit integers away from kernels", () => {
    const bytes = encodeNpy({ shape: [1], data: BigInt64Array.of(1n) });
    expect(() => decodeNpy(bytes)).toThrow("64-bit integers");
  });

  const header = "{'descr': '<f8', 'fortran_order': False, 'shape': (2,), }";

  it("accepts the header that the refusals below are made from", () => {
    expect([...decodeNpy(fileWith(header, 16)).data]).toEqual([0, 0]);
  });

  it.each([
    ["nothing", new Uint8Array(0), "NPY format"],
    ["another format", new Uint8Array(200).fill(80), "NPY format"],
    ["version 2", fileWith(header, 16).with(6, 2), "version 2"],
    ["a header cut short", fileWith(header, 16).subarray(0, 90), "cut short"],
    ["too few data", fileWith(header, 15), "16 bytes but has 15"],
    ["too many data", fileWith(header, 17), "16 bytes but has 17"],
    ["Fortran order", fileWith(header.replace("False", "True"), 16), "Unsupported NPY header"],
    ["big-endian numbers", fileWith(header.replace("<f8", ">f8"), 16), "type >f8"],
    ["Python objects", fileWith(header.replace("<f8", "|O"), 16), "type |O"],
    ["a negative length", fileWith(header.replace("2,", "-2,"), 16), "Unsupported NPY header"],
    ["no dictionary", fileWith("hello", 16), "Unsupported NPY header"],
  ])("refuses %s", (_, bytes, message) => {
    expect(() => decodeNpy(bytes)).toThrow(NpyError);
    expect(() => decodeNpy(bytes)).toThrow(message);
  });

  it("never throws anything but NpyError, whatever byte of a header is wrong", () => {
    fc.assert(
      fc.property(fc.nat({ max: 127 }), fc.nat({ max: 255 }), (at, byte) => {
        try {
          decodeNpy(fileWith(header, 16).with(at, byte));
        } catch (error) {
          expect(error).toBeInstanceOf(NpyError);
        }
      }),
      { numRuns: 2000 },
    );
  });
});
