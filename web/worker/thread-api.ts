// What a thread and its page say to each other, through comlink.
import type { JsonValue, RemoteError } from "../../shared/graph/task.ts";
import type { BlockId } from "../../shared/ids.ts";
import type { RunSuccess } from "../../shared/worker/worker-platform.ts";

export interface ThreadTask {
  readonly kernel: string;
  readonly params: JsonValue;
  /** No bytes for blocks that the thread should still hold from an earlier task. */
  readonly inputs: readonly { readonly block: BlockId; readonly bytes: Uint8Array | null }[];
}

export type ThreadOutcome =
  | (RunSuccess & {
      /** What the memories of its kernels take; they never shrink. */
      readonly memoryBytes?: number;
    })
  | {
      readonly ok: false;
      readonly reason: "kernel-error" | "bad-input" | "out-of-memory";
      readonly message: string;
      readonly error?: RemoteError;
    }
  | {
      readonly ok: false;
      readonly reason: "missing-inputs";
      readonly missing: readonly BlockId[];
    };

/** Errors are values: comlink would strip an exception of its fields. */
export interface ThreadApi {
  run(task: ThreadTask): Promise<ThreadOutcome>;
}
