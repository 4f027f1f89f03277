// The calls that this client has made of one actor: in order, each settled once.
import { decodeBase64, encodeBase64 } from "../codecs/base64.ts";
import { type ActorId, asBlockId, type BlockId } from "../ids.ts";
import { ACTOR_CALL_BYTES_MAX, ACTOR_CALLS_MAX, ACTOR_INLINE_BYTES_MAX } from "../limits.ts";
import { ACTOR_DEADLINE_MS_MAX, ACTOR_RETRIES_MAX } from "../limits.ts";
import type { ActorOutcome, HeardValue, SaidValue } from "../protocol/actor-messages.ts";
import { decodeValue } from "../values/decode-value.ts";
import { encodeValue } from "../values/encode-value.ts";
import {
  ActorBusyError,
  ActorDeadlineError,
  actorErrorOf,
  ActorLostError,
} from "./actor-errors.ts";
import type { ActorCallOptions } from "./actor-proxy.ts";
import type { ClusterClient } from "./cluster-client.ts";
import type { ClusterTools } from "./cluster-tools.ts";
import { Future } from "./future.ts";

/** A minute: longer than any recovery takes. */
const DEADLINE_MS = 60_000;

export interface ActorCall {
  readonly method: string;
  /** Null while it is uploaded, or while a future among it is waited for. */
  args: SaidValue | null;
  readonly sizeBytes: number;
  readonly deadlineAtMs: number;
  /** So long it may run; null for ever. */
  readonly limitMs: number | null;
  retriesLeft: number;
  mayHaveRun: boolean;
  /** Ends it for this client; only the first time counts. */
  settle(outcome: ActorOutcome<HeardValue>): void;
  reject(error: Error): void;
}

export interface ActorCallsOptions {
  readonly actor: ActorId;
  readonly client: Pick<ClusterClient, "keepBlock" | "dropBlock" | "fetchBlock">;
  readonly tools: Pick<ClusterTools, "hash" | "encode" | "decode" | "clock">;
  /** Says a call if there is a way, and false otherwise. */
  readonly say: (call: ActorCall) => boolean;
}

export class ActorCalls {
  readonly #options: ActorCallsOptions;
  /** Not said yet, in order. */
  #unsaid: ActorCall[] = [];
  /** Said or not, and not settled. */
  readonly #open = new Set<ActorCall>();
  #openBytes = 0;

  constructor(options: ActorCallsOptions) {
    this.#options = options;
  }

  make(method: string, args: readonly unknown[], options: ActorCallOptions): Promise<unknown> {
    const { tools, actor } = this.#options;
    const { deadlineMs = DEADLINE_MS, limitMs, retries = 0 } = options;
    // Throws ValueError here, before anything is sent.
    const futures: Future[] = [];
    const bytes = encodeValue([...args], {
      encodeText: tools.encode,
      name: "args",
      toReference: (value) => (value instanceof Future ? { ref: futures.push(value) - 1 } : null),
    });
    const isInline = futures.length === 0 && bytes.length <= ACTOR_INLINE_BYTES_MAX;
    const sizeBytes = isInline ? bytes.length : 0;
    if (this.#open.size >= ACTOR_CALLS_MAX || this.#openBytes + sizeBytes > ACTOR_CALL_BYTES_MAX) {
      const text = `The actor is too busy: ${this.#open.size} calls of this client wait for it.`;
      return Promise.reject(new ActorBusyError(`${text} The call did not run.`, actor, false));
    }
    return new Promise((resolve, reject) => {
      const waitMs = withinBounds(deadlineMs);
      const stopTimer = tools.clock.after(waitMs, () => this.#late(call, waitMs));
      const close = (): boolean => {
        if (!this.#open.delete(call)) return false;
        this.#openBytes -= sizeBytes;
        stopTimer();
        return true;
      };
      const call: ActorCall = {
        method,
        args: isInline ? { bytes: encodeBase64(bytes) } : null,
        sizeBytes,
        deadlineAtMs: tools.clock.nowMs() + waitMs,
        limitMs: limitMs === undefined ? null : withinBounds(limitMs),
        retriesLeft: Math.min(ACTOR_RETRIES_MAX, Math.max(0, Math.floor(retries))),
        mayHaveRun: false,
        settle: (outcome) => {
          if (!close()) return;
          if (outcome.ok) this.#valueOf(outcome.value).then(resolve, reject);
          else reject(actorErrorOf(actor, outcome));
        },
        reject: (error) => {
          if (close()) reject(error);
        },
      };
      this.#open.add(call);
      this.#openBytes += sizeBytes;
      this.#unsaid.push(call);
      if (isInline) this.pump();
      else void this.#fill(call, bytes, futures);
    });
  }

  /** Says what is next, as far as there is a way. */
  pump(): void {
    while (this.#unsaid.length > 0) {
      const call = this.#unsaid[0];
      if (call === undefined || call.args === null || !this.#options.say(call)) return;
      this.#unsaid.shift();
      call.mayHaveRun = true;
    }
  }

  /** These were said, in this order, and did not begin. */
  unbegun(calls: readonly ActorCall[]): void {
    this.#unsaid = [...calls.filter((call) => this.#open.has(call)), ...this.#unsaid];
  }

  /** These were said in this order where nothing is answered any more: they may have run. */
  lost(calls: readonly ActorCall[], why: string): void {
    const again = calls.filter((call) => this.#open.has(call) && call.retriesLeft > 0);
    for (const call of again) call.retriesLeft -= 1;
    this.#unsaid = [...again, ...this.#unsaid];
    for (const call of calls) {
      if (again.includes(call)) continue;
      const text = `${why} The call may or may not have run.`;
      call.reject(new ActorLostError(text, this.#options.actor, true));
    }
  }

  end(error: (call: ActorCall) => Error): void {
    this.#unsaid = [];
    for (const call of this.#open) call.reject(error(call));
  }

  #late(call: ActorCall, waitMs: number): void {
    this.#unsaid = this.#unsaid.filter((other) => other !== call);
    const what = call.mayHaveRun ? "It may or may not have run." : "It did not run.";
    const text = `${call.method}() did not answer within ${waitMs / 1_000} s. ${what}`;
    call.reject(new ActorDeadlineError(text, this.#options.actor, call.mayHaveRun));
    this.pump();
  }

  /** What the arguments wait for comes first; the calls made later wait with it. */
  async #fill(call: ActorCall, bytes: Uint8Array, futures: readonly Future[]): Promise<void> {
    try {
      call.args = await this.#said(futures.length === 0 ? bytes : await this.#with(bytes, futures));
    } catch (error) {
      this.#unsaid = this.#unsaid.filter((other) => other !== call);
      call.reject(error instanceof Error ? error : new Error(String(error)));
    }
    this.pump();
  }

  /** The arguments with the futures' values in their places. Rejects as a future does. */
  async #with(bytes: Uint8Array, futures: readonly Future[]): Promise<Uint8Array> {
    const { tools } = this.#options;
    const values = await Promise.all(futures.map((future) => future.result()));
    const args = decodeValue(bytes, { decodeText: tools.decode, resolve: (ref) => values[ref] });
    return encodeValue(args, { encodeText: tools.encode, name: "args" });
  }

  async #said(bytes: Uint8Array): Promise<SaidValue> {
    if (bytes.length <= ACTOR_INLINE_BYTES_MAX) return { bytes: encodeBase64(bytes) };
    const { client, tools } = this.#options;
    const block: BlockId = asBlockId(tools.hash(bytes));
    try {
      await client.keepBlock(block, bytes);
      return { block, sizeBytes: bytes.length };
    } finally {
      // The coordinator's store has it, or nobody will ask for it.
      client.dropBlock(block);
    }
  }

  async #valueOf(value: HeardValue): Promise<unknown> {
    const { client, tools } = this.#options;
    const bytes = "block" in value ? await client.fetchBlock(value) : decodeBase64(value.bytes);
    return decodeValue(bytes, { decodeText: tools.decode });
  }
}

const withinBounds = (ms: number): number => Math.min(ACTOR_DEADLINE_MS_MAX, Math.max(1, ms));
