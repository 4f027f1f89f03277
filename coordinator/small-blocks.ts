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
  /** The least recently used first. */
  readonly #recent = new Map<BlockId, Uint8Array<ArrayBuffer>>();
  #recentBytes = 0;

  constructor(journal: Journal) {
    this.#journal = journal;
  }

  /** The bytes, which are not to be written to; undefined when they are not here. */
  get(block: BlockId): Uint8Array<ArrayBuffer> | undefined {
    const bytes = this.#recent.get(block) ?? this.#journal.smallBlock(block);
    if (bytes !== undefined) this.#remember(block, bytes);
    return bytes;
  }

  ref(block: BlockId): BlockRef | undefined {
    const sizeBytes = this.get(block)?.length;
    return sizeBytes === undefined ? undefined : { block, sizeBytes };
  }

  /** Keeps bytes whose hash was checked, and that nobody will write to. */
  put(block: BlockId, bytes: Uint8Array<ArrayBuffer>): void {
    if (this.#recent.has(block)) return;
    this.#journal.addSmallBlock(block, bytes);
    this.#remember(block, bytes);
  }

  delete(block: BlockId): void {
    this.#forget(block);
    this.#journal.removeSmallBlock(block);
  }

  #remember(block: BlockId, bytes: Uint8Array<ArrayBuffer>): void {
    this.#forget(block);
    this.#recent.set(block, bytes);
    this.#recentBytes += bytes.length + ENTRY_BYTES;
    // To begin an iteration is not free: it passes over all that was removed from the front.
    if (this.#recentBytes <= RECENT_BYTES_MAX) return;
    for (const oldest of this.#recent.keys()) {
      if (this.#recentBytes <= RECENT_BYTES_MAX) return;
      this.#forget(oldest);
    }
  }

  #forget(block: BlockId): void {
    const bytes = this.#recent.get(block);
    if (bytes === undefined) return;
    this.#recent.delete(block);
    this.#recentBytes -= bytes.length + ENTRY_BYTES;
  }
}
