// What client and thread agree on about tasks that call a function of a user.
import type { JsonValue, RemoteError } from "../graph/task.ts";

/**
 * A task of FUNCTION_KERNEL. Its inputs are value blocks: first the module's text, then the arguments
 * (an array of them, or of `batch` items), then whatever references among the arguments mean.
 */
export interface FunctionParams {
  /** Which export of the module is called; "default" for a function that was sent alone. */
  readonly name: string;
  /** Null for one call; otherwise how many items the function is called with, one after the other. */
  readonly batch: number | null;
  /** How often a throwing item of a batch is called again at once. */
  readonly retries: number;
  /** Makes equal calls different tasks: of functions that are not pure. */
  readonly nonce?: string;
}

/** One item of a batch, in the order of the items. */
export type ItemOutcome = { readonly ok: unknown } | { readonly error: RemoteError };

/** Retrying at once is for faults that pass at once; more is a matter of the task's own retries. */
const ITEM_RETRIES_MAX = 100;

/** Null when these are no parameters of a function task. */
export function parseFunctionParams(params: JsonValue): FunctionParams | null {
  if (typeof params !== "object" || params === null || Array.isArray(params)) return null;
  const { name, batch, retries } = params as Readonly<Record<string, JsonValue>>;
  if (typeof name !== "string" || name === "") return null;
  if (batch !== null && !isCount(batch)) return null;
  if (!isCount(retries) || retries > ITEM_RETRIES_MAX) return null;
  return { name, batch, retries };
}

const isCount = (value: JsonValue | undefined): value is number =>
  typeof value === "number" && Number.isSafeInteger(value) && value >= 0;
