// Blocks that were stored or read lately, in memory: several workers draw the same panels at once.
import type { BlockId } from "../shared/ids.ts";

export class RecentBlocks {
  readonly #budgetBytes: number;
  /** The least recently used first. */
  readonly #blocks = new Map<BlockId, Uint8Array<ArrayBuffer>>();
  #sizeBytes = 0;

  constructor(budgetBytes: number) {
    this.#budgetBytes = budgetBytes;
  }

  /** The bytes, which are not to be written to. */
  get(block: BlockId): Uint8Array<ArrayBuffer> | undefined {
    const bytes = this.#blocks.get(block);
    if (bytes === undefined) return undefined;
    this.#blocks.delete(block);
    this.#blocks.set(block, bytes);
    return bytes;
  }

  /** Keeps verified bytes that nobody will write to. */
  add(block: BlockId, bytes: Uint8Array<ArrayBuffer>): void {
    this.delete(block);
    if (bytes.length > this.#budgetBytes) return;
    this.#blocks.set(block, bytes);
    this.#sizeBytes += bytes.length;
    for (const oldest of this.#blocks.keys()) {
      if (this.#sizeBytes <= this.#budgetBytes) break;
      this.delete(oldest);
    }
  }

  delete(block: BlockId): void {
    const bytes = this.#blocks.get(block);
    if (bytes === undefined) return;
    this.#blocks.delete(block);
    this.#sizeBytes -= bytes.length;
  }
}
