// Copying results to the store: one holder asked for each block, few blocks asked of each holder.
import { endUpload, isNeeded } from "./blocks.ts";
import { present } from "../assert.ts";
import {
  workerBehind,
  type BlockRecord,
  type HolderRecord,
  type SchedulerState,
  type TaskRecord,
  type Turn,
  type Upload,
} from "./state.ts";

/**
 * True while somebody wants the block in the store: an unfinished job that is not open, as open ones
 * leave results where they are, or whoever needs what only retiring workers hold.
 */
function isWantedInStore(state: SchedulerState, block: BlockRecord): boolean {
  if (state.store.blocks.has(block)) return false;
  for (const task of block.producers) {
    if (task.state !== "done") continue;
    for (const job of task.targetOf) if (!job.isOpen) return true;
  }
  return mustBeHandedOver(state, block);
}

/** True when the block is needed and would be lost with the workers that are about to leave. */
export function mustBeHandedOver(state: SchedulerState, block: BlockRecord): boolean {
  if (state.retiring.size === 0 || block.holders.length === 0) return false;
  const isLeaving = (holder: HolderRecord): boolean => {
    const worker = workerBehind(state, holder);
    return worker !== undefined && worker.retirement !== null;
  };
  return block.holders.every(isLeaving) && isNeeded(block);
}

/** Sees to it that every output of a finished target is being copied to the store. */
export function storeOutputs(turn: Turn, task: TaskRecord): void {
  for (const block of task.outputs ?? []) startUpload(turn, block);
}

/** Asks a holder for the block, or queues it there, unless that is under way or not wanted. */
export function startUpload(turn: Turn, block: BlockRecord, not: HolderRecord | null = null): void {
  const { state } = turn;
  if (block.upload !== null || !isWantedInStore(state, block)) return;
  const holder = chooseHolder(state, block, not);
  if (holder === null) return;
  block.upload = { holder, askedAtMs: null };
  if (holder.uploadQueue.size === 0 && hasFreeLane(state, holder)) ask(turn, block.upload, block);
  else holder.uploadQueue.add(block);
}

const hasFreeLane = (state: SchedulerState, holder: HolderRecord): boolean =>
  holder.uploading.size < state.tuning.uploadsPerHolder;

function ask(turn: Turn, upload: Upload, block: BlockRecord): void {
  const { holder } = upload;
  upload.askedAtMs = turn.nowMs;
  holder.uploading.add(block);
  if (holder.id === "store") return;
  turn.commands.push({ type: "store-block", holder: holder.id, block: block.id });
}

/** The holder with the fewest blocks to copy; a silent worker or `not` only when there is no other. */
function chooseHolder(
  state: SchedulerState,
  block: BlockRecord,
  not: HolderRecord | null,
): HolderRecord | null {
  let best: HolderRecord | null = null;
  let bestBurden = Infinity;
  for (const holder of block.holders) {
    const isDoubtful = holder === not || workerBehind(state, holder)?.isSuspect === true;
    const burden = holder.uploading.size + holder.uploadQueue.size + (isDoubtful ? 1e9 : 0);
    if (burden < bestBurden) {
      best = holder;
      bestBurden = burden;
    }
  }
  return best;
}

/** Asks the holder for what stands in its queue, up to the limit. */
export function askNext(turn: Turn, holder: HolderRecord): void {
  const { state } = turn;
  if (holder.uploadQueue.size === 0) return;
  for (const block of holder.uploadQueue) {
    if (!hasFreeLane(state, holder)) return;
    holder.uploadQueue.delete(block);
    if (isWantedInStore(state, block)) ask(turn, present(block.upload, "upload"), block);
    else block.upload = null;
  }
}

/** Ends the copying of a block and lets its holder go on with the next. */
export function stopUpload(turn: Turn, block: BlockRecord): void {
  const holder = endUpload(turn.state, block);
  if (holder !== null) askNext(turn, holder);
}

/** Whether the holder has had time enough, be its uplink slow. */
export function hasUploadTimedOut(turn: Turn, block: BlockRecord): boolean {
  const { tuning } = turn.state;
  const askedAtMs = block.upload?.askedAtMs ?? null;
  if (askedAtMs === null) return false;
  const patienceMs = tuning.uploadTimeoutMs + block.sizeBytes / tuning.uploadSlowBytesPerMs;
  return turn.nowMs - askedAtMs > patienceMs;
}
