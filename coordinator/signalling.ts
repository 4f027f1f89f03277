// The façade for `peer`: introduces pages to each other so that they can open direct channels.
import { createHook } from "node:async_hooks";
import { randomBytes } from "node:crypto";
import { EventEmitter } from "node:events";
import type { IncomingMessage, Server } from "node:http";
import type { Duplex } from "node:stream";
import { ExpressPeerServer } from "peer";
import { WebSocketServer, type WebSocket } from "ws";
import * as z from "zod";
import { asPeerId, type PeerId } from "../shared/ids.ts";
import { CLIENTS_MAX, WORKERS_MAX } from "../shared/limits.ts";
import { RateLimiter, type RateLimit } from "./rate-limiter.ts";

/** A session description with many candidates takes a few kilobytes. */
const SIGNAL_MESSAGE_BYTES_MAX = 64 * 1024;
/** Messages of one peer: dialling a hundred peers at once takes about two thousand. */
const SIGNAL_LIMIT: RateLimit = { perSecond: 200, burst: 4_000 };
const SEND_QUEUE_BYTES_MAX = 4 * 2 ** 20;

const signalSchema = z.object({
  type: z.enum(["OFFER", "ANSWER", "CANDIDATE", "LEAVE", "EXPIRE", "HEARTBEAT"]),
  dst: z.string().max(64).optional(),
  payload: z.unknown().optional(),
});

/**
 * A name for a page in the signalling, of 128 random bits. In hexadecimal: PeerJS refuses names with two
 * of the characters "-" and "_" side by side, as one in twenty has that is written in base64url.
 */
export const freshPeerId = (): PeerId => asPeerId(`p_${randomBytes(16).toString("hex")}`);

/** The part of a socket that the library uses; it hears only messages that passed the checks. */
class CheckedSocket extends EventEmitter {
  readonly #socket: WebSocket;

  constructor(socket: WebSocket) {
    super();
    this.#socket = socket;
  }

  send(text: string): void {
    if (this.#socket.bufferedAmount > SEND_QUEUE_BYTES_MAX) this.#socket.terminate();
    else this.#socket.send(text);
  }

  close(): void {
    this.#socket.close();
  }
}

export class Signalling {
  readonly #server: WebSocketServer;
  readonly #tickets = new Map<PeerId, string>();
  readonly #sockets = new Map<PeerId, WebSocket>();
  readonly #limiter: RateLimiter;

  constructor(server: Server, path: string, nowMs: () => number) {
    this.#limiter = new RateLimiter(SIGNAL_LIMIT, nowMs);
    this.#server = new WebSocketServer({
      noServer: true,
      maxPayload: SIGNAL_MESSAGE_BYTES_MAX,
      perMessageDeflate: false,
    });
    const application = ExpressPeerServer(server, {
      path,
      concurrent_limit: 2 * (WORKERS_MAX + CLIENTS_MAX),
      allow_discovery: false,
      corsOptions: { origin: false },
      createWebSocketServer: () => this.#server,
    });
    application.on("error", () => {}); // A broken connection; its page dials again.
    // The library begins when its application is mounted. The application above it, a second one of
    // the library's, serves no port, so that only the sockets handed over below reach it.
    const unreachable = ExpressPeerServer(server);
    withoutTimers(() => unreachable.use(application));
  }

  /** Lets `peer` connect with this ticket, as often as its channel to us breaks, until `revoke`. */
  admit(peer: PeerId, ticket: string): void {
    this.#tickets.set(peer, ticket);
  }

  revoke(peer: PeerId): void {
    this.#tickets.delete(peer);
    this.#sockets.get(peer)?.close();
  }

  /** Takes over an upgrade request; false when its ticket is not valid. */
  accept(request: IncomingMessage, socket: Duplex, head: Buffer, query: URLSearchParams): boolean {
    const peer = query.get("id") as PeerId | null;
    const ticket = query.get("token");
    if (peer === null || ticket === null || this.#tickets.get(peer) !== ticket) return false;
    this.#server.handleUpgrade(request, socket, head, (webSocket) => {
      this.#connect(peer, webSocket, request);
    });
    return true;
  }

  close(): void {
    this.#tickets.clear();
    for (const socket of this.#sockets.values()) socket.terminate();
    this.#server.close();
  }

  #connect(peer: PeerId, socket: WebSocket, request: IncomingMessage): void {
    this.#sockets.get(peer)?.terminate();
    this.#sockets.set(peer, socket);
    const checked = new CheckedSocket(socket);
    socket.on("error", () => {}); // Followed by "close".
    socket.on("message", (data: Buffer) => {
      const text = this.#check(peer, socket, data.toString("utf8"));
      if (text !== undefined) checked.emit("message", text);
    });
    socket.once("close", () => {
      if (this.#sockets.get(peer) === socket) this.#sockets.delete(peer);
      checked.emit("close");
    });
    this.#server.emit("connection", checked, request);
  }

  /**
   * The message when it may go on. Messages to an absent peer are answered here: the library would
   * keep them for the peer's coming, without a bound.
   */
  #check(peer: PeerId, socket: WebSocket, text: string): string | undefined {
    const parsed = signalSchema.safeParse(parseJson(text));
    if (!parsed.success || !this.#limiter.take(peer)) {
      socket.close(1008);
      return undefined;
    }
    const { type, dst } = parsed.data;
    if (type === "HEARTBEAT") return text;
    if (dst !== undefined && this.#sockets.has(dst as PeerId)) return text;
    // PeerJS reports this to the dialler as "peer-unavailable".
    if (type === "OFFER") socket.send(JSON.stringify({ type: "EXPIRE", src: dst, dst: peer }));
    return undefined;
  }
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/**
 * Runs `begin` and ends every timer that it starts. PeerServer 1.0.2 has no way to be closed, and
 * its two timers would keep the process alive: one looks for silent sockets, which end with their
 * control sessions here; the other empties queues that are never filled here.
 */
function withoutTimers(begin: () => void): void {
  const timers: NodeJS.Timeout[] = [];
  const hook = createHook({
    init(_id, type, _trigger, resource) {
      if (type === "Timeout") timers.push(resource as NodeJS.Timeout);
    },
  });
  hook.enable();
  try {
    begin();
  } finally {
    hook.disable();
    for (const timer of timers) clearTimeout(timer);
  }
}
