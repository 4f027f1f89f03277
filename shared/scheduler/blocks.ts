// The table of blocks: records by id, who points at them, and the release of what nobody needs.
import { assert } from "../assert.ts";
import type { BlockRef } from "../graph/task.ts";
import type { BlockId, WorkerId } from "../ids.ts";
import { SMALL_BLOCK_BYTES_MAX } from "../limits.ts";
import {
  workerBehind,
  type BlockRecord,
  type HolderRecord,
  type SchedulerState,
  type TaskRecord,
  type Turn,
  type WorkerRecord,
} from "./state.ts";

/** The record of a block, made when it is first heard of. */
export function blockOf(state: SchedulerState, ref: BlockRef): BlockRecord {
  const known = state.blocks.get(ref.block);
  if (known !== undefined) return known;
  const block: BlockRecord = {
    id: ref.block,
    sizeBytes: ref.sizeBytes,
    holders: [],
    heldSinceMs: 0,
    references: 0,
    consumers: null,
    producers: [],
    upload: null,
    uploadTries: 0,
    doubted: [],
    pleadedAtMs: 0,
    lingering: 0,
  };
  state.blocks.set(ref.block, block);
  return block;
}

/**
 * Drops the record when nobody points at the block and nobody holds it, or the store alone holds it
 * and it is small: there may be any number of those, and the host announces it again with its next use.
 */
export function forgetIfUnused(state: SchedulerState, block: BlockRecord): void {
  if (block.references > 0) return;
  if (isLoose(state, block)) unlink(state, state.store, block);
  if (block.holders.length > 0) return;
  assert(block.upload === null, "a block without holders is not being copied");
  state.blocks.delete(block.id);
}

/** True when nothing but the store has to do with the block, and it is small. */
export function isLoose(state: SchedulerState, block: BlockRecord): boolean {
  const isSmall = block.sizeBytes <= SMALL_BLOCK_BYTES_MAX;
  return (
    isSmall &&
    block.references === 0 &&
    block.holders.length === 1 &&
    block.holders[0] === state.store
  );
}

export function unreference(state: SchedulerState, block: BlockRecord): void {
  block.references -= 1;
  assert(block.references >= 0, "references to a block are counted");
  forgetIfUnused(state, block);
}

/** True while an active task has the block as an input by itself. */
export const hasConsumers = (block: BlockRecord): boolean => (block.consumers?.size ?? 0) > 0;

/** True while a task, a target or a finished job's viewers may want the block. */
export function isNeeded(block: BlockRecord): boolean {
  if (hasConsumers(block) || block.lingering > 0) return true;
  return block.producers.some((task) => task.demand > 0);
}

/** Removes a replica from the books, without consequences for tasks. */
export function unlink(state: SchedulerState, holder: HolderRecord, block: BlockRecord): void {
  if (!holder.blocks.delete(block)) return;
  block.holders.splice(block.holders.indexOf(holder), 1);
  if (block.upload?.holder === holder) endUpload(state, block);
}

/** Ends the copying of a block to the store, whether it was asked for or stood in a queue. */
export function endUpload(state: SchedulerState, block: BlockRecord): HolderRecord | null {
  const holder = block.upload?.holder ?? null;
  block.upload = null;
  holder?.uploading.delete(block);
  holder?.uploadQueue.delete(block);
  return holder !== null && state.holders.get(holder.id) === holder ? holder : null;
}

/** Tells the workers that hold the task's outputs to drop those that nobody needs. */
export function releaseOutputs(turn: Turn, task: TaskRecord): void {
  for (const block of task.outputs ?? []) releaseIfUnneeded(turn, block);
}

export function releaseIfUnneeded(turn: Turn, block: BlockRecord): void {
  if (isNeeded(block)) return;
  for (const holder of block.holders.slice()) releaseReplica(turn, holder, block);
}

/** Tells one worker to drop a block. Clients and the store mind their own blocks. */
function releaseReplica(turn: Turn, holder: HolderRecord, block: BlockRecord): void {
  const worker = workerBehind(turn.state, holder);
  if (worker === undefined) return;
  unlink(turn.state, holder, block);
  addRelease(turn, worker.id, block.id);
}

/** Tells a worker to drop a block of a result that came too late, unless it is known to hold it. */
export function releaseLitter(turn: Turn, worker: WorkerRecord, id: BlockId): void {
  const block = turn.state.blocks.get(id);
  if (block === undefined || !worker.holder.blocks.has(block)) addRelease(turn, worker.id, id);
}

function addRelease(turn: Turn, worker: WorkerId, block: BlockId): void {
  const list = turn.releases.get(worker);
  if (list === undefined) turn.releases.set(worker, [block]);
  else list.push(block);
}

/** Puts the step's releases, gathered by worker, behind its other commands. */
export function flushReleases(turn: Turn): void {
  for (const [worker, blocks] of turn.releases) {
    if (turn.state.workers.has(worker))
      turn.commands.push({ type: "release-blocks", worker, blocks });
  }
}
