// What a task, its inputs and a job are, as plain data: the vocabulary that every part shares.
import type { BlockId, TaskKey } from "../ids.ts";

export type JsonValue =
  | null
  | boolean
  | number
  | string
  | readonly JsonValue[]
  | { readonly [name: string]: JsonValue };

/** A block and its size, always named together: whoever learns of a block can plan for its bytes. */
export interface BlockRef {
  readonly block: BlockId;
  readonly sizeBytes: number;
}

/** Where a task's input comes from: a block that exists, or the `output`-th block of another task. */
export type TaskInput = BlockRef | { readonly task: TaskKey; readonly output: number };

/** What a kernel is expected to cost; lets the scheduler predict times it has never measured. */
export interface TaskCost {
  /** Arithmetic operations, any consistent unit for one kernel. */
  readonly operations: number;
  readonly outputBytes: number;
}

/** The work itself: exactly what the key is the hash of. */
export interface TaskWork {
  /** "name@version", as the kernel registry knows it. */
  readonly kernel: string;
  readonly params: JsonValue;
  readonly inputs: readonly TaskInput[];
}

/** The kernel that runs functions of users, where a machine's user agreed to that. */
export const FUNCTION_KERNEL = "function@1";

export interface Task extends TaskWork {
  readonly key: TaskKey;
  readonly cost: TaskCost;
  /** How many failures (not workers' deaths) are forgiven. */
  readonly retries: number;
  /** Time in a thread after which an attempt is ended, as a failure. None when absent. */
  readonly limitMs?: number;
  /**
   * Tasks of one group are expected to take times in proportion to their operations: a function, for
   * one. The kernel when absent.
   */
  readonly group?: string;
}

/** A block up to SMALL_BLOCK_BYTES_MAX with its bytes in base64, as messages carry it. */
export interface SmallBlock {
  readonly block: BlockId;
  readonly bytes: string;
}

/** What a client submits. Only `targets` travel to the client; tasks they do not need are not run. */
export interface JobSubmission {
  /** What kind of job this is ("correlation"), for views and exports; the scheduler ignores it. */
  readonly kind: string;
  readonly title: string;
  /** What views and exports of this kind need (dataset, tile layout …). */
  readonly meta: JsonValue;
  /** Higher runs first; 0 is normal. */
  readonly priority: number;
  readonly tasks: readonly Task[];
  readonly targets: readonly TaskKey[];
  /**
   * What the failure of a target does: "end" ends the job at once as failed (the default); "go-on" tells
   * it to those who watch and lets the other targets be finished.
   */
  readonly onFailure?: "end" | "go-on";
  /**
   * True for a job that is extended later and ends only when it is closed. Results stay where they were
   * made until somebody asks for them; they are copied to the store when the job is closed.
   */
  readonly isOpen?: boolean;
}

/** Changes of an open job, made in the order of these fields. */
export interface JobExtension {
  /** Targets that nobody needs any more; what is left to do for them alone is cancelled. */
  readonly released: readonly TaskKey[];
  /** Failed targets that are to be tried again. */
  readonly retried: readonly TaskKey[];
  /** More work; it may use outputs of tasks that the job has already. */
  readonly tasks: readonly Task[];
  readonly targets: readonly TaskKey[];
}

/** What was thrown where a task ran, as far as it crosses machines. */
export interface RemoteError {
  readonly name: string;
  readonly message: string;
  readonly stack: string;
}

/** Why a target will not be there: a plain story, and what its kernel threw last, if it did. */
export interface TargetFailure {
  readonly task: TaskKey;
  readonly message: string;
  readonly error: RemoteError | null;
}

export type JobState = "running" | "paused" | "done" | "failed" | "cancelled";

/** A finished target: the blocks it produced. */
export interface TaskResult {
  readonly task: TaskKey;
  readonly outputs: readonly BlockRef[];
}
