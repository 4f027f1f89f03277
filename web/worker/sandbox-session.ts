// The page's half of a sandboxed thread's channel: one answer a task, in order; anything else is a breach.
import { assert } from "../../shared/assert.ts";
import { asBlockId } from "../../shared/ids.ts";
import type { Hash } from "../../shared/graph/task-key.ts";
import type { RemoteError } from "../../shared/graph/task.ts";
import { BLOCK_BYTES_MAX } from "../../shared/limits.ts";
import type { RunOutcome, RunRequest } from "../../shared/worker/worker-platform.ts";
import type { SandboxAnswer, SandboxTask, SandboxTasks } from "../sandbox/messages.ts";

/** As much of a MessagePort as is needed. */
export interface SandboxPort {
  postMessage(message: SandboxTasks, transfer: ArrayBuffer[]): void;
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
  /**
   * Runs tasks one after the other; `onOutcome` hears how each ended, in order: as soon as it has, or
   * with those behind it. One call at a time. When the thread dies, `onDeath` is the word on those left.
   */
  run: RunInSandbox;
  close(): void;
}

export type RunInSandbox = (
  requests: readonly SandboxRequest[],
  saysTogether: boolean,
  onOutcome: (outcome: RunOutcome) => void,
) => void;

interface SandboxRequest extends Pick<RunRequest, "params"> {
  readonly inputs: readonly { readonly bytes: Uint8Array }[];
}

export function openSandboxSession(options: SandboxSessionOptions): SandboxSession {
  const { port, hash, nowMs } = options;
  /** Tasks sent, and answers heard. */
  let sent = 0;
  let heard = 0;
  let isReady = false;
  let isOpen = true;
  let settle = (_outcome: RunOutcome): void => undefined;
  /** When the tasks were sent, later by what those that ended have taken since. */
  let computingSinceMs = 0;

  function close(): void {
    isOpen = false;
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
    if (data === "ready" && !isReady) {
      isReady = true;
      return options.onReady();
    }
    // An empty one, or one that is too long, was not asked for.
    const count = Array.isArray(data) ? data.length : 0;
    if (count === 0 || count > sent - heard) return dieOfBreach();
    for (const one of data as readonly unknown[]) take(readAnswer(one));
  }

  function take(answer: SandboxAnswer | null): void {
    // An answer before it may have ended the thread.
    if (!isOpen) return;
    if (answer?.run !== heard + 1) return dieOfBreach();
    heard += 1;
    // Together they cannot have computed for longer than the page has waited.
    const outcome = toOutcome(answer, hash, nowMs() - computingSinceMs);
    if (outcome.ok) computingSinceMs += outcome.computeMs;
    settle(outcome);
  }

  const dieOfBreach = (): void =>
    die("The sandbox said something that nobody had asked for, and was ended.");

  port.addEventListener("message", ({ data }) => receive(data));
  port.addEventListener("messageerror", () => die("A message of the sandbox was unreadable."));
  // Browsers that tell of it close the channel when the frame's process ends, mostly for want of memory.
  port.addEventListener("close", () => die("The sandbox ended by itself, probably out of memory."));
  port.start();

  return {
    run(requests, saysTogether, onOutcome) {
      assert(heard === sent, "a sandbox was asked for more before it had answered");
      const message = toTasks(sent + 1, requests, saysTogether);
      sent += requests.length;
      settle = onOutcome;
      computingSinceMs = nowMs();
      port.postMessage(message, [...new Set(message.blocks.map(({ buffer }) => buffer))]);
    },
    close,
  };
}

/** Smaller blocks go in one buffer: each buffer costs sender, receiver and collector more than its bytes. */
const OWN_BUFFER_BYTES = 64 * 1_024;

/** Blocks are copied: shared memory cannot go there, and the thread may write to what it is given. */
function toTasks(
  firstRun: number,
  requests: readonly SandboxRequest[],
  saysTogether: boolean,
): SandboxTasks {
  const places = new Map<Uint8Array, number>();
  const placeOf = (bytes: Uint8Array): number => {
    const place = places.get(bytes) ?? places.size;
    places.set(bytes, place);
    return place;
  };
  const tasks = requests.map(({ params, inputs }): SandboxTask => {
    return { params, inputs: inputs.map(({ bytes }) => placeOf(bytes)) };
  });
  return { firstRun, tasks, blocks: copyAll([...places.keys()]), saysTogether };
}

function copyAll(blocks: readonly Uint8Array[]): Uint8Array<ArrayBuffer>[] {
  const isSmall = ({ length }: Uint8Array): boolean => length < OWN_BUFFER_BYTES;
  const smallBytes = blocks.reduce((sum, block) => sum + (isSmall(block) ? block.length : 0), 0);
  const together = new ArrayBuffer(smallBytes);
  let at = 0;
  return blocks.map((block) => {
    if (!isSmall(block)) return new Uint8Array(block);
    const copy = new Uint8Array(together, at, block.length);
    copy.set(block);
    at += block.length;
    return copy;
  });
}

function toOutcome(answer: SandboxAnswer, hash: Hash, elapsedMs: number): RunOutcome {
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
