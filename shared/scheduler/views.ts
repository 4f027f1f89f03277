// What the host may show of the scheduler's state: counts, loads and stories, as plain values.
import type { JobState, RemoteError, TargetFailure, TaskCost } from "../graph/task.ts";
import type { JobId, TaskKey, WorkerId } from "../ids.ts";
import type { SchedulerState, TaskState } from "./state.ts";
import { firstFailure } from "./demand.ts";
import { capacityOf } from "./capacity.ts";

export interface JobCounts {
  readonly state: JobState;
  /** Tasks that the targets need; those whose results made them unnecessary are not counted. */
  readonly total: number;
  /** Waiting for other tasks or for data. */
  readonly waiting: number;
  /** Of these, tasks waiting for a block that nobody holds. */
  readonly waitingForData: number;
  readonly ready: number;
  readonly leased: number;
  readonly done: number;
  readonly targetsTotal: number;
  /** Targets that are done, with every output in the store. */
  readonly targetsDone: number;
  /** In a job that goes on. */
  readonly targetsFailed: number;
  readonly failure: TargetFailure | null;
}

/** The job's progress, or undefined when it is not known (any more). */
export function jobCounts(state: SchedulerState, id: JobId): JobCounts | undefined {
  const job = state.jobs.get(id);
  if (job === undefined) return undefined;
  const { counts } = job;
  const blocked = new Set(
    [...state.missingBlocks].flatMap((block) =>
      [...(block.consumers ?? [])].filter(
        (task) => task.state === "waiting" && task.jobs.includes(job),
      ),
    ),
  );
  const unfinished = counts.waiting + counts.ready + counts.leased + counts.cancelled;
  return {
    state: job.state,
    total: unfinished + counts.done + counts.failed,
    waiting: counts.waiting,
    waitingForData: blocked.size,
    ready: counts.ready,
    leased: counts.leased,
    done: counts.done,
    targetsTotal: job.targetsTotal,
    targetsDone: job.targetsTotal - job.targetsOpen - job.targetsFailed.size,
    targetsFailed: job.targetsFailed.size,
    failure: job.failure ?? firstFailure(job),
  };
}

/** Kernels whose speeds are shown of one worker. */
const SPEEDS_MAX = 16;

export interface WorkerLoad {
  readonly isSuspect: boolean;
  /** Live leases, and how many it could hold. */
  readonly leased: number;
  readonly capacity: number;
  /** Predicted compute time of its leases. */
  readonly loadMs: number;
  /** Learned speed relative to the mean of the cluster; 1 before anything was timed. */
  readonly relativeSpeed: number;
  /** Learned operations a millisecond by kernel or function, the most recently timed first; 16 at most. */
  readonly speeds: readonly { readonly kernel: string; readonly operationsPerMs: number }[];
  readonly blocksHeld: number;
}

/** The worker's leases and speed, or undefined when it is not joined. */
export function workerLoad(state: SchedulerState, id: WorkerId): WorkerLoad | undefined {
  const worker = state.workers.get(id);
  if (worker === undefined) return undefined;
  return {
    isSuspect: worker.isSuspect,
    leased: worker.attempts.size,
    capacity: capacityOf(state, worker),
    loadMs: worker.loadMs,
    relativeSpeed: worker.profile.relative,
    speeds: Array.from(worker.profile.speeds, ([kernel, operationsPerMs]) => ({
      kernel,
      operationsPerMs,
    }))
      .slice(-SPEEDS_MAX)
      .toReversed(),
    blocksHeld: worker.holder.blocks.size,
  };
}

/** How a task stands; "unneeded": it waits, and nobody needs it now. */
export type TaskStanding = TaskState | "unneeded";

/** How a task stands, or undefined when no unfinished job includes it. */
export function taskStanding(state: SchedulerState, key: TaskKey): TaskStanding | undefined {
  const task = state.tasks.get(key);
  return task?.state === "waiting" && !task.isActive ? "unneeded" : task?.state;
}

/** Tasks of a job that take outputs of this one, at most so many. */
export function readersOf(
  state: SchedulerState,
  key: TaskKey,
  jobId: JobId,
  max: number,
): TaskKey[] {
  const readers: TaskKey[] = [];
  for (const task of state.tasks.get(key)?.dependants ?? []) {
    if (readers.length >= max) break;
    if (task.jobs.some((job) => job.id === jobId)) readers.push(task.key);
  }
  return readers;
}

export interface TaskStory {
  readonly state: TaskState;
  readonly kernel: string;
  readonly cost: TaskCost;
  /** Workers with a live attempt. */
  readonly workers: readonly WorkerId[];
  /** Input blocks that nobody holds. */
  readonly missingBlocks: number;
  /** What went wrong so far, in plain sentences, oldest first. */
  readonly sentences: readonly string[];
  /** What its kernel threw last. */
  readonly error: RemoteError | null;
}

/** What is to be told of a task, or undefined when no unfinished job includes it. */
export function taskStory(state: SchedulerState, key: TaskKey): TaskStory | undefined {
  const task = state.tasks.get(key);
  if (task === undefined) return undefined;
  return {
    state: task.state,
    kernel: task.task.kernel,
    cost: task.task.cost,
    workers: task.attempts.map((attempt) => attempt.worker.id),
    missingBlocks: task.blocks.filter((block) => block.holders.length === 0).length,
    sentences: [...(task.trouble?.story ?? [])],
    error: task.trouble?.error ?? null,
  };
}
