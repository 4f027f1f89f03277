// Who says to hold which block: for finding sources outside the scheduler's own placement.
import type { BlockRef } from "../shared/graph/task.ts";
import type { BlockId } from "../shared/ids.ts";
import type { Holder } from "../shared/scheduler/events.ts";

/** Blocks that one holder may announce; a cache of 4 MiB panels never comes near it. */
const BLOCKS_PER_HOLDER_MAX = 200_000;

interface Replicas {
  readonly sizeBytes: number;
  readonly holders: Set<Holder>;
}

export class HolderIndex {
  readonly #replicas = new Map<BlockId, Replicas>();
  readonly #blocksByHolder = new Map<Holder, Set<BlockId>>();

  hold(holder: Holder, refs: readonly BlockRef[]): void {
    const held = this.#blocksByHolder.get(holder) ?? new Set();
    this.#blocksByHolder.set(holder, held);
    for (const { block, sizeBytes } of refs) {
      if (held.size >= BLOCKS_PER_HOLDER_MAX && holder !== "store") return;
      held.add(block);
      const replicas = this.#replicas.get(block) ?? { sizeBytes, holders: new Set() };
      replicas.holders.add(holder);
      this.#replicas.set(block, replicas);
    }
  }

  drop(holder: Holder, blocks: readonly BlockId[]): void {
    const held = this.#blocksByHolder.get(holder);
    for (const block of blocks) {
      if (held?.delete(block) !== true) continue;
      const replicas = this.#replicas.get(block);
      replicas?.holders.delete(holder);
      if (replicas?.holders.size === 0) this.#replicas.delete(block);
    }
  }

  /** Forgets everything that this holder held. */
  leave(holder: Holder): void {
    this.drop(holder, [...(this.#blocksByHolder.get(holder) ?? [])]);
    this.#blocksByHolder.delete(holder);
  }

  holdersOf(block: BlockId): readonly Holder[] {
    return [...(this.#replicas.get(block)?.holders ?? [])];
  }

  sizeBytesOf(block: BlockId): number | undefined {
    return this.#replicas.get(block)?.sizeBytes;
  }
}
