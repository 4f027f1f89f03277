// Values survive their block to the bit, refuse plainly what cannot, and doubt every byte they are given.
import { isDeepStrictEqual } from "node:util";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeValue } from "./decode-value.ts";
import { encodeValue } from "./encode-value.ts";
import { ArrowBytes, ErrorValue, ValueError } from "./value-format.ts";

const encodeText = (text: string): Uint8Array => new TextEncoder().encode(text);
/** As strict as those of browsers, which refuse shared memory. */
const decodeText = (bytes: Uint8Array): string => {
  if (bytes.buffer instanceof SharedArrayBuffer) throw new TypeError("This memory is shared.");
  return new TextDecoder().decode(bytes);
};
const encode = (value: unknown) => encodeValue(value, { encodeText });
const decode = (bytes: Uint8Array) => decodeValue(bytes, { decodeText });
const roundTrip = (value: unknown): unknown => decode(encode(value));

const typedArray = fc.oneof(
  fc.float64Array({ maxLength: 5 }),
  fc.float32Array({ maxLength: 5 }),
  fc.int8Array({ maxLength: 5 }),
  fc.int16Array({ maxLength: 5 }),
  fc.int32Array({ maxLength: 5 }),
  fc.uint8Array({ maxLength: 5 }),
  fc.uint16Array({ maxLength: 5 }),
  fc.uint32Array({ maxLength: 5 }),
  fc.bigInt64Array({ maxLength: 5 }),
  fc.bigUint64Array({ maxLength: 5 }),
);
const ndArray = fc
  .tuple(fc.array(fc.nat({ max: 3 }), { maxLength: 3 }), fc.constantFrom(Float64Array, Int16Array))
  .map(([shape, type]) => ({ shape, data: new type(shape.reduce((size, n) => size * n, 1)) }));
const name = fc.oneof(
  fc.string({ unit: "binary" }),
  fc.constantFrom("$", "__proto__", "then", "shape", "data", "toJSON", "constructor"),
);
const { value: anyValue } = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 4, withCrossShrink: true },
    fc.oneof(
      fc.double(),
      fc.string({ unit: "binary" }),
      fc.boolean(),
      fc.constantFrom(null, undefined, -0, "$", "\ud800"),
      fc.bigInt(),
      fc.date(),
      typedArray,
      ndArray,
    ),
    fc.array(tie("value"), { maxLength: 4 }),
    fc.array(fc.tuple(name, tie("value")), { maxLength: 4 }).map(Object.fromEntries<unknown>),
    fc.array(fc.tuple(name, tie("value")), { maxLength: 3 }).map((list) => new Map(list)),
    fc.array(tie("value"), { maxLength: 3 }).map((list) => new Set(list)),
  ),
}));

describe("round trips", () => {
  it("gives back every value that travels, to the bit", () => {
    fc.assert(
      fc.property(anyValue, (value) => {
        const back = roundTrip(value);
        if (!isDeepStrictEqual(back, value)) expect(back).toStrictEqual(value);
      }),
      { numRuns: 2_000 },
    );
  });

  it("decodes at any offset of its buffer and from shared memory", () => {
    const value = { x: Float64Array.of(1, 2), y: Int16Array.of(3), s: "é" };
    const bytes = encode(value);
    for (let offset = 0; offset < 9; offset += 1) {
      const shifted = new Uint8Array(new SharedArrayBuffer(bytes.length + offset));
      shifted.set(bytes, offset);
      expect(decode(shifted.subarray(offset))).toEqual(value);
    }
  });

  it("does not copy nested arrays when it decodes", () => {
    const bytes = encode({ text: "abc", list: [Float64Array.of(1), Float64Array.of(2)] });
    const { list } = decode(bytes) as { list: Float64Array[] };
    expect(list.map(({ buffer }) => buffer === bytes.buffer)).toEqual([true, true]);
  });

  it("turns an ArrayBuffer, a Buffer and clamped bytes into bytes", () => {
    const bytes = Uint8Array.of(1, 2);
    expect(roundTrip(bytes.buffer)).toEqual(bytes);
    expect(roundTrip({ a: Buffer.from(bytes), b: new Uint8ClampedArray(bytes) })).toEqual({
      a: bytes,
      b: bytes,
    });
  });

  it("keeps errors with name, message and stack, at the top and within", () => {
    const error = new RangeError("too far");
    for (const back of [roundTrip(error), (roundTrip([error]) as unknown[])[0]]) {
      expect(back).toBeInstanceOf(Error);
      const { message, stack } = error;
      expect(back).toMatchObject({ name: "RangeError", message, stack });
    }
    const thrown = new ErrorValue({ name: "TypeError", message: "no", stack: "at x" });
    expect(roundTrip(thrown)).toEqual(thrown);
    expect(roundTrip([thrown])).toEqual([thrown]);
  });

  it("carries Arrow bytes as they are", () => {
    const table = new ArrowBytes(Uint8Array.of(255, 255, 255, 255, 0));
    expect(roundTrip(table)).toEqual(table);
    expect(roundTrip({ table })).toEqual({ table });
  });

  it("does not let a member __proto__ become a prototype", () => {
    const value: unknown = JSON.parse('{"__proto__": {"isAdmin": true}}');
    const back = roundTrip(value) as { isAdmin?: boolean };
    expect(back.isAdmin).toBeUndefined();
    expect(Object.hasOwn(back, "__proto__")).toBe(true);
  });
});

describe("references", () => {
  class Future {
    readonly ref: number;
    readonly item: number | undefined;

    constructor(ref: number, item?: number) {
      this.ref = ref;
      this.item = item;
    }
  }

  const toReference = (value: object) => {
    if (!(value instanceof Future)) return null;
    return { ref: value.ref, ...(value.item === undefined ? {} : { item: value.item }) };
  };

  it("stand for other blocks anywhere within arguments", () => {
    const args = [
      new Future(0),
      { deep: [new Future(1, 7)] },
      "plain",
      new Map([["k", new Future(2)]]),
    ];
    const bytes = encodeValue(args, { encodeText, toReference });
    const back = decodeValue(bytes, { decodeText, resolve: (ref, item) => `${ref}/${item}` });
    expect(back).toEqual([
      "0/undefined",
      { deep: ["1/7"] },
      "plain",
      new Map([["k", "2/undefined"]]),
    ]);
    const alone = encodeValue(new Future(3), { encodeText, toReference });
    expect(decodeValue(alone, { decodeText, resolve: (ref) => ref })).toBe(3);
  });

  it("cannot be forged by a value that looks like one", () => {
    const value = { $: "ref", ref: 0 };
    const resolve = (): never => {
      throw new Error("resolved");
    };
    expect(decodeValue(encode([value]), { decodeText, resolve })).toEqual([value]);
  });

  it("are refused where nothing can resolve them", () => {
    const bytes = encodeValue([new Future(0)], { encodeText, toReference });
    expect(() => decode(bytes)).toThrow("refers to another block");
  });
});

describe("what cannot travel", () => {
  class Point {
    x = 1;
  }

  const cycle: unknown[] = [];
  cycle.push({ back: cycle });
  let deep: unknown = null;
  for (let i = 0; i < 600; i += 1) deep = [deep];

  it.each<[string, unknown, string]>([
    ["a function", { a: { "b c": [() => 1] } }, 'args.a["b c"][0] is a function.'],
    ["a symbol", [Symbol("x")], "args[0] is a symbol."],
    ["a class instance", [{ point: new Point() }], "args[0].point is an instance of Point"],
    ["a promise", [Promise.resolve(1)], "args[0] is a promise. Await it first."],
    ["a cycle", cycle, "args[0].back contains itself."],
    ["deep nesting", deep, "nested more than 500 levels"],
    ["a DataView", [new DataView(new ArrayBuffer(8))], "args[0] is a DataView"],
    ["a weak map at the top", new WeakMap(), "args is an instance of WeakMap"],
  ])("%s is refused with its place and a way out", (_, value, message) => {
    const run = () => encodeValue(value, { encodeText, name: "args" });
    expect(run).toThrow(ValueError);
    expect(run).toThrow(message);
  });

  it("takes a value twice that is no cycle", () => {
    const shared = { x: 1 };
    expect(roundTrip([shared, shared])).toEqual([shared, shared]);
  });
});

describe("the bytes", () => {
  const header = (descr: string, shape: string): string =>
    `\x93NUMPY\x01\x00v\x00${`{'descr': ${descr}, 'fortran_order': False, 'shape': ${shape}, }`.padEnd(117)}\n`;
  const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString("latin1");

  // The headers are what NumPy 1.24 writes for arrays of these types.
  it("have the header that NumPy writes for a structured type", () => {
    expect(latin1(encode("héllo"))).toBe(
      header("[('value', '|u1')]", "(12,)") + '\x08\0\0\0"h\xc3\xa9llo"',
    );
    const error = { name: "E", message: "m", stack: "s" };
    expect(latin1(encode(new ErrorValue(error)))).toBe(
      header("[('error', '|u1')]", "(38,)") + JSON.stringify(error),
    );
    expect(latin1(encode(new ArrowBytes(Uint8Array.of(65, 66))))).toBe(
      header("[('arrow', '|u1')]", "(2,)") + "AB",
    );
  });

  it("are plain arrays for numbers and arrays", () => {
    expect(latin1(encode(2))).toBe(`${header("'<f8'", "()")}\0\0\0\0\0\0\0@`);
    expect(latin1(encode(BigInt64Array.of(1n)))).toBe(
      `${header("'<i8'", "(1,)")}\x01\0\0\0\0\0\0\0`,
    );
    expect(latin1(encode({ shape: [1, 2], data: Int8Array.of(1, -1) }))).toBe(
      `${header("'|i1'", "(1, 2)")}\x01\xff`,
    );
  });

  it("are doubted: any wrong byte gives a value or a ValueError", () => {
    const value = { a: [1, "x", Float64Array.of(1)], d: new Date(0), m: new Map([[1, 2n]]) };
    const bytes = encode([value, new ErrorValue({ name: "", message: "", stack: "" })]);
    fc.assert(
      fc.property(fc.nat({ max: bytes.length - 1 }), fc.nat({ max: 255 }), (at, byte) => {
        try {
          decode(bytes.with(at, byte));
        } catch (error) {
          expect(error).toBeInstanceOf(ValueError);
        }
      }),
      { numRuns: 5_000 },
    );
  });

  it("are doubted: any text gives a value or a ValueError", () => {
    const plain = encode("");
    const withText = (text: string): Uint8Array => {
      const json = encodeText(text);
      const bytes = new Uint8Array(128 + 4 + json.length);
      bytes.set(Buffer.from(header("[('value', '|u1')]", `(${4 + json.length},)`), "latin1"));
      new DataView(bytes.buffer).setUint32(128, json.length, true);
      bytes.set(json, 132);
      return bytes;
    };
    expect(withText('""')).toEqual(plain);
    const tag = fc.constantFrom("undefined", "number", "bigint", "date", "map", "set", "error");
    const other = fc.constantFrom("object", "block", "ref", "x", "");
    const node = fc.record(
      {
        $: fc.oneof(tag, other),
        of: fc.jsonValue(),
        at: fc.jsonValue(),
        size: fc.nat(),
        ref: fc.nat(),
      },
      { requiredKeys: ["$"] },
    );
    fc.assert(
      fc.property(
        fc.oneof(
          node.map((tagged) => JSON.stringify([tagged])),
          fc.string(),
        ),
        (text) => {
          try {
            decode(withText(text));
          } catch (error) {
            expect(error).toBeInstanceOf(ValueError);
          }
        },
      ),
      {
        numRuns: 5_000,
        // An object in the place of a text cannot always be made one.
        examples: ["number", "bigint"].map((tag) => [`{"$":"${tag}","of":{"toString":""}}`]),
      },
    );
    expect(() => decode(withText("[".repeat(100_000) + "]".repeat(100_000)))).toThrow(ValueError);
  });
});
