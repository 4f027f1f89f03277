// Turns a value into the bytes of a block; says plainly what cannot travel, and where it is.
import { npyHeader, NpyError, npyParts, type NdArray } from "../codecs/npy.ts";
import { remoteError } from "../graph/remote-error.ts";
import type { EncodeText } from "../graph/task-key.ts";
import {
  ArrowBytes,
  DEPTH_MAX,
  descrOf,
  ErrorValue,
  padded,
  TAG,
  ValueError,
  type ValueField,
} from "./value-format.ts";

export interface Reference {
  /** Which of the blocks that the value refers to. */
  readonly ref: number;
  /** An element of the array in that block. */
  readonly item?: number;
}

export interface EncodeOptions {
  readonly encodeText: EncodeText;
  /** Recognises objects that stand for the value of another block. */
  readonly toReference?: (value: object) => Reference | null;
  /** What errors call the whole value: "args" gives "args[0].b". */
  readonly name?: string;
}

/** The block of a value, in a buffer of its own. Throws ValueError. */
export function encodeValue(value: unknown, options: EncodeOptions): Uint8Array<ArrayBuffer> {
  return joined(new ValueEncoder(options).block(value));
}

type Parts = readonly Uint8Array[];

const sizeOf = (parts: Parts): number => parts.reduce((size, part) => size + part.length, 0);

function joined(parts: Parts): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(sizeOf(parts));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

const field = (name: ValueField, parts: Parts): Parts => [
  npyHeader(descrOf(name), [sizeOf(parts)]),
  ...parts,
];

class ValueEncoder {
  readonly #options: EncodeOptions;
  /** Where the encoder is: member names and indices from the whole value down. */
  readonly #trail: (string | number)[] = [];
  readonly #ancestors = new Set<object>();
  readonly #attachments: Uint8Array[] = [];
  #attachedBytes = 0;

  constructor(options: EncodeOptions) {
    this.#options = options;
  }

  block(value: unknown): Parts {
    if (typeof value === "number") return npyParts({ shape: [], data: Float64Array.of(value) });
    if (isObject(value) && !this.#reference(value)) {
      const parts = this.#bytesOf(value);
      if (parts !== null) return parts;
    }
    const text = this.#options.encodeText(this.#json(value));
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, text.length, true);
    if (this.#attachments.length === 0) return field("value", [length, text]);
    const padding = new Uint8Array(padded(4 + text.length) - 4 - text.length);
    return field("value", [length, text, padding, ...this.#attachments]);
  }

  #reference(value: object): Reference | null {
    return this.#options.toReference?.(value) ?? null;
  }

  /** The block of a value that is bytes already; null for one that is described in JSON. */
  #bytesOf(value: object): Parts | null {
    if (value instanceof ArrowBytes) return field("arrow", [value.bytes]);
    if (value instanceof ErrorValue) {
      return field("error", [this.#options.encodeText(JSON.stringify(value.error))]);
    }
    const array = asArray(value);
    if (array === null) return null;
    try {
      return npyParts(array);
    } catch (error) {
      if (!(error instanceof NpyError)) throw error;
      throw this.#refusal(
        `is a ${array.data.constructor.name}, which has no NPY type`,
        "Copy it into another typed array",
      );
    }
  }

  #json(value: unknown): string {
    switch (typeof value) {
      case "string":
      case "boolean":
        return JSON.stringify(value);
      case "number":
        if (Number.isFinite(value) && !Object.is(value, -0)) return String(value);
        return tagged("number", JSON.stringify(Object.is(value, -0) ? "-0" : String(value)));
      case "undefined":
        return '{"$":"undefined"}';
      case "bigint":
        return tagged("bigint", JSON.stringify(value.toString(16)));
      case "function":
        throw this.#refusal("is a function", "Only data travels: send what it returns");
      case "symbol":
        throw this.#refusal("is a symbol", "Send a string");
      case "object":
      default:
        return isObject(value) ? this.#object(value) : "null";
    }
  }

  #object(value: object): string {
    const reference = this.#reference(value);
    if (reference !== null) {
      const { ref, item } = reference;
      return `{"$":"ref","ref":${ref}${item === undefined ? "" : `,"item":${item}`}}`;
    }
    const parts = this.#bytesOf(value);
    if (parts !== null) return this.#attached(parts);
    if (value instanceof Date) return tagged("date", JSON.stringify(value.getTime()));
    if (value instanceof Error) return tagged("error", JSON.stringify(remoteError(value)));
    return this.#nested(value);
  }

  #attached(parts: Parts): string {
    const size = sizeOf(parts);
    const at = this.#attachedBytes;
    this.#attachments.push(...parts, new Uint8Array(padded(size) - size));
    this.#attachedBytes += padded(size);
    return `{"$":"block","at":${at},"size":${size}}`;
  }

  #nested(value: object): string {
    if (this.#ancestors.has(value)) {
      throw this.#refusal("contains itself", "Send a tree: values without cycles");
    }
    if (this.#ancestors.size >= DEPTH_MAX) {
      throw this.#refusal(`is nested more than ${DEPTH_MAX} levels deep`, "Send a flatter value");
    }
    this.#ancestors.add(value);
    const text = this.#contents(value);
    this.#ancestors.delete(value);
    return text;
  }

  #contents(value: object): string {
    if (Array.isArray(value)) return this.#list(value);
    if (value instanceof Map) return tagged("map", this.#list(Array.from(value)));
    if (value instanceof Set) return tagged("set", this.#list(Array.from(value)));
    if (value instanceof Promise) throw this.#refusal("is a promise", "Await it first");
    if (!isPlain(value)) {
      throw this.#refusal(
        `is an instance of ${className(value)}, which would lose its class`,
        "Send a plain object with its fields",
      );
    }
    const members = Object.keys(value).map(
      (name) => `${JSON.stringify(name)}:${this.#member(name, value[name])}`,
    );
    const text = `{${members.join(",")}}`;
    return Object.hasOwn(value, TAG) ? tagged("object", text) : text;
  }

  /** An index loop rather than `map`, which would leave out holes. */
  #list(list: readonly unknown[]): string {
    let text = "[";
    for (let i = 0; i < list.length; i += 1) {
      text += (i === 0 ? "" : ",") + this.#member(i, list[i]);
    }
    return `${text}]`;
  }

  #member(name: string | number, value: unknown): string {
    this.#trail.push(name);
    const text = this.#json(value);
    this.#trail.pop();
    return text;
  }

  #refusal(what: string, advice: string): ValueError {
    const path = this.#trail.map((step) => {
      if (typeof step === "number") return `[${step}]`;
      return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(step) ? `.${step}` : `[${JSON.stringify(step)}]`;
    });
    return new ValueError(`${this.#options.name ?? "value"}${path.join("")} ${what}. ${advice}.`);
  }
}

const tagged = (tag: string, json: string): string => `{"$":"${tag}","of":${json}}`;

const isObject = (value: unknown): value is object => typeof value === "object" && value !== null;

/** Null prototypes count, and the `Object.prototype` of another realm. */
function isPlain(value: object): value is Readonly<Record<string, unknown>> {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || Object.getPrototypeOf(prototype) === null;
}

function className(value: object): string {
  const { constructor } = value;
  return typeof constructor === "function" && constructor.name !== ""
    ? constructor.name
    : "a class";
}

/** What NPY stores as it is: bytes, typed arrays and n-d arrays. */
function asArray(value: object): NdArray | null {
  if (value instanceof ArrayBuffer) return listOf(new Uint8Array(value));
  if (ArrayBuffer.isView(value)) return listOf(value);
  if (!isPlain(value) || Object.keys(value).length !== 2) return null;
  const { shape, data } = value;
  if (!Array.isArray(shape) || !ArrayBuffer.isView(data) || !("length" in data)) return null;
  // One dimension would come back as a typed array, and a 0-d float64 array as a number.
  if (shape.length === 1 || (shape.length === 0 && data instanceof Float64Array)) return null;
  if (!shape.every((n) => Number.isSafeInteger(n) && n >= 0)) return null;
  if (shape.reduce((size, n) => size * n, 1) !== data.length) return null;
  return { shape, data: withoutClamping(data) as NdArray["data"] };
}

function listOf(view: ArrayBufferView): NdArray {
  const data = withoutClamping(view) as NdArray["data"];
  return { shape: [data.length], data };
}

/** Clamped bytes are bytes; how writing to them rounds does not travel. */
const withoutClamping = (view: ArrayBufferView): ArrayBufferView =>
  view instanceof Uint8ClampedArray
    ? new Uint8Array(view.buffer, view.byteOffset, view.length)
    : view;
