// The sandboxed thread of one slot: made when a function comes, only ever one job's, ended when idle.
import type { Clock } from "../../shared/data-plane/clock.ts";
import type { JobId } from "../../shared/ids.ts";
import type { RunOutcome, RunRequest } from "../../shared/worker/worker-platform.ts";

export interface SandboxThread {
  /** May never settle when the thread dies; `onDeath` is the word on that. */
  run(request: RunRequest): Promise<RunOutcome>;
  terminate(): void;
}

/** Starts a thread; `onDeath` is called when it cannot go on, with the reason in plain words. */
export type StartSandbox = (onDeath: (why: string) => void) => SandboxThread;

export interface SandboxParts {
  readonly start: StartSandbox;
  readonly clock: Clock;
}

/** A job's next task comes sooner; and what a function left running must not run on for ever. */
export const SANDBOX_IDLE_MS = 10_000;

export class SlotSandbox {
  readonly #parts: SandboxParts;
  #thread: SandboxThread | null = null;
  #job: JobId | null = null;
  #settle: ((outcome: RunOutcome) => void) | null = null;
  #stopIdleTimer: (() => void) | null = null;

  constructor(parts: SandboxParts) {
    this.#parts = parts;
  }

  /** Whose functions the thread has run; null without one. */
  get job(): JobId | null {
    return this.#job;
  }

  /** One at a time; always settles, with "cancelled" when it is stopped. */
  run(request: RunRequest): Promise<RunOutcome> {
    this.#stopIdleTimer?.();
    this.#stopIdleTimer = null;
    if (this.#job !== request.job) this.stop();
    const thread = (this.#thread ??= this.#start());
    this.#job = request.job;
    return new Promise((settle) => {
      this.#settle = settle;
      thread.run(request).then(
        (outcome) => this.#ended(thread, outcome),
        (error: unknown) => this.#ended(thread, died(String(error))),
      );
    });
  }

  stop(outcome = cancelled): void {
    const settle = this.#settle;
    this.#stopIdleTimer?.();
    this.#stopIdleTimer = null;
    this.#thread?.terminate();
    this.#thread = null;
    this.#job = null;
    this.#settle = null;
    settle?.(outcome);
  }

  #start(): SandboxThread {
    const thread = this.#parts.start((why) => {
      if (this.#thread === thread) this.stop(died(why));
    });
    return thread;
  }

  #ended(thread: SandboxThread, outcome: RunOutcome): void {
    if (this.#thread !== thread) return;
    // A function that throws harms only its own job's thread; one without memory has filled it.
    const isSpent =
      !outcome.ok && outcome.reason !== "kernel-error" && outcome.reason !== "bad-input";
    if (isSpent) return this.stop(outcome);
    const settle = this.#settle;
    this.#settle = null;
    this.#stopIdleTimer = this.#parts.clock.after(SANDBOX_IDLE_MS, () => this.stop());
    settle?.(outcome);
  }
}

const died = (message: string): RunOutcome => ({ ok: false, reason: "thread-died", message });

const cancelled: RunOutcome = {
  ok: false,
  reason: "cancelled",
  message: "The attempt was cancelled.",
};
