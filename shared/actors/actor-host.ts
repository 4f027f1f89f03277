// The actors of one worker: which lives are here, and who hears what is said to them.
import type { AnswerLine } from "../data-plane/line.ts";
import type { ActorId } from "../ids.ts";
import { ACTORS_PER_WORKER_MAX } from "../limits.ts";
import type { CoordinatorMessage } from "../protocol/messages.ts";
import type { Life } from "./actor-events.ts";
import type { ActorThreads } from "./actor-thread.ts";
import { HostedActor, type HostedActorParts } from "./hosted-actor.ts";

type Heard<Type extends CoordinatorMessage["type"]> = Extract<CoordinatorMessage, { type: Type }>;
export type ActorOrder = Heard<
  "start-actor" | "stop-actor" | "call-actor" | "admit-line" | "checkpoint-kept"
>;

const orders: ReadonlySet<string> = new Set<ActorOrder["type"]>([
  "start-actor",
  "stop-actor",
  "call-actor",
  "admit-line",
  "checkpoint-kept",
]);
export const isActorOrder = (message: CoordinatorMessage): message is ActorOrder =>
  orders.has(message.type);

export interface ActorHostOptions extends Omit<HostedActorParts, "onEnd"> {
  readonly threads: ActorThreads;
}

export interface ActorHost {
  /** Lives whose threads are here: what a hello says. */
  held(): Life[];
  receive(order: ActorOrder): void;
  /** A client opens a line with a key that the coordinator gave to both; each key opens one. */
  readonly answerLine: AnswerLine;
  /** The coordinator is away: calls of this connection are told lost by it, so they are not begun. */
  connectionLost(): void;
  /** Ends actors of user classes: the consent was withdrawn. */
  endClasses(): void;
  /** Keeps the state of every actor and begins no more calls; settles when that is done. */
  prepareToLeave(): Promise<void>;
  close(): void;
}

export function createActorHost(options: ActorHostOptions): ActorHost {
  const { threads, send } = options;
  const actors = new Map<ActorId, HostedActor>();
  /** A start that is repeated after its thread died must not make a second one. */
  let newestLives = new Map<ActorId, number>();
  let isLeaving = false;

  function start(order: Heard<"start-actor">): void {
    const { actor, life, isResumed } = order;
    const held = actors.get(actor);
    if (isResumed) {
      if (held?.life === life) held.resume();
      else sayDead(order, "Its thread is not there any more.");
      return;
    }
    if (life <= (newestLives.get(actor) ?? 0) || held?.life === life) return;
    newestLives.set(actor, life);
    held?.end("A newer life of it begins here.");
    actors.delete(actor);
    if (isLeaving) return sayDead(order, "The page is leaving.");
    if (actors.size >= ACTORS_PER_WORKER_MAX) {
      return sayDead(order, "This worker has too many actors.");
    }
    const startThread = order.kind.type === "class" ? threads.forClasses : threads.forBuiltIns;
    if (startThread === null) return sayDead(order, "This page runs no functions.");
    const hosted: HostedActor = new HostedActor(order, startThread, {
      ...options,
      onEnd: (ended) => {
        if (actors.get(actor) === hosted) actors.delete(actor);
        send(ended);
      },
    });
    actors.set(actor, hosted);
  }

  function sayDead({ actor, life }: Life, message: string): void {
    send({ type: "actor-ended", actor, life, reason: "thread-died", message });
  }

  /** What is said to a life that is not here is for nobody. */
  function receive(order: ActorOrder): void {
    if (order.type === "start-actor") return start(order);
    const hosted = actors.get(order.actor);
    if (hosted?.life !== order.life) return;
    switch (order.type) {
      case "stop-actor":
        actors.delete(order.actor);
        return hosted.end("The actor was ended here.");
      case "call-actor":
        return hosted.call(order);
      case "admit-line":
        return hosted.admitLine(order);
      case "checkpoint-kept":
        return hosted.checkpointKept(order.isKept);
    }
  }

  return {
    held: () => Array.from(actors.values(), ({ actor, life }) => ({ actor, life })),
    receive,
    answerLine(key, line) {
      for (const hosted of actors.values()) {
        const events = hosted.answerLine(key, line);
        if (events !== null) return events;
      }
      return null;
    },
    connectionLost() {
      newestLives = new Map();
      for (const hosted of actors.values()) hosted.suspend();
    },
    endClasses() {
      for (const hosted of actors.values()) {
        if (hosted.isClass) hosted.die("This machine runs no functions of users any more.");
      }
    },
    async prepareToLeave() {
      isLeaving = true;
      await Promise.all(Array.from(actors.values(), (hosted) => hosted.leave()));
    },
    close() {
      for (const hosted of actors.values()) hosted.end("The page was closed.");
      actors.clear();
    },
  };
}
