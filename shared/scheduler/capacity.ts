// Which workers may take a lease now, and how many.
import { isTimed, predictComputeMs } from "./prediction.ts";
import type { SchedulerState, TaskRecord, WorkerRecord } from "./state.ts";

/** True when the worker may be given leases at all. */
export function isEligible(state: SchedulerState, worker: WorkerRecord): boolean {
  return (
    worker.threads > 0 &&
    !worker.isPaused &&
    worker.retirement === null &&
    !worker.isSuspect &&
    worker.restUntilMs <= state.nowMs
  );
}

/** Leases that the worker may hold whatever they take: its threads and a short prefetch. */
export function capacityOf(state: SchedulerState, worker: WorkerRecord): number {
  return worker.threads + Math.min(worker.threads, state.tuning.prefetchMax);
}

/** True while all its leases together are known to be over before a few messages have come back. */
export function isNearlyIdle(state: SchedulerState, worker: WorkerRecord): boolean {
  const { prefetchMs, shortLeasesMax } = state.tuning;
  return (
    worker.untimed === 0 &&
    worker.loadMs < prefetchMs * worker.threads &&
    worker.attempts.size < shortLeasesMax
  );
}

/** True when the worker may take a lease of some task. */
export function hasRoom(state: SchedulerState, worker: WorkerRecord): boolean {
  return worker.attempts.size < capacityOf(state, worker) || isNearlyIdle(state, worker);
}

/** True when it may take this one: beyond the usual prefetch only what is known to be short. */
export function hasRoomFor(state: SchedulerState, worker: WorkerRecord, task: TaskRecord): boolean {
  if (!mayRun(worker, task)) return false;
  if (worker.attempts.size < capacityOf(state, worker)) return true;
  return isTimed(state, task) && predictComputeMs(state, worker, task) < state.tuning.prefetchMs;
}

/** Functions of users run only where that was agreed to. */
export function mayRun(worker: WorkerRecord, task: TaskRecord): boolean {
  return worker.runsFunctions || !task.isFunction;
}

/** Brings the set of hungry workers up to date after anything about `worker` changed. */
export function refreshHunger(state: SchedulerState, worker: WorkerRecord): void {
  const isHungry = worker.isJoined && isEligible(state, worker) && hasRoom(state, worker);
  if (isHungry) state.hungry.add(worker);
  else state.hungry.delete(worker);
}

/** Gives the worker no leases for a while. */
export function rest(state: SchedulerState, worker: WorkerRecord): void {
  worker.restUntilMs = state.nowMs + state.tuning.restMs;
  refreshHunger(state, worker);
}
