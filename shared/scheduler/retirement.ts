// Workers that finish and leave: no new lease, and what only they hold goes to the store first.
import type { SchedulerState, Turn, WorkerRecord } from "./state.ts";
import { mustBeHandedOver, startUpload } from "./uploads.ts";

/** It is to finish, or not any more: until it has left it may change its mind. */
export function setRetiring(turn: Turn, worker: WorkerRecord, isRetiring: boolean): void {
  const { state, nowMs } = turn;
  if (isRetiring === (worker.retirement !== null)) return;
  if (isRetiring) {
    worker.retirement = { idleSinceMs: null, remaining: 0, movedAtMs: nowMs, isOver: false };
    state.retiring.add(worker);
  } else {
    worker.retirement = null;
    state.retiring.delete(worker);
  }
}

/** After each change and on each tick: has blocks handed over, and lets those go that have finished. */
export function superviseRetirement(turn: Turn): void {
  const { state, nowMs } = turn;
  for (const worker of state.retiring) {
    const { retirement } = worker;
    if (retirement === null || retirement.isOver) continue;
    const remaining = handOver(turn, worker);
    if (remaining < retirement.remaining || worker.attempts.size > 0) retirement.movedAtMs = nowMs;
    retirement.remaining = remaining;
    retirement.idleSinceMs = worker.attempts.size > 0 ? null : (retirement.idleSinceMs ?? nowMs);
    if (worker.attempts.size > 0 || (remaining > 0 && !isLate(state, retirement))) continue;
    retirement.isOver = true;
    const { id, incarnation } = worker;
    turn.commands.push({ type: "worker-retired", worker: id, incarnation });
  }
}

function isLate(
  state: SchedulerState,
  retirement: NonNullable<WorkerRecord["retirement"]>,
): boolean {
  const { tuning, nowMs } = state;
  const idleMs = nowMs - (retirement.idleSinceMs ?? nowMs);
  return nowMs - retirement.movedAtMs >= tuning.handOverStallMs || idleMs >= tuning.handOverMaxMs;
}

/** Asks for every block that would be lost with the worker; tells how many there are. */
function handOver(turn: Turn, worker: WorkerRecord): number {
  let count = 0;
  for (const block of worker.holder.blocks) {
    if (!mustBeHandedOver(turn.state, block)) continue;
    count += 1;
    startUpload(turn, block);
  }
  return count;
}
