// The threads of this machine: who computes what, and what happens when one dies or is cancelled.
import { assert, present } from "../../shared/assert.ts";
import { FUNCTION_KERNEL } from "../../shared/graph/task.ts";
import type { AttemptId, BlockId, JobId } from "../../shared/ids.ts";
import type {
  RunFailure,
  RunOutcome,
  RunRequest,
  ThreadPool,
} from "../../shared/worker/worker-platform.ts";
import { type SandboxParts, SlotSandbox } from "./slot-sandbox.ts";
import type { ThreadOutcome, ThreadTask } from "./thread-api.ts";

/** Blocks remembered as sent to one thread; it holds fewer, and says so when asked for one. */
const SENT_BLOCKS_MAX = 4_096;

interface Thread {
  /** May reject or never settle when the thread dies; `onDeath` is the word on that. */
  run(task: ThreadTask): Promise<ThreadOutcome>;
  terminate(): void;
}

/** Starts a thread; `onDeath` is called when it cannot go on, with the reason in plain words. */
export type StartThread = (onDeath: (why: string) => void) => Thread;

interface Slot {
  /** Its place in the machine's row of cells. */
  readonly place: number;
  /** Null after a death, until the next attempt comes. */
  thread: Thread | null;
  /** What its kernels' memories take, as the thread said last. */
  memoryBytes: number;
  /** Blocks that this thread was sent and may still hold. */
  readonly sent: Set<BlockId>;
  /** Where functions of users run. */
  readonly sandbox: SlotSandbox;
  /** What the thread computes, unless the sandbox has work. */
  running: { readonly attempt: AttemptId; settle(outcome: RunOutcome): void } | null;
  /** To be removed as soon as it is free. */
  isSurplus: boolean;
}

export interface BrowserThreadPool extends ThreadPool {
  /** False ends all functions of users at once and returns those that still come. */
  setRunsFunctions(runsFunctions: boolean): void;
}

/** `sandboxing` is how functions of users are run; they are not before `setRunsFunctions(true)`. */
export function createThreadPool(
  startThread: StartThread,
  sandboxing: SandboxParts,
): BrowserThreadPool {
  let slots: Slot[] = [];
  let isClosed = false;
  let runsFunctions = false;

  function start(slot: Slot): Thread {
    const thread = startThread((why) => {
      if (slot.thread !== thread) return;
      stop(slot);
      // A new thread starts with the next attempt only: one that cannot start would go on forever.
      settle(slot, failure("thread-died", why));
    });
    slot.thread = thread;
    return thread;
  }

  function stop(slot: Slot): void {
    const { thread } = slot;
    slot.thread = null;
    slot.memoryBytes = 0;
    slot.sent.clear();
    thread?.terminate();
  }

  function settle(slot: Slot, outcome: RunOutcome): void {
    const { running } = slot;
    slot.running = null;
    if (slot.isSurplus) remove(slot);
    running?.settle({ ...outcome, thread: slot.place });
  }

  /** The first place that no thread has. */
  function freePlace(): number {
    const taken = new Set(slots.map(({ place }) => place));
    let place = 0;
    while (taken.has(place)) place += 1;
    return place;
  }

  function remove(slot: Slot): void {
    stop(slot);
    slot.sandbox.stop();
    slots = slots.filter((other) => other !== slot);
  }

  /** The free slot that suits best. */
  function chooseSlot(suits: (slot: Slot) => number): Slot {
    let best: { slot: Slot; score: number } | null = null;
    for (const slot of slots) {
      if (isBusy(slot) || slot.isSurplus) continue;
      const score = suits(slot);
      if (best === null || score > best.score) best = { slot, score };
    }
    assert(best !== null, "an attempt was started without a free thread");
    return best.slot;
  }

  /** Sends only what the thread lacks; everything, once, if it turns out to lack more. */
  async function compute(slot: Slot, thread: Thread, request: RunRequest): Promise<RunOutcome> {
    const { kernel, params, inputs } = request;
    const lacking = inputs.map(({ block, bytes }) => ({
      block,
      bytes: slot.sent.has(block) ? null : bytes,
    }));
    let outcome = await thread.run({ kernel, params, inputs: lacking });
    if (!outcome.ok && outcome.reason === "missing-inputs") {
      outcome = await thread.run({ kernel, params, inputs });
    }
    if (outcome.ok) {
      if (slot.thread === thread) slot.memoryBytes = outcome.memoryBytes ?? 0;
      if (slot.sent.size > SENT_BLOCKS_MAX) slot.sent.clear();
      for (const { block } of inputs) slot.sent.add(block);
      return outcome;
    }
    if (outcome.reason === "missing-inputs") {
      return failure("kernel-error", "The kernel did not keep the inputs that it was given.");
    }
    return outcome;
  }

  function runKernel(request: RunRequest): Promise<RunOutcome> {
    return new Promise((resolve) => {
      const slot = chooseSlot(({ sent }) => heldBytes(sent, request));
      const thread = slot.thread ?? start(slot);
      slot.running = { attempt: request.attempt, settle: resolve };
      compute(slot, thread, request).then(
        (outcome) => ended(slot, thread, outcome),
        (error: unknown) => ended(slot, thread, failure("thread-died", String(error))),
      );
    });
  }

  function runFunctions(requests: readonly RunRequest[]): Promise<RunOutcome>[] {
    if (!runsFunctions) {
      return allFail(requests, "This machine does not run functions of others.");
    }
    const { job } = present(requests[0], "a function to run");
    const slot = chooseSlot(({ sandbox }) => sandboxFit(sandbox, job));
    return slot.sandbox.run(requests).map(async (run) => {
      const outcome = await run;
      if (slot.isSurplus && !isBusy(slot)) remove(slot);
      return { ...outcome, thread: slot.place };
    });
  }

  function ended(slot: Slot, thread: Thread, outcome: RunOutcome): void {
    if (slot.thread !== thread) return;
    // What a failed kernel left in the thread's memory is not trusted with the next task.
    if (!outcome.ok && outcome.reason !== "bad-input") {
      stop(slot);
      if (!slot.isSurplus) start(slot);
    }
    settle(slot, outcome);
  }

  return {
    resize(threads) {
      const keeping = slots.filter((slot) => !slot.isSurplus);
      // Free threads go first; busy ones when their attempt ends.
      const freeLast = keeping.toSorted((a, b) => Number(isBusy(b)) - Number(isBusy(a)));
      for (const slot of freeLast.slice(threads)) {
        slot.isSurplus = true;
        if (!isBusy(slot)) remove(slot);
      }
      if (isClosed) return;
      for (let count = keeping.length; count < threads; count += 1) {
        const slot: Slot = {
          place: freePlace(),
          thread: null,
          memoryBytes: 0,
          sent: new Set(),
          sandbox: new SlotSandbox(sandboxing),
          running: null,
          isSurplus: false,
        };
        slots.push(slot);
        start(slot);
      }
    },
    share: shareBytes,
    run(requests) {
      if (isClosed) return allFail(requests, "The page is leaving.");
      const { kernel } = present(requests[0], "an attempt to run");
      return kernel === FUNCTION_KERNEL ? runFunctions(requests) : requests.map(runKernel);
    },
    cancel(attempt) {
      for (const { sandbox } of slots) sandbox.cancel(attempt);
      const slot = slots.find(({ running }) => running?.attempt === attempt);
      if (slot === undefined) return;
      stop(slot);
      if (!slot.isSurplus) start(slot);
      settle(slot, failure("cancelled", "The attempt was cancelled."));
    },
    setRunsFunctions(runs) {
      runsFunctions = runs;
      sandboxing.expect?.(runs && !isClosed);
      if (runs) return;
      for (const slot of slots) slot.sandbox.stop();
    },
    get threads() {
      return slots.map(({ running, sandbox }) => running?.attempt ?? sandbox.current);
    },
    get memoryBytes() {
      return slots.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0);
    },
    close() {
      isClosed = true;
      sandboxing.expect?.(false);
      for (const slot of slots) {
        remove(slot);
        settle(slot, failure("cancelled", "The page is leaving."));
      }
    },
  };
}

function heldBytes(sent: ReadonlySet<BlockId>, request: RunRequest): number {
  let sum = 0;
  for (const { block, bytes } of request.inputs) if (sent.has(block)) sum += bytes.length;
  return sum;
}

/** The job's own thread before none, and both before another job's, which would have to end. */
function sandboxFit(sandbox: SlotSandbox, job: JobId): number {
  if (sandbox.job === job) return 2;
  return sandbox.job === null ? 1 : 0;
}

const isBusy = ({ running, sandbox }: Slot): boolean =>
  running !== null || sandbox.current !== null;

/** Shared memory exists on isolated pages only; elsewhere each thread is sent a copy. */
function shareBytes(bytes: Uint8Array): Uint8Array {
  if (!globalThis.crossOriginIsolated) return bytes;
  const shared = new Uint8Array(new SharedArrayBuffer(bytes.length));
  shared.set(bytes);
  return shared;
}

const allFail = (requests: readonly RunRequest[], why: string): Promise<RunOutcome>[] =>
  requests.map(() => Promise.resolve(failure("cancelled", why)));

const failure = (reason: RunFailure, message: string): RunOutcome => ({
  ok: false,
  reason,
  message,
});
