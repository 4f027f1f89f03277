// Granting and ending leases: the books of tasks, workers and attempts move together here.
import { asAttemptId } from "../ids.ts";
import { nextInteger } from "../prng.ts";
import { present } from "../assert.ts";
import { refreshHunger } from "./capacity.ts";
import type { SchedulerCommand } from "./commands.ts";
import type { Holder } from "./events.ts";
import { NONE, withItem, without } from "./lists.ts";
import { isTimed, OVERHEAD_MS, predictComputeMs, predictDelayMs } from "./prediction.ts";
import { leadingJob } from "./ready-queue.ts";
import {
  trimOldest,
  type AttemptRecord,
  type BlockRecord,
  type SchedulerState,
  type TaskRecord,
  type Turn,
  type WorkerRecord,
} from "./state.ts";
import { moveTask, tell } from "./task-transitions.ts";

export type CancelReason = Extract<SchedulerCommand, { type: "cancel-attempt" }>["reason"];

/** Leases a ready task, or a second time one that is leased (a copy). */
export function grantLease(turn: Turn, task: TaskRecord, worker: WorkerRecord): void {
  const { state, nowMs } = turn;
  const { tuning } = state;
  const isSpeculative = task.state === "leased";
  const inputs = present(task.inputs, "inputs of a ready task");
  if (task.trouble?.avoid.has(worker.id) === true) {
    tell(state, task, `No other worker could have it, so it was tried on ${worker.id} after all.`);
  }
  const computeMs = predictComputeMs(state, worker, task);
  const finishMs = predictDelayMs(state, worker, task) + computeMs;
  const leaseMs =
    Math.max(tuning.leaseMinMs + (task.task.limitMs ?? 0), tuning.leaseFactor * finishMs) *
    2 ** Math.min(task.trouble?.expiries ?? 0, 10);
  const attempt: AttemptRecord = {
    id: asAttemptId(state.nextAttempt),
    task,
    worker,
    grantedAtMs: nowMs,
    computeMs,
    isTimed: isTimed(state, task),
    finishAtMs: nowMs + finishMs,
    isSpeculative,
    deadlineMs: nowMs + leaseMs,
    incoming:
      inputs.length === 0 ? NONE : inputs.filter((block) => !worker.holder.blocks.has(block)),
  };
  state.nextAttempt += 1;
  if (isSpeculative) state.counters.copies += 1;
  else moveTask(task, "leased");
  task.attempts = withItem(task.attempts, attempt);
  task.passes = 0;
  state.attempts.set(attempt.id, attempt);
  worker.attempts.add(attempt);
  worker.loadMs += attempt.computeMs;
  if (!attempt.isTimed) worker.untimed += 1;
  for (const block of attempt.incoming) {
    worker.incoming.set(block, (worker.incoming.get(block) ?? 0) + 1);
  }
  refreshHunger(state, worker);
  turn.commands.push({
    type: "grant-lease",
    worker: worker.id,
    incarnation: worker.incarnation,
    attempt: attempt.id,
    task: task.key,
    job: leadingJob(task).id,
    inputs: inputs.map((block) => ({
      block: block.id,
      sizeBytes: block.sizeBytes,
      holders: namedHolders(state, block),
    })),
    deadlineMs: attempt.deadlineMs,
    isSpeculative,
    expectedMs: attempt.isTimed ? computeMs - OVERHEAD_MS : null,
  });
}

/** All holders, or when there are many a run of them from a random start, so that load spreads. */
function namedHolders(state: SchedulerState, block: BlockRecord): Holder[] {
  const { holders } = block;
  const max = state.tuning.holdersNamedMax;
  if (holders.length <= max) return holders.map((holder) => holder.id);
  const start = nextInteger(state.prng, holders.length);
  const named: Holder[] = state.store.blocks.has(block) ? ["store"] : [];
  for (let i = 0; named.length < max; i += 1) {
    const holder = present(holders[(start + i) % holders.length], "holder");
    if (holder !== state.store) named.push(holder.id);
  }
  return named;
}

/** Takes the attempt off all books. The task's state is the caller's business. */
export function endAttempt(state: SchedulerState, attempt: AttemptRecord): void {
  const { task, worker } = attempt;
  state.attempts.delete(attempt.id);
  task.attempts = without(task.attempts, attempt);
  worker.attempts.delete(attempt);
  // Sums of floats drift; an idle worker's load is exactly none.
  worker.loadMs = worker.attempts.size === 0 ? 0 : worker.loadMs - attempt.computeMs;
  if (!attempt.isTimed) worker.untimed -= 1;
  for (const block of attempt.incoming) {
    const count = (worker.incoming.get(block) ?? 0) - 1;
    if (count > 0) worker.incoming.set(block, count);
    else worker.incoming.delete(block);
  }
  refreshHunger(state, worker);
}

/** Ends the attempt and tells its worker to stop. */
export function cancelAttempt(turn: Turn, attempt: AttemptRecord, reason: CancelReason): void {
  const { state } = turn;
  endAttempt(state, attempt);
  state.lateAttempts.set(attempt.id, attempt.task.key);
  trimOldest(state.lateAttempts, state.tuning.lateAttemptsMax);
  if (!attempt.worker.isJoined) return;
  turn.commands.push({
    type: "cancel-attempt",
    worker: attempt.worker.id,
    incarnation: attempt.worker.incarnation,
    attempt: attempt.id,
    reason,
  });
}
