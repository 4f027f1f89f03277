// Runs one function task: reads its blocks, calls the function, and turns whatever happens into a value.
import { remoteError } from "../graph/remote-error.ts";
import type { EncodeText } from "../graph/task-key.ts";
import type { JsonValue, RemoteError } from "../graph/task.ts";
import { BLOCK_BYTES_MAX } from "../limits.ts";
import { decodeValue } from "../values/decode-value.ts";
import { encodeValue } from "../values/encode-value.ts";
import { type DecodeText, ErrorValue, ValueError } from "../values/value-format.ts";
import { type FunctionParams, type ItemOutcome, parseFunctionParams } from "./function-task.ts";

export interface FunctionTools {
  readonly encodeText: EncodeText;
  readonly decodeText: DecodeText;
  /**
   * Evaluates the text of a module and gives the object of its exports. May throw what the text throws,
   * and may remember the exports of texts that it has seen.
   */
  readonly loadModule: (text: string) => unknown;
}

interface FunctionFailure {
  readonly ok: false;
  readonly reason: "kernel-error" | "bad-input" | "out-of-memory";
  /** One plain sentence. */
  readonly message: string;
  readonly error?: RemoteError;
}

export type FunctionOutcome =
  | { readonly ok: true; readonly output: Uint8Array<ArrayBuffer> }
  | FunctionFailure;

type UserFunction = (...args: readonly unknown[]) => unknown;

/** Never rejects. The output's buffer is fresh and may be transferred. */
export async function runFunctionTask(
  params: JsonValue,
  inputs: readonly Uint8Array[],
  tools: FunctionTools,
): Promise<FunctionOutcome> {
  try {
    const parsed = parseFunctionParams(params);
    if (parsed === null) throw new Refusal("bad-input", "The parameters are no function task's.");
    const call = loadFunction(parsed.name, inputs[0], tools);
    const output =
      parsed.batch === null
        ? await callOnce(call, inputs, tools)
        : await callForEach(call, parsed, inputs, tools);
    if (output.length > BLOCK_BYTES_MAX) {
      throw new Refusal(
        "kernel-error",
        `The result takes ${withCommas(output.length)} bytes, and a block holds at most ` +
          `${withCommas(BLOCK_BYTES_MAX)}. Return less, or split the work.`,
      );
    }
    return { ok: true, output };
  } catch (error) {
    return describe(error);
  }
}

/** Why a task fails when its function did not simply throw. */
class Refusal extends Error {
  readonly reason: FunctionFailure["reason"];
  readonly error: RemoteError | undefined;

  constructor(reason: FunctionFailure["reason"], message: string, error?: RemoteError) {
    super(message);
    this.reason = reason;
    this.error = error;
  }
}

function describe(error: unknown): FunctionFailure {
  if (error instanceof Refusal) {
    const detail = error.error === undefined ? {} : { error: error.error };
    return { ok: false, reason: error.reason, message: error.message, ...detail };
  }
  if (error instanceof ValueError) {
    return { ok: false, reason: "bad-input", message: error.message, error: remoteError(error) };
  }
  const thrown = remoteError(error);
  const reason = isAllocationFailure(thrown) ? "out-of-memory" : "kernel-error";
  return { ok: false, reason, message: headline(thrown), error: thrown };
}

/** As engines say it; a mere "Invalid array length" is a function's own mistake. */
const isAllocationFailure = ({ name, message }: RemoteError): boolean =>
  (name === "RangeError" && /alloc|memory/i.test(message)) || /^out of memory$/i.test(message);

const headline = ({ name, message }: RemoteError): string =>
  message === "" ? name : `${name}: ${message}`;

const withCommas = (count: number): string => count.toLocaleString("en");

function loadFunction(
  name: string,
  block: Uint8Array | undefined,
  { decodeText, loadModule }: FunctionTools,
): UserFunction {
  const text = block && decodeValue(block, { decodeText });
  if (typeof text !== "string") throw new Refusal("bad-input", "The function's module is no text.");
  let exports: unknown;
  try {
    exports = loadModule(text);
  } catch (error) {
    const thrown = remoteError(error);
    const message = `The function's module could not be loaded: ${headline(thrown)}.`;
    throw new Refusal("kernel-error", message, thrown);
  }
  const members = typeof exports === "object" && exports !== null ? exports : {};
  const found: unknown = name in members ? Reflect.get(members, name) : undefined;
  if (isFunction(found)) return found;
  const names = Object.keys(members).filter((key) => key !== "__esModule");
  throw new Refusal(
    "kernel-error",
    `The module exports no function "${name}", ${names.length === 0 ? "nor anything else" : `only ${names.join(", ")}`}.`,
  );
}

const isFunction = (value: unknown): value is UserFunction => typeof value === "function";

async function callOnce(
  call: UserFunction,
  inputs: readonly Uint8Array[],
  tools: FunctionTools,
): Promise<Uint8Array<ArrayBuffer>> {
  const args = readArguments(inputs, tools, (error) => {
    throw failedInput(error);
  });
  const result = await call(...args);
  return encodeResult(result, "result", tools);
}

const failedInput = (error: RemoteError): Refusal =>
  new Refusal("kernel-error", headline(error), error);

/** The argument block's array, with what its references mean in their places. */
function readArguments(
  inputs: readonly Uint8Array[],
  { decodeText }: FunctionTools,
  onError: (error: RemoteError) => unknown,
): readonly unknown[] {
  // Whole batches are often taken apart item by item: each block is decoded once.
  const values = new Map<number, unknown>();
  const valueOf = (ref: number): unknown => {
    if (values.has(ref)) return values.get(ref);
    const block = inputs[2 + ref];
    if (block === undefined) throw new ValueError(`There is no block ${ref} to refer to.`);
    const value = decodeValue(block, { decodeText });
    values.set(ref, value);
    return value;
  };
  const resolve = (ref: number, item: number | undefined): unknown => {
    const value = item === undefined ? valueOf(ref) : itemOf(valueOf(ref), item);
    return value instanceof ErrorValue ? onError(value.error) : value;
  };
  const block = inputs[1];
  if (block === undefined) throw new ValueError("The block of arguments is missing.");
  const args = decodeValue(block, { decodeText, resolve });
  if (!Array.isArray(args)) throw new ValueError("The arguments are no array.");
  return args;
}

/** An element of a batch's outcomes: its value, or what its call threw. */
function itemOf(outcomes: unknown, item: number): unknown {
  const outcome: unknown = Array.isArray(outcomes) ? outcomes[item] : undefined;
  if (typeof outcome === "object" && outcome !== null) {
    if ("ok" in outcome) return outcome.ok;
    if ("error" in outcome) return new ErrorValue(outcome.error as RemoteError);
  }
  throw new ValueError(`The batch that is referred to has no item ${item}.`);
}

async function callForEach(
  call: UserFunction,
  { batch, retries }: FunctionParams,
  inputs: readonly Uint8Array[],
  tools: FunctionTools,
): Promise<Uint8Array<ArrayBuffer>> {
  const failed: ErrorValue[] = [];
  const items = readArguments(inputs, tools, (error) => {
    const value = new ErrorValue(error);
    failed.push(value);
    return value;
  });
  if (items.length !== batch) throw new ValueError(`The batch has not ${batch} items.`);
  // An item that is itself a failed result fails alone; one hidden within an item fails the task.
  const hidden = failed.find((value) => !items.includes(value));
  if (hidden !== undefined) throw failedInput(hidden.error);
  const outcomes: ItemOutcome[] = [];
  for (const item of items) outcomes.push(await callForItem(call, item, retries));
  return encodeOutcomes(outcomes, tools);
}

async function callForItem(
  call: UserFunction,
  item: unknown,
  retries: number,
): Promise<ItemOutcome> {
  if (item instanceof ErrorValue) return { error: item.error };
  for (let failures = 0; ; failures += 1) {
    try {
      return { ok: await call(item) };
    } catch (error) {
      const thrown = remoteError(error);
      // Memory is the machine's matter: elsewhere the whole batch may succeed.
      if (isAllocationFailure(thrown)) throw error;
      if (failures >= retries) return { error: thrown };
    }
  }
}

/** All at once; when that fails, the results that cannot travel become errors of their items. */
function encodeOutcomes(
  outcomes: readonly ItemOutcome[],
  tools: FunctionTools,
): Uint8Array<ArrayBuffer> {
  try {
    return encodeResult(outcomes, "results", tools);
  } catch (error) {
    if (!(error instanceof Refusal)) throw error;
  }
  const checked = outcomes.map((outcome, index): ItemOutcome => {
    if (!("ok" in outcome)) return outcome;
    try {
      encodeResult(outcome.ok, `results[${index}]`, tools);
      return outcome;
    } catch (error) {
      if (!(error instanceof Refusal) || error.error === undefined) throw error;
      return { error: error.error };
    }
  });
  return encodeResult(checked, "results", tools);
}

/** What cannot travel is the function's fault, not that of its inputs. */
function encodeResult(
  value: unknown,
  name: string,
  { encodeText }: FunctionTools,
): Uint8Array<ArrayBuffer> {
  try {
    return encodeValue(value, { encodeText, name });
  } catch (error) {
    if (!(error instanceof ValueError)) throw error;
    throw new Refusal("kernel-error", error.message, remoteError(error));
  }
}
