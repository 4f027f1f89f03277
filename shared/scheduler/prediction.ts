// What is learned of speeds and links, and what it predicts: when would this worker finish this task?
import { SMALL_BLOCK_BYTES_MAX } from "../limits.ts";
import type { Holder } from "./events.ts";
import {
  trimOldest,
  type BlockRecord,
  type SchedulerState,
  type TaskRecord,
  type WorkerRecord,
} from "./state.ts";

/** What an attempt costs its worker besides computing: messages and threads take their time, too. */
export const OVERHEAD_MS = 0.5;
/** Holders considered when a transfer is predicted: the fastest of a few is nearly the fastest. */
const SOURCES_CONSIDERED = 4;

/** Tasks that declare no cost count as one operation, so that their kernel is learned all the same. */
const operationsOf = (task: TaskRecord): number => Math.max(1, task.task.cost.operations);

/** Tasks whose times are learned together: those of a function, or of a kernel. */
const groupOf = (task: TaskRecord): string => task.task.group ?? task.task.kernel;

/** True when the task's time can be predicted by more than a guess. */
export const isTimed = (state: SchedulerState, task: TaskRecord): boolean =>
  state.kernelSpeeds.has(groupOf(task));

const blend = (old: number | undefined, sample: number, rate: number): number =>
  old === undefined ? sample : old + (sample - old) * rate;

/** Predicted time of the task in a thread of the worker, without transfers and waiting. */
export function predictComputeMs(
  state: SchedulerState,
  worker: WorkerRecord,
  task: TaskRecord,
): number {
  const kernel = groupOf(task);
  const speed =
    worker.profile.speeds.get(kernel) ??
    (state.kernelSpeeds.get(kernel) ?? state.tuning.defaultOperationsPerMs) *
      worker.profile.relative;
  return OVERHEAD_MS + operationsOf(task) / speed;
}

/** Learns from a finished attempt. */
export function observeCompute(
  state: SchedulerState,
  worker: WorkerRecord,
  task: TaskRecord,
  computeMs: number,
): void {
  const { learningRate } = state.tuning;
  const kernel = groupOf(task);
  // A clock's resolution can be a whole millisecond; half of one keeps speeds finite.
  const sample = operationsOf(task) / Math.max(computeMs, 0.5);
  const mean = state.kernelSpeeds.get(kernel);
  if (mean !== undefined) {
    const ratio = Math.min(100, Math.max(0.01, sample / mean));
    worker.profile.relative = blend(worker.profile.relative, ratio, learningRate);
  }
  const { speeds } = worker.profile;
  const speed = blend(speeds.get(kernel), sample, learningRate);
  // Set anew, so that the newest entry is the one that was timed last.
  speeds.delete(kernel);
  speeds.set(kernel, speed);
  state.kernelSpeeds.set(kernel, blend(mean, sample, learningRate));
  trimOldest(state.kernelSpeeds, state.tuning.groupsMax);
  trimOldest(speeds, state.tuning.groupsMax);
}

/** Learns from a transfer's measurement. */
export function observeLink(
  state: SchedulerState,
  worker: WorkerRecord,
  source: Holder,
  bytesPerMs: number,
): void {
  if (!(bytesPerMs > 0) || !Number.isFinite(bytesPerMs)) return;
  const { links } = worker.profile;
  links.set(source, blend(links.get(source), bytesPerMs, state.tuning.learningRate));
  trimOldest(links, state.tuning.linksPerWorkerMax);
}

const hasOrAwaits = (worker: WorkerRecord, block: BlockRecord): boolean =>
  worker.holder.blocks.has(block) || worker.incoming.has(block);

/** Predicted time to bring the task's missing inputs to the worker; 0 when it has them all. */
export function predictTransferMs(
  state: SchedulerState,
  worker: WorkerRecord,
  task: TaskRecord,
): number {
  let totalMs = 0;
  for (const block of task.inputs ?? []) {
    if (hasOrAwaits(worker, block)) continue;
    // It travels with the lease.
    if (block.sizeBytes <= SMALL_BLOCK_BYTES_MAX && state.store.blocks.has(block)) continue;
    totalMs += state.tuning.transferLatencyMs + block.sizeBytes / bestRate(state, worker, block);
  }
  return totalMs;
}

function bestRate(state: SchedulerState, worker: WorkerRecord, block: BlockRecord): number {
  const { tuning } = state;
  // Every block can be had through the coordinator, at the price of passing it twice.
  const storeRate = worker.profile.links.get("store") ?? tuning.defaultStoreBytesPerMs;
  let best = state.store.blocks.has(block) ? storeRate : storeRate / 2;
  for (const holder of block.holders.slice(0, SOURCES_CONSIDERED)) {
    if (holder === state.store) continue;
    best = Math.max(best, worker.profile.links.get(holder.id) ?? tuning.defaultDirectBytesPerMs);
  }
  return best;
}

/** Predicted wait for a thread of the worker: none while one is idle. */
function predictWaitMs(worker: WorkerRecord): number {
  return worker.attempts.size < worker.threads ? 0 : worker.loadMs / Math.max(1, worker.threads);
}

/** Predicted time until the worker could begin with the task, were it granted now. */
export const predictDelayMs = (
  state: SchedulerState,
  worker: WorkerRecord,
  task: TaskRecord,
): number => predictWaitMs(worker) + predictTransferMs(state, worker, task);

/** Predicted time from now until the worker would have finished the task, were it granted now. */
export function predictFinishMs(
  state: SchedulerState,
  worker: WorkerRecord,
  task: TaskRecord,
): number {
  return predictDelayMs(state, worker, task) + predictComputeMs(state, worker, task);
}
