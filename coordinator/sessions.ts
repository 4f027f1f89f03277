// All control connections: greeting, refusing, pinging, superseding and closing them.
import type { WebSocket } from "ws";
import * as z from "zod";
import { asIncarnation, type ClientId, type PeerId, type WorkerId } from "../shared/ids.ts";
import { CLIENTS_MAX, PING_INTERVAL_MS, WORKERS_MAX } from "../shared/limits.ts";
import { helloSchema, PROTOCOL_VERSION } from "../shared/protocol/messages.ts";
import type {
  ClientHello,
  CoordinatorMessage,
  Hello,
  RefusalReason,
  WorkerHello,
} from "../shared/protocol/messages.ts";
import { freshToken } from "./access-tokens.ts";
import { ClientSession } from "./client-session.ts";
import { ControlSocket } from "./control-socket.ts";
import type { Journal } from "./journal.ts";
import type { RequestGuard } from "./request-guard.ts";
import { freshPeerId, type Signalling } from "./signalling.ts";
import type { Traffic } from "./traffic.ts";
import { newTally, WorkerRecord, type WorkerTally } from "./worker-record.ts";
import { WorkerSession, type SessionServices } from "./worker-session.ts";

/** A page says hello at once; whoever does not is no page. */
const HELLO_TIMEOUT_MS = 5_000;
/** Connections that have not said hello yet. */
const STRANGERS_MAX = 128;
/** Machines whose counts are kept for their return. */
const TALLIES_MAX = 1_024;

/** All that the version check needs: the rest of a hello of another version may look different. */
const versionSchema = z.looseObject({ type: z.literal("hello"), version: z.int() });

export interface SessionsOptions extends SessionServices {
  readonly guard: RequestGuard;
  readonly signalling: Signalling;
  readonly journal: Journal;
  /** Where messages are counted. */
  readonly traffic: Traffic;
  readonly nowMs: () => number;
  /** Time of day, in Unix milliseconds. */
  readonly nowUnixMs: () => number;
  readonly log: (line: string) => void;
  /** Functions of users may run here, on workers that agreed. */
  readonly allowsFunctions: boolean;
  /** The present view, for a client that has just come. */
  readonly clusterMessage: () => CoordinatorMessage;
}

export class Sessions {
  readonly #options: SessionsOptions;
  readonly #strangers = new Set<ControlSocket>();
  readonly #workers = new Map<WorkerId, WorkerSession>();
  readonly #clients = new Map<ClientId, ClientSession>();
  readonly #tallies = new Map<WorkerId, WorkerTally>();
  readonly #refusals = new Map<RefusalReason, number>();
  readonly #pingTimer: NodeJS.Timeout;
  #pingCount = 0;

  constructor(options: SessionsOptions) {
    this.#options = options;
    this.#pingTimer = setInterval(() => this.#ping(), PING_INTERVAL_MS);
    this.#pingTimer.unref();
  }

  get workers(): readonly WorkerSession[] {
    return [...this.#workers.values()];
  }

  /** How often pages were refused, by reason. */
  get refusals(): ReadonlyMap<RefusalReason, number> {
    return this.#refusals;
  }

  sendToClients(message: CoordinatorMessage): void {
    for (const session of this.#clients.values()) session.send(message);
  }

  /** Takes over a fresh control connection. */
  accept(webSocket: WebSocket, address: string): void {
    const { nowMs, traffic } = this.#options;
    const socket = new ControlSocket(webSocket, address, nowMs, traffic);
    let session: WorkerSession | ClientSession | undefined;
    const helloTimer = setTimeout(
      () => this.#refuse(socket, "silent", "This page did not say who it is."),
      HELLO_TIMEOUT_MS,
    ).unref();
    this.#strangers.add(socket);
    socket.listen({
      onMessage: (value) => {
        if (session === undefined) {
          clearTimeout(helloTimer);
          this.#strangers.delete(socket);
          session = this.#greet(socket, value);
        } else if (!session.receive(value, this.#options.nowMs())) {
          this.#count("malformed", socket);
          session.end("malformed", "This message is not of the protocol. Reload the page.");
        }
      },
      onBroken: (reason, message) => {
        this.#refuse(socket, reason, message);
        // The page did not leave by itself, yet its tasks are not to blame.
        session?.leave(true);
      },
      onClosed: () => {
        clearTimeout(helloTimer);
        this.#strangers.delete(socket);
        session?.leave(false);
        if (session !== undefined) this.#forget(session);
      },
    });
    if (this.#strangers.size > STRANGERS_MAX) {
      this.#refuse(
        socket,
        "too-many",
        "Too many connections are just being opened. Try again soon.",
      );
    }
  }

  close(): void {
    clearInterval(this.#pingTimer);
    const message = "The coordinator is shutting down.";
    for (const socket of this.#strangers) socket.end("shutting-down", message);
    for (const session of this.#workers.values()) session.end("shutting-down", message);
    for (const session of this.#clients.values()) session.end("shutting-down", message);
  }

  /** Checks a hello and opens the session, or refuses it and returns undefined. */
  #greet(socket: ControlSocket, value: unknown): WorkerSession | ClientSession | undefined {
    const version = versionSchema.safeParse(value);
    if (version.success && version.data.version !== PROTOCOL_VERSION) {
      return this.#refuse(
        socket,
        "wrong-version",
        `This page speaks version ${version.data.version} of the protocol, the coordinator ` +
          `version ${PROTOCOL_VERSION}. Reload the page to get the present one.`,
      );
    }
    const hello = helloSchema.safeParse(value);
    if (!hello.success) {
      return this.#refuse(
        socket,
        "malformed",
        "The first message must be a hello. Reload the page.",
      );
    }
    return this.#isAdmitted(socket, hello.data) ? this.#open(socket, hello.data) : undefined;
  }

  #isAdmitted(socket: ControlSocket, hello: Hello): boolean {
    const { guard } = this.#options;
    const role = guard.admit(hello.token);
    if (role === "submit" || (role === "join" && hello.role === "worker")) return true;
    const mayTryAgain = guard.countFailure(socket.address);
    this.#refuse(
      socket,
      "wrong-token",
      mayTryAgain
        ? "The link's token is not valid here. Open the link that the coordinator shows now."
        : "Too many wrong tokens from this address. Wait a minute, then open the right link.",
    );
    return false;
  }

  #open(socket: ControlSocket, hello: Hello): WorkerSession | ClientSession | undefined {
    const peer = freshPeerId();
    const session =
      hello.role === "worker"
        ? this.#openWorker(socket, hello, peer)
        : this.#openClient(socket, hello, peer);
    if (session === undefined) return undefined;
    const ticket = freshToken();
    this.#options.signalling.admit(peer, ticket);
    const incarnation = session instanceof WorkerSession ? session.incarnation : 0;
    const { allowsFunctions } = this.#options;
    session.send({ type: "welcome", incarnation, peer, ticket, direct: true, allowsFunctions });
    session.join();
    if (session instanceof ClientSession) session.send(this.#options.clusterMessage());
    return session;
  }

  #openWorker(socket: ControlSocket, hello: WorkerHello, peer: PeerId): WorkerSession | undefined {
    const { journal, nowMs, nowUnixMs, log } = this.#options;
    const { worker } = hello;
    const older = this.#workers.get(worker);
    if (older === undefined && this.#workers.size >= WORKERS_MAX) {
      return this.#refuse(socket, "too-many", `This cluster has ${WORKERS_MAX} workers already.`);
    }
    older?.end("superseded", "This machine has joined again in another tab.");
    const identity = {
      incarnation: asIncarnation(journal.reserve("incarnation", 1)),
      peer,
      address: socket.address.replace(/^::ffff:/, ""),
      joinedAtMs: nowUnixMs(),
    };
    const record = new WorkerRecord(hello, identity, this.#tallyOf(worker), nowMs());
    const session = new WorkerSession(worker, peer, record, socket, this.#options);
    this.#workers.set(worker, session);
    log(`${record.name} joined with ${hello.threads} threads.`);
    return session;
  }

  #openClient(socket: ControlSocket, hello: ClientHello, peer: PeerId): ClientSession | undefined {
    const older = this.#clients.get(hello.client);
    if (older === undefined && this.#clients.size >= CLIENTS_MAX) {
      return this.#refuse(socket, "too-many", `${CLIENTS_MAX} dashboards are open already.`);
    }
    older?.end("superseded", "This dashboard was opened again in another tab.");
    const { nowMs } = this.#options;
    const session = new ClientSession(hello.client, peer, socket, this.#options, nowMs());
    this.#clients.set(hello.client, session);
    return session;
  }

  #tallyOf(worker: WorkerId): WorkerTally {
    const tally = this.#tallies.get(worker) ?? newTally();
    this.#tallies.delete(worker);
    this.#tallies.set(worker, tally);
    for (const oldest of this.#tallies.keys()) {
      if (this.#tallies.size <= TALLIES_MAX) break;
      this.#tallies.delete(oldest);
    }
    return tally;
  }

  #forget(session: WorkerSession | ClientSession): void {
    this.#options.signalling.revoke(session.peer);
    if (session instanceof WorkerSession) {
      if (this.#workers.get(session.worker) !== session) return;
      this.#workers.delete(session.worker);
      this.#options.log(`${session.record.name} left.`);
    } else if (this.#clients.get(session.client) === session) {
      this.#clients.delete(session.client);
    }
  }

  #ping(): void {
    this.#pingCount += 1;
    const message: CoordinatorMessage = { type: "ping", seq: this.#pingCount };
    const nowMs = this.#options.nowMs();
    for (const session of this.#workers.values()) session.send(message);
    for (const session of this.#clients.values()) {
      session.checkSilence(nowMs);
      session.send(message);
    }
  }

  #refuse(socket: ControlSocket, reason: RefusalReason, message: string): undefined {
    this.#count(reason, socket);
    socket.end(reason, message);
  }

  #count(reason: RefusalReason, socket: ControlSocket): void {
    this.#refusals.set(reason, (this.#refusals.get(reason) ?? 0) + 1);
    this.#options.log(`Refused a connection from ${socket.address}: ${reason}.`);
  }
}
