// The control connection as shared code sees it: typed messages both ways over a link that rejoins.
import type { Incarnation, PeerId } from "../ids.ts";
import type { CoordinatorMessage, RefusalReason } from "../protocol/messages.ts";

export type ControlState =
  | { readonly state: "connecting" }
  /** The coordinator knows us. A new incarnation or peer means that everything is said anew. */
  | {
      readonly state: "welcomed";
      readonly incarnation: Incarnation;
      readonly peer: PeerId;
      /** Functions of users may run on this cluster, on workers that agree. */
      readonly allowsFunctions: boolean;
    }
  /** Not connected now; the next attempt is at `retryAtMs` of the clock that was given. */
  | { readonly state: "lost"; readonly retryAtMs: number }
  /** The coordinator will not have us; no more attempts are made. */
  | { readonly state: "refused"; readonly reason: RefusalReason; readonly message: string };

/** `Sent` is WorkerMessage or ClientMessage. Hello and pong are the connection's own business. */
export interface ControlConnection<Sent> {
  readonly state: ControlState;
  /**
   * Sends `message` if welcomed; otherwise it is dropped, because every message is about one
   * connection only: whoever must say something again does so at the next "welcomed".
   */
  send(message: Sent): void;
  /**
   * Every valid message from the coordinator but "ping" and "welcome". "refused" comes here only
   * when it is about one request ("unknown-job") or passes ("too-fast"); the rest is state.
   */
  onMessage(listener: (message: CoordinatorMessage) => void): () => void;
  /** Each change of state; not called with the present one. */
  onState(listener: (state: ControlState) => void): () => void;
  /** Ends the connection for good; idempotent. */
  close(): void;
}
