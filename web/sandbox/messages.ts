// What a page and a sandboxed thread say to each other. The page trusts nothing that comes back.
import type { JsonValue, RemoteError } from "../../shared/graph/task.ts";

export interface SandboxTask {
  /** Counts the thread's tasks; the answer repeats it. */
  readonly run: number;
  readonly params: JsonValue;
  readonly inputs: readonly Uint8Array[];
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
