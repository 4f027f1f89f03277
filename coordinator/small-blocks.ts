// Blocks of a few bytes, in the journal's database: a file each would cost more than computing them.
import type { BlockRef } from "../shared/graph/task.ts";
import type { BlockId } from "../shared/ids.ts";
import type { Journal } from "./journal.ts";

/** Bytes kept in memory besides: what was written or read lately is asked for again soon. */
const RECENT_BYTES_MAX = 16 * 2 ** 20;
/** What an entry costs besides its bytes, roughly. */
const ENTRY_BYTES = 200;

export class SmallBlocks {
  readonly #journal: Journal;
  /**
   * Those used since the last exchange, and those used before: when the new ones fill half of the room,
   * the old ones go. To move each to the end of one map would be exact, but a map's first entry is found
   * by passing over all that were removed from its front.
   */
  #fresh = new Map<BlockId, Uint8Array<ArrayBuffer>>();
  #stale = new Map<BlockId, Uint8Array<ArrayBuffer>>();
  #freshBytes = 0;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** The bytes, which are not to be written to; undefined when they are not here. */
  get(block: BlockId): Uint8Array<ArrayBuffer> | undefined {
    const fresh = this.#fresh.get(block);
    if (fresh !== undefined) return fresh;
    const bytes = this.#stale.get(block) ?? this.#journal.smallBlock(block);
    if (bytes !== undefined) this.#remember(block, bytes);
    return bytes;
  }

  ref(block: BlockId): BlockRef | undefined {
    const sizeBytes = this.get(block)?.length;
    return sizeBytes === undefined ? undefined : { block, sizeBytes };
  }

  /** Keeps bytes whose hash was checked, and that nobody will write to. */
  put(block: BlockId, bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#fresh.has(block)) return;
    if (!this.#stale.has(block)) this.#journal.addSmallBlock(block, bytes);
    this.#remember(block, bytes);
  }

  delete(block: BlockId): void {
    const bytes = this.#fresh.get(block);
    if (bytes !== undefined) this.#freshBytes -= bytes.length + ENTRY_BYTES;
    this.#fresh.delete(block);
    this.#stale.delete(block);
    this.#journal.removeSmallBlock(block);
  }

  #remember(block: BlockId, bytes: Uint8Array<ArrayBuffer>): void {
    this.#fresh.set(block, bytes);
    this.#freshBytes += bytes.length + ENTRY_BYTES;
    if (this.#freshBytes <= RECENT_BYTES_MAX / 2) return;
    this.#stale = this.#fresh;
    this.#fresh = new Map();
    this.#freshBytes = 0;
  }
}
