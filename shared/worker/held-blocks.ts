// The part of the worker machine that keeps blocks: what is held where, and what goes when it is full.
import type { BlockId } from "../ids.ts";
import { KEPT_MAX } from "./given-blocks.ts";
import type { WorkerCommand } from "./worker-events.ts";
import type { HeldBlock, WorkerState } from "./worker-state.ts";

/** What one message may list, by its schema. */
const BLOCKS_PER_MESSAGE_MAX = 5_000;

export type Emit = (command: WorkerCommand) => void;

function inChunks<T>(items: readonly T[], size: number): T[][] {
  const chunks: T[][] = [];
  for (let from = 0; from < items.length; from += size) chunks.push(items.slice(from, from + size));
  return chunks;
}

/** [B1] After each welcome everything held is announced. */
export function announceAll(state: WorkerState, emit: Emit): void {
  const refs = [...state.blocks.values()].map(({ block, sizeBytes }) => ({ block, sizeBytes }));
  for (const blocks of inChunks(refs, BLOCKS_PER_MESSAGE_MAX)) {
    emit({ type: "send", message: { type: "have", blocks } });
  }
}

function announceDropped(blocks: readonly BlockId[], emit: Emit): void {
  for (const chunk of inChunks(blocks, BLOCKS_PER_MESSAGE_MAX)) {
    emit({ type: "send", message: { type: "dropped", blocks: chunk } });
  }
}

/** The block's bytes are in memory now. Says whether this worker did not hold it before. */
export function holdInMemory(
  state: WorkerState,
  block: { readonly block: BlockId; readonly sizeBytes: number },
  isOutput: boolean,
  nowMs: number,
): boolean {
  const known = state.blocks.get(block.block);
  if (known?.inMemory !== true) state.memoryBytes += block.sizeBytes;
  if (known !== undefined) {
    known.inMemory = true;
    known.lastUsedMs = nowMs;
    return false;
  }
  state.blocks.set(block.block, {
    block: block.block,
    sizeBytes: block.sizeBytes,
    isOutput,
    inMemory: true,
    inCache: false,
    isStored: false,
    isUploading: false,
    lastUsedMs: nowMs,
  });
  return true;
}

function dropMemory(state: WorkerState, held: HeldBlock, alsoCached: boolean, emit: Emit): void {
  if (held.inMemory) state.memoryBytes -= held.sizeBytes;
  held.inMemory = false;
  if (alsoCached && held.inCache) {
    held.inCache = false;
    state.cacheBytes -= held.sizeBytes;
  }
  if (!held.inCache) state.blocks.delete(held.block);
  emit({ type: "drop-block", block: held.block, alsoCached });
}

/**
 * [B6] A small block that comes with a lease is in memory at once, and is neither announced nor cached;
 * the latest ones are kept for leases that name them without sending them again.
 */
export function takeGiven(
  state: WorkerState,
  located: { readonly block: BlockId; readonly bytes?: string },
): boolean {
  const isHere = state.given.delete(located.block) || located.bytes !== undefined;
  if (isHere) state.given.add(located.block);
  return isHere;
}

/** The lease that these came with is not taken: nobody needs their bytes. */
export function refuseGiven(
  state: WorkerState,
  inputs: readonly { readonly block: BlockId; readonly bytes?: string }[],
  emit: Emit,
): void {
  for (const { block, bytes } of inputs) {
    if (bytes === undefined || state.given.has(block)) continue;
    if (state.blocks.get(block)?.inMemory === true) continue;
    emit({ type: "drop-block", block, alsoCached: false });
  }
}

/** Lets the oldest given blocks go that no lease needs. */
export function keepGivenFew(state: WorkerState, emit: Emit): void {
  if (state.given.size <= KEPT_MAX) return;
  const needed = pinned(state);
  for (const block of state.given) {
    if (state.given.size <= KEPT_MAX) return;
    if (needed.has(block)) continue;
    state.given.delete(block);
    if (state.blocks.get(block)?.inMemory !== true) {
      emit({ type: "drop-block", block, alsoCached: false });
    }
  }
}

/** Inputs of leases must stay in memory; what is uploading is being read. */
function pinned(state: WorkerState): Set<BlockId> {
  const blocks = new Set<BlockId>();
  for (const lease of state.leases.values()) for (const block of lease.inputs) blocks.add(block);
  for (const held of state.blocks.values()) if (held.isUploading) blocks.add(held.block);
  return blocks;
}

/**
 * [B2] Released outputs are forgotten everywhere; released inputs leave the memory and stay in the
 * cache, where a later job of the same dataset finds them. What a lease still needs stays.
 */
export function release(state: WorkerState, blocks: readonly BlockId[], emit: Emit): void {
  const keep = pinned(state);
  const dropped: BlockId[] = [];
  for (const block of blocks) {
    const held = state.blocks.get(block);
    if (held === undefined || keep.has(block)) continue;
    dropMemory(state, held, held.isOutput, emit);
    if (!state.blocks.has(block)) dropped.push(block);
  }
  announceDropped(dropped, emit);
}

export const isOverBudget = (state: WorkerState): boolean =>
  state.memoryBytes > state.memoryBudgetBytes;

/**
 * [B3] Above the memory budget the least recently used blocks go first, but never the inputs of a
 * lease, and an output only when the cache or the store has it. [B4] Outputs that have no other
 * copy are sent to the store, so that they can go next.
 */
export function keepBudget(state: WorkerState, emit: Emit): void {
  if (!isOverBudget(state)) return;
  const keep = pinned(state);
  const oldestFirst = [...state.blocks.values()]
    .filter((held) => held.inMemory && !keep.has(held.block))
    .toSorted((a, b) => a.lastUsedMs - b.lastUsedMs);
  const dropped: BlockId[] = [];
  let bytesLeaving = 0;
  for (const held of oldestFirst) {
    if (state.memoryBytes - bytesLeaving <= state.memoryBudgetBytes) break;
    if (held.isOutput && !held.inCache && !held.isStored) {
      held.isUploading = true;
      bytesLeaving += held.sizeBytes;
      emit({ type: "upload-block", block: held.block });
    } else {
      dropMemory(state, held, false, emit);
      if (!held.inCache) dropped.push(held.block);
    }
  }
  announceDropped(dropped, emit);
}

/** [B5] Blocks that the coordinator wants are uploaded; those not held any more are said to be gone. */
export function store(state: WorkerState, blocks: readonly BlockId[], emit: Emit): void {
  const absent: BlockId[] = [];
  for (const block of blocks) {
    const held = state.blocks.get(block);
    if (held === undefined) absent.push(block);
    else if (!held.isUploading) {
      held.isUploading = true;
      emit({ type: "upload-block", block });
    }
  }
  announceDropped(absent, emit);
}

export function uploadEnded(
  state: WorkerState,
  block: BlockId,
  isStored: boolean,
  emit: Emit,
): void {
  const held = state.blocks.get(block);
  if (held === undefined) return;
  held.isUploading = false;
  if (!isStored) return;
  held.isStored = true;
  keepBudget(state, emit);
}

/** The cache keeps `block` now and dropped `evicted` for it. */
export function cached(
  state: WorkerState,
  block: BlockId,
  evicted: readonly BlockId[],
  emit: Emit,
): void {
  const held = state.blocks.get(block);
  if (held === undefined) {
    // It was released while it was being written.
    emit({ type: "drop-block", block, alsoCached: true });
  } else if (!held.inCache) {
    held.inCache = true;
    state.cacheBytes += held.sizeBytes;
  }
  lostFromCache(state, evicted, emit);
}

/** The cache does not have these any more. */
export function lostFromCache(state: WorkerState, blocks: readonly BlockId[], emit: Emit): void {
  const dropped: BlockId[] = [];
  for (const block of blocks) {
    const held = state.blocks.get(block);
    if (held === undefined || !held.inCache) continue;
    held.inCache = false;
    state.cacheBytes -= held.sizeBytes;
    if (held.inMemory) continue;
    state.blocks.delete(block);
    dropped.push(block);
  }
  announceDropped(dropped, emit);
}
