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

export interface Task extends TaskWork {
  readonly key: TaskKey;
  readonly cost: TaskCost;
  /** How many failures (not workers' deaths) are forgiven. */
  readonly retries: number;
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
}

export type JobState = "running" | "paused" | "done" | "failed" | "cancelled";

/** A finished target: the blocks it produced. */
export interface TaskResult {
  readonly task: TaskKey;
  readonly outputs: readonly BlockRef[];
}
