// What a page and a sandboxed thread say to each other. The page trusts nothing that comes back.
import type { JsonValue, RemoteError } from "../../shared/graph/task.ts";

/** Tasks to be run one after the other. */
export interface SandboxTasks {
  /** The thread's tasks are counted; this is the first one's number, and each answer repeats its own. */
  readonly firstRun: number;
  readonly tasks: readonly SandboxTask[];
  /** What the tasks read: each block once, however many read it. Small ones share a buffer. */
  readonly blocks: readonly Uint8Array<ArrayBuffer>[];
  /**
   * What short tasks answer may be said together: a message between two processes costs more than they
   * do. When the thread dies, the page cannot know then which of them it was.
   */
  readonly saysTogether: boolean;
}

export interface SandboxTask {
  readonly params: JsonValue;
  /** Places in `blocks`. */
  readonly inputs: readonly number[];
}

/** "ready" is said once, when the thread has started; then answers, in the order of the tasks. */
export type SandboxSaying = "ready" | readonly SandboxAnswer[];

export type SandboxAnswer =
  | {
      readonly type: "done";
      readonly run: number;
      readonly output: Uint8Array<ArrayBuffer>;
      readonly computeMs: number;
    }
  | {
      readonly type: "failed";
      readonly run: number;
      readonly reason: "kernel-error" | "bad-input" | "out-of-memory";
      readonly message: string;
      readonly error?: RemoteError;
    };
