// The sandboxed thread of one slot: made when a function comes, only ever one job's, ended when idle.
import { assert, present } from "../../shared/assert.ts";
import type { Clock } from "../../shared/data-plane/clock.ts";
import type { AttemptId, JobId } from "../../shared/ids.ts";
import type { RunOutcome, RunRequest } from "../../shared/worker/worker-platform.ts";
import type { RunInSandbox } from "./sandbox-session.ts";

export interface SandboxThread {
  /** See SandboxSession. */
  readonly run: RunInSandbox;
  terminate(): void;
}

/** Starts a thread; `onDeath` is called when it cannot go on, with the reason in plain words. */
export type StartSandbox = (onDeath: (why: string) => void) => SandboxThread;

export interface SandboxParts {
  readonly start: StartSandbox;
  /** Told whether functions may come at all. */
  readonly expect?: (areFunctionsExpected: boolean) => void;
  readonly clock: Clock;
}

/** A job's next task comes sooner; and what a function left running must not run on for ever. */
export const SANDBOX_IDLE_MS = 10_000;
/**
 * A cancelled function that had not begun may run so long: it is known to be short, and starting a
 * thread anew takes the others longer.
 */
export const CANCELLED_GRACE_MS = 50;

/**
 * Functions that say together how they end are known to be short. What has not ended after this time is
 * not, or waits behind one that is not, and which one that is cannot be known: they run apart.
 */
export const TOGETHER_MS_MAX = 1_000;

interface Run {
  readonly request: RunRequest;
  readonly settle: (outcome: RunOutcome) => void;
  isCancelled: boolean;
}

export class SlotSandbox {
  readonly #parts: SandboxParts;
  #thread: SandboxThread | null = null;
  #job: JobId | null = null;
  /** Those that have not ended, in the order of their turns: the first one runs. */
  #runs: Run[] = [];
  /**
   * Not null while how these ended is said together: the first one may have ended already, and others
   * with it.
   */
  #stopTogetherTimer: (() => void) | null = null;
  #stopTimer: (() => void) | null = null;

  constructor(parts: SandboxParts) {
    this.#parts = parts;
  }

  /** Whose functions the thread has run; null without one. */
  get job(): JobId | null {
    return this.#job;
  }

  /** The one that runs, and whether any does. */
  get current(): AttemptId | null {
    return this.#runs[0]?.request.attempt ?? null;
  }

  /** Functions of one job, one after the other; when none runs. All settle. */
  run(requests: readonly RunRequest[]): readonly Promise<RunOutcome>[] {
    assert(this.#runs.length === 0, "a sandbox was given work while it had some");
    const job = present(requests[0], "a function to run").job;
    this.#setTimer(null);
    if (this.#job !== job) this.stop();
    this.#job = job;
    const outcomes = requests.map(
      (request) =>
        new Promise<RunOutcome>((settle) => {
          this.#runs.push({ request, settle, isCancelled: false });
        }),
    );
    // Whoever limits its time must know when each one's turn is.
    this.#begin(requests.length > 1 && requests.every(({ limitMs }) => limitMs === null));
    return outcomes;
  }

  #begin(saysTogether: boolean): void {
    this.#setTogether(saysTogether);
    const thread = (this.#thread ??= this.#start());
    const requests = this.#runs.map(({ request }) => request);
    thread.run(requests, saysTogether, (outcome) => this.#ended(thread, outcome));
  }

  #setTogether(saysTogether: boolean): void {
    this.#stopTogetherTimer?.();
    this.#stopTogetherTimer = saysTogether
      ? this.#parts.clock.after(TOGETHER_MS_MAX, () => {
          if (!this.#isClear) this.#beginApart();
        })
      : null;
  }

  /** Whether it is known which one runs: the last one is told of at once. */
  get #isClear(): boolean {
    return this.#stopTogetherTimer === null || this.#runs.length < 2;
  }

  /** Ends the attempt, if it is here: with the thread if it runs, or if it runs for long later. */
  cancel(attempt: AttemptId): void {
    const run = this.#runs.find(({ request }) => request.attempt === attempt);
    if (run === undefined) return;
    run.isCancelled = true;
    if (run === this.#runs[0]) this.stop();
  }

  /** Ends the thread: what runs has this outcome; of the others it is not known that they began. */
  stop(outcome = cancelled): void {
    const runs = this.#runs;
    this.#runs = [];
    this.#setTogether(false);
    this.#endThread();
    this.#job = null;
    for (const [place, { settle }] of runs.entries()) settle(place === 0 ? outcome : unbegun);
  }

  #endThread(): void {
    this.#setTimer(null);
    this.#thread?.terminate();
    this.#thread = null;
  }

  #start(): SandboxThread {
    const thread = this.#parts.start((why) => {
      if (this.#thread !== thread) return;
      if (this.#isClear) this.stop(died(why));
      else this.#beginApart();
    });
    return thread;
  }

  /** Which of them ended or blocked the thread is not known: they run again, each told of before the next. */
  #beginApart(): void {
    this.#endThread();
    const runs = this.#runs;
    this.#runs = runs.filter(({ isCancelled }) => !isCancelled);
    for (const { isCancelled, settle } of runs) if (isCancelled) settle(cancelled);
    if (this.#runs.length > 0) this.#begin(false);
    else this.stop();
  }

  #ended(thread: SandboxThread, outcome: RunOutcome): void {
    if (this.#thread !== thread) return;
    // A function that throws harms only its own job's thread; one without memory has filled it.
    const isSpent =
      !outcome.ok && outcome.reason !== "kernel-error" && outcome.reason !== "bad-input";
    if (isSpent) return this.stop(outcome);
    const ended = this.#runs.shift();
    const next = this.#runs[0];
    if (next === undefined) {
      this.#setTogether(false);
      this.#setTimer(SANDBOX_IDLE_MS);
    } else this.#setTimer(next.isCancelled ? CANCELLED_GRACE_MS : null);
    ended?.settle(outcome);
  }

  /** Stops the thread after this time, unless told otherwise before. */
  #setTimer(delayMs: number | null): void {
    this.#stopTimer?.();
    this.#stopTimer = delayMs === null ? null : this.#parts.clock.after(delayMs, () => this.stop());
  }
}

const died = (message: string): RunOutcome => ({ ok: false, reason: "thread-died", message });

const cancelled: RunOutcome = {
  ok: false,
  reason: "cancelled",
  message: "The attempt was cancelled.",
};

const unbegun: RunOutcome = {
  ok: false,
  reason: "unbegun",
  message: "Its thread ended under one before it.",
};
