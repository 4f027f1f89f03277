// Values on their way into blocks: small ones travel with the tasks, large ones are uploaded once.
import { encodeBase64 } from "../codecs/base64.ts";
import type { BlockRef, SmallBlock } from "../graph/task.ts";
import { asBlockId, type BlockId } from "../ids.ts";
import { SMALL_BLOCK_BYTES_MAX } from "../limits.ts";
import type { ClusterClient } from "./cluster-client.ts";
import type { ClusterTools } from "./cluster-tools.ts";
import { patiently } from "./patiently.ts";

/** Over half a minute: a coordinator that restarts is back by then. */
const UPLOAD_TRIES = 8;

/** A block that a task can read, and what has to be done before it can. */
export interface ShelvedBlock {
  readonly ref: BlockRef;
  /** To be sent with the task; null for a block that is uploaded. */
  readonly small: SmallBlock | null;
  /** Settles when others can have it; null when it travels with the task, or is there. */
  readonly uploaded: Promise<void> | null;
}

export class BlockShelf {
  readonly #client: Pick<ClusterClient, "keepBlock">;
  readonly #tools: Pick<ClusterTools, "hash" | "clock">;
  readonly #uploads = new Map<BlockId, Promise<void>>();

  constructor(
    client: Pick<ClusterClient, "keepBlock">,
    tools: Pick<ClusterTools, "hash" | "clock">,
  ) {
    this.#client = client;
    this.#tools = tools;
  }

  /** Takes the bytes over: they must not change any more. */
  put(bytes: Uint8Array): ShelvedBlock {
    const block = asBlockId(this.#tools.hash(bytes));
    const ref = { block, sizeBytes: bytes.length };
    if (bytes.length > SMALL_BLOCK_BYTES_MAX) {
      return { ref, small: null, uploaded: this.#upload(block, bytes) };
    }
    return { ref, small: { block, bytes: encodeBase64(bytes) }, uploaded: null };
  }

  /** As `put`, but into the store in any case, so that it is there for whoever only knows its name. */
  store(bytes: Uint8Array): ShelvedBlock {
    const shelved = this.put(bytes);
    return { ...shelved, uploaded: this.#upload(shelved.ref.block, bytes) };
  }

  #upload(block: BlockId, bytes: Uint8Array): Promise<void> {
    const known = this.#uploads.get(block);
    if (known !== undefined) return known;
    // Forgotten when it ends: by a later time the store may have let the block go.
    const upload = patiently(() => this.#client.keepBlock(block, bytes), this.#tools.clock, {
      tries: UPLOAD_TRIES,
    }).finally(() => this.#uploads.delete(block));
    upload.catch(() => undefined);
    this.#uploads.set(block, upload);
    return upload;
  }
}
