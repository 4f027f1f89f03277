// Questions about actors that the coordinator answers once each, over reconnects.
import { unreachable } from "../assert.ts";
import type { ActorView } from "../protocol/actor-messages.ts";
import type { ClientMessage, CoordinatorMessage } from "../protocol/messages.ts";
import { ActorError, ActorLostError } from "./actor-errors.ts";
import { ClusterError, type ClusterClient } from "./cluster-client.ts";

type Question = Extract<ClientMessage, { readonly request: number }>;
type WithoutRequest<T> = T extends unknown ? Omit<T, "request"> : never;
type Reply = Extract<CoordinatorMessage, { type: "actor-reply" }>;

interface Pending {
  readonly message: Question;
  isSaid: boolean;
  readonly resolve: (actors: readonly ActorView[]) => void;
  readonly reject: (error: Error) => void;
}

export class ActorRequests {
  readonly #client: Pick<ClusterClient, "say" | "connection">;
  readonly #pending = new Map<number, Pending>();
  #last = 0;

  constructor(client: Pick<ClusterClient, "say" | "connection">) {
    this.#client = client;
  }

  /** Waits for a connection first. Rejects with ActorError when it is refused. */
  ask(question: WithoutRequest<Question>): Promise<readonly ActorView[]> {
    this.#last += 1;
    const message: Question = { ...question, request: this.#last };
    return new Promise((resolve, reject) => {
      this.#pending.set(message.request, { message, isSaid: false, resolve, reject });
      this.connected();
    });
  }

  /** Says what is unsaid, if there is a connection. */
  connected(): void {
    if (this.#client.connection.state !== "connected") return;
    for (const pending of this.#pending.values()) {
      if (pending.isSaid) continue;
      pending.isSaid = true;
      this.#client.say(pending.message);
    }
  }

  /** What can be asked twice is asked again at the next connection. */
  disconnected(): void {
    for (const [request, pending] of this.#pending) {
      if (!pending.isSaid) continue;
      switch (pending.message.type) {
        case "create-actor": {
          this.#pending.delete(request);
          const text = "The connection was lost; whether the actor was made is not known.";
          pending.reject(new ActorLostError(text, null, true));
          break;
        }
        case "attach-actor":
        case "release-actor":
        case "list-actors":
          pending.isSaid = false;
          break;
        default:
          unreachable(pending.message);
      }
    }
  }

  receive({ request, actors, refusal }: Reply): void {
    const pending = this.#pending.get(request);
    this.#pending.delete(request);
    if (refusal === null) pending?.resolve(actors);
    else pending?.reject(new ActorError(refusal, null, false));
  }

  end(error: ClusterError): void {
    for (const { reject } of this.#pending.values()) reject(error);
    this.#pending.clear();
  }
}
