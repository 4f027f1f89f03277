// Every message on the control socket, with its schema: the whole wire on one page.
// A frame is one message, or a list of messages that were said at once.
// zod is the one npm import of shared/protocol; it is plain ECMAScript and runs everywhere.
import * as z from "zod";
import * as limits from "../limits.ts";
import { asActorId, asAttemptId, asBlockId, asClientId, asJobId } from "../ids.ts";
import { asDatasetId, asPeerId, asTaskKey, asWorkerId } from "../ids.ts";
import type { JsonValue } from "../graph/task.ts";

// Schemas are compiled with `new Function` unless told otherwise, which a strict CSP forbids; Node has none.
z.config({ jitless: !("process" in globalThis) });

/** Raised by one with every incompatible change; both sides refuse any other number. */
export const PROTOCOL_VERSION = 4;

const hash = z.string().regex(/^[0-9a-f]{64}$/, "must have 64 hexadecimal digits");
const token22 = (prefix: string) => z.string().regex(new RegExp(`^${prefix}_[\\w-]{22}$`));
const count = z.int().nonnegative();
const milliseconds = z.number().nonnegative();
export const nameSchema = z.string().trim().min(1).max(limits.NAME_LENGTH_MAX);
const text = z.string().max(4_000);

export const blockIdSchema = hash.transform(asBlockId);
export const taskKeySchema = hash.transform(asTaskKey);
export const jobIdSchema = token22("j").transform(asJobId);
export const datasetIdSchema = token22("d").transform(asDatasetId);
export const workerIdSchema = token22("w").transform(asWorkerId);
const clientIdSchema = token22("c").transform(asClientId);
export const peerIdSchema = z.string().min(8).max(64).transform(asPeerId);
const actorIdSchema = token22("a").transform(asActorId);
export const attemptIdSchema = z.int().positive().transform(asAttemptId);
export const jsonSchema = z.json() as unknown as z.ZodType<JsonValue>;

export const blockRefSchema = z.object({
  block: blockIdSchema,
  sizeBytes: count.max(limits.BLOCK_BYTES_MAX),
});

/** Bytes of a block up to SMALL_BLOCK_BYTES_MAX, which travel in the message that names it. */
const smallBytes = z.base64().max(Math.ceil(limits.SMALL_BLOCK_BYTES_MAX / 3) * 4);

export const smallBlockSchema = z.object({ block: blockIdSchema, bytes: smallBytes });

/** A block with everywhere it can be fetched: peers to dial, and whether the store has it. */
const locatedBlockSchema = blockRefSchema.extend({
  peers: z.array(peerIdSchema),
  stored: z.boolean(),
  bytes: smallBytes.exactOptional(),
});

/** What was thrown where a task ran. */
export const remoteErrorSchema = z.object({
  name: z.string().max(200),
  message: text,
  stack: z.string().max(8_000),
});

/** A value of an actor: its bytes, or the block that has them when there are many. */
const inlineValue = z.object({
  bytes: z.base64().max(Math.ceil(limits.ACTOR_INLINE_BYTES_MAX / 3) * 4),
});
const saidValue = z.union([inlineValue, blockRefSchema]);
const heardValue = z.union([inlineValue, locatedBlockSchema]);

/** One start of an actor; grows with each. */
const life = z.int().positive();
const exportName = z.string().min(1).max(200);
const actorCall = {
  method: exportName,
  /** From the moment of the message; later it is not begun. */
  deadlineMs: z.number().positive().max(limits.ACTOR_DEADLINE_MS_MAX),
  /** From its beginning; it is ended then, with the thread. Absent: it may run on. */
  limitMs: z.number().positive().max(limits.ACTOR_DEADLINE_MS_MAX).exactOptional(),
};
const builtInKind = z.object({
  type: z.literal("built-in"),
  name: z.string().regex(/^[a-z][a-z0-9-]{0,60}@\d{1,6}$/),
});
/** When the state is kept: after so many calls, or so long after a call that changed it. */
const checkpointPolicySchema = z.object({
  everyCalls: z.int().positive().nullable(),
  everyMs: milliseconds.nullable(),
});

/** All that is needed to make an actor, again and again. */
const actorSpecSchema = z.object({
  /** What people call it; may be empty. */
  name: z.string().max(200),
  kind: z.discriminatedUnion("type", [
    z.object({ type: z.literal("class"), module: blockRefSchema, export: exportName }),
    builtInKind,
  ]),
  init: blockRefSchema,
  checkpoints: checkpointPolicySchema,
  /** Lost without a checkpoint it begins anew from \`init\`. */
  isRestartable: z.boolean(),
});

/**
 * How a call ended. "threw": the method did; "lost": the actor's thread was, so it may or may not have
 * run; the others say that it did not run: "gone" (no such actor any more), "busy" (too many calls
 * wait), "late" (its deadline passed).
 */
const actorFailure = z.object({
  ok: z.literal(false),
  code: z.enum(["threw", "lost", "gone", "busy", "late"]),
  message: text,
  error: remoteErrorSchema.exactOptional(),
});

const actorViewSchema = z.object({
  actor: actorIdSchema,
  name: z.string(),
  /** The name of its built-in kind, or of its class. */
  kind: z.string(),
  /** "waiting": for a worker that may have it; "lost": it will not come back. */
  state: z.enum(["waiting", "starting", "running", "lost"]),
  life: count,
  worker: workerIdSchema.nullable(),
  /** Where it can be called directly. */
  peer: peerIdSchema.nullable(),
  /** Calls that wait or run. */
  calls: count,
  hasCheckpoint: z.boolean(),
  /** Why it waits or is lost. */
  why: text.nullable(),
  error: remoteErrorSchema.nullable(),
});

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
  z.object({ type: z.literal("actor-started"), actor: actorIdSchema, life }),
  z.object({
    type: z.literal("actor-ended"),
    actor: actorIdSchema,
    life,
    /** "failed": making it threw, and would again. */
    reason: z.enum(["failed", "thread-died"]),
    message: text,
    error: remoteErrorSchema.exactOptional(),
  }),
  z.object({
    type: z.literal("actor-checkpointed"),
    actor: actorIdSchema,
    life,
    checkpoint: saidValue,
  }),
  /** A call came past the coordinator: the state is not that of the checkpoint any more. */
  z.object({ type: z.literal("actor-touched"), actor: actorIdSchema, life }),
  z.object({
    type: z.literal("actor-returned"),
    actor: actorIdSchema,
    life,
    caller: count,
    call: count,
    outcome: z.union([z.object({ ok: z.literal(true), value: saidValue }), actorFailure]),
  }),
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
  // Actors; each request is answered by an "actor-reply".
  z.object({
    type: z.literal("create-actor"),
    request: count,
    spec: actorSpecSchema,
    /** Small blocks of the spec. */
    blocks: z.array(smallBlockSchema).max(2),
  }),
  /** Follow an actor: each change of it is told. */
  z.object({ type: z.literal("attach-actor"), request: count, actor: actorIdSchema }),
  z.object({ type: z.literal("release-actor"), request: count, actor: actorIdSchema }),
  z.object({ type: z.literal("list-actors"), request: count }),
  /** \`call\` grows with each call of this connection; answered by "actor-returned". */
  z.object({
    type: z.literal("call-actor"),
    actor: actorIdSchema,
    call: count,
    ...actorCall,
    args: saidValue,
    /** How often it may be sent again when its worker is lost, though it may have run. */
    retries: z.int().min(0).max(limits.ACTOR_RETRIES_MAX),
  }),
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
  failure: z.object({ task: taskKeySchema, message: text }).nullable(),
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
  z.object({
    type: z.literal("start-actor"),
    actor: actorIdSchema,
    life,
    /** This very life is there from before the connection was lost; nothing else will do. */
    isResumed: z.boolean(),
    kind: z.discriminatedUnion("type", [
      z.object({ type: z.literal("class"), module: locatedBlockSchema, export: exportName }),
      builtInKind,
    ]),
    init: locatedBlockSchema,
    checkpoint: heardValue.nullable(),
    checkpoints: checkpointPolicySchema,
  }),
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
  z.object({ type: z.literal("stop-actor"), actor: actorIdSchema, life }),
  z.object({
    type: z.literal("call-actor"),
    actor: actorIdSchema,
    life,
    /** A client's connection; its calls grow. */
    caller: count,
    call: count,
    ...actorCall,
    args: heardValue,
  }),
  // To clients.
  z.object({
    type: z.literal("actor-reply"),
    request: count,
    /** The actor that it was about, or all; none when it was refused. */
    actors: z.array(actorViewSchema),
    /** Why it was refused, in plain words. */
    refusal: text.nullable(),
  }),
  z.object({ type: z.literal("actor-changed"), view: actorViewSchema }),
  z.object({
    type: z.literal("actor-returned"),
    call: count,
    outcome: z.union([z.object({ ok: z.literal(true), value: heardValue }), actorFailure]),
  }),
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

export type ActorSpec = z.infer<typeof actorSpecSchema>;
export type ActorView = z.infer<typeof actorViewSchema>;
export type ActorFailure = z.infer<typeof actorFailure>;
/** A value with its bytes, or as the block that a sender names or a receiver can fetch. */
export type SaidValue = z.infer<typeof saidValue>;
export type HeardValue = z.infer<typeof heardValue>;
export type ActorOutcome<Value = SaidValue> =
  | { readonly ok: true; readonly value: Value }
  | ActorFailure;
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
export type WorkerView = z.infer<typeof workerViewSchema>;
export type Condition = z.infer<typeof conditionSchema>;
export type PauseReason = (typeof pauseReasons)[number];
export type JobView = z.infer<typeof jobViewSchema>;
export type JobResult = z.infer<typeof jobResultSchema>;
