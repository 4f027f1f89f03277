// Every message on the control socket, with its schema; those about actors are in actor-messages.ts.
// A frame is one message, or a list of messages that were said at once.
import * as z from "zod";
import * as limits from "../limits.ts";
import {
  actorClientMessages,
  actorClientNews,
  actorWorkerMessages,
  actorWorkerOrders,
  life,
} from "./actor-messages.ts";
import {
  actorIdSchema,
  attemptIdSchema,
  blockIdSchema,
  blockRefSchema,
  clientIdSchema,
  count,
  jobIdSchema,
  jsonSchema,
  locatedBlockSchema,
  milliseconds,
  nameSchema,
  peerIdSchema,
  remoteErrorSchema,
  smallBytes,
  taskKeySchema,
  text,
  workerIdSchema,
} from "./parts.ts";

/** Raised by one with every incompatible change; both sides refuse any other number. */
export const PROTOCOL_VERSION = 5;

export const threadsSchema = z.int().min(0).max(limits.THREADS_PER_WORKER_MAX);

const deviceSchema = z.object({
  browser: nameSchema,
  system: nameSchema,
  cores: z.int().min(1).max(1024),
  isMobile: z.boolean(),
  /** True on https and localhost: shared memory, WebGPU and wake lock may exist. */
  isSecureContext: z.boolean(),
  /** The graphics adapter that fast jobs may use, as the browser names it; absent without one. */
  gpu: z.string().max(200).exactOptional(),
});

/** Why a machine takes no work just now. */
export const pauseReasons = [
  "person", // Whoever sits there pressed Pause.
  "timer", // Likewise, for a while.
  "dashboard",
  "battery",
  "hidden",
  "busy", // The machine is needed for something else.
  "finishing", // It ends its tasks and leaves.
] as const;

/** How the machine is, as far as its browser tells. */
const conditionSchema = z.object({
  /** Null while it takes work. */
  pausedBy: z.enum(pauseReasons).nullable(),
  /** Blocks and kernels in the page's memory. */
  memoryBytes: count,
  /** Share of its threads' time that was computed in, over the last ten seconds, 0 to 1. */
  busyShare: z.number().min(0).max(1),
  pressure: z.enum(["nominal", "fair", "serious", "critical"]).nullable(),
  battery: z.object({ level: z.number().min(0).max(1), isCharging: z.boolean() }).nullable(),
  /** How late the page's timers fire: high when the machine is overloaded. */
  lagMs: milliseconds.nullable(),
});

/** How bytes last came from one source, as the receiving side measured it. */
const linkSchema = z.object({
  /** The peer at the other end, or null for the coordinator (HTTP). */
  peer: peerIdSchema.nullable(),
  state: z.enum(["connecting", "open", "failed"]),
  bytesReceived: count,
  bytesSent: count,
  /** Smoothed rate of recent transfers; null until one was measured. */
  bytesPerMs: z.number().nonnegative().nullable(),
  /** For "failed": why no direct channel is used, in plain words. */
  why: text.nullable(),
});

const helloShape = { type: z.literal("hello"), version: z.int(), token: z.string().max(200) };

const workerHello = z.object({
  ...helloShape,
  role: z.literal("worker"),
  worker: workerIdSchema,
  name: nameSchema,
  threads: threadsSchema,
  threadsMax: threadsSchema.min(1),
  paused: z.boolean(),
  hidden: z.boolean(),
  /** Whoever uses the machine agreed to run functions that users send, sandboxed. */
  runsFunctions: z.boolean(),
  /** Actors whose threads still live, from before the connection was lost. */
  actors: z
    .array(z.object({ actor: actorIdSchema, life }))
    .max(limits.ACTORS_PER_WORKER_MAX)
    .exactOptional(),
  device: deviceSchema,
});

const clientHello = z.object({
  ...helloShape,
  role: z.literal("client"),
  client: clientIdSchema,
});

/** The first message on a socket; anything else first is refused. */
export const helloSchema = z.discriminatedUnion("role", [workerHello, clientHello]);

const pong = z.object({ type: z.literal("pong"), seq: count });
const have = z.object({ type: z.literal("have"), blocks: z.array(blockRefSchema).max(5_000) });
const dropped = z.object({ type: z.literal("dropped"), blocks: z.array(blockIdSchema).max(5_000) });
const links = z.object({ type: z.literal("links"), links: z.array(linkSchema).max(512) });
/** Ask again who holds these blocks; answered by "located". */
const locate = z.object({ type: z.literal("locate"), blocks: z.array(blockIdSchema).max(1_000) });

const attemptFailureSchema = z.enum([
  "kernel-error",
  "bad-input",
  "out-of-memory",
  "thread-died",
  "input-unavailable",
  "timed-out",
]);

/** What a worker says after its hello. */
export const workerMessageSchema = z.discriminatedUnion("type", [
  pong,
  have,
  dropped,
  links,
  locate,
  z.object({
    type: z.literal("status"),
    name: nameSchema,
    threads: threadsSchema,
    paused: z.boolean(),
    hidden: z.boolean(),
    runsFunctions: z.boolean(),
    /** Attempts in a thread right now; the rest of the leases wait or fetch. */
    running: z.array(attemptIdSchema).max(limits.THREADS_PER_WORKER_MAX),
    cacheBytes: count,
    /** Absent where nothing is known of it. */
    condition: conditionSchema.exactOptional(),
  }),
  z.object({
    type: z.literal("attempt-finished"),
    attempt: attemptIdSchema,
    /** Small ones with their bytes, which the worker need not keep then. */
    outputs: z.array(blockRefSchema.extend({ bytes: smallBytes.exactOptional() })).max(64),
    /** The place of its thread in the machine's row of cells. */
    thread: count.exactOptional(),
    computeMs: milliseconds,
    /** From lease to start: fetching inputs, and then waiting for a thread. */
    fetchMs: milliseconds,
    waitMs: milliseconds,
    bytesFetched: count,
  }),
  z.object({
    type: z.literal("attempt-failed"),
    attempt: attemptIdSchema,
    reason: attemptFailureSchema,
    message: text,
    error: remoteErrorSchema.exactOptional(),
    block: blockIdSchema.optional(),
    /** The place of its thread, and the time spent there; absent when it never came to one. */
    thread: count.exactOptional(),
    computeMs: milliseconds.exactOptional(),
  }),
  z.object({ type: z.literal("attempts-returned"), attempts: z.array(attemptIdSchema).max(1_000) }),
  ...actorWorkerMessages,
  /** Goodbye: every lease is returned and the incarnation ends. */
  z.object({ type: z.literal("leave") }),
]);

/** What a client says after its hello. */
export const clientMessageSchema = z.discriminatedUnion("type", [
  pong,
  have,
  dropped,
  links,
  locate,
  /** Follow a job's results; those already there come first. */
  z.object({ type: z.literal("watch-job"), job: jobIdSchema }),
  z.object({ type: z.literal("unwatch-job"), job: jobIdSchema }),
  /** Every worker will need these: those that are joined are told to fetch them now. */
  z.object({ type: z.literal("broadcast-blocks"), blocks: z.array(blockIdSchema).max(1_000) }),
  ...actorClientMessages,
]);

export const refusalReasons = [
  "wrong-version",
  "wrong-token",
  "malformed",
  "too-many",
  "too-fast",
  "unknown-job",
  "superseded",
  "shutting-down",
  "silent",
  "removed",
] as const;

const workerViewSchema = z.object({
  worker: workerIdSchema,
  peer: peerIdSchema,
  name: nameSchema,
  device: deviceSchema,
  address: z.string(),
  threads: threadsSchema,
  threadsMax: threadsSchema,
  state: z.enum(["computing", "fetching", "idle", "paused", "silent"]),
  hidden: z.boolean(),
  runsFunctions: z.boolean(),
  running: count,
  leased: count,
  tasksDone: count,
  tasksFailed: count,
  cacheBytes: count,
  /** Bytes that this worker received, by path. */
  bytesDirect: count,
  bytesCoordinator: count,
  /** "direct": an open channel to a peer; "coordinator": bytes go through the coordinator. */
  path: z.enum(["direct", "coordinator", "unknown"]),
  why: text.nullable(),
  joinedAtMs: z.number(),
  /** Thread-milliseconds computed here since this machine first joined. */
  computeMs: milliseconds,
  condition: conditionSchema,
  /** Asked by the dashboard to finish, hand over and leave. */
  isRetiring: z.boolean(),
  /** Learned speed relative to the mean of the cluster; 1 before anything was timed. */
  relativeSpeed: z.number().nonnegative(),
  /** Learned operations a millisecond by kernel, the most recently timed first. */
  speeds: z.array(z.object({ kernel: z.string(), operationsPerMs: z.number() })).max(16),
  /** "doubtful": many of its attempts failed or were lost. */
  standing: z.enum(["new", "good", "doubtful"]),
});

export const jobViewSchema = z.object({
  job: jobIdSchema,
  kind: z.string(),
  title: z.string(),
  meta: jsonSchema,
  priority: z.number(),
  state: z.enum(["running", "paused", "done", "failed", "cancelled"]),
  submittedAtMs: z.number(),
  finishedAtMs: z.number().nullable(),
  tasksTotal: count,
  tasksDone: count,
  tasksRunning: count,
  targetsTotal: count,
  targetsDone: count,
  targetsFailed: count,
  /** More may come: it ends when it is closed. */
  isOpen: z.boolean(),
  failure: z
    .object({
      task: taskKeySchema,
      /** What was tried, in plain sentences. */
      message: text,
      /** What its function threw last, shortened: "RangeError: Out of reach"; null when it threw nothing. */
      thrown: text.nullable(),
    })
    .nullable(),
  /** Sums over attempts, in thread-milliseconds; and each worker's share. */
  timing: z.object({
    computeMs: milliseconds,
    fetchMs: milliseconds,
    waitMs: milliseconds,
    bytesMoved: count,
    workers: z.array(
      z.object({
        worker: workerIdSchema,
        name: nameSchema,
        tasks: count,
        computeMs: milliseconds,
        fetchMs: milliseconds,
        waitMs: milliseconds,
        bytesFetched: count,
        /** The most that it offered while it had work of this job; absent in jobs of earlier versions. */
        threads: count.exactOptional(),
        /**
         * Work that one of its threads did while an average one of this job did 1, each kernel or
         * function compared with itself. Absent likewise.
         */
        pace: z.number().nonnegative().exactOptional(),
      }),
    ),
  }),
});

const jobResultSchema = z.object({
  task: taskKeySchema,
  outputs: z.array(locatedBlockSchema),
});

export const targetFailureSchema = z.object({
  task: taskKeySchema,
  message: text,
  error: remoteErrorSchema.nullable(),
});

/** What the coordinator says, to workers and clients. */
export const coordinatorMessageSchema = z.discriminatedUnion("type", [
  z.object({
    type: z.literal("welcome"),
    /** This connection's number for a worker; 0 for a client. */
    incarnation: count,
    peer: peerIdSchema,
    /** Secret that admits this peer to the signalling socket, once. */
    ticket: z.string(),
    /** False when the coordinator was started without signalling. */
    direct: z.boolean(),
    /** Clients may send functions of their own here; a worker asks its user whether to run them. */
    allowsFunctions: z.boolean(),
  }),
  z.object({
    type: z.literal("refused"),
    reason: z.enum(refusalReasons),
    message: text,
    /** The job that is unknown. */
    job: jobIdSchema.exactOptional(),
  }),
  z.object({ type: z.literal("ping"), seq: count }),
  z.object({ type: z.literal("located"), blocks: z.array(locatedBlockSchema) }),
  // To workers.
  z.object({
    type: z.literal("lease"),
    attempt: attemptIdSchema,
    task: taskKeySchema,
    job: jobIdSchema,
    title: z.string(),
    kernel: z.string(),
    params: jsonSchema,
    inputs: z.array(locatedBlockSchema),
    /** Time in a thread after which the attempt is to be ended as "timed-out". */
    limitMs: milliseconds.nullable(),
    /** The lease ends this long after it was sent, unless finished or returned. */
    leaseMs: milliseconds,
    isSpeculative: z.boolean(),
    /** Predicted time in a thread; null when nothing of its kind was timed before. */
    expectedMs: milliseconds.nullable(),
  }),
  z.object({
    type: z.literal("cancel-attempt"),
    attempt: attemptIdSchema,
    reason: z.enum(["superseded", "job-cancelled", "job-paused", "lease-expired"]),
  }),
  /** Tasks to come will read these: fetch them ahead. */
  z.object({ type: z.literal("prefetch-blocks"), blocks: z.array(locatedBlockSchema) }),
  z.object({ type: z.literal("store-blocks"), blocks: z.array(blockIdSchema) }),
  z.object({ type: z.literal("release-blocks"), blocks: z.array(blockIdSchema) }),
  /** The dashboard changes the machine's settings; whoever sits there may change them again. */
  z.object({
    type: z.literal("settings"),
    name: nameSchema.exactOptional(),
    threads: threadsSchema.min(1).exactOptional(),
    paused: z.boolean().exactOptional(),
  }),
  /** Finish what runs and take no more; "retired" follows when nothing is needed of the machine. */
  z.object({ type: z.literal("retire") }),
  /** What only this machine held is handed over: it leaves now, and does not come back by itself. */
  z.object({ type: z.literal("retired") }),
  ...actorWorkerOrders,
  // To clients.
  ...actorClientNews,
  z.object({
    type: z.literal("cluster"),
    workers: z.array(workerViewSchema),
    jobs: z.array(jobViewSchema),
  }),
  z.object({
    type: z.literal("job-results"),
    job: jobIdSchema,
    results: z.array(jobResultSchema),
    /** Targets that will not come, unless they are tried again. Only in jobs that go on. */
    failures: z.array(targetFailureSchema),
    /** True when these complete the job and no more will come. */
    isLast: z.boolean(),
  }),
]);

export type BlockRefMessage = z.infer<typeof blockRefSchema>;
export type LocatedBlock = z.infer<typeof locatedBlockSchema>;
export type Device = z.infer<typeof deviceSchema>;
export type LinkReport = z.infer<typeof linkSchema>;
export type Hello = z.infer<typeof helloSchema>;
export type WorkerHello = z.infer<typeof workerHello>;
export type ClientHello = z.infer<typeof clientHello>;
export type WorkerMessage = z.infer<typeof workerMessageSchema>;
export type ClientMessage = z.infer<typeof clientMessageSchema>;
export type CoordinatorMessage = z.infer<typeof coordinatorMessageSchema>;
export type RefusalReason = (typeof refusalReasons)[number];
/** A joined machine as everybody sees it; times are in milliseconds, those of day since 1970. */
export type WorkerView = z.infer<typeof workerViewSchema>;
export type Condition = z.infer<typeof conditionSchema>;
export type PauseReason = (typeof pauseReasons)[number];
/** A job as everybody sees it; times are in milliseconds, those of day since 1970. */
export type JobView = z.infer<typeof jobViewSchema>;
export type JobResult = z.infer<typeof jobResultSchema>;
