// Which cached blocks go when a new one needs room: the least recently used, as pure data.
import type { BlockId } from "../../shared/ids.ts";

export interface CacheEntry {
  readonly sizeBytes: number;
  /** Wall clock, ms since 1970, because it is compared over reloads. */
  lastUsed: number;
}

export interface EvictionPlan {
  readonly evicted: readonly BlockId[];
  /** False when the block is larger than the whole budget: nothing is evicted for it then. */
  readonly fits: boolean;
}

/** What must go so that `incomingBytes` fit into `budgetBytes` beside the rest. */
export function planEviction(
  entries: ReadonlyMap<BlockId, CacheEntry>,
  incomingBytes: number,
  budgetBytes: number,
): EvictionPlan {
  if (incomingBytes > budgetBytes) return { evicted: [], fits: false };
  let total = incomingBytes;
  for (const { sizeBytes } of entries.values()) total += sizeBytes;
  if (total <= budgetBytes) return { evicted: [], fits: true };
  const evicted: BlockId[] = [];
  for (const [block, { sizeBytes }] of oldestFirst(entries)) {
    if (total <= budgetBytes) break;
    evicted.push(block);
    total -= sizeBytes;
  }
  return { evicted, fits: true };
}

export const oldestFirst = (
  entries: ReadonlyMap<BlockId, CacheEntry>,
): (readonly [BlockId, CacheEntry])[] =>
  [...entries].toSorted(([, a], [, b]) => a.lastUsed - b.lastUsed);

/**
 * The cache's budget: half of what the browser says is still free for us, within 64 MiB and 4 GiB;
 * 512 MiB where it does not say (plain http).
 */
export function cacheBudgetBytes(estimate: StorageEstimate | null): number {
  const { quota, usage } = estimate ?? {};
  if (quota === undefined) return 512 * 2 ** 20;
  const freeBytes = Math.max(0, quota - (usage ?? 0));
  return Math.min(4 * 2 ** 30, Math.max(64 * 2 ** 20, Math.floor(freeBytes / 2)));
}
