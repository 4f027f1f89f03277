// Which workers may take a lease now, and how many.
import type { SchedulerState, WorkerRecord } from "./state.ts";

/** True when the worker may be given leases at all. */
export function isEligible(state: SchedulerState, worker: WorkerRecord): boolean {
  return (
    worker.threads > 0 && !worker.isPaused && !worker.isSuspect && worker.restUntilMs <= state.nowMs
  );
}

/** Leases that the worker may hold: its threads and a short prefetch. */
export function capacityOf(state: SchedulerState, worker: WorkerRecord): number {
  return worker.threads + Math.min(worker.threads, state.tuning.prefetchMax);
}

/** Brings the set of hungry workers up to date after anything about `worker` changed. */
export function refreshHunger(state: SchedulerState, worker: WorkerRecord): void {
  const isHungry =
    state.workers.get(worker.id) === worker &&
    isEligible(state, worker) &&
    worker.attempts.size < capacityOf(state, worker);
  if (isHungry) state.hungry.add(worker);
  else state.hungry.delete(worker);
}

/** Gives the worker no leases for a while. */
export function rest(state: SchedulerState, worker: WorkerRecord): void {
  worker.restUntilMs = state.nowMs + state.tuning.restMs;
  refreshHunger(state, worker);
}
