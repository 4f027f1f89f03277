// What the coordinator tells of the cluster's doings: attempts, figures over time, graphs, links.
// Lists of many things are columns: one array a field, all of one length.
import * as z from "zod";
import { jobIdSchema, remoteErrorSchema, taskKeySchema, workerIdSchema } from "./parts.ts";
import { threadsSchema } from "./messages.ts";
import { nameSchema } from "./parts.ts";

const count = z.int().nonnegative();
const counts = z.array(count);
const amounts = z.array(z.number());

/** How an attempt ended. "cancelled" also stands for copies that another attempt was faster than. */
export const attemptOutcomes = ["finished", "failed", "cancelled", "returned"] as const;
export type AttemptOutcome = (typeof attemptOutcomes)[number];

/**
 * The attempts that ended, in the order of their ends, and those under way. Times are Unix
 * milliseconds of the coordinator's clock; an attempt's phases are fetch, wait, compute, in this
 * order, and end at `endMs`.
 */
export const activitySchema = z.object({
  /** Identifies this run of the coordinator: with another one, sequence numbers begin anew. */
  run: z.string(),
  nowMs: z.number(),
  /** The oldest ended attempt that is still remembered; asking before it leaves a gap. */
  firstSeq: count,
  /** Ask from here next time. */
  nextSeq: count,
  /** What the numbers in the columns `worker`, `group` and `job` mean; they only ever grow. */
  workers: z.array(z.object({ worker: workerIdSchema, name: z.string() })),
  groups: z.array(z.string()),
  jobs: z.array(jobIdSchema),
  /** Attempt number `firstOfThese + i` of the sequence is at place i. */
  ended: z.object({
    seq: counts,
    attempt: counts,
    worker: counts,
    /** Place of the thread in its machine's row of cells; -1 when it never came to one. */
    thread: z.array(z.int().min(-1)),
    group: counts,
    job: counts,
    endMs: amounts,
    fetchMs: amounts,
    waitMs: amounts,
    computeMs: amounts,
    /** Places in `attemptOutcomes`. */
    outcome: counts,
    isSpeculative: z.array(z.union([z.literal(0), z.literal(1)])),
  }),
  live: z.object({
    attempt: counts,
    worker: counts,
    group: counts,
    job: counts,
    grantedMs: amounts,
    isRunning: z.array(z.union([z.literal(0), z.literal(1)])),
    isSpeculative: z.array(z.union([z.literal(0), z.literal(1)])),
  }),
});

/** Ended attempts from `since` on, of all jobs or of one. */
export const activityQuerySchema = z.object({
  since: z.coerce.number().int().nonnegative().default(0),
  job: jobIdSchema.optional(),
  limit: z.coerce.number().int().min(1).max(20_000).default(20_000),
});

/** Figures of the coordinator and the cluster, one sample a second, an hour of them. */
export const systemSchema = z.object({
  run: z.string(),
  nowMs: z.number(),
  intervalMs: z.number(),
  firstSeq: count,
  nextSeq: count,
  about: z.object({
    version: z.string(),
    node: z.string(),
    system: z.string(),
    cores: count,
    memoryBytes: count,
    startedAtMs: z.number(),
  }),
  samples: z.object({
    atMs: amounts,
    /** CPU time of the process over wall time: 1 is one whole core. */
    cpuShare: amounts,
    /** Resident memory of the process, and the part of it that is the JavaScript heap. */
    residentBytes: amounts,
    heapBytes: amounts,
    /** How late timers fired: median and 99th percentile within the interval. */
    delayMedianMs: amounts,
    delayHighMs: amounts,
    /** Control messages within the interval. */
    messagesIn: amounts,
    messagesOut: amounts,
    /** Bytes over HTTP and control sockets within the interval. */
    bytesIn: amounts,
    bytesOut: amounts,
    storeBytes: amounts,
    /** Tasks finished within the interval, and thread-milliseconds computed in those. */
    tasksDone: amounts,
    computeMs: amounts,
    machines: amounts,
    threads: amounts,
    threadsComputing: amounts,
    /** Blocks that machines hold in memory and cache, as far as they tell. */
    workersBytes: amounts,
  }),
});

export const systemQuerySchema = z.object({
  since: z.coerce.number().int().nonnegative().default(0),
});

/** States of a task, one character each: waiting, ready, leased, done, failed, cancelled. */
export const taskStateLetters = {
  w: "waiting",
  r: "ready",
  l: "leased",
  d: "done",
  f: "failed",
  c: "cancelled",
} as const;
export type TaskStateLetter = keyof typeof taskStateLetters;

/**
 * The tasks of a job by kernel or function, and which groups read which. What is in no other state was
 * cancelled, or nobody needs it now. An open job's tasks are those that it still has.
 */
export const jobGroupsSchema = z.object({
  groups: z.array(
    z.object({
      name: z.string(),
      total: count,
      waiting: count,
      ready: count,
      leased: count,
      done: count,
      failed: count,
      /** Thread-milliseconds of its attempts so far, as far as remembered. */
      computeMs: z.number(),
      /** Tasks finished within the last ten seconds, a second. */
      tasksPerSecond: z.number(),
    }),
  ),
  /** Groups by their place; `inputs`: how many inputs of `to` are outputs of `from`. */
  edges: z.array(z.object({ from: count, to: count, inputs: count })),
});

/** Tasks above this number are shown as groups only. */
export const GRAPH_TASKS_MAX = 20_000;

/** A job's graph: which task reads which, by their places in `tasks`. */
export const jobGraphSchema = z.object({
  /** Another one when the job has other tasks. */
  revision: z.string(),
  groups: z.array(z.string()),
  tasks: z.array(taskKeySchema).max(GRAPH_TASKS_MAX),
  group: counts,
  /** Task i reads the tasks `inputs[inputsEnd[i - 1] ?? 0 … inputsEnd[i] - 1]`. */
  inputs: counts,
  inputsEnd: counts,
  isTarget: z.array(z.union([z.literal(0), z.literal(1)])),
});

/** One letter a task, in the order of the `tasks` of the graph of that revision. */
export const taskStatesSchema = z.object({
  revision: z.string(),
  states: z.string().max(GRAPH_TASKS_MAX),
});

const attemptStorySchema = z.object({
  attempt: count,
  worker: workerIdSchema,
  name: z.string(),
  /** Null while it is under way. */
  outcome: z.enum(attemptOutcomes).nullable(),
  isSpeculative: z.boolean(),
  grantedMs: z.number(),
  endMs: z.number().nullable(),
  fetchMs: z.number().nullable(),
  waitMs: z.number().nullable(),
  computeMs: z.number().nullable(),
  /** Why it failed, as long as that is remembered. */
  why: z.string().nullable(),
});

/** All that is known of one task. */
export const taskStorySchema = z.object({
  job: jobIdSchema,
  task: taskKeySchema,
  kernel: z.string(),
  group: z.string(),
  state: z.enum(["waiting", "ready", "leased", "done", "failed", "cancelled"]),
  isTarget: z.boolean(),
  /** Tasks whose outputs it reads, and tasks that read its outputs; of each the first thousand. */
  reads: z.array(taskKeySchema),
  readBy: z.array(taskKeySchema),
  inputBytes: count,
  /** Null until it is done. */
  outputBytes: count.nullable(),
  /** The attempts that are still remembered, oldest first. */
  attempts: z.array(attemptStorySchema),
  /** What went wrong so far, in plain sentences, oldest first. */
  sentences: z.array(z.string()),
  error: remoteErrorSchema.nullable(),
});

/** Every measured way of bytes: who received from whom. */
export const linksSchema = z.object({
  links: z.array(
    z.object({
      to: workerIdSchema,
      /** The worker at the other end, or null for the coordinator. */
      from: workerIdSchema.nullable(),
      state: z.enum(["connecting", "open", "failed"]),
      bytes: count,
      bytesPerMs: z.number().nonnegative().nullable(),
      why: z.string().nullable(),
    }),
  ),
});

/** Changes of a worker's settings from the dashboard; whoever sits at it may change them again. */
export const workerSettingsSchema = z.object({
  name: nameSchema.exactOptional(),
  threads: threadsSchema.min(1).exactOptional(),
  paused: z.boolean().exactOptional(),
});

export const jobPrioritySchema = z.object({ priority: z.number().min(-1_000).max(1_000) });
export const jobRetrySchema = z.object({
  /** Keep the tasks away from the workers that they failed on. */
  elsewhere: z.boolean().default(false),
  /** Only these; all that failed when absent. */
  tasks: z.array(taskKeySchema).max(200_000).exactOptional(),
});

export type Activity = z.infer<typeof activitySchema>;
export type SystemHistory = z.infer<typeof systemSchema>;
export type JobGroups = z.infer<typeof jobGroupsSchema>;
export type JobGraph = z.infer<typeof jobGraphSchema>;
export type TaskStory = z.infer<typeof taskStorySchema>;
export type TaskStates = z.infer<typeof taskStatesSchema>;
export type Links = z.infer<typeof linksSchema>;
export type JobRetry = z.infer<typeof jobRetrySchema>;
export type WorkerSettings = z.infer<typeof workerSettingsSchema>;
