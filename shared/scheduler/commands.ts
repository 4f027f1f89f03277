// What the scheduler asks its host to do. The host turns each into messages or records.
import type { AttemptId, BlockId, Incarnation, JobId, TaskKey, WorkerId } from "../ids.ts";
import type { BlockRef, TargetFailure } from "../graph/task.ts";
import type { Avoidance, Holder } from "./events.ts";

/** A target's failure, and where it began. */
export interface FailureStory extends TargetFailure {
  /** The task that failed by itself: the target, or one that it needs. */
  readonly cause: TaskKey;
  /** What went wrong with that one, in plain sentences, oldest first. */
  readonly sentences: readonly string[];
}

export type SchedulerCommand =
  | {
      readonly type: "grant-lease";
      readonly worker: WorkerId;
      readonly incarnation: Incarnation;
      readonly attempt: AttemptId;
      readonly task: TaskKey;
      /** The first job that wants the task, for the worker's display. */
      readonly job: JobId;
      /** The inputs in the task's order, each with everybody who holds it now. */
      readonly inputs: readonly (BlockRef & { readonly holders: readonly Holder[] })[];
      readonly deadlineMs: number;
      readonly isSpeculative: boolean;
      /** Predicted time in a thread; null when nothing of its group was timed before. */
      readonly expectedMs: number | null;
    }
  | {
      readonly type: "cancel-attempt";
      readonly worker: WorkerId;
      readonly incarnation: Incarnation;
      readonly attempt: AttemptId;
      readonly reason: "superseded" | "job-cancelled" | "job-paused" | "lease-expired";
    }
  | {
      /** Copy this block to the coordinator's store; answered by "blocks-held" of "store". */
      readonly type: "store-block";
      readonly holder: Exclude<Holder, "store">;
      readonly block: BlockId;
    }
  | {
      /** Nobody needs these any more; the worker may drop them. */
      readonly type: "release-blocks";
      readonly worker: WorkerId;
      readonly blocks: readonly BlockId[];
    }
  | {
      /** This incarnation is over or unknown: the host closes its session so that it joins anew. */
      readonly type: "end-incarnation";
      readonly worker: WorkerId;
      readonly incarnation: Incarnation;
      readonly reason: "silent" | "unknown";
    }
  | {
      /** A retiring worker has nothing left that anybody waits for: it may leave. */
      readonly type: "worker-retired";
      readonly worker: WorkerId;
      readonly incarnation: Incarnation;
    }
  | {
      /** A task has its accepted result; journal it. `jobs` are those that wait for it. */
      readonly type: "record-result";
      readonly task: TaskKey;
      readonly outputs: readonly BlockRef[];
      readonly jobs: readonly JobId[];
      readonly worker: WorkerId;
      readonly attempt: AttemptId;
      readonly computeMs: number;
    }
  | {
      /** A target of `job` now exists: tell whoever watches the job. */
      readonly type: "announce-target";
      readonly job: JobId;
      readonly task: TaskKey;
      readonly outputs: readonly BlockRef[];
    }
  | ({
      /** A target of a job that goes on will not come, unless it is tried again. */
      readonly type: "announce-failure";
      readonly job: JobId;
    } & FailureStory)
  | {
      /** Failed targets are tried again: their failures are no more. `avoid` is to be journaled. */
      readonly type: "record-retry";
      readonly job: JobId;
      readonly targets: readonly TaskKey[];
      readonly avoid: readonly Avoidance[];
    }
  | {
      /** An open job let these of its tasks go for good: their descriptions may be forgotten. */
      readonly type: "drop-tasks";
      readonly job: JobId;
      readonly tasks: readonly TaskKey[];
    }
  | {
      /** The job reached a final state. "done" means every target's blocks are in the store. */
      readonly type: "finish-job";
      readonly job: JobId;
      readonly state: "done" | "failed" | "cancelled";
      /** For "failed": the task that failed and its story, in plain sentences. */
      readonly failure?: FailureStory;
      /** For "failed": where the tasks failed that did so by themselves. */
      readonly failedOn?: readonly Avoidance[];
    };
