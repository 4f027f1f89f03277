// What a client needs from the place it runs in; bound to the browser in web/, to Node in coordinator/.
import type { Clock } from "../data-plane/clock.ts";
import type { OpenLine } from "../data-plane/line.ts";
import type { EncodeText, Hash } from "../graph/task-key.ts";
import type { JsonValue } from "../graph/task.ts";
import type { BlockId } from "../ids.ts";
import type { ClientMessage, LocatedBlock } from "../protocol/messages.ts";
import type { AbortSignalLike } from "./cluster-client.ts";
import type { ControlConnection } from "./control-connection.ts";

export interface ClientRequest {
  readonly method: "GET" | "POST" | "PATCH" | "DELETE";
  /** As in `httpPaths`; the platform adds the coordinator's address and the token. */
  readonly path: string;
  readonly body?: JsonValue;
  readonly signal: AbortSignalLike;
}

export interface ClientResponse {
  readonly status: number;
  /** The parsed JSON body; null when there is none. */
  readonly body: unknown;
}

/** How blocks come and go here. */
export interface ClientBlocks {
  /** Blocks held in memory are served to peers directly; false where nobody can dial us. */
  readonly servesPeers: boolean;
  readonly bytesReceived: { readonly direct: number; readonly coordinator: number };
  /** The verified bytes from the fastest source. Rejects when no source has them. */
  fetch(located: LocatedBlock, signal: AbortSignalLike): Promise<Uint8Array>;
  /** PUTs the bytes into the coordinator's store. Rejects with ClusterError. */
  upload(block: BlockId, bytes: Uint8Array, signal: AbortSignalLike): Promise<void>;
  /** Answers peers' requests for `block` from these bytes until `release`. */
  hold(block: BlockId, bytes: Uint8Array): void;
  release(block: BlockId): void;
  /** The client closed: ends every transfer and channel. */
  close(): void;
}

export interface ClientPlatform {
  readonly control: ControlConnection<ClientMessage>;
  readonly blocks: ClientBlocks;
  /** Lines to peers, inside direct channels; null where there are none. */
  readonly openLine: OpenLine | null;
  /** Rejects only when no answer could be had (or on abort); problems are answers. */
  readonly request: (request: ClientRequest) => Promise<ClientResponse>;
  readonly hash: Hash;
  readonly encode: EncodeText;
  readonly clock: Clock;
  /** Wall clock, ms since 1970. */
  readonly now: () => number;
}
