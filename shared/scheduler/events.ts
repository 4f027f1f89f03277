// What can happen to the scheduler. Everything that changes its mind is one of these.
import type { AttemptId, BlockId, Incarnation, JobId, TaskKey, WorkerId } from "../ids.ts";
import type { BlockRef, JobExtension, RemoteError, Task } from "../graph/task.ts";

/** Who can hold a replica: a worker, a client's tab, or the coordinator's block store. */
export type Holder = WorkerId | ClientHolder | "store";
/** Clients are named "c_…": they hold blocks but take no leases. */
export type ClientHolder = `c_${string}`;

/** Workers that a task failed under, or is to be kept away from. */
export interface Avoidance {
  readonly task: TaskKey;
  readonly workers: readonly WorkerId[];
}

export type AttemptFailure =
  | "kernel-error" // The kernel threw: counts against the task's retries.
  | "bad-input" // An input could not be read or had the wrong shape: counts likewise.
  | "out-of-memory" // The thread could not allocate: counts likewise, and avoids this worker.
  | "thread-died" // The thread was lost: counts as a worker's death.
  | "input-unavailable" // No source delivered an input: does not count; the replica is doubted.
  | "timed-out"; // The attempt ran beyond its own limit: counts.

export type SchedulerEvent =
  | {
      readonly type: "worker-joined";
      readonly worker: WorkerId;
      readonly incarnation: Incarnation;
      readonly threads: number;
      readonly paused: boolean;
      readonly hidden: boolean;
      /** Functions of users may run there; false when absent. */
      readonly runsFunctions?: boolean;
    }
  | {
      readonly type: "worker-left";
      readonly worker: WorkerId;
      readonly incarnation: Incarnation;
      /** True when the page said goodbye: nothing is blamed then. */
      readonly isExpected: boolean;
    }
  | {
      readonly type: "worker-heard";
      readonly worker: WorkerId;
      readonly incarnation: Incarnation;
    }
  | {
      readonly type: "worker-changed";
      readonly worker: WorkerId;
      readonly incarnation: Incarnation;
      readonly threads: number;
      readonly paused: boolean;
      readonly hidden: boolean;
      readonly runsFunctions?: boolean;
      /** It is to finish, hand over what only it holds, and leave; false when absent. */
      readonly isRetiring?: boolean;
    }
  | {
      readonly type: "attempt-finished";
      readonly worker: WorkerId;
      readonly incarnation: Incarnation;
      readonly attempt: AttemptId;
      /** Those that came with the message are in the store now, and no longer at the worker. */
      readonly outputs: readonly (BlockRef & { readonly isStored?: boolean })[];
      readonly computeMs: number;
    }
  | {
      readonly type: "attempt-failed";
      readonly worker: WorkerId;
      readonly incarnation: Incarnation;
      readonly attempt: AttemptId;
      readonly reason: AttemptFailure;
      readonly message: string;
      /** What the kernel threw, if it did. */
      readonly error?: RemoteError;
      /** For "input-unavailable": the block that could not be had. */
      readonly block?: BlockId;
    }
  | {
      /** The worker gives leases back unharmed (pause, fewer threads, leaving). */
      readonly type: "attempts-returned";
      readonly worker: WorkerId;
      readonly incarnation: Incarnation;
      readonly attempts: readonly AttemptId[];
    }
  | {
      readonly type: "blocks-held";
      readonly holder: Holder;
      readonly blocks: readonly BlockRef[];
    }
  | {
      readonly type: "blocks-dropped";
      readonly holder: Holder;
      readonly blocks: readonly BlockId[];
    }
  | {
      /** A client's tab closed: all its replicas are gone. */
      readonly type: "holder-left";
      readonly holder: ClientHolder;
    }
  | {
      readonly type: "link-measured";
      readonly worker: WorkerId;
      readonly source: Holder;
      readonly bytesPerMs: number;
    }
  | {
      readonly type: "job-submitted";
      readonly job: JobId;
      readonly priority: number;
      readonly tasks: readonly Task[];
      readonly targets: readonly TaskKey[];
      /** Results known from before (journal, earlier jobs); the replicas must be announced first. */
      readonly known: readonly { readonly task: TaskKey; readonly outputs: readonly BlockRef[] }[];
      readonly onFailure?: "end" | "go-on";
      readonly isOpen?: boolean;
      /** Workers that shall have these tasks only if no other may. */
      readonly avoid?: readonly Avoidance[];
    }
  | ({
      /** Changes of an open job: targets let go, targets tried again, then more work. */
      readonly type: "job-extended";
      readonly job: JobId;
      readonly known: readonly { readonly task: TaskKey; readonly outputs: readonly BlockRef[] }[];
    } & JobExtension)
  | {
      /** Failed targets of a job that goes on are tried again. */
      readonly type: "job-retried";
      readonly job: JobId;
      /** Keep each task away from the workers under which it failed. */
      readonly isElsewhere: boolean;
      /** Targets, or tasks whose failure made targets fail; all that failed when absent. */
      readonly tasks?: readonly TaskKey[];
    }
  /** The open job is not extended any more: it ends when its targets are stored. */
  | { readonly type: "job-closed"; readonly job: JobId }
  | { readonly type: "job-cancelled"; readonly job: JobId }
  /** These of its targets are enough; the job ends when they are stored. */
  | { readonly type: "job-narrowed"; readonly job: JobId; readonly targets: readonly TaskKey[] }
  | { readonly type: "job-paused"; readonly job: JobId }
  | { readonly type: "job-resumed"; readonly job: JobId }
  | { readonly type: "job-prioritised"; readonly job: JobId; readonly priority: number }
  /** The job's record and results may be forgotten (the user deleted it). */
  | { readonly type: "job-forgotten"; readonly job: JobId }
  /** Time passed: leases expire, silent workers become suspect or lost, stragglers are copied. */
  | { readonly type: "ticked" };
