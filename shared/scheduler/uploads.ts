// Copying results to the store: one holder asked for each block, few blocks asked of each holder.
import { endUpload } from "./blocks.ts";
import {
  workerBehind,
  type BlockRecord,
  type HolderRecord,
  type SchedulerState,
  type TaskRecord,
  type Turn,
} from "./state.ts";

/** True while an unfinished job wants the block in the store: open ones leave results where they are. */
function isWantedInStore(state: SchedulerState, block: BlockRecord): boolean {
  if (state.store.blocks.has(block)) return false;
  return block.producers.some(
    (task) => task.state === "done" && task.targetOf.some((job) => !job.isOpen),
  );
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
  holder.uploadQueue.add(block);
  askNext(turn, holder);
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
  const { state, nowMs } = turn;
  for (const block of holder.uploadQueue) {
    if (holder.uploading.size >= state.tuning.uploadsPerHolder) return;
    holder.uploadQueue.delete(block);
    if (!isWantedInStore(state, block)) {
      block.upload = null;
      continue;
    }
    block.upload = { holder, askedAtMs: nowMs };
    holder.uploading.add(block);
    if (holder.id !== "store") {
      turn.commands.push({ type: "store-block", holder: holder.id, block: block.id });
    }
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
