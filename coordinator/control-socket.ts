// One control connection: JSON out with a bound on what waits, JSON in with a bound on its rate.
import type { RawData, WebSocket } from "ws";
import { CONTROL_MESSAGE_BYTES_MAX } from "../shared/limits.ts";
import type { CoordinatorMessage, RefusalReason } from "../shared/protocol/messages.ts";
import { RateLimiter, type RateLimit } from "./rate-limiter.ts";
import type { Traffic } from "./traffic.ts";

/** What may wait for a slow reader; a page that needs more has stopped reading. */
const SEND_QUEUE_BYTES_MAX = 32 * 2 ** 20;
/** Messages of one page: several times what a fast one says while it runs empty functions. */
const MESSAGE_LIMIT: RateLimit = { perSecond: 20_000, burst: 50_000 };
/** Messages said in one turn go in one frame, up to this many characters. */
const FRAME_CHARS_MAX = CONTROL_MESSAGE_BYTES_MAX / 2;
/** After a refusal the page has this long to read it before the line is cut. */
const CLOSE_GRACE_MS = 2_000;

/** Frames above the protocol's limit but below this are refused with a reason, not just cut off. */
export const CONTROL_FRAME_BYTES_MAX = 2 * CONTROL_MESSAGE_BYTES_MAX;

export type Received =
  | { readonly ok: true; readonly values: readonly unknown[] }
  | { readonly ok: false; readonly reason: RefusalReason; readonly message: string };

export interface ControlSocketListener {
  onMessage(value: unknown): void;
  /** The page broke the rules; the socket waits for a refusal. */
  onBroken(reason: RefusalReason, message: string): void;
  /** Exactly once, whoever closed. */
  onClosed(): void;
}

export class ControlSocket {
  readonly #socket: WebSocket;
  readonly #limiter: RateLimiter;
  readonly #traffic: Traffic;
  readonly address: string;
  #isEnded = false;
  #graceTimer: NodeJS.Timeout | undefined;
  /** Messages of this turn, as JSON. */
  #unsent: string[] = [];
  #unsentChars = 0;

  constructor(socket: WebSocket, address: string, nowMs: () => number, traffic: Traffic) {
    this.#socket = socket;
    this.#traffic = traffic;
    this.address = address;
    this.#limiter = new RateLimiter(MESSAGE_LIMIT, nowMs);
    // The reason follows as "close"; without a listener an error would end the process.
    socket.on("error", () => {});
  }

  listen(listener: ControlSocketListener): void {
    this.#socket.on("message", (data, isBinary) => {
      if (this.#isEnded) return;
      const received = this.#receive(data, isBinary);
      if (!received.ok) return listener.onBroken(received.reason, received.message);
      this.#traffic.messagesIn += received.values.length;
      for (const value of received.values) {
        if (this.#isEnded) return;
        if (this.#limiter.take("")) listener.onMessage(value);
        else {
          const message = "This page sends more messages than the coordinator takes.";
          return listener.onBroken("too-fast", message);
        }
      }
    });
    this.#socket.once("close", () => {
      this.#isEnded = true;
      clearTimeout(this.#graceTimer);
      listener.onClosed();
    });
  }

  get isEnded(): boolean {
    return this.#isEnded;
  }

  send(message: CoordinatorMessage): void {
    if (this.#isEnded || this.#socket.readyState !== this.#socket.OPEN) return;
    if (this.#socket.bufferedAmount > SEND_QUEUE_BYTES_MAX) {
      // It does not read, so it would not read a refusal either.
      this.#isEnded = true;
      this.#socket.terminate();
      return;
    }
    const text = JSON.stringify(message);
    if (this.#unsentChars + text.length > FRAME_CHARS_MAX) this.#flush();
    // After all that has arrived was handled: pages' reports come together, and so do new leases.
    if (this.#unsent.length === 0) setImmediate(() => this.#flush());
    this.#unsent.push(text);
    this.#traffic.messagesOut += 1;
    this.#unsentChars += text.length;
  }

  #flush(): void {
    const texts = this.#unsent;
    if (texts.length === 0) return;
    this.#unsent = [];
    this.#unsentChars = 0;
    if (this.#socket.readyState !== this.#socket.OPEN) return;
    this.#socket.send(texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(",")}]`);
  }

  /** Says why, closes, and hears nothing more. */
  end(reason: RefusalReason, message: string): void {
    if (this.#isEnded) return;
    this.send({ type: "refused", reason, message });
    this.#flush();
    this.#isEnded = true;
    this.#socket.close(1008, reason);
    this.#graceTimer = setTimeout(() => this.#socket.terminate(), CLOSE_GRACE_MS).unref();
  }

  /** Cuts the line now. */
  terminate(): void {
    this.#isEnded = true;
    this.#socket.terminate();
  }

  #receive(data: RawData, isBinary: boolean): Received {
    if (isBinary || !Buffer.isBuffer(data)) {
      return broken("malformed", "Control messages are text.");
    }
    if (data.length > CONTROL_MESSAGE_BYTES_MAX) {
      return broken(
        "malformed",
        `A control message has at most ${CONTROL_MESSAGE_BYTES_MAX} bytes.`,
      );
    }
    try {
      const value: unknown = JSON.parse(data.toString("utf8"));
      return { ok: true, values: Array.isArray(value) ? value : [value] };
    } catch {
      return broken("malformed", "This message is not JSON.");
    }
  }
}

const broken = (reason: RefusalReason, message: string): Received => ({
  ok: false,
  reason,
  message,
});
