// The messages about actors: on the control socket, and on the lines over which pages call them directly.
import * as z from "zod";
import * as limits from "../limits.ts";
import {
  actorIdSchema,
  blockRefSchema,
  count,
  locatedBlockSchema,
  milliseconds,
  peerIdSchema,
  remoteErrorSchema,
  smallBlockSchema,
  text,
  workerIdSchema,
} from "./parts.ts";

/** A value of an actor: its bytes, or the block that has them when there are many. */
const inlineValue = z.object({
  bytes: z.base64().max(Math.ceil(limits.ACTOR_INLINE_BYTES_MAX / 3) * 4),
});
const saidValue = z.union([inlineValue, blockRefSchema]);
const heardValue = z.union([inlineValue, locatedBlockSchema]);

/** One start of an actor; grows with each. */
export const life = z.int().positive();
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

/** Opens one line to one life of an actor, for one client, once. */
const lineKey = z.string().regex(/^[0-9a-f]{32}$/);

const admission = { actor: actorIdSchema, life, caller: count, key: lineKey };

const outcomeSaid = z.union([z.object({ ok: z.literal(true), value: saidValue }), actorFailure]);

/** What a worker says of its actors. */
export const actorWorkerMessages = [
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
  z.object({
    type: z.literal("actor-returned"),
    actor: actorIdSchema,
    life,
    caller: count,
    call: count,
    outcome: outcomeSaid,
  }),
  /** The line may be opened now: the answer to "admit-line", with what that said. */
  z.object({ type: z.literal("line-admitted"), ...admission }),
] as const;

/** What a client says about actors. */
export const actorClientMessages = [
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
  /** A line to the actor, past the coordinator; answered by "actor-line" when it runs, else by nothing. */
  z.object({ type: z.literal("reach-actor"), actor: actorIdSchema }),
  /** `call` grows with each call of this connection; answered by "actor-returned". */
  z.object({
    type: z.literal("call-actor"),
    actor: actorIdSchema,
    call: count,
    ...actorCall,
    args: saidValue,
    /** How often it may be sent again when its worker is lost, though it may have run. */
    retries: z.int().min(0).max(limits.ACTOR_RETRIES_MAX),
  }),
] as const;

/** What a worker hears of its actors. */
export const actorWorkerOrders = [
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
  /** A client may open a line to this life: it numbers its calls on both ways as one. */
  z.object({ type: z.literal("admit-line"), ...admission }),
  /** Each checkpoint that was said is answered, in order. */
  z.object({
    type: z.literal("checkpoint-kept"),
    actor: actorIdSchema,
    life,
    /** False when it is of an older life, or its block is not in the store. */
    isKept: z.boolean(),
  }),
] as const;

/** What a client hears of actors. */
export const actorClientNews = [
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
  /** Where the line leads, and what opens it. */
  z.object({
    type: z.literal("actor-line"),
    actor: actorIdSchema,
    life,
    peer: peerIdSchema,
    key: lineKey,
  }),
] as const;

/** On a line, to the actor. Blocks are in the coordinator's store. */
export const lineCallSchema = z.object({ call: count, ...actorCall, args: saidValue });
/** On a line, from the actor. */
export const lineReturnSchema = z.object({ call: count, outcome: outcomeSaid });

export type LineCall = z.infer<typeof lineCallSchema>;
export type LineReturn = z.infer<typeof lineReturnSchema>;
export type ActorSpec = z.infer<typeof actorSpecSchema>;
/** An actor as everybody sees it. */
export type ActorView = z.infer<typeof actorViewSchema>;
export type ActorFailure = z.infer<typeof actorFailure>;
/** A value with its bytes, or as the block that a sender names or a receiver can fetch. */
export type SaidValue = z.infer<typeof saidValue>;
export type HeardValue = z.infer<typeof heardValue>;
export type ActorOutcome<Value = SaidValue> =
  | { readonly ok: true; readonly value: Value }
  | ActorFailure;
