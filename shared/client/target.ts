// What becomes of one task that somebody wants: shared by all futures of its key.
import { assert } from "../assert.ts";
import type { TaskKey } from "../ids.ts";
import type { LocatedBlock } from "../protocol/messages.ts";
import { CancelledError } from "./task-error.ts";
import type { TaskNode } from "./task-node.ts";

export type TargetStatus = "pending" | "done" | "failed" | "cancelled";

/** Who asks the coordinator for it, and can take that back. */
export interface TargetOwner {
  /** One future fewer wants it; the last one lets it go. */
  release(target: Target): void;
  /** A failed or cancelled one is to be tried again: the caller's hold goes over to what is returned. */
  retry(target: Target): Target;
  /** It is wanted once more, by somebody who had released it. */
  again(target: Target): Target;
}

export class Target {
  readonly key: TaskKey;
  /** Null when this program does not know the task: the job was submitted by another one. */
  readonly node: TaskNode | null;
  readonly owner: TargetOwner;
  /** Futures that want it. */
  wanted = 0;
  /** Decoded results by output, as others ask for them too. Forgotten when the task is tried again. */
  readonly values = new Map<number, Promise<unknown>>();
  #status: TargetStatus = "pending";
  #outputs: readonly LocatedBlock[] = [];
  #error: Error | null = null;
  /** How often results were told: a reader that failed waits for the next time. */
  #tellings = 0;
  #isOver = false;
  readonly #listeners = new Set<() => void>();

  constructor(key: TaskKey, node: TaskNode | null, owner: TargetOwner) {
    this.key = key;
    this.node = node;
    this.owner = owner;
  }

  get status(): TargetStatus {
    return this.#status;
  }

  /** Where the results are; empty unless it is done. */
  get outputs(): readonly LocatedBlock[] {
    return this.#outputs;
  }

  /** Null unless it failed or was cancelled. */
  get error(): Error | null {
    return this.#error;
  }

  get tellings(): number {
    return this.#tellings;
  }

  /** Nothing is told of it any more: a result that is lost now is not made again. */
  get isOver(): boolean {
    return this.#isOver;
  }

  /** The results are there, perhaps once more, at other places. */
  succeed(outputs: readonly LocatedBlock[]): void {
    if (this.#status === "cancelled") return;
    this.#outputs = outputs;
    this.#tellings += 1;
    this.#settle("done", null);
  }

  /** Also of one that was done: its result was lost, and could not be made again. */
  fail(error: Error): void {
    if (this.#status !== "pending" && this.#status !== "done") return;
    this.#outputs = [];
    this.values.clear();
    this.#settle("failed", error);
  }

  /** Nothing more comes of it. What is done stays so, for as long as somebody has the result. */
  end(error: Error): void {
    this.#isOver = true;
    if (this.#status === "pending") {
      this.#settle(error instanceof CancelledError ? "cancelled" : "failed", error);
    } else for (const listener of this.#listeners) listener();
  }

  /** It failed or was cancelled, and is being tried again. */
  restart(): void {
    assert(
      this.#status === "failed" || this.#status === "cancelled",
      "only what ended is restarted",
    );
    this.values.clear();
    this.#settle("pending", null);
  }

  /** Calls the listener at every change until the returned function is called. */
  onChange(listener: () => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** Resolves when it is no longer pending; never rejects. */
  settled(): Promise<void> {
    if (this.#status !== "pending") return Promise.resolve();
    return new Promise((resolve) => {
      const stop = this.onChange(() => {
        if (this.#status === "pending") return;
        stop();
        resolve();
      });
    });
  }

  #settle(status: TargetStatus, error: Error | null): void {
    this.#status = status;
    this.#error = error;
    for (const listener of this.#listeners) listener();
  }
}
