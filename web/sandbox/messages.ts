// What a page and a sandboxed thread say to each other. The page trusts nothing that comes back.
import type { JsonValue, RemoteError } from "../../shared/graph/task.ts";

/** Tasks to be run one after the other. */
export interface SandboxTasks {
  /** The thread's tasks are counted; this is the first one's number, and each answer repeats its own. */
  readonly firstRun: number;
  readonly tasks: readonly SandboxTask[];
  /** What the tasks read: each block once, however many read it. Small ones share a buffer. */
  readonly blocks: readonly Uint8Array<ArrayBuffer>[];
}

export interface SandboxTask {
  readonly params: JsonValue;
  /** Places in `blocks`. */
  readonly inputs: readonly number[];
}

export type SandboxAnswer =
  /** Said once, when the thread has started. */
  | { readonly type: "ready" }
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
