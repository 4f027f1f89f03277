// The identity of a task: the hash of its canonical description, so equal work is done once.
import { asTaskKey, type TaskKey } from "../ids.ts";
import type { JsonValue, TaskInput, TaskWork } from "./task.ts";

/** BLAKE3 as 64 hexadecimal digits. Injected: `crypto.subtle` is absent on plain-http pages. */
export type Hash = (bytes: Uint8Array) => string;

/** UTF-8 encoding, injected because shared code has no TextEncoder. */
export type EncodeText = (text: string) => Uint8Array;

/** JSON with sorted object keys and no spaces: equal values give equal text. Rejects NaN and infinities. */
function canonicalJson(value: JsonValue): string {
  if (value === null || typeof value === "boolean" || typeof value === "string") {
    return JSON.stringify(value);
  }
  if (typeof value === "number") {
    if (!Number.isFinite(value)) {
      throw new RangeError(`Parameters must be finite numbers, got ${value}. Use null for "none".`);
    }
    return JSON.stringify(value);
  }
  if (isArray(value)) return `[${value.map(canonicalJson).join(",")}]`;
  const members = Object.keys(value)
    .toSorted()
    .map((name) => `${JSON.stringify(name)}:${canonicalJson(value[name] ?? null)}`);
  return `{${members.join(",")}}`;
}

const isArray = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value);

/** Canonical JSON, written out: graphs have many inputs, and both client and coordinator hash each task. */
const inputJson = (input: TaskInput): string =>
  "block" in input
    ? `{"block":${JSON.stringify(input.block)}}`
    : `{"output":${input.output},"task":${JSON.stringify(input.task)}}`;

/** The key of `work`: BLAKE3 of {inputs, kernel, params} in canonical JSON. */
export function taskKey(work: TaskWork, hash: Hash, encode: EncodeText): TaskKey {
  const inputs = work.inputs.map(inputJson).join(",");
  const kernel = JSON.stringify(work.kernel);
  const params = canonicalJson(work.params);
  return asTaskKey(hash(encode(`{"inputs":[${inputs}],"kernel":${kernel},"params":${params}}`)));
}
