// What can happen to a worker, and what it then asks its host to do.
import type { JsonValue, RemoteError } from "../graph/task.ts";
import type { AttemptId, BlockId, JobId } from "../ids.ts";
import type { CoordinatorMessage, LocatedBlock } from "../protocol/messages.ts";
import type { PauseReason, WorkerMessage } from "../protocol/messages.ts";
import type { RunFailure } from "./worker-platform.ts";
import type { MachineCondition } from "./worker-state.ts";

type AttemptFinished = Extract<WorkerMessage, { type: "attempt-finished" }>;
export type LeaseMessage = Extract<CoordinatorMessage, { type: "lease" }>;

export interface StartedAttempt {
  readonly attempt: AttemptId;
  readonly job: JobId;
  readonly kernel: string;
  readonly params: JsonValue;
  readonly inputs: readonly BlockId[];
  /** End it as "timed-out" when it takes longer. */
  readonly limitMs: number | null;
}

export type WorkerEvent =
  | { readonly type: "welcomed" }
  | { readonly type: "lost" }
  /** Nothing starts before "orders-heard": what came with it may belong together, or end it again. */
  | { readonly type: "lease-granted"; readonly lease: LeaseMessage }
  /** Likewise. */
  | { readonly type: "cancel-requested"; readonly attempt: AttemptId }
  /** All that the coordinator said at once was heard. */
  | { readonly type: "orders-heard" }
  | {
      readonly type: "input-arrived";
      readonly block: BlockId;
      readonly sizeBytes: number;
      /** 0 when it came from the cache. */
      readonly bytesFetched: number;
    }
  | { readonly type: "input-failed"; readonly block: BlockId; readonly message: string }
  | {
      readonly type: "attempt-succeeded";
      readonly attempt: AttemptId;
      /** Small ones with their bytes in base64: they are sent along and not kept. */
      readonly outputs: AttemptFinished["outputs"];
      readonly computeMs: number;
      /** The place of its thread. */
      readonly thread?: number;
    }
  | {
      readonly type: "attempt-failed";
      readonly attempt: AttemptId;
      readonly reason: RunFailure;
      readonly message: string;
      readonly error?: RemoteError;
      readonly thread?: number;
    }
  | { readonly type: "threads-set"; readonly threads: number }
  | { readonly type: "paused-set"; readonly paused: boolean; readonly reason: PauseReason }
  | ({ readonly type: "condition-set" } & MachineCondition)
  /** What the threads hold beside the blocks. */
  | { readonly type: "pool-measured"; readonly bytes: number }
  | { readonly type: "hidden-set"; readonly hidden: boolean }
  | { readonly type: "name-set"; readonly name: string }
  | { readonly type: "runs-functions-set"; readonly runsFunctions: boolean }
  /** Nobody needs these any more. */
  | { readonly type: "blocks-released"; readonly blocks: readonly BlockId[] }
  /** Tasks to come will read these. */
  | { readonly type: "prefetch-requested"; readonly blocks: readonly LocatedBlock[] }
  /** The coordinator wants copies in its store. */
  | { readonly type: "store-requested"; readonly blocks: readonly BlockId[] }
  | { readonly type: "upload-ended"; readonly block: BlockId; readonly isStored: boolean }
  /** The cache keeps this block now, and no longer those. */
  | { readonly type: "block-cached"; readonly block: BlockId; readonly evicted: readonly BlockId[] }
  /** The cache turned out not to have this block. */
  | { readonly type: "cache-missed"; readonly block: BlockId }
  | { readonly type: "status-due" }
  | { readonly type: "condition-due" }
  | { readonly type: "left" };

export type WorkerCommand =
  /** `mayWait`: more is expected at once, and may go with it. */
  | { readonly type: "send"; readonly message: WorkerMessage; readonly mayWait?: true }
  /** Bring the block into memory, from the cache or a source; answered by input-arrived or -failed. */
  | { readonly type: "fetch-input"; readonly located: LocatedBlock }
  | { readonly type: "cancel-fetch"; readonly block: BlockId }
  /** One after the other in one thread; each is answered by attempt-succeeded or -failed. */
  | { readonly type: "start-attempts"; readonly attempts: readonly StartedAttempt[] }
  /** End the attempt, with its thread if it runs; it is answered all the same. */
  | { readonly type: "cancel-attempt"; readonly attempt: AttemptId }
  | { readonly type: "resize-pool"; readonly threads: number }
  | { readonly type: "cache-block"; readonly block: BlockId }
  /** Forget the bytes in memory, and those in the cache too if `alsoCached`. */
  | { readonly type: "drop-block"; readonly block: BlockId; readonly alsoCached: boolean }
  /** Copy to the coordinator's store; answered by upload-ended. */
  | { readonly type: "upload-block"; readonly block: BlockId }
  /** Raise "status-due" after this time. */
  | { readonly type: "schedule-status"; readonly delayMs: number }
  /** Raise "condition-due" after this time. */
  | { readonly type: "schedule-condition"; readonly delayMs: number };
