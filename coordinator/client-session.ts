// One connected client: the jobs it follows and the blocks it serves.
import type { ClientId, PeerId } from "../shared/ids.ts";
import { LOST_AFTER_HIDDEN_MS } from "../shared/limits.ts";
import { clientMessageSchema } from "../shared/protocol/messages.ts";
import type {
  ClientMessage,
  CoordinatorMessage,
  RefusalReason,
} from "../shared/protocol/messages.ts";
import type { ControlSocket } from "./control-socket.ts";
import { clientHolder, type ClientPort } from "./ports.ts";
import type { SessionServices } from "./worker-session.ts";

export class ClientSession implements ClientPort {
  readonly client: ClientId;
  readonly peer: PeerId;
  readonly #socket: ControlSocket;
  readonly #services: SessionServices;
  #heardAtMs: number;
  #hasLeft = false;

  constructor(
    client: ClientId,
    peer: PeerId,
    socket: ControlSocket,
    services: SessionServices,
    nowMs: number,
  ) {
    this.client = client;
    this.peer = peer;
    this.#socket = socket;
    this.#services = services;
    this.#heardAtMs = nowMs;
  }

  send(message: CoordinatorMessage): void {
    this.#socket.send(message);
  }

  end(reason: RefusalReason, message: string): void {
    this.#socket.end(reason, message);
    this.leave();
  }

  join(): void {
    this.#services.host.clientJoined(this);
    this.#services.actors.clientJoined(this);
  }

  /** Later calls do nothing. */
  leave(): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#services.host.clientLeft(this);
    this.#services.actors.clientLeft(this);
  }

  /** Ends the session when the page has been silent for as long as even a hidden page may be. */
  checkSilence(nowMs: number): void {
    if (nowMs - this.#heardAtMs <= LOST_AFTER_HIDDEN_MS) return;
    this.end("silent", "The coordinator lost touch with this page for a while.");
  }

  /** False when the message is malformed; the caller refuses it then. */
  receive(value: unknown, nowMs: number): boolean {
    const parsed = clientMessageSchema.safeParse(value);
    if (!parsed.success) return false;
    this.#heardAtMs = nowMs;
    if (!this.#hasLeft) this.#handle(parsed.data);
    return true;
  }

  #handle(message: ClientMessage): void {
    const { host, sources, actors } = this.#services;
    switch (message.type) {
      case "pong":
      case "links": // Only workers are placed by their links.
        return;
      case "have":
        return host.blocksHeld(clientHolder(this.client), message.blocks);
      case "dropped":
        return host.blocksDropped(clientHolder(this.client), message.blocks);
      case "locate":
        return this.send({ type: "located", blocks: sources.locate(message.blocks) });
      case "watch-job":
        if (!host.watch(this, message.job)) {
          // The connection stays: other jobs are not this one's fault.
          const text = `There is no job ${message.job}; it may have been deleted.`;
          this.send({ type: "refused", reason: "unknown-job", message: text, job: message.job });
        }
        return;
      case "create-actor":
      case "attach-actor":
      case "reach-actor":
      case "release-actor":
      case "list-actors":
      case "call-actor":
        return actors.clientSaid(this, message);
      case "unwatch-job":
        return host.unwatch(this, message.job);
      case "broadcast-blocks":
        return host.broadcast(message.blocks);
    }
  }
}
