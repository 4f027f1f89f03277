// The control connection over any WebSocket: hello, welcome, pong, and rejoining by itself.
import { assert } from "../assert.ts";
import type { Clock } from "../data-plane/clock.ts";
import { type StallTimer, startStallTimer } from "../data-plane/stall-timer.ts";
import { asIncarnation, type PeerId } from "../ids.ts";
import { CONTROL_MESSAGE_BYTES_MAX, LOST_AFTER_MS, PING_INTERVAL_MS } from "../limits.ts";
import {
  type ClientMessage,
  type CoordinatorMessage,
  coordinatorMessageSchema,
  type Hello,
  type RefusalReason,
  type WorkerMessage,
} from "../protocol/messages.ts";
import type { ControlConnection, ControlState } from "./control-connection.ts";
import { subscribe } from "./subscribe.ts";

/** Trying again does not help: a person must do something. */
const FINAL_REASONS: ReadonlySet<RefusalReason> = new Set([
  "wrong-token",
  "wrong-version",
  "malformed",
  // Another tab has taken this identity; taking it back would go on forever.
  "superseded",
  // Somebody at the dashboard does not want it here.
  "removed",
]);
const FIRST_RETRY_MS = 500;
const RETRY_MS_MAX = 15_000;
/** After a doubt a ping must come: the coordinator sends one every two seconds. */
const DOUBT_MS = 2 * PING_INTERVAL_MS + 500;
/** A coordinator that does not take this much is not really there. */
const OUTBOX_BYTES_MAX = 8 * 2 ** 20;

/** Messages said in one turn go in one frame, up to this many characters; a character has at most 3 bytes. */
const FRAME_CHARS_MAX = CONTROL_MESSAGE_BYTES_MAX / 4;

/** The part of a WebSocket that is needed; the handlers are given to `createSocket`. */
export interface SocketLike {
  send(text: string): void;
  /** No handler is called afterwards. */
  close(): void;
  readonly bufferedAmount: number;
}

export interface SocketHandlers {
  onOpen(): void;
  onText(text: string): void;
  /** Also called when the socket could not be opened. */
  onClose(): void;
}

/** What lets our peer into the signalling: a new one at each welcome. */
export interface PeerTicket {
  readonly peer: PeerId;
  readonly ticket: string;
  /** False when the coordinator was started without signalling. */
  readonly direct: boolean;
}

export interface ControlSocket<Sent> extends ControlConnection<Sent> {
  /** Of the newest welcome; null before the first. Set before "welcomed" is told. */
  readonly ticket: PeerTicket | null;
  /**
   * The network may be another now: who is welcomed and hears nothing soon counts as lost, and who is
   * lost tries at once. Waiting for the usual silence would take five times as long.
   */
  doubt(): void;
}

export interface ControlSocketOptions {
  /** May throw, which counts as a failed attempt. */
  readonly createSocket: (handlers: SocketHandlers) => SocketLike;
  /** Said at each attempt, with what is true then. */
  readonly hello: () => Hello;
  readonly clock: Clock;
  /** In [0, 1): spreads the attempts of many pages after the coordinator's restart. */
  readonly random: () => number;
  /**
   * Calls back when what came together was handled, at once but not before this function returned: until
   * then messages gather. Otherwise at the end of the present job of the engine.
   */
  readonly soon?: (callback: () => void) => void;
  /** The coordinator sent something that no message is; it was ignored. */
  readonly onMalformed?: (message: string) => void;
  /** `close` was called: the owner releases what it attached. */
  readonly onClosed?: () => void;
}

export function openControlSocket<Sent extends WorkerMessage | ClientMessage>(
  options: ControlSocketOptions,
): ControlSocket<Sent> {
  const { createSocket, hello, clock, random, onMalformed, onClosed } = options;
  const soon = options.soon ?? atTurnsEnd;
  /** Messages of this turn, as JSON. */
  let unsent: string[] = [];
  let unsentChars = 0;
  const messageListeners = new Set<(message: CoordinatorMessage) => void>();
  const stateListeners = new Set<(state: ControlState) => void>();
  let state: ControlState = { state: "connecting" };
  let ticket: PeerTicket | null = null;
  let socket: SocketLike | null = null;
  let silence: StallTimer | null = null;
  let stopRetry: (() => void) | null = null;
  let stopDoubt: (() => void) | null = null;
  let failures = 0;
  let isClosed = false;

  function setState(next: ControlState): void {
    state = next;
    for (const listener of stateListeners) listener(next);
  }

  function dropSocket(): void {
    unsent = [];
    unsentChars = 0;
    silence?.stop();
    silence = null;
    stopRetry?.();
    stopRetry = null;
    stopDoubt?.();
    stopDoubt = null;
    const dropped = socket;
    socket = null;
    dropped?.close();
  }

  function lose(): void {
    dropSocket();
    if (isClosed || state.state === "refused") return;
    const backoffMs = Math.min(RETRY_MS_MAX, FIRST_RETRY_MS * 2 ** failures);
    failures += 1;
    // Half fixed, half random: never at once, never all together.
    const delayMs = backoffMs / 2 + (random() * backoffMs) / 2;
    stopRetry = clock.after(delayMs, connect);
    setState({ state: "lost", retryAtMs: clock.nowMs() + delayMs });
  }

  /** The network was just seen to change: the next attempt need not wait. */
  function loseAndRetry(): void {
    lose();
    connect();
  }

  function connect(): void {
    dropSocket();
    if (isClosed || state.state === "refused") return;
    if (state.state !== "connecting") setState({ state: "connecting" });
    silence = startStallTimer(clock, LOST_AFTER_MS, lose);
    try {
      socket = createSocket({
        onOpen: () => {
          transmit(hello());
          flush();
        },
        onText: receive,
        onClose: lose,
      });
    } catch {
      lose();
    }
  }

  function transmit(message: Hello | Sent | { readonly type: "pong"; readonly seq: number }): void {
    if (socket === null) return;
    const text = JSON.stringify(message);
    assert(text.length <= CONTROL_MESSAGE_BYTES_MAX, `a ${message.type} message is too long`);
    if (unsentChars + text.length > FRAME_CHARS_MAX) flush();
    if (unsent.length === 0) soon(flush);
    unsent.push(text);
    unsentChars += text.length;
  }

  function flush(): void {
    const texts = unsent;
    unsent = [];
    unsentChars = 0;
    if (socket === null || texts.length === 0) return;
    if (socket.bufferedAmount > OUTBOX_BYTES_MAX) lose();
    else socket.send(texts.length === 1 ? (texts[0] ?? "") : `[${texts.join(",")}]`);
  }

  /** A frame: one message, or a list of those that were said at once. */
  function receive(text: string): void {
    silence?.progressed();
    stopDoubt?.();
    stopDoubt = null;
    const from = socket;
    for (const message of decode(text)) {
      // One of them may have ended the connection.
      if (socket !== from) return;
      if (message === null) onMalformed?.(text.slice(0, 200));
      else take(message);
    }
  }

  function take(message: CoordinatorMessage): void {
    if (message.type === "ping") transmit({ type: "pong", seq: message.seq });
    else if (message.type === "welcome") {
      const { peer, direct, allowsFunctions } = message;
      failures = 0;
      ticket = { peer, ticket: message.ticket, direct };
      const incarnation = asIncarnation(message.incarnation);
      setState({ state: "welcomed", incarnation, peer, allowsFunctions });
    } else if (message.type === "refused" && FINAL_REASONS.has(message.reason)) {
      const { reason } = message;
      dropSocket();
      setState({ state: "refused", reason, message: message.message });
    } else {
      for (const listener of messageListeners) listener(message);
    }
  }

  connect();
  return {
    get state() {
      return state;
    },
    get ticket() {
      return ticket;
    },
    send(message) {
      if (state.state === "welcomed") transmit(message);
    },
    onMessage: (listener) => subscribe(messageListeners, listener),
    onState: (listener) => subscribe(stateListeners, listener),
    doubt() {
      if (state.state === "lost") connect();
      else if (state.state === "welcomed") stopDoubt ??= clock.after(DOUBT_MS, loseAndRetry);
    },
    close() {
      if (isClosed) return;
      isClosed = true;
      flush();
      dropSocket();
      messageListeners.clear();
      stateListeners.clear();
      onClosed?.();
    },
  };
}

async function atTurnsEnd(callback: () => void): Promise<void> {
  await Promise.resolve();
  callback();
}

/** Null for each message that is none. */
function decode(text: string): (CoordinatorMessage | null)[] {
  let frame: unknown;
  try {
    frame = JSON.parse(text);
  } catch {
    return [null];
  }
  const values: readonly unknown[] = Array.isArray(frame) ? frame : [frame];
  return values.map((value) => coordinatorMessageSchema.safeParse(value).data ?? null);
}
