// Everything a worker knows about its leases and blocks, as plain data.
import type { JsonValue } from "../graph/task.ts";
import type { AttemptId, BlockId, JobId } from "../ids.ts";
import type { Condition, PauseReason } from "../protocol/messages.ts";
import { type BusyRecord, createBusyRecord } from "./busy-share.ts";

export interface Lease {
  readonly attempt: AttemptId;
  readonly job: JobId;
  readonly title: string;
  readonly kernel: string;
  readonly params: JsonValue;
  /** In the task's order; a block may come twice. */
  readonly inputs: readonly BlockId[];
  /** Inputs that are not in memory yet. */
  readonly missing: Set<BlockId>;
  /** A thread computes it now. */
  isRunning: boolean;
  readonly grantedAtMs: number;
  /** When the last input came. */
  readyAtMs: number;
  startedAtMs: number;
  bytesFetched: number;
  readonly limitMs: number | null;
  /** Predicted time in a thread; null when nobody knows. */
  readonly expectedMs: number | null;
}

/** What a thread was given: attempts that have not ended there, in the order of their turns. */
export type Bundle = AttemptId[];

/** A block of which this worker has a replica, in memory, in the cache or in both. */
export interface HeldBlock {
  readonly block: BlockId;
  readonly sizeBytes: number;
  /** Made here: possibly the only copy in the world until it is stored. */
  readonly isOutput: boolean;
  inMemory: boolean;
  inCache: boolean;
  /** The coordinator's store has it. */
  isStored: boolean;
  isUploading: boolean;
  lastUsedMs: number;
}

/** What the platform tells of the machine. */
export type MachineCondition = Pick<Condition, "pressure" | "battery" | "lagMs">;

export interface WorkerState {
  connection: "offline" | "welcomed" | "left";
  name: string;
  threads: number;
  /** True while there is any reason in `pauses`. */
  paused: boolean;
  readonly pauses: Set<PauseReason>;
  hidden: boolean;
  /** Whoever uses this machine agreed to run functions of others, sandboxed. */
  runsFunctions: boolean;
  /** In the order in which they were granted, which is the order of starting. */
  readonly leases: Map<AttemptId, Lease>;
  /** By each attempt in them; a cancelled one stays until its thread is done with it. */
  readonly bundles: Map<AttemptId, Bundle>;
  readonly blocks: Map<BlockId, HeldBlock>;
  /** Small blocks that came with leases and are in memory, the least recently given first. */
  readonly given: Set<BlockId>;
  /** Blocks on their way into memory. */
  readonly fetching: Set<BlockId>;
  /** What the blocks in memory may take. */
  readonly memoryBudgetBytes: number;
  memoryBytes: number;
  cacheBytes: number;
  tasksDone: number;
  tasksFailed: number;
  computeMs: number;
  /** Jobs that it finished tasks of; beyond a bound no more are added. */
  readonly jobs: Set<JobId>;
  condition: MachineCondition;
  /** What the threads hold beside the blocks, as far as the pool knows. */
  poolBytes: number;
  readonly busy: BusyRecord;
  lastStatusAtMs: number;
  /** What the latest status said; null before the first. */
  lastCondition: Condition | null;
  isStatusScheduled: boolean;
  isConditionScheduled: boolean;
}

export function createWorkerState(options: {
  readonly name: string;
  readonly threads: number;
  readonly runsFunctions: boolean;
  readonly memoryBudgetBytes: number;
  readonly cached: readonly { readonly block: BlockId; readonly sizeBytes: number }[];
}): WorkerState {
  const state: WorkerState = {
    connection: "offline",
    name: options.name,
    threads: options.threads,
    paused: false,
    pauses: new Set(),
    hidden: false,
    runsFunctions: options.runsFunctions,
    leases: new Map(),
    bundles: new Map(),
    blocks: new Map(),
    given: new Set(),
    fetching: new Set(),
    memoryBudgetBytes: options.memoryBudgetBytes,
    memoryBytes: 0,
    cacheBytes: 0,
    tasksDone: 0,
    tasksFailed: 0,
    computeMs: 0,
    jobs: new Set(),
    condition: { pressure: null, battery: null, lagMs: null },
    poolBytes: 0,
    busy: createBusyRecord(),
    lastStatusAtMs: Number.NEGATIVE_INFINITY,
    lastCondition: null,
    isStatusScheduled: false,
    isConditionScheduled: false,
  };
  for (const { block, sizeBytes } of options.cached) {
    state.cacheBytes += sizeBytes;
    state.blocks.set(block, {
      block,
      sizeBytes,
      isOutput: false,
      inMemory: false,
      inCache: true,
      isStored: false,
      isUploading: false,
      lastUsedMs: Number.NEGATIVE_INFINITY,
    });
  }
  return state;
}

export const runningLeases = (state: WorkerState): Lease[] =>
  [...state.leases.values()].filter((lease) => lease.isRunning);
