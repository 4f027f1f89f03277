// The scheduler's state: plain records that point at each other, without functions or clocks.
import type { AttemptId, BlockId, Incarnation, JobId, TaskKey, WorkerId } from "../ids.ts";
import type { JobState, RemoteError, Task } from "../graph/task.ts";
import { createPrng, type Prng } from "../prng.ts";
import type { FailureStory, SchedulerCommand } from "./commands.ts";
import type { Holder } from "./events.ts";
import { DEFAULT_TUNING, type Tuning } from "./tuning.ts";

/** SPEC.md says what each state means and where its tasks are found. */
export type TaskState = "waiting" | "ready" | "leased" | "done" | "failed" | "cancelled";

/** What went wrong with a task so far; most tasks never have one. */
export interface Trouble {
  /** Failures that count against the task's retries. */
  failures: number;
  /** Names of the deaths under this task, so that none counts twice. */
  readonly deaths: Set<string>;
  /** Workers that get it only when no other may have it. */
  readonly avoid: Set<WorkerId>;
  /** Workers under which an attempt failed or was lost. */
  readonly failedOn: Set<WorkerId>;
  /** Leases that ran out; each doubles the next one. */
  expiries: number;
  /** Plain sentences, oldest first. */
  readonly story: string[];
  /** What the kernel threw last. */
  error: RemoteError | null;
}

export interface TaskRecord {
  readonly key: TaskKey;
  /** Place in the one order of all tasks: depth-first within a job, jobs in order of submission. */
  readonly sequence: number;
  readonly task: Task;
  /** It runs a function of a user, which not every worker does. */
  readonly isFunction: boolean;
  state: TaskState;
  /** True while waiting, ready or leased on somebody's behalf: its own inputs are in demand then. */
  isActive: boolean;
  /** Unfinished jobs that have it as a target, plus active dependants. */
  demand: number;
  /** For an active waiting task: dependencies not done plus input blocks that nobody holds. */
  missing: number;
  /** Distinct producers of its inputs. */
  readonly dependencies: readonly TaskRecord[];
  /** Distinct blocks that are inputs by themselves (datasets). */
  readonly blocks: readonly BlockRecord[];
  dependants: ReadonlySet<TaskRecord>;
  /** Unfinished jobs that include it, in order of submission. */
  jobs: readonly JobRecord[];
  /** Those of them that have it as a target. */
  targetOf: readonly JobRecord[];
  /** Those that were told of the present outputs. */
  announcedTo: readonly JobRecord[];
  /** The least number of outputs that its dependants rely on. */
  outputsNeeded: number;
  /** Every input in order, resolved; null unless ready or leased. */
  inputs: readonly BlockRecord[] | null;
  /** The latest accepted outputs. Kept when they are lost, in case a holder returns with them. */
  outputs: readonly BlockRecord[] | null;
  /** Done, and every output is in the store. */
  isStored: boolean;
  /** Live attempts: one, or two with a copy. */
  attempts: readonly AttemptRecord[];
  /** The job whose queue holds it while ready. */
  home: JobRecord | null;
  /** Its place in that queue, -1 outside. */
  heapIndex: number;
  /** Times it was at the head of the queue and another was taken for nearness. */
  passes: number;
  trouble: Trouble | null;
}

export interface AttemptRecord {
  readonly id: AttemptId;
  readonly task: TaskRecord;
  readonly worker: WorkerRecord;
  readonly grantedAtMs: number;
  /** Predicted time in a thread. */
  readonly computeMs: number;
  /** Its kernel or function had been timed, so that the prediction means something. */
  readonly isTimed: boolean;
  /** Predicted time of day of its end. */
  readonly finishAtMs: number;
  readonly isSpeculative: boolean;
  deadlineMs: number;
  /** Inputs that the worker lacked when the lease was granted. */
  readonly incoming: readonly BlockRecord[];
}

/** What is known of a worker's speed; outlives its incarnations. */
interface WorkerProfile {
  /** Learned operations per millisecond, by kernel. */
  readonly speeds: Map<string, number>;
  /** Learned speed relative to the cluster's mean, over all kernels; 1 before any was timed. */
  relative: number;
  /** Learned bytes per millisecond, by source. */
  readonly links: Map<Holder, number>;
}

/** A holder of replicas and its copies to the store. */
export interface HolderRecord {
  readonly id: Holder;
  /** The list of this holder alone, shared by the many blocks that have no other. */
  readonly alone: readonly HolderRecord[];
  readonly blocks: Set<BlockRecord>;
  /** Blocks that it was asked to copy to the store. */
  readonly uploading: Set<BlockRecord>;
  /** Blocks that it will be asked for next. */
  readonly uploadQueue: Set<BlockRecord>;
}

/** How far a worker is that finishes and leaves. */
interface Retirement {
  /** Since when it has no lease any more; null while it has. */
  idleSinceMs: number | null;
  /** Blocks that it still has to hand over, and when that last went down. */
  remaining: number;
  movedAtMs: number;
  /** The host was told that it may leave. */
  isOver: boolean;
}

export interface WorkerRecord {
  readonly id: WorkerId;
  /** False once its incarnation is over. */
  isJoined: boolean;
  /** Integer for ties, by order of joining. */
  readonly index: number;
  readonly incarnation: Incarnation;
  threads: number;
  isPaused: boolean;
  isHidden: boolean;
  runsFunctions: boolean;
  /** It finishes, hands over what only it holds, and leaves; null while it stays. */
  retirement: Retirement | null;
  isSuspect: boolean;
  heardAtMs: number;
  /** No leases before this time. */
  restUntilMs: number;
  /** Live leases in order of granting. */
  readonly attempts: Set<AttemptRecord>;
  /** Sum of their predicted compute times. */
  loadMs: number;
  /** How many of them nobody could predict. */
  untimed: number;
  /** Blocks on their way for its leases, with the number of leases that want each. */
  readonly incoming: Map<BlockRecord, number>;
  readonly holder: HolderRecord;
  readonly profile: WorkerProfile;
}

export interface Upload {
  readonly holder: HolderRecord;
  /** When the holder was asked; null while it stands in the holder's queue. */
  askedAtMs: number | null;
}

export interface BlockRecord {
  readonly id: BlockId;
  readonly sizeBytes: number;
  holders: readonly HolderRecord[];
  /** When the newest replica was announced. */
  heldSinceMs: number;
  /** Task records and lingering results that point here; the record goes at 0 without holders. */
  references: number;
  /** Active tasks that have it as an input by itself; null until the first, since few blocks do. */
  consumers: Set<TaskRecord> | null;
  /** Tasks with it among their outputs (equal content can come from several). */
  producers: readonly TaskRecord[];
  upload: Upload | null;
  /** Timeouts of copying it to the store, since the last change of holder. */
  uploadTries: number;
  /** Holders that are no longer believed, oldest first; asked again while the block is missing. */
  doubted: readonly Holder[];
  pleadedAtMs: number;
  /** Finished jobs whose results still linger here. */
  lingering: number;
}

/** Tasks by state; "dormant" are those waiting ones that nobody needs now. */
type TaskCounts = Record<TaskState | "dormant", number>;

export interface JobRecord {
  readonly id: JobId;
  readonly sequence: number;
  /** The list of this job alone, shared by the many tasks that belong to no other. */
  readonly alone: readonly JobRecord[];
  priority: number;
  state: JobState;
  /** It is extended later, does not end by itself, and leaves results where they were made. */
  isOpen: boolean;
  /** The failure of a target is told, and does not end the job. */
  readonly goesOn: boolean;
  /** Ancestors of the targets and the targets, dependencies first; empty once finished. */
  readonly tasks: Set<TaskRecord>;
  readonly targets: Set<TaskRecord>;
  targetsTotal: number;
  /** Targets that have neither failed nor are done with every output in the store. */
  targetsOpen: number;
  /** In a job that goes on, the first one first. */
  readonly targetsFailed: Map<TaskRecord, FailureStory>;
  /** The tasks that failed by themselves, and the workers under which they did. */
  readonly failedOn: Map<TaskKey, readonly WorkerId[]>;
  /** Its ready tasks but for functions of users, as a binary heap by sequence. */
  readonly ready: TaskRecord[];
  /** Likewise those that run functions of users, which not every worker does. */
  readonly readyFunctions: TaskRecord[];
  readonly counts: TaskCounts;
  /** Why it ended. */
  failure: FailureStory | null;
  /** For a done job: its results' blocks, until they are released at `lingerUntilMs`. */
  lingering: BlockRecord[];
  lingerUntilMs: number;
}

/** Messages that were not acted upon, and other things worth a glance. */
interface SchedulerCounters {
  /** Events of stale incarnations, unknown attempts, unknown jobs. */
  dropped: number;
  /** Late results of a finished task whose blocks differ: an inexact kernel or a lying worker. */
  conflicting: number;
  copies: number;
  deaths: number;
  expiries: number;
  recomputed: number;
}

export interface SchedulerState {
  readonly tuning: Tuning;
  readonly prng: Prng;
  nowMs: number;
  tickedAtMs: number | null;
  nextAttempt: number;
  nextSequence: number;
  nextWorkerIndex: number;
  readonly tasks: Map<TaskKey, TaskRecord>;
  readonly blocks: Map<BlockId, BlockRecord>;
  readonly jobs: Map<JobId, JobRecord>;
  /** Unfinished jobs, most urgent first. */
  readonly jobOrder: JobRecord[];
  readonly workers: Map<WorkerId, WorkerRecord>;
  /** Workers and clients that hold blocks, and "store". */
  readonly holders: Map<Holder, HolderRecord>;
  readonly store: HolderRecord;
  readonly attempts: Map<AttemptId, AttemptRecord>;
  /** Workers that can take a lease now. */
  readonly hungry: Set<WorkerRecord>;
  /** Workers that finish and leave. */
  readonly retiring: Set<WorkerRecord>;
  /** Blocks that active tasks have as inputs and nobody holds. */
  readonly missingBlocks: Set<BlockRecord>;
  /** Small blocks that the store announced and nothing pointed at: forgotten unless something does soon. */
  readonly looseBlocks: Set<BlockRecord>;
  readonly profiles: Map<WorkerId, WorkerProfile>;
  /** Mean operations per millisecond over all workers, by kernel. */
  readonly kernelSpeeds: Map<string, number>;
  /** Cancelled attempts whose results may still come. */
  readonly lateAttempts: Map<AttemptId, TaskKey>;
  readonly counters: SchedulerCounters;
}

/** How a job is about to end. */
export interface Ending {
  readonly job: JobRecord;
  readonly state: "done" | "failed" | "cancelled";
  readonly failure: FailureStory | null;
}

/** One call of `step`: what it may not leave behind is collected here and settled before it ends. */
export interface Turn {
  readonly state: SchedulerState;
  readonly nowMs: number;
  readonly commands: SchedulerCommand[];
  /** Tasks that came to be needed, or must run again, and are to be looked at. */
  readonly agenda: TaskRecord[];
  /** Tasks that nobody seemed to need at some moment of this step. */
  readonly idle: TaskRecord[];
  readonly endings: Ending[];
  /** What workers may drop; null while that is nothing, as in most steps. */
  releases: Map<WorkerId, BlockId[]> | null;
}

export interface SchedulerOptions {
  /** For spreading load over equal sources; any integer. */
  readonly seed?: number;
  readonly limits?: Partial<Tuning>;
  /** Attempts are numbered from here: one more than the journal's last. */
  readonly nextAttempt?: number;
}

export function createScheduler(options: SchedulerOptions = {}): SchedulerState {
  const store = createHolder("store");
  return {
    tuning: { ...DEFAULT_TUNING, ...options.limits },
    prng: createPrng(options.seed ?? 1),
    nowMs: 0,
    tickedAtMs: null,
    nextAttempt: options.nextAttempt ?? 1,
    nextSequence: 1,
    nextWorkerIndex: 1,
    tasks: new Map(),
    blocks: new Map(),
    jobs: new Map(),
    jobOrder: [],
    workers: new Map(),
    holders: new Map([["store", store]]),
    store,
    attempts: new Map(),
    hungry: new Set(),
    retiring: new Set(),
    missingBlocks: new Set(),
    looseBlocks: new Set(),
    profiles: new Map(),
    kernelSpeeds: new Map(),
    lateAttempts: new Map(),
    counters: { dropped: 0, conflicting: 0, copies: 0, deaths: 0, expiries: 0, recomputed: 0 },
  };
}

export function createHolder(id: Holder): HolderRecord {
  const alone: HolderRecord[] = [];
  const holder = { id, alone, blocks: new Set(), uploading: new Set(), uploadQueue: new Set() };
  alone.push(holder as HolderRecord);
  return holder as HolderRecord;
}

/** The joined worker behind a holder, if it is one. */
export function workerBehind(
  state: SchedulerState,
  holder: HolderRecord,
): WorkerRecord | undefined {
  const worker = state.workers.get(holder.id as WorkerId);
  return worker?.holder === holder ? worker : undefined;
}

/** Evicts the oldest entry of an insertion-ordered map that has outgrown its bound. */
export function trimOldest<Key, Value>(map: Map<Key, Value>, max: number): void {
  if (map.size <= max) return;
  for (const key of map.keys()) {
    if (map.size <= max) return;
    map.delete(key);
  }
}
