// Small blocks that travel with leases: both ends remember the latest ones, so that none is sent twice
// in a row. The coordinator remembers fewer than the worker keeps, and so never relies on one that went.
import type { BlockId } from "../ids.ts";
import { SMALL_BLOCK_BYTES_MAX } from "../limits.ts";

/**
 * What the coordinator takes a worker to have: functions, constants, and the results of a layer of a graph,
 * several of which each task of the next one reads.
 */
const REMEMBERED_MAX = 256;
/** What a worker keeps, of those that no lease needs. */
export const KEPT_MAX = 2 * REMEMBERED_MAX;

export class GivenBlocks {
  /** The least recently given first. */
  readonly #blocks = new Set<BlockId>();

  /** Whether the block was given lately; it counts as given from now on. False for large ones. */
  remembers(ref: { readonly block: BlockId; readonly sizeBytes: number }): boolean {
    if (ref.sizeBytes > SMALL_BLOCK_BYTES_MAX) return false;
    const isKnown = this.#blocks.delete(ref.block);
    this.#blocks.add(ref.block);
    for (const oldest of this.#blocks) {
      if (this.#blocks.size <= REMEMBERED_MAX) break;
      this.#blocks.delete(oldest);
    }
    return isKnown;
  }
}
