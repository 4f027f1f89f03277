// Functions that take more memory than they may: as accidents go, and on ways round the limit.

/**
 * Sent as text. Each hoards far more than a thread may hold and says how much it got; what they share is in
 * `tools`, which travels with them.
 */
export type Bomb = (tools: BombTools) => unknown;

export interface BombTools {
  /** A WebAssembly module with a memory of its own, which only its function `grow` can make larger. */
  readonly grower: Uint8Array<ArrayBuffer>;
  /** The same with its memory exported. */
  readonly exporter: Uint8Array<ArrayBuffer>;
}

/** What buffers can do in newer browsers, and in this one. */
interface NewBuffer extends ArrayBuffer {
  readonly maxByteLength: number;
  resize(bytes: number): void;
  transfer(bytes?: number): NewBuffer;
}
type NewBufferType = new (bytes: number, options?: { maxByteLength: number }) => NewBuffer;

const memorySection = [5, 3, 1, 0, 1];
const growFunction = [10, 8, 1, 6, 0, 32, 0, 64, 0, 11];
const head = [0, 97, 115, 109, 1, 0, 0, 0, 1, 6, 1, 96, 1, 127, 1, 127, 3, 2, 1, 0];
const exportGrow = [4, 103, 114, 111, 119, 0, 0];
const exportMemory = [6, 109, 101, 109, 111, 114, 121, 2, 0];

export const bombTools: BombTools = {
  grower: Uint8Array.from([
    ...head,
    ...memorySection,
    7,
    1 + exportGrow.length,
    1,
    ...exportGrow,
    ...growFunction,
  ]),
  exporter: Uint8Array.from([
    ...head,
    ...memorySection,
    7,
    1 + exportGrow.length + exportMemory.length,
    2,
    ...exportGrow,
    ...exportMemory,
    ...growFunction,
  ]),
};

/** Ordinary ways to take too much. */
export const bombs: Readonly<Record<string, Bomb>> = {
  "one large buffer": () => new ArrayBuffer(2 ** 31).byteLength,

  "large buffers": () => {
    const hoard: unknown[] = [];
    for (let i = 0; i < 2 ** 7; i += 1) hoard.push(new ArrayBuffer(2 ** 24));
    return hoard.length;
  },

  "arrays of some kilobytes": () => {
    const hoard: unknown[] = [];
    for (let i = 0; i < 2 ** 19; i += 1) hoard.push(new Float64Array(2 ** 9));
    return hoard.length;
  },

  "arrays made from others": () => {
    const values = Array.from({ length: 2 ** 20 }, (_, i) => i);
    const typed = Float64Array.from(values);
    const ways: readonly (() => unknown)[] = [
      () => Float64Array.from(values),
      () => new Float64Array(values),
      () => new Float64Array(typed),
      () => new Float64Array(typed.buffer.slice(0)),
      () => typed.slice(),
      () => typed.map((x) => 2 * x),
      () => typed.filter(() => true),
      () => typed.toSorted(),
      () => typed.toReversed(),
      () => typed.with(0, 1),
      () => structuredClone(typed),
      () => structuredClone(new Map([[typed, [{ typed }]]])),
    ];
    // Most of the limit is taken, so that the rest is soon.
    const hoard: unknown[] = [new ArrayBuffer(15 * 2 ** 26)];
    for (const way of ways) {
      hoard.length = 1;
      try {
        for (let i = 0; i < 2 ** 5; i += 1) hoard.push(way());
        return `a way: ${String(way)}`;
      } catch (error) {
        if (!/too much memory/.test(String(error))) throw error;
      }
    }
    throw new RangeError("too much memory, all ways");
  },

  "resizable buffers": () => {
    const hoard: unknown[] = [];
    const Buffer = ArrayBuffer as unknown as NewBufferType;
    for (let i = 0; i < 32; i += 1) {
      const buffer = new Buffer(1, { maxByteLength: 2 ** 27 });
      hoard.push(buffer);
      buffer.resize(2 ** 27);
    }
    return hoard.length;
  },

  "buffers that are passed on": () => {
    const hoard: unknown[] = [];
    for (let i = 0; i < 2 ** 7; i += 1) {
      const buffer = new (ArrayBuffer as unknown as NewBufferType)(2 ** 24);
      hoard.push(i % 2 === 0 ? buffer.transfer() : structuredClone(buffer, { transfer: [buffer] }));
    }
    return hoard.length;
  },

  "a buffer that is passed on as a larger one": () =>
    new (ArrayBuffer as unknown as NewBufferType)(8).transfer(2 ** 31).byteLength,

  texts: () => {
    const hoard: unknown[] = [new ArrayBuffer(15 * 2 ** 26)];
    const text = "x".repeat(2 ** 24);
    const encoder = new TextEncoder();
    for (let i = 0; i < 2 ** 4; i += 1) hoard.push(encoder.encode(text));
    return hoard.length;
  },

  "a memory of WebAssembly": () => new WebAssembly.Memory({ initial: 20_000 }).buffer.byteLength,

  "memories of WebAssembly that grow": () => {
    const hoard: WebAssembly.Memory[] = [];
    for (let i = 0; i < 32; i += 1) {
      const memory = new WebAssembly.Memory({ initial: 1 });
      hoard.push(memory);
      memory.grow(2_000);
    }
    return hoard.length;
  },

  "modules whose memories grow": ({ exporter }) => {
    const hoard: unknown[] = [];
    const module = new WebAssembly.Module(exporter);
    for (let i = 0; i < 64; i += 1) {
      const { exports } = new WebAssembly.Instance(module);
      hoard.push(exports);
      (exports["grow"] as (pages: number) => number)(2_000);
    }
    return hoard.length;
  },

  "shared memory": () => {
    const hoard: unknown[] = [];
    for (let i = 0; i < 32; i += 1) {
      const limits = { initial: 2_000, maximum: 2_000, shared: true };
      hoard.push(new WebAssembly.Memory(limits));
    }
    return hoard.length;
  },

  "a bit in each turn": async () => {
    const hoard: unknown[] = [];
    for (let i = 0; i < 2 ** 7; i += 1) {
      hoard.push(new ArrayBuffer(2 ** 24));
      await new Promise((resolve) => setTimeout(resolve, 0));
    }
    return hoard.length;
  },
};

/** Ways round the limit. */
export const goRounds: Readonly<Record<string, Bomb>> = {
  "types found by what they made": () => {
    const made = [
      new ArrayBuffer(1),
      new Uint8Array(1),
      new Uint8Array(1).buffer,
      new Uint8Array(100).slice(),
      new Uint8Array(100).toReversed(),
      structuredClone(new Uint8Array(100)),
      new TextEncoder().encode("x".repeat(100)),
      new WebAssembly.Memory({ initial: 1 }).buffer,
      new WebAssembly.Memory({ initial: 1, maximum: 1, shared: true }).buffer,
    ];
    for (const one of made) {
      for (
        let holder = one as object | null;
        holder !== null;
        holder = Object.getPrototypeOf(holder) as object | null
      ) {
        const types = [holder.constructor, Object.getPrototypeOf(holder.constructor)];
        for (const Type of types as (new (size: number) => unknown)[]) {
          const hoard: unknown[] = [];
          try {
            for (let i = 0; i < 2 ** 7; i += 1) hoard.push(new Type(2 ** 24));
            if (ArrayBuffer.isView(hoard[0]) || String(hoard[0]).includes("ArrayBuffer")) {
              return `got ${String(Type)}`;
            }
          } catch (error) {
            if (!/too much memory|abstract|illegal|not a constructor/i.test(String(error)))
              throw error;
          }
        }
      }
    }
    throw new RangeError("too much memory, all types");
  },

  "constructors by Reflect and by subclasses": () => {
    class Bytes extends Uint8Array {}
    class Buffer extends ArrayBuffer {}
    const ways: readonly (() => unknown)[] = [
      () => new Bytes(2 ** 24),
      () => new Buffer(2 ** 24),
      () => Bytes.from({ length: 2 ** 20 }),
      () => Reflect.construct(ArrayBuffer, [2 ** 24], Object),
      () => Reflect.construct(Uint8Array, [2 ** 24], Array),
      // oxlint-disable-next-line no-eval -- As any function may.
      () => new ((0, eval)("globalThis.ArrayBuffer") as typeof ArrayBuffer)(2 ** 24),
    ];
    const hoard: unknown[] = [new ArrayBuffer(15 * 2 ** 26)];
    for (const way of ways) {
      hoard.length = 1;
      try {
        for (let i = 0; i < 2 ** 7; i += 1) hoard.push(way());
        return `a way: ${String(way)}`;
      } catch (error) {
        if (!/too much memory/.test(String(error))) throw error;
      }
    }
    throw new RangeError("too much memory, all ways");
  },

  "arrays that deny their type": () => {
    const hoard: unknown[] = [];
    const array = new Float64Array(2 ** 20);
    Object.defineProperty(array, "constructor", { value: undefined });
    Object.defineProperty(array.buffer, "constructor", {
      get: () => ({ [Symbol.species]: null }),
    });
    for (let i = 0; i < 2 ** 8; i += 1) hoard.push(array.slice(), array.buffer.slice(0));
    return hoard.length;
  },

  "sizes that are no numbers, or change": () => {
    const liar = (first: number, then: number) => {
      let asked = 0;
      return {
        [Symbol.toPrimitive]: () => {
          asked += 1;
          return asked === 1 ? first : then;
        },
      } as unknown as number;
    };
    const nan = new Float64Array(Number.NaN);
    const options = {
      asked: 0,
      get maxByteLength() {
        this.asked += 1;
        return this.asked === 1 ? 2 ** 20 : 2 ** 27;
      },
    };
    const hoard: unknown[] = [nan];
    const Buffer = ArrayBuffer as unknown as NewBufferType;
    for (let i = 0; i < 2 ** 7; i += 1) {
      hoard.push(new Buffer(liar(2 ** 24, 2 ** 24)));
      options.asked = 0;
      const buffer = new Buffer(1, options);
      hoard.push(buffer);
      buffer.resize(Math.min(2 ** 27, buffer.maxByteLength));
      hoard.push(new Buffer(1).transfer(liar(1, 2 ** 27)));
    }
    return hoard.length;
  },

  "a language turned inside out": () => {
    const evil = (): never => {
      throw new Error("evil");
    };
    const anything = globalThis as unknown as Record<
      string,
      { prototype: Record<string, unknown> }
    >;
    const hoard: unknown[] = [];
    const taken = { push: hoard.push.bind(hoard), ArrayBuffer };
    for (const name of [
      "WeakRef",
      "Array",
      "Map",
      "Set",
      "WeakSet",
      "WeakMap",
      "Number",
      "Uint8Array",
    ]) {
      const type = anything[name];
      if (type === undefined) continue;
      for (const member of Object.getOwnPropertyNames(type.prototype)) {
        if (member === "length") continue;
        // Some cannot be changed, which is as well.
        Reflect.defineProperty(type.prototype, member, { value: evil, configurable: true });
      }
    }
    Reflect.defineProperty(Array.prototype, Symbol.iterator, { value: evil });
    Reflect.construct = evil;
    Reflect.apply = evil;
    Math.random = () => 1e9;
    anything["WeakRef"] = Object as never;
    (globalThis as unknown as { setTimeout: unknown }).setTimeout = evil;
    for (let i = 0; i < 2 ** 7; i += 1) taken.push(new taken.ArrayBuffer(2 ** 24));
    return hoard.length;
  },

  "refusals that are not heard": () => {
    const hoard: ArrayBuffer[] = [];
    for (let i = 0; i < 2 ** 7; i += 1) {
      try {
        hoard.push(new ArrayBuffer(2 ** 24));
      } catch {
        // On.
      }
    }
    const taken = hoard.length * 2 ** 24;
    if (taken > 2 ** 30) return taken;
    throw new RangeError("too much memory, and no more");
  },

  "modules that hide their memory": async ({ grower }) => {
    const hoard: unknown[] = [];
    for (let i = 0; i < 64; i += 1) {
      const { instance } = await WebAssembly.instantiate(grower);
      hoard.push(instance);
      const grow = instance.exports["grow"] as (pages: number) => number;
      if (grow(20_000) !== -1) return "grew beyond the limit at once";
      grow(2_000);
    }
    return hoard.length;
  },

  "sections of modules": () => {
    const size = 2 ** 20;
    const digits = [size & 127, (size >> 7) & 127, size >> 14].map((x, i) => (i < 2 ? x | 128 : x));
    const module = new Uint8Array(9 + digits.length + size);
    module.set([0, 97, 115, 109, 1, 0, 0, 0, 0, ...digits, 1, 120]);
    const compiled = new WebAssembly.Module(module);
    const hoard: unknown[] = [];
    for (let i = 0; i < 2 ** 11; i += 1) {
      hoard.push(WebAssembly.Module.customSections(compiled, "x"));
    }
    return hoard.length;
  },
};

/** What may take as much as it likes of the heap, which only the browser bounds. */
export const heapBombs: Readonly<Record<string, () => unknown>> = {
  "arrays of arrays": () => {
    const hoard: unknown[] = [];
    for (;;) hoard.push(Array.from({ length: 100 }, () => Array<number>(100_000).fill(0.5)));
  },
  "a map": () => {
    const hoard = new Map<number, unknown>();
    for (let i = 0; ; i += 1) hoard.set(i, { i, numbers: Array<number>(10_000).fill(i + 0.5) });
  },
};
