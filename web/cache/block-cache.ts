// Blocks that outlive the page, in IndexedDB: the façade of idb. Works without storage too.
import { type DBSchema, type IDBPDatabase, openDB } from "idb";
import type { Hash } from "../../shared/graph/task-key.ts";
import { asBlockId, type BlockId } from "../../shared/ids.ts";
import type { BlockCache, CachePut, CacheState } from "../../shared/worker/worker-platform.ts";
import { cacheBudgetBytes, type CacheEntry, oldestFirst, planEviction } from "./eviction.ts";

const DATABASE = "tabswarm-blocks";
const DATABASE_VERSION = 1;
/** Times of use are written together: one write for many reads. */
const USE_FLUSH_MS = 5_000;

interface Schema extends DBSchema {
  blocks: { key: string; value: ArrayBuffer };
  meta: { key: string; value: { bytes: number; lastUsed: number } };
}

export interface BlockCacheOptions {
  readonly hash: Hash;
  /** Pages that share an origin share the database; each instance's tab has its own. */
  readonly name?: string;
  /** Overrides the budget that the browser's free space gives. */
  readonly budgetBytes?: number;
}

/** Opens the cache; never rejects: without storage it says so in `state` and holds nothing. */
export async function openBlockCache(options: BlockCacheOptions): Promise<BlockCache> {
  try {
    const database = await openDB<Schema>(options.name ?? DATABASE, DATABASE_VERSION, {
      upgrade(db) {
        db.createObjectStore("blocks");
        db.createObjectStore("meta");
      },
      // Another tab wants to change or delete the database: do not stand in its way.
      blocking: (_current, _blocked, event) => (event.target as IDBDatabase).close(),
    });
    const entries = await readEntries(database);
    const budgetBytes = options.budgetBytes ?? cacheBudgetBytes(await estimateStorage());
    return createCache(database, entries, budgetBytes, options.hash);
  } catch (error) {
    return createNoCache(`This browser refuses storage here (${nameOf(error)}).`);
  }
}

/** Null on plain http, where the browser does not say. */
async function estimateStorage(): Promise<StorageEstimate | null> {
  const storage: StorageManager | undefined = navigator.storage;
  return storage === undefined ? null : await storage.estimate().catch(() => null);
}

async function readEntries(database: IDBPDatabase<Schema>): Promise<Map<BlockId, CacheEntry>> {
  const transaction = database.transaction("meta");
  const [keys, values] = await Promise.all([
    transaction.store.getAllKeys(),
    transaction.store.getAll(),
  ]);
  await transaction.done;
  return new Map(
    keys.flatMap((key, i) => {
      const meta = values[i];
      if (meta === undefined) return [];
      return [[asBlockId(key), { sizeBytes: meta.bytes, lastUsed: meta.lastUsed }] as const];
    }),
  );
}

const nameOf = (error: unknown): string => (error instanceof Error ? error.name : "unknown error");

function createCache(
  database: IDBPDatabase<Schema>,
  entries: Map<BlockId, CacheEntry>,
  budgetBytes: number,
  hash: Hash,
): BlockCache {
  let state: CacheState = { state: "ready", budgetBytes };
  const used = new Set<BlockId>();
  let flushTimer: ReturnType<typeof setTimeout> | null = null;
  const heldAtStart = oldestFirst(entries)
    .toReversed()
    .map(([block, { sizeBytes }]) => ({ block, sizeBytes }));

  function giveUp(error: unknown): void {
    if (state.state !== "ready") return;
    state = { state: "unavailable", why: `Storage stopped working (${nameOf(error)}).` };
  }

  async function remove(blocks: readonly BlockId[]): Promise<void> {
    const present = blocks.filter((block) => entries.delete(block));
    if (present.length === 0) return;
    const transaction = database.transaction(["blocks", "meta"], "readwrite");
    for (const block of present) {
      void transaction.objectStore("blocks").delete(block);
      void transaction.objectStore("meta").delete(block);
    }
    await transaction.done;
  }

  async function write(block: BlockId, bytes: Uint8Array): Promise<void> {
    const lastUsed = Date.now();
    // A view of a larger buffer would store all of that buffer.
    const buffer = bytes.slice().buffer;
    const transaction = database.transaction(["blocks", "meta"], "readwrite");
    void transaction.objectStore("blocks").put(buffer, block);
    void transaction.objectStore("meta").put({ bytes: bytes.length, lastUsed }, block);
    await transaction.done;
    entries.set(block, { sizeBytes: bytes.length, lastUsed });
  }

  async function flushUses(): Promise<void> {
    flushTimer = null;
    const transaction = database.transaction("meta", "readwrite");
    for (const block of used) {
      const entry = entries.get(block);
      if (entry === undefined) continue;
      void transaction.store.put({ bytes: entry.sizeBytes, lastUsed: entry.lastUsed }, block);
    }
    used.clear();
    await transaction.done;
  }

  function markUsed(block: BlockId, entry: CacheEntry): void {
    entry.lastUsed = Date.now();
    used.add(block);
    flushTimer ??= setTimeout(() => void flushUses().catch(giveUp), USE_FLUSH_MS);
  }

  async function put(block: BlockId, bytes: Uint8Array): Promise<CachePut> {
    const plan = planEviction(entries, bytes.length, budgetBytes);
    if (!plan.fits) return { isKept: false, evicted: [] };
    await remove(plan.evicted);
    try {
      await write(block, bytes);
      return { isKept: true, evicted: plan.evicted };
    } catch (error) {
      if (nameOf(error) !== "QuotaExceededError") throw error;
      // The browser grants less than it estimated: make room for twice the block, once.
      const room = entriesBytes(entries) - 2 * bytes.length;
      const more = planEviction(entries, 0, Math.max(0, room)).evicted;
      await remove(more);
      await write(block, bytes);
      return { isKept: true, evicted: [...plan.evicted, ...more] };
    }
  }

  return {
    get state() {
      return state;
    },
    heldAtStart,
    get sizeBytes() {
      return entriesBytes(entries);
    },
    async get(block) {
      const entry = entries.get(block);
      if (entry === undefined) return null;
      try {
        const buffer = await database.get("blocks", block);
        const bytes = buffer === undefined ? null : new Uint8Array(buffer);
        if (bytes !== null && hash(bytes) === block) {
          markUsed(block, entry);
          return bytes;
        }
        await remove([block]);
      } catch (error) {
        giveUp(error);
      }
      return null;
    },
    async put(block, bytes) {
      if (state.state !== "ready") return { isKept: false, evicted: [] };
      const before = new Set(entries.keys());
      try {
        return entries.has(block) ? { isKept: true, evicted: [] } : await put(block, bytes);
      } catch (error) {
        giveUp(error);
        return { isKept: false, evicted: [...before].filter((old) => !entries.has(old)) };
      }
    },
    async delete(blocks) {
      await remove(blocks).catch(giveUp);
    },
    close() {
      if (flushTimer !== null) {
        clearTimeout(flushTimer);
        void flushUses().catch(giveUp);
      }
      // Waits for transactions that have begun.
      database.close();
    },
  };
}

function entriesBytes(entries: ReadonlyMap<BlockId, CacheEntry>): number {
  let total = 0;
  for (const { sizeBytes } of entries.values()) total += sizeBytes;
  return total;
}

function createNoCache(why: string): BlockCache {
  return {
    state: { state: "unavailable", why },
    heldAtStart: [],
    sizeBytes: 0,
    get: () => Promise.resolve(null),
    put: () => Promise.resolve({ isKept: false, evicted: [] }),
    delete: () => Promise.resolve(),
    close: () => undefined,
  };
}
