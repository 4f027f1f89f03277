// One life of an actor at its worker: its thread, the calls that wait for it, and its checkpoints. Calls
// come from the coordinator, or past it over lines that it admitted.
import { decodeBase64, encodeBase64 } from "../codecs/base64.ts";
import type { Clock } from "../data-plane/clock.ts";
import type { Line, LineEvents } from "../data-plane/line.ts";
import { remoteError } from "../graph/remote-error.ts";
import type { Hash } from "../graph/task-key.ts";
import { type ActorId, asBlockId, type BlockId } from "../ids.ts";
import { ACTOR_CALL_BYTES_MAX, ACTOR_CALLS_MAX, ACTOR_INLINE_BYTES_MAX } from "../limits.ts";
import { SMALL_BLOCK_BYTES_MAX } from "../limits.ts";
import type {
  ActorFailure,
  ActorOutcome,
  HeardValue,
  SaidValue,
} from "../protocol/actor-messages.ts";
import type { CoordinatorMessage, LocatedBlock, WorkerMessage } from "../protocol/messages.ts";
import type { Life } from "./actor-events.ts";
import type { ActorThread, StartActorThread, ThreadKind, ThreadOutcome } from "./actor-thread.ts";
import { CallerLine, type LineCodec } from "./caller-line.ts";
import { markCheckpoint, unmarkCheckpoint } from "./checkpoint-mark.ts";

/** Callers remembered for an actor; one that was forgotten is only not guarded against repetitions. */
const CALLERS_MAX = 4_096;

type Heard<Type extends CoordinatorMessage["type"]> = Extract<CoordinatorMessage, { type: Type }>;

export interface HostedActorParts extends LineCodec {
  readonly clock: Clock;
  readonly hash: Hash;
  /** Said to the coordinator, and dropped while it is not there. */
  readonly send: (message: WorkerMessage) => void;
  /** The bytes of a block from the fastest source. Rejects when no source has it. */
  readonly fetch: (located: LocatedBlock) => Promise<Uint8Array>;
  /** Puts a block into the coordinator's store. Rejects when that fails. */
  readonly upload: (block: BlockId, bytes: Uint8Array) => Promise<void>;
  /** It ended by itself; `ended` is what the coordinator is to hear. */
  readonly onEnd: (ended: Extract<WorkerMessage, { type: "actor-ended" }>) => void;
}

interface WaitingCall {
  readonly method: string;
  readonly args: SaidValue | HeardValue;
  readonly deadlineAtMs: number;
  readonly limitMs: number | null;
  /** Null for one that came from the coordinator, which has bounds of its own. */
  readonly line: CallerLine | null;
  readonly began: () => void;
  readonly answer: (outcome: ActorOutcome) => void;
}

export class HostedActor implements Life {
  readonly actor: ActorId;
  readonly life: number;
  readonly isClass: boolean;
  readonly #parts: HostedActorParts;
  readonly #thread: ActorThread;
  readonly #checkpoints: Heard<"start-actor">["checkpoints"];
  #hasCheckpoint = false;
  #isStarted = false;
  /** The coordinator has not said yet whether it still wants this life. */
  #isSuspended = false;
  #isLeaving = false;
  #isEnded = false;
  readonly #queue: WaitingCall[] = [];
  /** Bytes of the arguments in the queue that came over lines. */
  #lineBytes = 0;
  /** The calls that run now, one after the other; settles when none waits. */
  #running: Promise<void> | null = null;
  #callsSinceCheckpoint = 0;
  #checkpointCount = 0;
  #isCheckpointDue = false;
  /** Answers that wait until the checkpoint before them is kept. */
  readonly #answering = new Set<Promise<void>>();
  /** Checkpoints that were said and not answered yet, in order. */
  readonly #unkept: ((isKept: boolean) => void)[] = [];
  #stopTimer: (() => void) | null = null;
  /** Of the call that runs. */
  #stopLimit: (() => void) | null = null;
  /** The newest call of each client's connection, on all of its ways: an older one comes too late. */
  readonly #lastCalls = new Map<number, number>();
  /** The keys of clients that may open a line. */
  readonly #keys = new Map<number, string>();
  readonly #lines = new Set<CallerLine>();

  constructor(order: Heard<"start-actor">, startThread: StartActorThread, parts: HostedActorParts) {
    this.actor = order.actor;
    this.life = order.life;
    this.isClass = order.kind.type === "class";
    this.#parts = parts;
    this.#checkpoints = order.checkpoints;
    this.#thread = startThread((why) => this.die(why));
    void this.#start(order);
  }

  // Life

  async #start({ kind, init, checkpoint }: Heard<"start-actor">): Promise<void> {
    try {
      const threadKind: ThreadKind =
        kind.type === "built-in"
          ? kind
          : { type: "class", module: await this.#bytesOf(kind.module), export: kind.export };
      const kept = checkpoint === null ? null : await this.#bytesOf(checkpoint);
      const outcome = await this.#thread.start({
        kind: threadKind,
        init: await this.#bytesOf(init),
        checkpoint: kept === null ? null : unmarkCheckpoint(kept),
      });
      if (this.#isEnded) return;
      if (!outcome.ok) {
        const { error } = outcome;
        return this.#endAs({
          reason: "failed",
          why: `It could not be made: ${error.message}`,
          error,
        });
      }
      this.#hasCheckpoint = outcome.value.hasCheckpoint;
      this.#isStarted = true;
      if (!this.#isSuspended) this.#sayStarted();
      this.#run();
    } catch (error) {
      // A block that could not be had here may be had elsewhere.
      this.die(remoteError(error).message);
    }
  }

  /** The coordinator is away: it tells its clients that their calls are lost, so they are not begun. */
  suspend(): void {
    this.#isSuspended = true;
    this.#endLines("The worker lost its connection to the coordinator.");
    this.#queue.length = 0;
    this.#lastCalls.clear();
    this.#keys.clear();
    this.#settleUnkept();
  }

  /** The coordinator still wants this life. One that is still being made says so when it is. */
  resume(): void {
    this.#isSuspended = false;
    if (this.#isStarted) this.#sayStarted();
  }

  die(why: string): void {
    this.#endAs({ reason: "thread-died", why });
  }

  #sayStarted(): void {
    const { actor, life } = this;
    this.#parts.send({ type: "actor-started", actor, life });
  }

  #endAs(how: {
    readonly reason: "failed" | "thread-died";
    readonly why: string;
    readonly error?: Extract<ThreadOutcome, { ok: false }>["error"];
  }): void {
    if (this.#isEnded) return;
    this.end(how.why);
    const { actor, life } = this;
    const { reason, error } = how;
    const message = how.why.slice(0, 4_000);
    const thrown = error === undefined ? {} : { error };
    this.#parts.onEnd({ type: "actor-ended", actor, life, reason, message, ...thrown });
  }

  /** Ends the thread now; the coordinator is not told. */
  end(why: string): void {
    if (this.#isEnded) return;
    this.#isEnded = true;
    this.#endLines(why);
    this.#queue.length = 0;
    this.#settleUnkept();
    this.#stopTimer?.();
    this.#stopLimit?.();
    this.#thread.terminate();
  }

  /** Begins no more calls and keeps the state; settles when that is done. */
  async leave(): Promise<void> {
    this.#isLeaving = true;
    await this.#running;
    for (const call of this.#queue.splice(0)) {
      // Those that came over a line are sent again by their clients.
      if (call.line === null)
        call.answer(failure("gone", "Its worker left. The call did not run."));
    }
    const isWorthIt = this.#hasCheckpoint && this.#callsSinceCheckpoint > 0 && !this.#isEnded;
    if (isWorthIt) await this.#keep();
    // The lines end after the last answer.
    await Promise.all(this.#answering);
    this.#endLines("Its worker left.");
  }

  // Calls

  /** One that the coordinator sent. */
  call(order: Heard<"call-actor">): void {
    const { actor, life, caller, call, method, args, deadlineMs, limitMs = null } = order;
    if (!this.#isNext(caller, call)) return;
    const said = { type: "actor-returned", actor, life, caller, call } as const;
    this.#enqueue({
      method,
      args,
      deadlineAtMs: this.#parts.clock.nowMs() + deadlineMs,
      limitMs,
      line: null,
      began: () => undefined,
      answer: (outcome) => this.#parts.send({ ...said, outcome }),
    });
  }

  /** The client may open one line with this key; a later key of its replaces an earlier one. */
  admitLine({ caller, key }: Heard<"admit-line">): void {
    if (this.#isSuspended) return;
    remember(this.#keys, caller, key);
    const { actor, life } = this;
    this.#parts.send({ type: "line-admitted", actor, life, caller, key });
  }

  /** Null when this is not its key. */
  answerLine(key: string, line: Line): LineEvents | null {
    const [caller] = [...this.#keys].find(([, admitted]) => admitted === key) ?? [];
    if (caller === undefined || this.#isLeaving) return null;
    this.#keys.delete(caller);
    const older = [...this.#lines].find((other) => other.caller === caller);
    if (older !== undefined) this.#drop(older);
    const from = new CallerLine(caller, line, this.#parts);
    this.#lines.add(from);
    return {
      onMessage: (bytes) => this.#callOverLine(from, bytes),
      onRoom: () => undefined,
      onEnd: () => this.#drop(from),
    };
  }

  #callOverLine(line: CallerLine, bytes: Uint8Array): void {
    const read = line.read(bytes);
    if (read === null) return this.#drop(line);
    const { call, method, args, deadlineMs, limitMs = null } = read;
    if (!this.#isNext(line.caller, call)) return;
    this.#enqueue({
      method,
      args,
      deadlineAtMs: this.#parts.clock.nowMs() + deadlineMs,
      limitMs,
      line,
      began: () => line.began(call),
      answer: (outcome) => line.answer(call, outcome),
    });
  }

  #isNext(caller: number, call: number): boolean {
    if (call <= (this.#lastCalls.get(caller) ?? -1)) return false;
    remember(this.#lastCalls, caller, call);
    return true;
  }

  /** The client has ended its line, or another takes its place: what waits there is not begun. */
  #drop(line: CallerLine, why = "The line ended."): void {
    this.#lines.delete(line);
    line.end(why);
    const kept = this.#queue.filter((call) => call.line !== line);
    this.#queue.splice(0, this.#queue.length, ...kept);
    this.#lineBytes = kept.reduce((sum, call) => sum + lineBytesOf(call), 0);
  }

  #endLines(why: string): void {
    for (const line of this.#lines) this.#drop(line, why);
  }

  #enqueue(call: WaitingCall): void {
    const bytes = lineBytesOf(call);
    const isFull = this.#lineBytes + bytes > ACTOR_CALL_BYTES_MAX;
    if (isFull || this.#queue.length >= ACTOR_CALLS_MAX) {
      const text = `The actor is too busy: ${this.#queue.length} calls wait for it. Try again later.`;
      return call.answer(failure("busy", text));
    }
    this.#lineBytes += bytes;
    this.#queue.push(call);
    this.#run();
  }

  #run(): void {
    if (this.#running !== null || !this.#isStarted) return;
    if (this.#queue.length === 0 && !this.#isCheckpointDue) return;
    this.#running = this.#runQueue().finally(() => {
      this.#running = null;
      if (!this.#isEnded && !this.#isLeaving) this.#run();
    });
  }

  async #runQueue(): Promise<void> {
    while (!this.#isEnded) {
      if (this.#isCheckpointDue) await this.#keep();
      const call = this.#isLeaving ? undefined : this.#queue.shift();
      if (call === undefined) return;
      this.#lineBytes -= lineBytesOf(call);
      await this.#runCall(call);
    }
  }

  async #runCall(call: WaitingCall): Promise<void> {
    const { method, deadlineAtMs, limitMs } = call;
    if (this.#parts.clock.nowMs() >= deadlineAtMs) {
      const text = "Its deadline passed while it waited for the calls before it. It did not run.";
      return call.answer(failure("late", text));
    }
    let args: Uint8Array;
    try {
      args = await this.#bytesOf(call.args);
    } catch (error) {
      const why = remoteError(error).message;
      const text = `Its arguments could not be had: ${why} The call did not run.`;
      return call.answer(failure("gone", text));
    }
    call.began();
    // It does not settle when its thread is ended; nobody else refers to it then.
    this.#stopLimit =
      limitMs === null ? null : this.#parts.clock.after(limitMs, () => this.#endCall(call));
    const outcome = await this.#thread.call(method, args);
    this.#stopLimit?.();
    if (this.#isEnded) return;
    this.#called();
    await this.#answer(call, outcome);
  }

  /** Where a checkpoint is due, it is kept before: what was answered is not undone by a recovery. */
  async #answer(call: WaitingCall, ran: ThreadOutcome): Promise<void> {
    const isDue = this.#isCheckpointDue;
    const { kept } = isDue ? await this.#keep() : { kept: null };
    if (this.#isEnded) return;
    const outcome = await this.#outcomeOf(ran);
    if (kept === null) return call.answer(outcome);
    const { everyCalls } = this.#checkpoints;
    // The calls after it need not wait with it.
    const answering = kept.then((isKept) => {
      this.#answering.delete(answering);
      const isPromised = everyCalls !== null && !isKept;
      call.answer(
        isPromised ? failure("lost", "It ran, but its state could not be kept.") : outcome,
      );
    });
    this.#answering.add(answering);
  }

  async #outcomeOf(ran: ThreadOutcome): Promise<ActorOutcome> {
    if (!ran.ok) return { ...failure("threw", ran.error.message), error: ran.error };
    try {
      return { ok: true, value: await this.#asSaid(ran.value) };
    } catch (error) {
      const why = remoteError(error).message;
      return failure("lost", `It ran, but its result could not be sent: ${why}`);
    }
  }

  /** It ran too long: only ending its thread ends it. It is answered first, so that it is not sent again. */
  #endCall({ method, limitMs, answer }: WaitingCall): void {
    if (this.#isEnded) return;
    const what = `${method}() ran longer than its limit of ${(limitMs ?? 0) / 1_000} s`;
    answer(
      failure("lost", `${what} and was ended, with what it had done since the last checkpoint.`),
    );
    this.die(`${what}.`);
  }

  // Checkpoints

  #called(): void {
    const { everyCalls, everyMs } = this.#checkpoints;
    this.#callsSinceCheckpoint += 1;
    if (!this.#hasCheckpoint) return;
    if (everyCalls !== null && this.#callsSinceCheckpoint >= everyCalls) {
      this.#isCheckpointDue = true;
    } else if (everyMs !== null) {
      this.#stopTimer ??= this.#parts.clock.after(everyMs, () => {
        this.#stopTimer = null;
        this.#isCheckpointDue = true;
        this.#run();
      });
    }
  }

  /**
   * Takes the checkpoint and says it; `kept` tells whether the coordinator has it then. What fails is
   * tried again after more calls.
   */
  async #keep(): Promise<{ readonly kept: Promise<boolean> }> {
    this.#isCheckpointDue = false;
    this.#callsSinceCheckpoint = 0;
    this.#stopTimer?.();
    this.#stopTimer = null;
    const outcome = await this.#thread.checkpoint();
    if (!outcome.ok) return { kept: Promise.resolve(false) };
    this.#checkpointCount += 1;
    const bytes = markCheckpoint(outcome.value, this, this.#checkpointCount);
    try {
      const checkpoint = await this.#asSaid(bytes, SMALL_BLOCK_BYTES_MAX);
      if (this.#isEnded || this.#isSuspended) return { kept: Promise.resolve(false) };
      const kept = new Promise<boolean>((resolve) => this.#unkept.push(resolve));
      const { actor, life } = this;
      this.#parts.send({ type: "actor-checkpointed", actor, life, checkpoint });
      return { kept };
    } catch {
      // The coordinator is away or its disk is full: the one before stays.
      return { kept: Promise.resolve(false) };
    }
  }

  /** The coordinator has dealt with the oldest checkpoint that was said. */
  checkpointKept(isKept: boolean): void {
    this.#unkept.shift()?.(isKept);
  }

  #settleUnkept(): void {
    for (const settle of this.#unkept.splice(0)) settle(false);
  }

  // Values

  #bytesOf(value: SaidValue | HeardValue): Uint8Array | Promise<Uint8Array> {
    if ("bytes" in value && value.bytes !== undefined) return decodeBase64(value.bytes);
    if (!("block" in value)) return new Uint8Array();
    return this.#parts.fetch({ peers: [], stored: true, ...value });
  }

  async #asSaid(bytes: Uint8Array, inlineMax: number = ACTOR_INLINE_BYTES_MAX): Promise<SaidValue> {
    if (bytes.length <= inlineMax) return { bytes: encodeBase64(bytes) };
    const block = asBlockId(this.#parts.hash(bytes));
    await this.#parts.upload(block, bytes);
    return { block, sizeBytes: bytes.length };
  }
}

const lineBytesOf = ({ line, args }: WaitingCall): number =>
  line !== null && "bytes" in args && args.bytes !== undefined ? args.bytes.length : 0;

const failure = (code: ActorFailure["code"], message: string): ActorFailure => ({
  ok: false,
  code,
  message: message.slice(0, 4_000),
});

/** Sets what is newest of a caller, and forgets those that were longest silent. */
function remember<Value>(callers: Map<number, Value>, caller: number, value: Value): void {
  callers.delete(caller);
  callers.set(caller, value);
  for (const oldest of callers.keys()) {
    if (callers.size <= CALLERS_MAX) return;
    callers.delete(oldest);
  }
}
