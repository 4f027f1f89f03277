// Who holds which block: announcements, losses, doubts, and what follows from them for tasks.
import type { BlockRef } from "../graph/task.ts";
import type { BlockId } from "../ids.ts";
import { blockOf, forgetIfUnused, hasConsumers, isLoose } from "./blocks.ts";
import { releaseIfUnneeded, unlink } from "./blocks.ts";
import { completeTask, gainInput, loseInput, reviveIfLost, updateStored } from "./demand.ts";
import type { Holder } from "./events.ts";
import { without, withItem } from "./lists.ts";
import {
  createHolder,
  type BlockRecord,
  type HolderRecord,
  type TaskRecord,
  type Turn,
} from "./state.ts";
import { askNext, hasUploadTimedOut, startUpload, stopUpload } from "./uploads.ts";

/** A holder announces blocks. Clients become known by it; workers must have joined. */
export function holdBlocks(turn: Turn, id: Holder, refs: readonly BlockRef[]): void {
  const { state } = turn;
  let holder = state.holders.get(id);
  if (holder === undefined) {
    if (!id.startsWith("c_")) {
      state.counters.dropped += 1;
      return;
    }
    holder = createHolder(id);
    state.holders.set(id, holder);
  }
  for (const ref of refs) {
    const known = state.blocks.get(ref.block);
    // The store is the coordinator's own: what it has is bounded there, and must not be forgotten here.
    const isBounded = known === undefined && holder !== state.store;
    if (isBounded && holder.blocks.size >= state.tuning.blocksPerHolderMax) {
      state.counters.dropped += 1;
      continue;
    }
    const block = known ?? blockOf(state, ref);
    addReplica(turn, holder, block);
    if (isLoose(state, block)) state.looseBlocks.add(block);
  }
}

/** On a tick: forgets small blocks that the store announced for something that never came. */
export function forgetLooseBlocks({ state }: Turn): void {
  for (const block of state.looseBlocks) {
    if (state.blocks.get(block.id) === block) forgetIfUnused(state, block);
  }
  state.looseBlocks.clear();
}

/** A replica exists. */
export function addReplica(turn: Turn, holder: HolderRecord, block: BlockRecord): void {
  const { state } = turn;
  if (holder.blocks.has(block)) return;
  believe(block, holder.id);
  const wasMissing = block.holders.length === 0;
  holder.blocks.add(block);
  block.holders = wasMissing ? holder.alone : withItem(block.holders, holder);
  block.heldSinceMs = turn.nowMs;
  if (wasMissing && block.consumers !== null) {
    state.missingBlocks.delete(block);
    for (const task of block.consumers) gainInput(state, task);
  }
  if (holder === state.store) {
    block.uploadTries = 0;
    stopUpload(turn, block);
  }
  for (const task of block.producers) {
    if (task.state === "done") updateStored(turn, task);
    else if (wasMissing) restoreIfHeld(turn, task);
  }
}

/** A task about to run again need not, when all its former outputs are back. */
function restoreIfHeld(turn: Turn, task: TaskRecord): void {
  const { outputs } = task;
  if (!task.isActive || outputs === null) return;
  if (outputs.some((block) => block.holders.length === 0)) return;
  completeTask(turn, task, outputs);
}

/** A replica is gone. */
function removeReplica(turn: Turn, holder: HolderRecord, block: BlockRecord): void {
  const { state } = turn;
  if (!holder.blocks.has(block)) return;
  const wasUploading = block.upload?.holder === holder;
  unlink(state, holder, block);
  if (wasUploading) {
    block.uploadTries = 0;
    askNext(turn, holder);
  }
  if (block.holders.length === 0 && hasConsumers(block)) {
    state.missingBlocks.add(block);
    for (const task of block.consumers ?? []) loseInput(task);
  }
  if (holder === state.store) for (const task of block.producers) updateStored(turn, task);
  if (block.holders.length === 0) reviveIfLost(turn, block);
  else startUpload(turn, block);
  forgetIfUnused(state, block);
}

/** The holder says that it has these no more. */
export function dropBlocks(turn: Turn, id: Holder, ids: readonly BlockId[]): void {
  const { state } = turn;
  const holder = state.holders.get(id);
  if (holder === undefined) {
    state.counters.dropped += 1;
    return;
  }
  for (const blockId of ids) {
    const block = state.blocks.get(blockId);
    if (block === undefined) continue;
    // A block under doubt that its holder now disowns need not be asked for again.
    believe(block, id);
    removeReplica(turn, holder, block);
  }
}

/** The holder is gone, and every replica with it. */
export function removeHolder(turn: Turn, holder: HolderRecord): void {
  const { state } = turn;
  // Gone from the table first, so that nothing is asked of it while its blocks are taken down.
  state.holders.delete(holder.id);
  holder.uploadQueue.clear();
  for (const block of holder.blocks) removeReplica(turn, holder, block);
  for (const block of state.missingBlocks) {
    believe(block, holder.id);
  }
}

/** Takes the holder off the list of those to be asked again. */
function believe(block: BlockRecord, id: Holder): void {
  if (block.doubted.length > 0) block.doubted = without(block.doubted, id);
}

/** Disbelieves one holder's claim; the block may be asked for again while it is missing. */
function doubt(turn: Turn, holder: HolderRecord, block: BlockRecord): void {
  if (!holder.blocks.has(block)) return;
  if (!block.doubted.includes(holder.id)) {
    block.doubted = withItem(block.doubted, holder.id).slice(-turn.state.tuning.holdersNamedMax);
  }
  removeReplica(turn, holder, block);
}

/**
 * A worker could not get `block` for a lease granted at `grantedAtMs`. Replicas in the store are
 * beyond doubt, and so is everything announced since: the worker may not have known of it.
 */
export function doubtReplicas(
  turn: Turn,
  worker: HolderRecord,
  block: BlockRecord,
  grantedAtMs: number,
): void {
  doubt(turn, worker, block);
  if (turn.state.store.blocks.has(block) || block.heldSinceMs > grantedAtMs) return;
  for (const holder of block.holders) doubt(turn, holder, block);
}

/** On a tick: moves overdue copies to another holder, or stops believing the only one. */
export function expireUploads(turn: Turn): void {
  for (const holder of turn.state.holders.values()) {
    for (const block of holder.uploading) {
      if (!hasUploadTimedOut(turn, block)) continue;
      stopUpload(turn, block);
      block.uploadTries += 1;
      if (block.uploadTries >= turn.state.tuning.uploadTriesMax) {
        block.uploadTries = 0;
        doubt(turn, holder, block);
      } else {
        startUpload(turn, block, holder);
      }
    }
    askNext(turn, holder);
  }
}

/** On a tick: asks doubted holders of missing blocks to copy them to the store after all. */
export function pleadForMissingBlocks(turn: Turn): void {
  const { state, nowMs } = turn;
  let pleas = 0;
  for (const block of state.missingBlocks) {
    if (pleas >= state.tuning.pleasPerTick) return;
    if (nowMs - block.pleadedAtMs < state.tuning.pleaIntervalMs) continue;
    const holder = block.doubted[0];
    if (holder === undefined) continue;
    block.doubted = without(block.doubted, holder);
    if (holder === "store" || !state.holders.has(holder)) continue;
    block.doubted = withItem(block.doubted, holder);
    block.pleadedAtMs = nowMs;
    pleas += 1;
    turn.commands.push({ type: "store-block", holder, block: block.id });
  }
}

/** A finished job's results need not linger any more. */
export function releaseLingering(turn: Turn, blocks: readonly BlockRecord[]): void {
  for (const block of blocks) {
    block.lingering -= 1;
    block.references -= 1;
    releaseIfUnneeded(turn, block);
    forgetIfUnused(turn.state, block);
  }
}
