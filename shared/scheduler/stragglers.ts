// Copies of attempts that finish too late: when a worker has nothing else to do, the task whose
// attempt is predicted to end last is leased a second time, and the first result wins.
import { hasRoomFor, isNearlyIdle } from "./capacity.ts";
import { grantLease } from "./leases.ts";
import { mustAvoid } from "./placement.ts";
import { predictFinishMs } from "./prediction.ts";
import { headOfQueue } from "./ready-queue.ts";
import type { AttemptRecord, SchedulerState, Turn, WorkerRecord } from "./state.ts";

/** An attempt that took this many times as long as predicted is presumed stuck. */
const OVERRUN_SHARE = 0.5;

/** On a tick, after ready tasks were leased. This covers queued leases too: it replaces stealing. */
export function copyStragglers(turn: Turn): void {
  const { state } = turn;
  if (headOfQueue(state) !== undefined || state.attempts.size === 0) return;
  const idle = [...state.hungry].filter((worker) => worker.attempts.size < worker.threads);
  if (idle.length === 0) return;
  const late = [...state.attempts.values()]
    .filter((attempt) => mayBeCopied(turn, attempt))
    .map((attempt) => ({ attempt, remainingMs: remainingMs(turn, attempt) }))
    .toSorted((a, b) => b.remainingMs - a.remainingMs || a.attempt.id - b.attempt.id);
  for (const { attempt, remainingMs: lateMs } of late) {
    const best = bestCopier(state, idle, attempt, lateMs);
    if (best === null) continue;
    grantLease(turn, attempt.task, best);
    // Short leases that were stuck behind a long one are taken over together.
    const isIdle = best.attempts.size < best.threads || isNearlyIdle(state, best);
    if (!isIdle) idle.splice(idle.indexOf(best), 1);
    if (idle.length === 0) return;
  }
}

function mayBeCopied(turn: Turn, attempt: AttemptRecord): boolean {
  const { task, worker } = attempt;
  if (task.attempts.length > 1 || !task.jobs.some((job) => job.state === "running")) return false;
  // A copy without its inputs would fail, and hide from their producers that they are missed.
  if (task.inputs?.some((block) => block.holders.length === 0) === true) return false;
  const ageMs = turn.nowMs - attempt.grantedAtMs;
  return worker.isSuspect || ageMs >= turn.state.tuning.copyAfterMs;
}

/** Predicted time until the attempt ends: as planned, or the longer the more it is overdue. */
function remainingMs(turn: Turn, attempt: AttemptRecord): number {
  if (attempt.worker.isSuspect) return Infinity;
  const ageMs = turn.nowMs - attempt.grantedAtMs;
  return Math.max(attempt.finishAtMs - turn.nowMs, OVERRUN_SHARE * ageMs);
}

/** The idle worker that would finish a copy first, if that is early enough. */
function bestCopier(
  state: SchedulerState,
  idle: readonly WorkerRecord[],
  attempt: AttemptRecord,
  lateMs: number,
): WorkerRecord | null {
  let best: WorkerRecord | null = null;
  let bestMs = lateMs / state.tuning.copyFactor;
  for (const worker of idle) {
    if (worker === attempt.worker || !hasRoomFor(state, worker, attempt.task)) continue;
    if (mustAvoid(state, worker, attempt.task)) continue;
    const finishMs = predictFinishMs(state, worker, attempt.task);
    if (finishMs < bestMs) {
      best = worker;
      bestMs = finishMs;
    }
  }
  return best;
}
