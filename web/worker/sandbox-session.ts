// The page's half of a sandboxed thread's channel: one task, one answer; any other message is a breach.
import { asBlockId } from "../../shared/ids.ts";
import type { Hash } from "../../shared/graph/task-key.ts";
import type { RemoteError } from "../../shared/graph/task.ts";
import { BLOCK_BYTES_MAX } from "../../shared/limits.ts";
import type { RunOutcome, RunRequest } from "../../shared/worker/worker-platform.ts";
import type { SandboxAnswer, SandboxTask } from "../sandbox/messages.ts";

/** As much of a MessagePort as is needed. */
export interface SandboxPort {
  postMessage(message: SandboxTask, transfer: ArrayBuffer[]): void;
  addEventListener(type: "message", listener: (event: { data: unknown }) => void): void;
  addEventListener(type: "messageerror" | "close", listener: () => void): void;
  start(): void;
  close(): void;
}

export interface SandboxSessionOptions {
  readonly port: SandboxPort;
  readonly hash: Hash;
  readonly nowMs: () => number;
  readonly onReady: () => void;
  /** The thread is gone or not to be trusted any more: end it. Said once, and never after `close`. */
  readonly onDeath: (why: string) => void;
}

export interface SandboxSession {
  /** One at a time. Never settles when the thread dies; `onDeath` is the word on that. */
  run(request: Pick<RunRequest, "params" | "inputs">): Promise<RunOutcome>;
  close(): void;
}

export function openSandboxSession(options: SandboxSessionOptions): SandboxSession {
  const { port, hash, nowMs } = options;
  let runs = 0;
  let isReady = false;
  let isOpen = true;
  let waiting: { startedAtMs: number; settle: (outcome: RunOutcome) => void } | null = null;

  function close(): void {
    isOpen = false;
    waiting = null;
    // What is still in the channel is dropped with it, however much a function has put there.
    port.close();
  }

  function die(why: string): void {
    if (!isOpen) return;
    close();
    options.onDeath(why);
  }

  function receive(data: unknown): void {
    if (!isOpen) return;
    const answer = readAnswer(data);
    if (answer?.type === "ready" && !isReady) {
      isReady = true;
      return options.onReady();
    }
    if (answer === null || answer.type === "ready" || waiting === null || answer.run !== runs) {
      return die("The sandbox said something that nobody had asked for, and was ended.");
    }
    const { settle, startedAtMs } = waiting;
    waiting = null;
    settle(toOutcome(answer, hash, nowMs() - startedAtMs));
  }

  port.addEventListener("message", ({ data }) => receive(data));
  port.addEventListener("messageerror", () => die("A message of the sandbox was unreadable."));
  // Browsers that tell of it close the channel when the frame's process ends, mostly for want of memory.
  port.addEventListener("close", () => die("The sandbox ended by itself, probably out of memory."));
  port.start();

  return {
    run({ params, inputs }) {
      return new Promise((settle) => {
        runs += 1;
        waiting = { startedAtMs: nowMs(), settle };
        // Copies: shared memory cannot go there, and the function may write to what it is given.
        const copies = inputs.map(({ bytes }) => new Uint8Array(bytes));
        port.postMessage(
          { run: runs, params, inputs: copies },
          copies.map(({ buffer }) => buffer),
        );
      });
    },
    close,
  };
}

type Answer = Exclude<SandboxAnswer, { type: "ready" }>;

function toOutcome(answer: Answer, hash: Hash, elapsedMs: number): RunOutcome {
  if (answer.type === "failed") {
    const { reason, message, error } = answer;
    return { ok: false, reason, message, ...(error === undefined ? {} : { error }) };
  }
  const { output, computeMs } = answer;
  // A view of a much larger buffer would keep all of that in memory.
  const bytes = output.length === output.buffer.byteLength ? output : output.slice();
  return {
    ok: true,
    outputs: [{ block: asBlockId(hash(bytes)), bytes }],
    computeMs: Math.min(computeMs, elapsedMs),
  };
}

/** Null for anything but an answer. The function could have sent it, so every part is looked at. */
function readAnswer(data: unknown): SandboxAnswer | null {
  if (typeof data !== "object" || data === null) return null;
  const { type, run, output, computeMs, reason, message, error } = data as Readonly<
    Record<string, unknown>
  >;
  if (type === "ready") return { type };
  if (typeof run !== "number") return null;
  if (type === "done" && isOutput(output) && isDuration(computeMs)) {
    return { type, run, output, computeMs };
  }
  if (type !== "failed" || !isReason(reason) || typeof message !== "string") return null;
  const failed = { type, run, reason, message: message.slice(0, MESSAGE_LENGTH_MAX) } as const;
  if (error === undefined) return failed;
  const checked = readError(error);
  return checked && { ...failed, error: checked };
}

const isOutput = (value: unknown): value is Uint8Array<ArrayBuffer> =>
  value instanceof Uint8Array &&
  value.buffer instanceof ArrayBuffer &&
  value.length <= BLOCK_BYTES_MAX;

const isDuration = (value: unknown): value is number =>
  typeof value === "number" && Number.isFinite(value) && value >= 0;

const isReason = (value: unknown): value is "kernel-error" | "bad-input" | "out-of-memory" =>
  value === "kernel-error" || value === "bad-input" || value === "out-of-memory";

/** What the protocol takes; `remoteError` in the thread keeps to the same bounds. */
const NAME_LENGTH_MAX = 200;
const MESSAGE_LENGTH_MAX = 4_000;
const STACK_LENGTH_MAX = 8_000;

function readError(value: unknown): RemoteError | null {
  if (typeof value !== "object" || value === null) return null;
  const { name, message, stack } = value as Readonly<Record<string, unknown>>;
  if (typeof name !== "string" || typeof message !== "string" || typeof stack !== "string") {
    return null;
  }
  return {
    name: name.slice(0, NAME_LENGTH_MAX),
    message: message.slice(0, MESSAGE_LENGTH_MAX),
    stack: stack.slice(0, STACK_LENGTH_MAX),
  };
}
