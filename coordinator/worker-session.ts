// One connected worker: its messages, checked and handed to the scheduler host.
import type { Incarnation, PeerId, WorkerId } from "../shared/ids.ts";
import { workerMessageSchema } from "../shared/protocol/messages.ts";
import type {
  CoordinatorMessage,
  RefusalReason,
  WorkerMessage,
} from "../shared/protocol/messages.ts";
import type { ActorService } from "./actor-service.ts";
import type { BlockSources } from "./block-sources.ts";
import type { ControlSocket } from "./control-socket.ts";
import type { WorkerPort } from "./ports.ts";
import type { SchedulerHost } from "./scheduler-host.ts";
import type { WorkerRecord } from "./worker-record.ts";

export interface SessionServices {
  readonly host: SchedulerHost;
  readonly sources: BlockSources;
  readonly actors: ActorService;
}

export class WorkerSession implements WorkerPort {
  readonly worker: WorkerId;
  readonly peer: PeerId;
  readonly incarnation: Incarnation;
  readonly record: WorkerRecord;
  readonly #socket: ControlSocket;
  readonly #services: SessionServices;
  #hasLeft = false;
  #saidGoodbye = false;

  constructor(
    worker: WorkerId,
    peer: PeerId,
    record: WorkerRecord,
    socket: ControlSocket,
    services: SessionServices,
  ) {
    this.worker = worker;
    this.peer = peer;
    this.incarnation = record.incarnation;
    this.record = record;
    this.#socket = socket;
    this.#services = services;
  }

  send(message: CoordinatorMessage): void {
    this.#socket.send(message);
  }

  end(reason: RefusalReason, message: string): void {
    this.#socket.end(reason, message);
    // Whoever is removed does not come back, as if it had said goodbye.
    if (reason === "removed") this.#saidGoodbye = true;
    this.leave(reason === "superseded" || reason === "removed");
  }

  join(): void {
    this.#services.host.workerJoined(this);
    this.#services.actors.workerJoined(this, this.record.heldActors);
  }

  /** Ends the incarnation; later calls do nothing. `isExpected`: nothing is to blame. */
  leave(isExpected: boolean): void {
    if (this.#hasLeft) return;
    this.#hasLeft = true;
    this.#services.host.workerLeft(this, isExpected);
    this.#services.actors.workerLeft(this, this.#saidGoodbye);
  }

  /** False when the message is malformed; the caller refuses it then. */
  receive(value: unknown): boolean {
    const parsed = workerMessageSchema.safeParse(value);
    if (!parsed.success) return false;
    if (!this.#hasLeft) this.#handle(parsed.data);
    return true;
  }

  #handle(message: WorkerMessage): void {
    const { host, sources, actors } = this.#services;
    switch (message.type) {
      case "pong":
        return host.workerHeard(this);
      case "have":
        return host.blocksHeld(this.worker, message.blocks);
      case "dropped":
        return host.blocksDropped(this.worker, message.blocks);
      case "links":
        return host.linksMeasured(this, message.links);
      case "locate":
        return this.send({ type: "located", blocks: sources.locate(message.blocks) });
      case "status":
        host.workerStatus(this, message);
        return actors.workerChanged(this);
      case "attempt-finished":
        return host.attemptFinished(this, message);
      case "attempt-failed":
        return host.attemptFailed(this, message);
      case "attempts-returned":
        return host.attemptsReturned(this, message.attempts);
      case "actor-started":
      case "actor-ended":
      case "actor-checkpointed":
      case "actor-returned":
      case "line-admitted":
        return actors.workerSaid(this, message);
      case "leave":
        this.#saidGoodbye = true;
        return this.leave(true);
    }
  }
}
