// The runner of function tasks: calls, batches, references, and one plain sentence for every failure.
import { describe, expect, it } from "vitest";
import type { JsonValue } from "../graph/task.ts";
import { BLOCK_BYTES_MAX } from "../limits.ts";
import { decodeValue } from "../values/decode-value.ts";
import { encodeValue, type Reference } from "../values/encode-value.ts";
import { ErrorValue } from "../values/value-format.ts";
import type { ItemOutcome } from "./function-task.ts";
import { type FunctionOutcome, runFunctionTask } from "./run-function.ts";

const encodeText = (text: string): Uint8Array => new TextEncoder().encode(text);
const decodeText = (bytes: Uint8Array): string => new TextDecoder().decode(bytes);
// oxlint-disable-next-line no-eval -- Running text is what a module loader is for.
const loadModule = (text: string): unknown => (0, eval)(text);
const tools = { encodeText, decodeText, loadModule };

class Future {
  readonly ref: Reference;

  constructor(ref: Reference) {
    this.ref = ref;
  }
}

const toReference = (value: object): Reference | null =>
  value instanceof Future ? value.ref : null;
const block = (value: unknown) => encodeValue(value, { encodeText, toReference });
const moduleOf = (text: string) => block(`({ default: (${text}) })`);

function run(
  source: Uint8Array,
  args: unknown,
  params: JsonValue = {},
  ...refs: unknown[]
): Promise<FunctionOutcome> {
  const all = { name: "default", batch: null, retries: 0, ...(params as object) };
  return runFunctionTask(all, [source, block(args), ...refs.map(block)], tools);
}

async function valueOf(running: Promise<FunctionOutcome>): Promise<unknown> {
  const outcome = await running;
  if (!outcome.ok) throw new Error(outcome.message);
  return decodeValue(outcome.output, { decodeText });
}

const outcomesOf = (running: Promise<FunctionOutcome>) =>
  valueOf(running) as Promise<readonly ItemOutcome[]>;

describe("one call", () => {
  it("gives what the function returns, awaited", async () => {
    expect(await valueOf(run(moduleOf("(a, b) => a + b"), [1, 2]))).toBe(3);
    const double = moduleOf("async (xs) => xs.map((x) => 2 * x)");
    expect(await valueOf(run(double, [Float64Array.of(1, 2)]))).toEqual(Float64Array.of(2, 4));
    expect(await valueOf(run(moduleOf("function () {}"), []))).toBe(undefined);
  });

  it("calls the export that is named", async () => {
    const source = block("({ __esModule: true, a: () => 1, b: () => 2, c: 3 })");
    expect(await valueOf(run(source, [], { name: "b" }))).toBe(2);
    expect(await run(source, [], { name: "c" })).toEqual({
      ok: false,
      reason: "kernel-error",
      message: 'The module exports no function "c", only a, b, c.',
    });
    expect(await run(block("7"), [])).toMatchObject({
      message: 'The module exports no function "default", nor anything else.',
    });
  });

  it("puts what references mean in their places", async () => {
    const args = [{ deep: [new Future({ ref: 0 })] }, new Future({ ref: 1, item: 1 })];
    const batch = [{ ok: 5 }, { ok: undefined }];
    const running = run(moduleOf("(a, b) => [a, b]"), args, {}, "first", batch);
    expect(await valueOf(running)).toEqual([{ deep: ["first"] }, undefined]);
  });

  it("fails with what it threw: name, message and stack", async () => {
    const outcome = await run(moduleOf('() => { throw new RangeError("too far") }'), []);
    expect(outcome).toMatchObject({
      ok: false,
      reason: "kernel-error",
      message: "RangeError: too far",
      error: { name: "RangeError", message: "too far" },
    });
    expect(outcome).toHaveProperty("error.stack", expect.stringContaining("at "));
    expect(await run(moduleOf("() => Promise.reject('no error')"), [])).toMatchObject({
      error: { name: "Error", message: "no error" },
    });
  });

  it("fails with the error of an input that failed", async () => {
    const error = { name: "TypeError", message: "earlier", stack: "there" };
    const expected = {
      ok: false,
      reason: "kernel-error",
      message: "TypeError: earlier",
      error,
    };
    const source = moduleOf("(x) => x");
    const whole = new Future({ ref: 0 });
    expect(await run(source, [whole], {}, new ErrorValue(error))).toEqual(expected);
    const item = new Future({ ref: 0, item: 1 });
    expect(await run(source, [[item]], {}, [{ ok: 1 }, { error }])).toEqual(expected);
  });
});

describe("a batch", () => {
  it("has one outcome an item, in order", async () => {
    const source = moduleOf(
      'async (x) => { if (x === 2) throw new TypeError("two"); return Int8Array.of(x) }',
    );
    expect(await outcomesOf(run(source, [1, 2, 3], { batch: 3 }))).toEqual([
      { ok: Int8Array.of(1) },
      { error: { name: "TypeError", message: "two", stack: expect.any(String) } },
      { ok: Int8Array.of(3) },
    ]);
  });

  it("calls a throwing item again at once, so often and no more", async () => {
    const source = block(
      "var calls = 0; ({ default: (limit) => { calls += 1; if (calls < limit) throw calls; const n = calls; calls = 0; return n } })",
    );
    expect(await outcomesOf(run(source, [1, 3], { batch: 2, retries: 2 }))).toEqual([
      { ok: 1 },
      { ok: 3 },
    ]);
    expect(await outcomesOf(run(source, [4], { batch: 1, retries: 2 }))).toMatchObject([
      { error: { message: "3" } },
    ]);
  });

  it("keeps the other items when one result cannot travel, or one input failed", async () => {
    const error = { name: "E", message: "m", stack: "" };
    const items = [1, new Future({ ref: 0, item: 0 }), 3];
    const source = moduleOf("(x) => x === 1 ? () => 1 : x");
    const outcomes = await outcomesOf(run(source, items, { batch: 3 }, [{ error }]));
    expect(outcomes).toMatchObject([
      {
        error: { name: "ValueError", message: expect.stringContaining("results[0] is a function") },
      },
      { error },
      { ok: 3 },
    ]);
  });

  it("fails as a whole when a failed input hides within an item", async () => {
    const error = { name: "E", message: "m", stack: "" };
    const items = [[new Future({ ref: 0 })]];
    const outcome = await run(moduleOf("(x) => x"), items, { batch: 1 }, new ErrorValue(error));
    expect(outcome).toMatchObject({ ok: false, error });
  });

  it("must have as many items as it says", async () => {
    expect(await run(moduleOf("(x) => x"), [1], { batch: 2 })).toMatchObject({
      reason: "bad-input",
      message: "The batch has not 2 items.",
    });
  });
});

describe("failures in one sentence", () => {
  it("for a module that does not parse", async () => {
    expect(await run(block("({ default: "), [])).toMatchObject({
      reason: "kernel-error",
      message: expect.stringMatching(/^The function's module could not be loaded: SyntaxError: /),
      error: { name: "SyntaxError" },
    });
  });

  it("for a result that cannot travel", async () => {
    expect(await run(moduleOf("() => ({ f() {} })"), [])).toMatchObject({
      reason: "kernel-error",
      message: "result.f is a function. Only data travels: send what it returns.",
      error: { name: "ValueError" },
    });
  });

  it("for a result that is too large", async () => {
    const source = moduleOf(`() => new Uint8Array(${BLOCK_BYTES_MAX})`);
    expect(await run(source, [])).toMatchObject({
      reason: "kernel-error",
      message:
        "The result takes 67,108,992 bytes, and a block holds at most 67,108,864. Return less, or split the work.",
    });
  });

  it("for memory that is not there", async () => {
    const source = moduleOf("() => { throw new RangeError('Array buffer allocation failed') }");
    expect(await run(source, [])).toMatchObject({ reason: "out-of-memory" });
    expect(await run(source, [1], { batch: 1 })).toMatchObject({ reason: "out-of-memory" });
  });

  it.each<[string, JsonValue]>([
    ["no name", { name: "" }],
    ["half a batch", { batch: 1.5 }],
    ["endless retries", { retries: 1e9 }],
  ])("for bad parameters: %s", async (_, params) => {
    expect(await run(moduleOf("() => 1"), [], params)).toMatchObject({ reason: "bad-input" });
  });

  it("for blocks that are no values or not there", async () => {
    const params = { name: "default", batch: null, retries: 0 };
    for (const inputs of [[], [moduleOf("() => 1")], [block(7), block([])], [Uint8Array.of(1)]]) {
      expect(await runFunctionTask(params, inputs, tools)).toMatchObject({ reason: "bad-input" });
    }
    expect(await run(moduleOf("() => 1"), [new Future({ ref: 0 })])).toMatchObject({
      reason: "bad-input",
      message: "There is no block 0 to refer to.",
    });
  });
});
