// What a value block is: NPY bytes whose type says which kind of value they hold.
//
// number                   0-d '<f8'
// typed array, ArrayBuffer 1-d of its type ('|u1' for bytes)
// n-d array {shape, data}  of that shape, when it has not one dimension
// everything else          1-d [('value', '|u1')]: length of a JSON text (u32, little-endian), the text,
//                          padding to 8 bytes, then attachments, each a block of its own padded to 8 bytes
// Arrow IPC stream         1-d [('arrow', '|u1')]: its bytes
// what was thrown          1-d [('error', '|u1')]: RemoteError as JSON
//
// In the JSON text an object with the member "$" stands for what JSON lacks: see TAG.
import type { RemoteError } from "../graph/task.ts";

/** A value that cannot travel, or bytes that are no value; the message names the place and a way out. */
export class ValueError extends Error {
  override name = "ValueError";
}

/** The bytes of an Arrow IPC stream, which travel as they are. */
export class ArrowBytes {
  /** As `tableFromIPC` of apache-arrow reads them. */
  readonly bytes: Uint8Array;

  constructor(bytes: Uint8Array) {
    this.bytes = bytes;
  }
}

/** What was thrown where a value should have been made. */
export class ErrorValue {
  readonly error: RemoteError;

  constructor(error: RemoteError) {
    this.error = error;
  }
}

/** UTF-8 decoding, injected because shared code has no TextDecoder. */
export type DecodeText = (bytes: Uint8Array) => string;

/** Marks an object of the JSON text that stands for something else. */
export const TAG = "$";

// What objects with "$" stand for:
// | { readonly $: "undefined" }
// /** NaN, Infinity, -Infinity or -0. */
// | { readonly $: "number"; readonly of: string }
// /** Hexadecimal digits, after "-" for a negative one. */
// | { readonly $: "bigint"; readonly of: string }
// /** Milliseconds since 1970; null for an invalid date. */
// | { readonly $: "date"; readonly of: number | null }
// | { readonly $: "map"; readonly of: readonly (readonly [unknown, unknown])[] }
// | { readonly $: "set"; readonly of: readonly unknown[] }
// | { readonly $: "error"; readonly of: RemoteError }
// /** A plain object that has a member "$" itself. */
// | { readonly $: "object"; readonly of: object }
// /** An attachment: where it starts after the padded text, and its length. */
// | { readonly $: "block"; readonly at: number; readonly size: number }
// /** The value of another block, or one element of it when that is an array. */
// | { readonly $: "ref"; readonly ref: number; readonly item?: number };

export const FIELDS = ["value", "arrow", "error"] as const;
export type ValueField = (typeof FIELDS)[number];

/** The structured type of one byte whose only field says what the bytes are. */
export const descrOf = (field: ValueField): string => `[('${field}', '|u1')]`;

/** Attachments start where arrays of any type are aligned. */
export const padded = (size: number): number => Math.ceil(size / 8) * 8;

/** Deeper nesting is a mistake, or meant to exhaust the stack. */
export const DEPTH_MAX = 500;
