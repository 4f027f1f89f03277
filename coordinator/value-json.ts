// Values of users' functions as plain JSON, for programs that know nothing of value blocks.
import { remoteError } from "../shared/graph/remote-error.ts";
import { ArrowBytes, ErrorValue } from "../shared/values/value-format.ts";
import { decodeArrowRows } from "./arrow-stream.ts";

/**
 * JSON of any value: arrays of numbers are lists, n-d arrays `{shape, data}`, tables lists of rows,
 * big integers and dates texts; what is undefined or not a number is null.
 */
export const jsonOf = (value: unknown): string => JSON.stringify(plain(value)) ?? "null";

function plain(value: unknown): unknown {
  if (typeof value === "bigint") return String(value);
  if (typeof value !== "object" || value === null) return value;
  // An invalid date is null, as JSON.stringify has it.
  if (value instanceof Date) return value.toJSON();
  if (Array.isArray(value)) return value.map(plain);
  if (ArrayBuffer.isView(value)) return Array.from(value as unknown as ArrayLike<unknown>, plain);
  if (value instanceof ArrayBuffer) return Array.from(new Uint8Array(value));
  if (value instanceof Map) return Array.from(value as Map<unknown, unknown>, plain);
  if (value instanceof Set) return Array.from(value as Set<unknown>, plain);
  if (value instanceof Error) return remoteError(value);
  if (value instanceof ErrorValue) return { error: value.error };
  if (value instanceof ArrowBytes) return decodeArrowRows(value.bytes).map(plain);
  return Object.fromEntries(
    Object.entries(value as Record<string, unknown>).map(([name, member]) => [name, plain(member)]),
  );
}
