// The table of blocks: records by id, who points at them, and the release of what nobody needs.
import { assert } from "../assert.ts";
import type { BlockRef } from "../graph/task.ts";
import type { BlockId, WorkerId } from "../ids.ts";
import { SMALL_BLOCK_BYTES_MAX } from "../limits.ts";
import { NONE, without } from "./lists.ts";
import {
  workerBehind,
  type BlockRecord,
  type HolderRecord,
  type JobRecord,
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
    holders: NONE,
    heldSinceMs: 0,
    references: 0,
    consumers: null,
    producers: NONE,
    upload: null,
    uploadTries: 0,
    doubted: NONE,
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
  for (const task of block.producers) if (task.demand > 0) return true;
  return false;
}

/** Removes a replica from the books, without consequences for tasks. */
export function unlink(state: SchedulerState, holder: HolderRecord, block: BlockRecord): void {
  if (!holder.blocks.delete(block)) return;
  block.holders = without(block.holders, holder);
  if (block.upload?.holder === holder) endUpload(state, block);
}

/** Ends the copying of a block to the store, whether it was asked for or stood in a queue. */
export function endUpload(state: SchedulerState, block: BlockRecord): HolderRecord | null {
  if (block.upload === null) return null;
  const { holder, askedAtMs } = block.upload;
  block.upload = null;
  if (askedAtMs === null) holder.uploadQueue.delete(block);
  else holder.uploading.delete(block);
  return state.holders.get(holder.id) === holder ? holder : null;
}

/** Tells the workers that hold the task's outputs to drop those that nobody needs. */
export function releaseOutputs(turn: Turn, task: TaskRecord): void {
  for (const block of task.outputs ?? []) releaseIfUnneeded(turn, block);
}

export function releaseIfUnneeded(turn: Turn, block: BlockRecord): void {
  if (isNeeded(block)) return;
  for (const holder of block.holders) releaseReplica(turn, holder, block);
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

/** Results stay with their workers for a while: clients may draw them, or a failed job is tried again. */
export function keepResults(turn: Turn, job: JobRecord, tasks: Iterable<TaskRecord>): void {
  job.lingerUntilMs = turn.nowMs + turn.state.tuning.lingerMs;
  for (const task of tasks) {
    if (task.state !== "done") continue;
    for (const block of task.outputs ?? []) {
      block.lingering += 1;
      block.references += 1;
      job.lingering.push(block);
    }
  }
}

function addRelease(turn: Turn, worker: WorkerId, block: BlockId): void {
  turn.releases ??= new Map();
  const list = turn.releases.get(worker);
  if (list === undefined) turn.releases.set(worker, [block]);
  else list.push(block);
}

/** Puts the step's releases, gathered by worker, behind its other commands. */
export function flushReleases(turn: Turn): void {
  if (turn.releases === null) return;
  for (const [worker, blocks] of turn.releases) {
    if (turn.state.workers.has(worker))
      turn.commands.push({ type: "release-blocks", worker, blocks });
  }
}
