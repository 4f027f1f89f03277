// Turns the bytes of a block back into the value; trusts nothing that they say.
import { decodeAnyNpy, readNpyHeader, NpyError } from "../codecs/npy.ts";
import type { RemoteError } from "../graph/task.ts";
import {
  ArrowBytes,
  DEPTH_MAX,
  type DecodeText,
  descrOf,
  ErrorValue,
  FIELDS,
  padded,
  TAG,
  ValueError,
} from "./value-format.ts";

export interface DecodeOptions {
  readonly decodeText: DecodeText;
  /** The value that a reference stands for; without it references are refused. */
  readonly resolve?: (ref: number, item: number | undefined) => unknown;
}

/**
 * The value of a block. Arrays are views of `bytes` where alignment allows. Throws ValueError for bytes
 * that are no value, and whatever `resolve` throws.
 */
export function decodeValue(bytes: Uint8Array, options: DecodeOptions): unknown {
  return decodeBlock(bytes, options, false);
}

function decodeBlock(bytes: Uint8Array, options: DecodeOptions, isAttachment: boolean): unknown {
  try {
    const { descr, shape, start } = readNpyHeader(bytes);
    const field = FIELDS.find((name) => descrOf(name) === descr);
    if (field === undefined) return decodeArray(bytes);
    const payload = bytes.subarray(start);
    if (shape.length !== 1 || shape[0] !== payload.length) throw damaged("its length is wrong");
    if (field === "arrow") return new ArrowBytes(payload);
    if (field === "error") {
      return new ErrorValue(asRemoteError(parseJson(options.decodeText(payload.slice()))));
    }
    if (isAttachment) throw damaged("an attachment is no array");
    return new ValueDecoder(payload, options).value;
  } catch (error) {
    if (error instanceof NpyError) throw new ValueError(error.message, { cause: error });
    throw error;
  }
}

function decodeArray(bytes: Uint8Array): unknown {
  const array = decodeAnyNpy(bytes);
  if (array.shape.length === 1) return array.data;
  return array.shape.length === 0 && array.data instanceof Float64Array ? array.data[0] : array;
}

class ValueDecoder {
  readonly value: unknown;
  readonly #options: DecodeOptions;
  readonly #attachments: Uint8Array;

  constructor(payload: Uint8Array, options: DecodeOptions) {
    if (payload.length < 4) throw damaged("it is cut short");
    const view = new DataView(payload.buffer, payload.byteOffset, payload.byteLength);
    const end = 4 + view.getUint32(0, true);
    if (end > payload.length) throw damaged("its text is cut short");
    this.#options = options;
    this.#attachments = payload.subarray(padded(end));
    // A copy, for text decoders refuse shared memory.
    this.value = this.#decode(parseJson(options.decodeText(payload.slice(4, end))), 0);
  }

  #decode(node: unknown, depth: number): unknown {
    if (typeof node !== "object" || node === null) return node;
    if (depth > DEPTH_MAX) throw damaged("it is nested too deeply");
    if (Array.isArray(node)) return this.#decodeList(node, depth);
    // Parsed members are the object's own, "__proto__" too, so that writing to them stays there.
    const members = node as Record<string, unknown>;
    if (Object.hasOwn(members, TAG)) return this.#decodeTagged(members, depth);
    return this.#decodeMembers(members, depth);
  }

  #decodeMembers(members: Record<string, unknown>, depth: number): object {
    for (const name of Object.keys(members)) members[name] = this.#decode(members[name], depth + 1);
    return members;
  }

  #decodeList(list: unknown[], depth: number): unknown[] {
    for (let i = 0; i < list.length; i += 1) list[i] = this.#decode(list[i], depth + 1);
    return list;
  }

  #decodeTagged(node: Record<string, unknown>, depth: number): unknown {
    const { of } = node;
    switch (node[TAG]) {
      case "undefined":
        return undefined;
      case "number":
        if (typeof of !== "string") break;
        return Number(of);
      case "bigint":
        return asBigInt(of);
      case "date":
        return new Date(typeof of === "number" ? of : Number.NaN);
      case "map":
        return asMap(this.#decodeList(asList(of), depth));
      case "set":
        return new Set(this.#decodeList(asList(of), depth));
      case "error":
        return asError(of);
      case "object":
        if (typeof of !== "object" || of === null || Array.isArray(of)) break;
        return this.#decodeMembers(of as Record<string, unknown>, depth);
      case "block":
        return this.#attachment(node["at"], node["size"]);
      case "ref":
        return this.#resolve(node["ref"], node["item"]);
      default:
    }
    throw damaged(`it has the unknown mark ${JSON.stringify(node[TAG])}`);
  }

  #attachment(at: unknown, size: unknown): unknown {
    if (!isCount(at) || !isCount(size) || at + size > this.#attachments.length) {
      throw damaged("an attachment is missing");
    }
    return decodeBlock(this.#attachments.subarray(at, at + size), this.#options, true);
  }

  #resolve(ref: unknown, item: unknown): unknown {
    if (!isCount(ref) || (item !== undefined && !isCount(item))) {
      throw damaged("a reference is wrong");
    }
    const { resolve } = this.#options;
    if (resolve === undefined) throw damaged("it refers to another block");
    return resolve(ref, item);
  }
}

const damaged = (why: string): ValueError => new ValueError(`These bytes are no value: ${why}.`);

const isCount = (value: unknown): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new ValueError("These bytes are no value: their text is no JSON.", { cause });
  }
}

function asList(value: unknown): unknown[] {
  if (!Array.isArray(value)) throw damaged("a list is missing");
  return value;
}

function asMap(entries: readonly unknown[]): Map<unknown, unknown> {
  return new Map(
    entries.map((entry): [unknown, unknown] => {
      const [key, value] = asList(entry);
      return [key, value];
    }),
  );
}

function asBigInt(digits: unknown): bigint {
  const text = typeof digits === "string" ? digits : "";
  const [, sign, magnitude] = /^(-?)([\da-f]+)$/.exec(text) ?? [];
  if (magnitude === undefined) throw damaged("a big integer is wrong");
  const value = BigInt(`0x${magnitude}`);
  return sign === "-" ? -value : value;
}

function asRemoteError(value: unknown): RemoteError {
  if (typeof value !== "object" || value === null) throw damaged("an error is missing");
  const { name, message, stack } = value as Partial<Record<keyof RemoteError, unknown>>;
  if (typeof name !== "string" || typeof message !== "string" || typeof stack !== "string") {
    throw damaged("an error is incomplete");
  }
  return { name, message, stack };
}

function asError(value: unknown): Error {
  const { name, message, stack } = asRemoteError(value);
  const error = new Error(message);
  error.name = name;
  error.stack = stack;
  return error;
}
