// The entry of a sandboxed thread: a Web Worker that runs functions of users, all of one job, or one actor.
import { createActorTasks, isActorTask } from "../../shared/actors/actor-tasks.ts";
import { runFunctionTask, type FunctionTools } from "../../shared/functions/run-function.ts";
import type { JsonValue } from "../../shared/graph/task.ts";
import { guardBuffers } from "./guard-buffers.ts";
import { guardWebAssembly } from "./guard-webassembly.ts";
import { keepGlobals } from "./keep-globals.ts";
import { MemoryBudget } from "./memory-budget.ts";
import type { SandboxAnswer, SandboxSaying, SandboxTask, SandboxTasks } from "./messages.ts";

// Kept before any function of a user runs, which may put its own in their places.
const { apply } = Reflect;
// oxlint-disable-next-line typescript/unbound-method -- It is applied to the event.
const readData = Object.getOwnPropertyDescriptor(MessageEvent.prototype, "data")?.get;
const readNow = performance.now.bind(performance);
// oxlint-disable-next-line no-eval -- To run the text of others is what this place is for.
const evaluate = globalThis.eval;
const { setTimeout: later } = globalThis;
const { random } = Math;
const Buffer = ArrayBuffer;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Outputs below this are sooner copied into their answer than their buffers are handed over. */
const COPIED_BYTES_MAX = 64 * 1_024;
/** An answer that may be said with others waits for them so long. */
const ANSWER_WAIT_MS = 5;

/** A module is loaded once for the many tasks that call it; a job rarely has more than a few. */
const MODULES_MAX = 32;
const modules = new Map<string, unknown>();

const tools: FunctionTools = {
  encodeText: encoder.encode.bind(encoder),
  decodeText: decoder.decode.bind(decoder),
  loadModule(text) {
    if (modules.has(text)) return modules.get(text);
    // In the global scope: nothing of this file is in reach.
    const exports: unknown = evaluate(text);
    if (modules.size >= MODULES_MAX) modules.clear();
    modules.set(text, exports);
    return exports;
  },
};

/** A thread that is asked for an actor has only that one. */
const actor = createActorTasks({ ...tools, builtIn: () => undefined });

/**
 * Gives tasks their blocks. A function may write to what it is given: where several read a block, or
 * blocks share a buffer, each gets a copy.
 */
function sharing(
  tasks: readonly SandboxTask[],
  blocks: readonly Uint8Array[],
): (place: number) => Uint8Array {
  const readers = blocks.map(() => 0);
  for (const { inputs } of tasks)
    for (const place of inputs) readers[place] = (readers[place] ?? 0) + 1;
  return (place) => {
    const block = blocks[place] ?? new Uint8Array();
    const isShared = (readers[place] ?? 0) > 1 || block.length < block.buffer.byteLength;
    return isShared ? block.slice() : block;
  };
}

/**
 * Chromium looks for garbage before it gives up an allocation, and this one, the largest that it considers,
 * it has to give up. Firefox makes the buffer without touching its pages, and looks for garbage for its size.
 */
function collectGarbage(): void {
  try {
    void new Buffer(2 ** 34);
  } catch {
    // As it should be.
  }
}

/** Puts what functions make under a limit in bytes. Gives what counts a block that was handed over. */
function guardMemory(limit: number): (block: Uint8Array) => void {
  const budget = new MemoryBudget({
    limit,
    collectGarbage,
    later: (callback) => void later(callback, 0),
    random,
  });
  const buffers = guardBuffers(globalThis, budget);
  guardWebAssembly(WebAssembly, limit, buffers, budget);
  return buffers.countMade;
}

function serve(port: MessagePort, countBlock: (block: Uint8Array) => void): void {
  const post = port.postMessage.bind(port);
  const say = (saying: SandboxSaying, transfer: Transferable[] = []): void =>
    post(saying, transfer);
  let unsaid: SandboxAnswer[] = [];
  let unsaidSinceMs = 0;

  function sayAll(): void {
    if (unsaid.length === 0) return;
    const answers = unsaid;
    unsaid = [];
    say(answers);
  }

  function answer(one: SandboxAnswer, mayWait: boolean): void {
    if (one.type === "done" && one.output.length >= COPIED_BYTES_MAX) {
      sayAll();
      return say([one], [one.output.buffer]);
    }
    const isUrgent = !mayWait || one.type === "failed";
    if (unsaid.length === 0) {
      if (isUrgent) return say([one]);
      unsaidSinceMs = readNow();
      // For when the next one waits for something.
      later(sayAll, ANSWER_WAIT_MS);
    }
    unsaid[unsaid.length] = one;
    if (isUrgent || readNow() - unsaidSinceMs >= ANSWER_WAIT_MS) sayAll();
  }

  async function runAll({ firstRun, tasks, blocks, saysTogether }: SandboxTasks): Promise<void> {
    const refusal = refusalOf(blocks);
    const take = sharing(tasks, blocks);
    let run = firstRun;
    const lastRun = firstRun + tasks.length - 1;
    for (const { params, inputs } of tasks) {
      const one: SandboxAnswer =
        refusal === null
          ? await runOne(run, params, inputs.map(take))
          : { type: "failed", run, reason: "out-of-memory", message: refusal };
      // One that may not wait is said before the next begins: what that one does concerns nobody else then.
      answer(one, saysTogether && run < lastRun);
      run += 1;
    }
  }

  /** Why these blocks cannot be read; null when they can. */
  function refusalOf(blocks: readonly Uint8Array[]): string | null {
    try {
      for (const block of blocks) countBlock(block);
      return null;
    } catch (error) {
      return `The inputs do not fit: ${(error as Error).message}`;
    }
  }

  async function runOne(
    run: number,
    params: JsonValue,
    inputs: readonly Uint8Array[],
  ): Promise<SandboxAnswer> {
    const startedAtMs = readNow();
    const outcome = isActorTask(params)
      ? await actor.run(params, inputs)
      : await runFunctionTask(params, inputs, tools);
    const computeMs = readNow() - startedAtMs;
    if (outcome.ok) return { type: "done", run, output: outcome.output, computeMs };
    const { reason, message, error } = outcome;
    return { type: "failed", run, reason, message, ...(error === undefined ? {} : { error }) };
  }

  // Not through `event.data`, whose getter a function could replace to get hold of the port.
  port.addEventListener("message", (event) => {
    void runAll(readData === undefined ? event.data : apply(readData, event, []));
  });
  port.start();
  say("ready");
}

addEventListener(
  "message",
  ({ ports: [port], data }: MessageEvent<number>) => {
    if (port !== undefined) serve(port, guardMemory(data));
  },
  { once: true },
);
keepGlobals(globalThis);
