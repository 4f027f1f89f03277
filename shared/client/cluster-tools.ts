// What the client library needs from the place it runs in, beside a connected client.
import type { Clock } from "../data-plane/clock.ts";
import type { EncodeText, Hash } from "../graph/task-key.ts";

export interface ClusterTools {
  readonly hash: Hash;
  readonly encode: EncodeText;
  /** UTF-8 decoding of bytes in a buffer of this program's own. */
  readonly decode: (bytes: Uint8Array) => string;
  readonly clock: Clock;
  /** Different at every call: for tasks that are to run though an equal one has run. */
  readonly nonce: () => string;
}
