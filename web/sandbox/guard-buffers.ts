// Puts counting constructors and methods in the places of those that make buffers, before functions of users come.
import { countClone } from "./count-clone.ts";
import type { MemoryBudget } from "./memory-budget.ts";
import { type Getter, guardMethod, guardType, getterOf, toNumber } from "./stand-ins.ts";

// What is used while functions of users run is kept before: they may put their own in its place.
const { apply, construct } = Reflect;
const TypeErrorType = TypeError;
// oxlint-disable-next-line typescript/unbound-method -- It has no need of `this`.
const { isView } = ArrayBuffer;
const Bytes = Uint8Array;

const TYPED_ARRAYS = [
  "Int8Array",
  "Uint8Array",
  "Uint8ClampedArray",
  "Int16Array",
  "Uint16Array",
  "Int32Array",
  "Uint32Array",
  "Float16Array",
  "Float32Array",
  "Float64Array",
  "BigInt64Array",
  "BigUint64Array",
];
/** Up to this size engines keep a typed array's elements within the heap, which is their own to bound. */
const IN_HEAP_BYTES_MAX = 64;

type AnyConstructor = new (...args: never) => object;
type BufferSizes = Omit<Buffers, "countMade">;
type Scope = Readonly<Record<string, unknown>>;

/** How views and buffers are looked at and counted, whatever their prototypes have become. */
export interface Buffers {
  /** The ArrayBuffer or SharedArrayBuffer under a view; anything else is returned. */
  readonly bufferOf: (made: object) => object;
  /** The bytes of a view or buffer, as the engine itself sees them; null for other objects. */
  readonly bytesOf: (source: object) => Uint8Array | null;
  /** Bytes that a buffer has; undefined for other objects. */
  readonly sizeOf: (buffer: object) => number | undefined;
  /** The same or, when it is resizable, what it may come to have. */
  readonly largestSizeOf: (buffer: object) => number | undefined;
  /** Counts what an engine's own method made, unless it is no buffer or counted already; returns it. */
  readonly countMade: <T>(made: T) => T;
}

/** All of the types in `scope`, which is a global object that no function of a user has seen yet. */
export function guardBuffers(scope: object, budget: MemoryBudget): Buffers {
  const global = scope as Scope & { ArrayBuffer: typeof ArrayBuffer };
  const Shared = sharedArrayBuffer(global);
  const typedArray = Object.getPrototypeOf(
    (global["Uint8Array"] as typeof Uint8Array).prototype,
  ) as object;
  const sizes = bufferSizes(global.ArrayBuffer, Shared, typedArray);

  const countMade = <T>(made: T): T => {
    if (typeof made !== "object" || made === null || made === budget.newest) return made;
    const buffer = sizes.bufferOf(made);
    const bytes = sizes.largestSizeOf(buffer);
    if (bytes === undefined || bytes <= IN_HEAP_BYTES_MAX || budget.isMarked(buffer)) return made;
    budget.admit(bytes);
    if (budget.count(bytes)) budget.mark(buffer);
    return made;
  };

  for (const name of TYPED_ARRAYS) guardTypedArray(global, name, typedArray, budget);
  guardBufferType(scope, "ArrayBuffer", global.ArrayBuffer, sizes, budget);
  if (Shared !== null) guardBufferType(scope, "SharedArrayBuffer", Shared, sizes, budget);

  const makers: [holder: object | undefined, names: string[]][] = [
    [typedArray, ["slice", "map", "filter", "toReversed", "toSorted", "with"]],
    [global.ArrayBuffer.prototype, ["slice", "sliceToImmutable"]],
    [Shared?.prototype, ["slice"]],
    [global["Uint8Array"] as object, ["fromBase64", "fromHex"]],
    [(global["TextEncoder"] as typeof TextEncoder | undefined)?.prototype, ["encode"]],
  ];
  for (const [holder, names] of makers) {
    for (const name of names) guardMethod(holder, name, (call, args) => countMade(call(args)));
  }
  for (const name of ["transfer", "transferToFixedLength", "transferToImmutable"]) {
    guardMethod(global.ArrayBuffer.prototype, name, (call, args) => {
      if (args[0] === undefined) return countMade(call([]));
      const length = toNumber(args[0]);
      budget.admit(length);
      return countMade(call([length]));
    });
  }
  guardMethod(scope, "structuredClone", (call, args) => {
    const clone = call(args);
    countClone(clone, countMade);
    return clone;
  });
  return { ...sizes, countMade };
}

/** Its global is hidden in pages that are not isolated, but not the type of what WebAssembly shares. */
function sharedArrayBuffer(global: Scope): typeof SharedArrayBuffer | null {
  const wasm = global["WebAssembly"] as typeof WebAssembly | undefined;
  try {
    const memory = wasm && new wasm.Memory({ initial: 0, maximum: 0, shared: true });
    return (memory?.buffer.constructor ?? null) as typeof SharedArrayBuffer | null;
  } catch {
    return null;
  }
}

function bufferSizes(
  Own: typeof ArrayBuffer,
  Shared: typeof SharedArrayBuffer | null,
  typedArray: object,
): BufferSizes {
  const tagOfView = getterOf(typedArray, Symbol.toStringTag);
  const asView = viewGetters(typedArray);
  const asDataView = viewGetters(DataView.prototype);
  const gettersOf = (view: unknown): ViewGetters =>
    apply(tagOfView, view, []) === undefined ? asDataView : asView;
  const sizesBy = (name: "byteLength" | "maxByteLength"): Getter[] =>
    [Own, Shared].flatMap((type) => {
      if (type === null) return [];
      // Older browsers have no resizable buffers.
      return [getterOf(type.prototype, name in type.prototype ? name : "byteLength")];
    });
  const sizeOf = askFirst(sizesBy("byteLength"));
  return {
    sizeOf,
    largestSizeOf: askFirst(sizesBy("maxByteLength")),
    bufferOf: (made) => (isView(made) ? (apply(gettersOf(made).buffer, made, []) as object) : made),
    bytesOf(source) {
      if (!isView(source)) {
        return sizeOf(source) === undefined ? null : new Bytes(source as ArrayBuffer);
      }
      const { buffer, byteOffset, byteLength } = gettersOf(source);
      return new Bytes(
        apply(buffer, source, []) as ArrayBuffer,
        apply(byteOffset, source, []) as number,
        apply(byteLength, source, []) as number,
      );
    },
  };
}

type ViewGetters = Readonly<Record<"buffer" | "byteOffset" | "byteLength", Getter>>;

const viewGetters = (prototype: object): ViewGetters => ({
  buffer: getterOf(prototype, "buffer"),
  byteOffset: getterOf(prototype, "byteOffset"),
  byteLength: getterOf(prototype, "byteLength"),
});

/** What the one of these getters says that knows the object. */
function askFirst([own, shared]: readonly Getter[]): (buffer: object) => number | undefined {
  const ask = (getter: Getter | undefined, buffer: object): number | undefined => {
    try {
      return getter && (apply(getter, buffer, []) as number);
    } catch {
      return undefined;
    }
  };
  return (buffer) => ask(own, buffer) ?? ask(shared, buffer);
}

function guardTypedArray(
  global: Scope,
  name: string,
  typedArray: object,
  budget: MemoryBudget,
): void {
  const Native = global[name] as (new (...args: unknown[]) => object) & {
    readonly BYTES_PER_ELEMENT: number;
  };
  if (Native === undefined) return;
  const { BYTES_PER_ELEMENT: width } = Native;
  const tagOf = getterOf(typedArray, Symbol.toStringTag);
  const lengthOf = getterOf(typedArray, "length");
  const bytesOf = getterOf(typedArray, "byteLength");
  const bufferOf = getterOf(typedArray, "buffer");

  const count = (view: object, bytes: number): object => {
    budget.newest = view;
    if (budget.count(bytes)) budget.mark(apply(bufferOf, view, []) as object);
    return view;
  };
  /** From values, whose number is known afterwards, or as a view of a buffer. */
  const makeFrom = (args: readonly unknown[], target: AnyConstructor): object => {
    const source = args[0];
    if (isView(source) && apply(tagOf, source, []) !== undefined) {
      budget.admit((apply(lengthOf, source, []) as number) * width);
    }
    const view =
      target === (Guarded as unknown)
        ? new Native(source, args[1], args[2])
        : construct(Native, args, target);
    const bytes = apply(bytesOf, view, []) as number;
    if (bytes <= IN_HEAP_BYTES_MAX || apply(bufferOf, view, []) === source) return view;
    budget.admit(bytes);
    return count(view, bytes);
  };

  function Guarded(first?: unknown, second?: unknown, third?: unknown): object {
    const target = new.target as unknown as AnyConstructor | undefined;
    if (target === undefined) throw new TypeErrorType(`Constructor ${name} requires 'new'`);
    if (typeof first !== "number") return makeFrom([first, second, third], target);
    const bytes = first > 0 ? first * width : 0;
    budget.admit(bytes);
    const isPlain = target === (Guarded as unknown);
    return count(isPlain ? new Native(first) : construct(Native, [first], target), bytes);
  }
  guardType(global, name, Native, Guarded);
}

/** Resizable buffers count as what they may grow to. */
function guardBufferType(
  scope: object,
  name: string,
  Native: typeof ArrayBuffer | typeof SharedArrayBuffer,
  { largestSizeOf }: BufferSizes,
  budget: MemoryBudget,
): void {
  const count = (buffer: object, bytes: number): object => {
    budget.newest = buffer;
    if (budget.count(bytes)) budget.mark(buffer);
    return buffer;
  };
  function Guarded(length?: unknown, ...rest: unknown[]): object {
    const target = new.target as unknown as AnyConstructor | undefined;
    if (target === undefined) throw new TypeErrorType(`Constructor ${name} requires 'new'`);
    const options = rest[0];
    const size = toNumber(length);
    let max: number | undefined;
    // Read once: asked again, an object might say something else.
    if (typeof options === "object" && options !== null) {
      const given = (options as { maxByteLength?: unknown }).maxByteLength;
      if (given !== undefined) max = toNumber(given);
    }
    budget.admit(max === undefined ? size : max);
    if (max === undefined && target === (Guarded as unknown)) {
      return count(new Native(size), size > 0 ? size : 0);
    }
    const args = max === undefined ? [size] : [size, { __proto__: null, maxByteLength: max }];
    const buffer = construct(Native, args, target) as object;
    return count(buffer, largestSizeOf(buffer) ?? 0);
  }
  guardType(scope, name, Native, Guarded);
}
