// The actors of one worker: their threads, the calls that wait for them, and their checkpoints.
import { decodeBase64, encodeBase64 } from "../codecs/base64.ts";
import type { Clock } from "../data-plane/clock.ts";
import { remoteError } from "../graph/remote-error.ts";
import type { Hash } from "../graph/task-key.ts";
import { type ActorId, asBlockId, type BlockId } from "../ids.ts";
import { ACTOR_CALLS_MAX, ACTOR_INLINE_BYTES_MAX, ACTORS_PER_WORKER_MAX } from "../limits.ts";
import { SMALL_BLOCK_BYTES_MAX } from "../limits.ts";
import type { ActorFailure, CoordinatorMessage, HeardValue } from "../protocol/messages.ts";
import type { LocatedBlock, SaidValue, WorkerMessage } from "../protocol/messages.ts";
import type { Life } from "./actor-events.ts";
import { markCheckpoint, unmarkCheckpoint } from "./checkpoint-mark.ts";
import type { ActorThread, ActorThreads, ThreadKind, ThreadOutcome } from "./actor-thread.ts";

/** Callers remembered for an actor; one that was forgotten is only not guarded against repetitions. */
const CALLERS_MAX = 4_096;

type Heard<Type extends CoordinatorMessage["type"]> = Extract<CoordinatorMessage, { type: Type }>;
type ActorOrder = Heard<"start-actor"> | Heard<"stop-actor"> | Heard<"call-actor">;

/** Answers one call: with the value's bytes, or with why there is none. */
type Answer = (
  outcome: { readonly ok: true; readonly bytes: Uint8Array } | ActorFailure,
) => unknown;

export interface ActorHostOptions {
  readonly clock: Clock;
  readonly threads: ActorThreads;
  readonly hash: Hash;
  /** Said to the coordinator, and dropped while it is not there. */
  readonly send: (message: WorkerMessage) => void;
  /** The bytes of a block from the fastest source. Rejects when no source has it. */
  readonly fetch: (located: LocatedBlock) => Promise<Uint8Array>;
  /** Puts a block into the coordinator's store. Rejects when that fails. */
  readonly upload: (block: BlockId, bytes: Uint8Array) => Promise<void>;
}

/** A call that came past the coordinator. */
interface DirectCall extends Life {
  readonly method: string;
  readonly args: Uint8Array;
  readonly deadlineMs: number;
  readonly limitMs: number | null;
}

export interface ActorHost {
  /** Lives whose threads are here: what a hello says. */
  held(): Life[];
  receive(order: ActorOrder): void;
  /** Runs a call after all those that wait already; `answer` is called once, or never if the life ends. */
  callDirectly(call: DirectCall, answer: Answer): void;
  /** The coordinator is away: calls of this connection are told lost by it, so they are not begun. */
  connectionLost(): void;
  /** Ends actors of user classes: the consent was withdrawn. */
  endClasses(): void;
  /** Keeps the state of every actor and begins no more calls; settles when that is done. */
  prepareToLeave(): Promise<void>;
  close(): void;
}

interface WaitingCall {
  readonly method: string;
  readonly args: () => Promise<Uint8Array> | Uint8Array;
  readonly deadlineAtMs: number;
  readonly limitMs: number | null;
  readonly answer: Answer;
}

interface HostedActor extends Life {
  readonly thread: ActorThread;
  readonly isClass: boolean;
  readonly checkpoints: Heard<"start-actor">["checkpoints"];
  hasCheckpoint: boolean;
  isStarted: boolean;
  /** The coordinator has not said yet whether it still wants this life. */
  isSuspended: boolean;
  readonly queue: WaitingCall[];
  /** The calls that run now, one after the other; settles when none waits. */
  running: Promise<void> | null;
  callsSinceCheckpoint: number;
  checkpointCount: number;
  isCheckpointDue: boolean;
  stopTimer: (() => void) | null;
  /** Of the call that runs. */
  stopLimit: (() => void) | null;
  lastCalls: Map<number, number>;
}

export function createActorHost(options: ActorHostOptions): ActorHost {
  const { clock, threads, hash, send } = options;
  const actors = new Map<ActorId, HostedActor>();
  /** A start that is repeated after its thread died must not make a second one. */
  let newestLives = new Map<ActorId, number>();
  let isLeaving = false;

  // Lives

  function start(order: Heard<"start-actor">): void {
    const { actor, life, isResumed } = order;
    const held = actors.get(actor);
    if (isResumed) {
      if (held?.life !== life) return sayDead({ actor, life }, "Its thread is not there any more.");
      held.isSuspended = false;
      // One that is still being made says so when it is.
      if (held.isStarted) send({ type: "actor-started", actor, life });
      return;
    }
    if (life <= (newestLives.get(actor) ?? 0) || held?.life === life) return;
    newestLives.set(actor, life);
    if (held !== undefined) end(held);
    if (isLeaving) return sayDead({ actor, life }, "The page is leaving.");
    if (actors.size >= ACTORS_PER_WORKER_MAX) {
      return sayDead({ actor, life }, "This worker has too many actors.");
    }
    const startThread = order.kind.type === "class" ? threads.forClasses : threads.forBuiltIns;
    if (startThread === null) return sayDead({ actor, life }, "This page runs no functions.");
    const hosted: HostedActor = {
      actor,
      life,
      thread: startThread((why) => died(hosted, why)),
      isClass: order.kind.type === "class",
      checkpoints: order.checkpoints,
      hasCheckpoint: false,
      isStarted: false,
      isSuspended: false,
      queue: [],
      running: null,
      callsSinceCheckpoint: 0,
      checkpointCount: 0,
      isCheckpointDue: false,
      stopTimer: null,
      stopLimit: null,
      lastCalls: new Map(),
    };
    actors.set(actor, hosted);
    void bringToLife(hosted, order);
  }

  async function bringToLife(hosted: HostedActor, order: Heard<"start-actor">): Promise<void> {
    const { actor, life } = hosted;
    try {
      const { kind } = order;
      const threadKind: ThreadKind =
        kind.type === "built-in"
          ? kind
          : { type: "class", module: await bytesOf(kind.module), export: kind.export };
      const init = await bytesOf(order.init);
      const checkpoint = order.checkpoint === null ? null : await bytesOf(order.checkpoint);
      const outcome = await hosted.thread.start({
        kind: threadKind,
        init,
        checkpoint: checkpoint === null ? null : unmarkCheckpoint(checkpoint),
      });
      if (!isHere(hosted)) return;
      if (!outcome.ok) {
        end(hosted);
        const { error } = outcome;
        const message = `It could not be made: ${error.message}`.slice(0, 4_000);
        return send({ type: "actor-ended", actor, life, reason: "failed", message, error });
      }
      hosted.hasCheckpoint = outcome.value.hasCheckpoint;
      hosted.isStarted = true;
      if (!hosted.isSuspended) send({ type: "actor-started", actor, life });
      run(hosted);
    } catch (error) {
      // A block that could not be had here may be had elsewhere.
      died(hosted, remoteError(error).message);
    }
  }

  const isHere = (hosted: HostedActor): boolean => actors.get(hosted.actor) === hosted;

  function died(hosted: HostedActor, why: string): void {
    if (!isHere(hosted)) return;
    end(hosted);
    sayDead(hosted, why);
  }

  function sayDead({ actor, life }: Life, why: string): void {
    const message = why.slice(0, 4_000);
    send({ type: "actor-ended", actor, life, reason: "thread-died", message });
  }

  function end(hosted: HostedActor): void {
    actors.delete(hosted.actor);
    hosted.queue.length = 0;
    hosted.stopTimer?.();
    hosted.stopLimit?.();
    hosted.thread.terminate();
  }

  // Calls

  function callFromCoordinator(order: Heard<"call-actor">): void {
    const { actor, life, caller, call, method, args, deadlineMs, limitMs = null } = order;
    const hosted = actors.get(actor);
    if (hosted?.life !== life || call <= (hosted.lastCalls.get(caller) ?? -1)) return;
    remember(hosted.lastCalls, caller, call);
    enqueue(hosted, {
      method,
      args: () => ("block" in args ? bytesOf(args) : decodeBase64(args.bytes)),
      deadlineAtMs: clock.nowMs() + deadlineMs,
      limitMs,
      answer: (outcome) => {
        const said = { type: "actor-returned", actor, life, caller, call } as const;
        if (!outcome.ok) return send({ ...said, outcome });
        return asSaid(outcome.bytes).then(
          (value) => send({ ...said, outcome: { ok: true, value } }),
          (error: unknown) => send({ ...said, outcome: unsent(error) }),
        );
      },
    });
  }

  function enqueue(hosted: HostedActor, call: WaitingCall): void {
    if (hosted.queue.length >= ACTOR_CALLS_MAX) {
      const text = `The actor is too busy: ${hosted.queue.length} calls wait for it. Try again later.`;
      call.answer(failure("busy", text));
      return;
    }
    hosted.queue.push(call);
    run(hosted);
  }

  function run(hosted: HostedActor): void {
    if (hosted.running !== null || !hosted.isStarted) return;
    if (hosted.queue.length === 0 && !hosted.isCheckpointDue) return;
    hosted.running = runQueue(hosted).finally(() => {
      hosted.running = null;
      if (isHere(hosted)) run(hosted);
    });
  }

  async function runQueue(hosted: HostedActor): Promise<void> {
    while (isHere(hosted)) {
      if (hosted.isCheckpointDue) await keep(hosted);
      const call = isLeaving ? undefined : hosted.queue.shift();
      if (call === undefined) return;
      await runCall(hosted, call);
    }
  }

  async function runCall(hosted: HostedActor, call: WaitingCall): Promise<void> {
    const { method, deadlineAtMs, limitMs } = call;
    if (clock.nowMs() >= deadlineAtMs) {
      const text = "Its deadline passed while it waited for the calls before it. It did not run.";
      call.answer(failure("late", text));
      return;
    }
    let args: Uint8Array;
    try {
      const given = call.args();
      args = given instanceof Uint8Array ? given : await given;
    } catch (error) {
      const why = remoteError(error).message;
      call.answer(failure("gone", `Its arguments could not be had: ${why} The call did not run.`));
      return;
    }
    // It does not settle when its thread is ended; nobody else refers to it then.
    const stopLimit = limitMs === null ? null : clock.after(limitMs, () => endCall(hosted, call));
    hosted.stopLimit = stopLimit;
    const outcome = await hosted.thread.call(method, args);
    stopLimit?.();
    if (!isHere(hosted)) return;
    called(hosted);
    // Kept before it is answered: what was answered is not undone by a recovery.
    if (hosted.isCheckpointDue) await keep(hosted);
    await call.answer(answerOf(outcome));
  }

  /** It ran too long: only ending its thread ends it. It is answered first, so that it is not sent again. */
  function endCall(hosted: HostedActor, { method, limitMs, answer }: WaitingCall): void {
    if (!isHere(hosted)) return;
    const what = `${method}() ran longer than its limit of ${(limitMs ?? 0) / 1_000} s`;
    answer(
      failure("lost", `${what} and was ended, with what it had done since the last checkpoint.`),
    );
    died(hosted, `${what}.`);
  }

  function called(hosted: HostedActor): void {
    const { everyCalls, everyMs } = hosted.checkpoints;
    hosted.callsSinceCheckpoint += 1;
    if (!hosted.hasCheckpoint) return;
    if (everyCalls !== null && hosted.callsSinceCheckpoint >= everyCalls) {
      hosted.isCheckpointDue = true;
    } else if (everyMs !== null) {
      hosted.stopTimer ??= clock.after(everyMs, () => {
        hosted.stopTimer = null;
        hosted.isCheckpointDue = true;
        run(hosted);
      });
    }
  }

  /** Takes the checkpoint and hands it to the coordinator; what fails is tried again after more calls. */
  async function keep(hosted: HostedActor): Promise<void> {
    const { actor, life } = hosted;
    hosted.isCheckpointDue = false;
    hosted.callsSinceCheckpoint = 0;
    hosted.stopTimer?.();
    hosted.stopTimer = null;
    const outcome = await hosted.thread.checkpoint();
    if (!isHere(hosted) || !outcome.ok) return;
    hosted.checkpointCount += 1;
    const bytes = markCheckpoint(outcome.value, hosted, hosted.checkpointCount);
    try {
      const checkpoint = await asSaid(bytes, SMALL_BLOCK_BYTES_MAX);
      if (isHere(hosted)) send({ type: "actor-checkpointed", actor, life, checkpoint });
    } catch {
      // The coordinator is away or its disk is full: the one before stays.
    }
  }

  // Values

  async function bytesOf(value: HeardValue): Promise<Uint8Array> {
    if (value.bytes !== undefined) return decodeBase64(value.bytes);
    return "block" in value ? options.fetch(value) : new Uint8Array();
  }

  async function asSaid(
    bytes: Uint8Array,
    inlineMax: number = ACTOR_INLINE_BYTES_MAX,
  ): Promise<SaidValue> {
    if (bytes.length <= inlineMax) return { bytes: encodeBase64(bytes) };
    const block = asBlockId(hash(bytes));
    await options.upload(block, bytes);
    return { block, sizeBytes: bytes.length };
  }

  return {
    held: () => Array.from(actors.values(), ({ actor, life }) => ({ actor, life })),
    receive(order) {
      if (order.type === "start-actor") start(order);
      else if (order.type === "call-actor") callFromCoordinator(order);
      else {
        const hosted = actors.get(order.actor);
        if (hosted?.life === order.life) end(hosted);
      }
    },
    callDirectly({ actor, life, method, args, deadlineMs, limitMs }, answer) {
      const hosted = actors.get(actor);
      if (hosted?.life !== life || hosted.isSuspended) {
        answer(failure("gone", "The actor is not here any more. The call did not run."));
        return;
      }
      // The coordinator did not see the call, and must not take the state for that of the checkpoint.
      if (hosted.callsSinceCheckpoint === 0) send({ type: "actor-touched", actor, life });
      const deadlineAtMs = clock.nowMs() + deadlineMs;
      enqueue(hosted, { method, args: () => args, deadlineAtMs, limitMs, answer });
    },
    connectionLost() {
      newestLives = new Map();
      for (const hosted of actors.values()) {
        hosted.isSuspended = true;
        hosted.queue.length = 0;
        hosted.lastCalls = new Map();
      }
    },
    endClasses() {
      for (const hosted of actors.values()) {
        if (hosted.isClass) died(hosted, "This machine runs no functions of users any more.");
      }
    },
    async prepareToLeave() {
      isLeaving = true;
      const keepLast = async (hosted: HostedActor): Promise<void> => {
        await hosted.running;
        for (const call of hosted.queue.splice(0)) {
          call.answer(failure("gone", "Its worker left. The call did not run."));
        }
        const isWorthIt = hosted.hasCheckpoint && hosted.callsSinceCheckpoint > 0;
        if (isWorthIt && isHere(hosted)) await keep(hosted);
      };
      await Promise.all(Array.from(actors.values(), keepLast));
    },
    close() {
      for (const hosted of actors.values()) end(hosted);
    },
  };
}

const answerOf = (outcome: ThreadOutcome): Parameters<Answer>[0] =>
  outcome.ok
    ? { ok: true, bytes: outcome.value }
    : { ...failure("threw", outcome.error.message), error: outcome.error };

const failure = (code: ActorFailure["code"], message: string): ActorFailure => ({
  ok: false,
  code,
  message: message.slice(0, 4_000),
});

const unsent = (error: unknown): ActorFailure =>
  failure("lost", `It ran, but its result could not be sent: ${remoteError(error).message}`);

function remember(lastCalls: Map<number, number>, caller: number, call: number): void {
  lastCalls.delete(caller);
  lastCalls.set(caller, call);
  for (const oldest of lastCalls.keys()) {
    if (lastCalls.size <= CALLERS_MAX) return;
    lastCalls.delete(oldest);
  }
}
