// How attempts end: a result, a failure, a lease given back or run out, or a death.
import { unreachable } from "../assert.ts";
import type { BlockRef } from "../graph/task.ts";
import type { AttemptId } from "../ids.ts";
import { rest } from "./capacity.ts";
import { completeTask, failTask, requeue } from "./demand.ts";
import type { AttemptFailure, SchedulerEvent } from "./events.ts";
import { cancelAttempt, endAttempt, type CancelReason } from "./leases.ts";
import { observeCompute } from "./prediction.ts";
import { addReplica, doubtReplicas } from "./replicas.ts";
import { blockOf, isNeeded, releaseLitter } from "./blocks.ts";
import type { AttemptRecord, TaskRecord, Turn, WorkerRecord } from "./state.ts";
import { tell, troubleOf } from "./task-transitions.ts";

type Finished = Extract<SchedulerEvent, { type: "attempt-finished" }>;
type Failed = Extract<SchedulerEvent, { type: "attempt-failed" }>;

/** The live attempt of that number, if it is this worker's; anything else is counted and dropped. */
function liveAttempt(turn: Turn, worker: WorkerRecord, id: AttemptId): AttemptRecord | undefined {
  const attempt = turn.state.attempts.get(id);
  if (attempt?.worker === worker) return attempt;
  turn.state.counters.dropped += 1;
  return undefined;
}

export function finishAttempt(turn: Turn, worker: WorkerRecord, event: Finished): void {
  const { state } = turn;
  const attempt = liveAttempt(turn, worker, event.attempt);
  if (attempt === undefined) {
    receiveLateResult(turn, worker, event);
    return;
  }
  const { task } = attempt;
  if (event.outputs.length < task.outputsNeeded) {
    const what = `${event.outputs.length} outputs, but others rely on ${task.outputsNeeded}`;
    blame(turn, attempt, "kernel-error", `The kernel returned ${what}.`);
    return;
  }
  observeCompute(state, worker, task, event.computeMs);
  endAttempt(state, attempt);
  turn.commands.push({
    type: "record-result",
    task: task.key,
    outputs: event.outputs,
    jobs: task.jobs.map((job) => job.id),
    worker: worker.id,
    attempt: attempt.id,
    computeMs: event.computeMs,
  });
  const outputs = event.outputs.map((ref) => {
    const block = blockOf(state, ref);
    addReplica(turn, ref.isStored === true ? state.store : worker.holder, block);
    return block;
  });
  // The replicas may have completed the task already, when it had lost exactly these.
  if (task.state !== "done") completeTask(turn, task, outputs);
}

/** True when these are the blocks that the task last produced. */
const isResultOf = (task: TaskRecord, outputs: readonly BlockRef[]): boolean =>
  task.outputs?.length === outputs.length &&
  outputs.every((ref, i) => task.outputs?.[i]?.id === ref.block);

/** A result that came too late: its blocks are replicas if they are the right ones, else litter. */
function receiveLateResult(turn: Turn, worker: WorkerRecord, event: Finished): void {
  const { state } = turn;
  const key = state.lateAttempts.get(event.attempt);
  if (key === undefined) return;
  state.lateAttempts.delete(event.attempt);
  const task = state.tasks.get(key);
  const isSame = task !== undefined && isResultOf(task, event.outputs);
  if (task?.state === "done" && !isSame) state.counters.conflicting += 1;
  for (const ref of event.outputs) {
    const isStored = ref.isStored === true;
    const block = state.blocks.get(ref.block);
    if (block !== undefined && isNeeded(block)) {
      addReplica(turn, isStored ? state.store : worker.holder, block);
    } else if (!isStored) releaseLitter(turn, worker, ref.block);
  }
}

export function failAttempt(turn: Turn, worker: WorkerRecord, event: Failed): void {
  const attempt = liveAttempt(turn, worker, event.attempt);
  if (attempt === undefined) return;
  if (event.error !== undefined) troubleOf(attempt.task).error = event.error;
  switch (event.reason) {
    case "thread-died":
      recordDeath(turn, attempt, `attempt ${attempt.id}`, `The thread died: ${event.message}`);
      return;
    case "input-unavailable":
      missInput(turn, attempt, event);
      return;
    case "out-of-memory":
      // Tried there again only when no other worker is there for it.
      troubleOf(attempt.task).avoid.add(worker.id);
      blame(turn, attempt, event.reason, event.message);
      return;
    case "timed-out":
      troubleOf(attempt.task).expiries += 1;
      blame(turn, attempt, event.reason, event.message);
      return;
    case "kernel-error":
    case "bad-input":
      blame(turn, attempt, event.reason, event.message);
      return;
    default:
      unreachable(event.reason);
  }
}

/** A failure that counts against the task's retries. */
function blame(turn: Turn, attempt: AttemptRecord, reason: AttemptFailure, message: string): void {
  const { state } = turn;
  const { task, worker } = attempt;
  const trouble = troubleOf(task);
  trouble.failures += 1;
  trouble.failedOn.add(worker.id);
  tell(state, task, `Attempt ${attempt.id} on ${worker.id} failed (${reason}): ${message}`);
  endAttempt(state, attempt);
  if (trouble.failures > task.task.retries) {
    const times = trouble.failures === 1 ? "once" : `${trouble.failures} times`;
    const { retries } = task.task;
    const forgiven =
      retries === 0
        ? "nothing asked for it to be tried again"
        : `${retries} ${retries === 1 ? "failure" : "failures"} would have been forgiven`;
    failTask(
      turn,
      task,
      `Task ${shortKey(task)} (${task.task.kernel}) failed ${times}; ${forgiven}.`,
    );
  } else {
    requeueUnlessLive(turn, task);
  }
}

/** No source delivered an input: the replicas are doubted, the worker rests, the task goes back. */
function missInput(turn: Turn, attempt: AttemptRecord, event: Failed): void {
  const { state } = turn;
  const { task, worker } = attempt;
  const block = task.inputs?.find((input) => input.id === event.block);
  endAttempt(state, attempt);
  rest(state, worker);
  // Doubts come while the task still counts as leased, so that its inputs are judged once, after.
  if (block !== undefined) doubtReplicas(turn, worker.holder, block, attempt.grantedAtMs);
  requeueUnlessLive(turn, task);
}

/** The worker gives leases back unharmed. It rests until it says how it is now. */
export function returnAttempts(
  turn: Turn,
  worker: WorkerRecord,
  attempts: readonly AttemptId[],
): void {
  for (const id of attempts) {
    const attempt = liveAttempt(turn, worker, id);
    if (attempt === undefined) continue;
    endAttempt(turn.state, attempt);
    requeueUnlessLive(turn, attempt.task);
  }
  rest(turn.state, worker);
}

/** On a tick: takes back leases that ran out. The next lease of the task is twice as long. */
export function expireLeases(turn: Turn): void {
  const { state, nowMs } = turn;
  for (const attempt of state.attempts.values()) {
    if (attempt.deadlineMs > nowMs) continue;
    const { task, worker } = attempt;
    state.counters.expiries += 1;
    troubleOf(task).expiries += 1;
    tell(state, task, `The lease of attempt ${attempt.id} on ${worker.id} ran out.`);
    takeBack(turn, attempt, "lease-expired");
  }
}

/** Ends a lease without blame, and its task goes back. */
export function takeBack(turn: Turn, attempt: AttemptRecord, reason: CancelReason): void {
  cancelAttempt(turn, attempt, reason);
  requeueUnlessLive(turn, attempt.task);
}

/**
 * Takes every lease from a worker that is gone. `death` names how it died and is null when nobody
 * is to blame; only leases that had a thread, the oldest ones, are blamed.
 */
export function takeLeasesBack(turn: Turn, worker: WorkerRecord, death: string | null): void {
  let threadsLeft = worker.threads;
  for (const attempt of worker.attempts) {
    const isRunning = threadsLeft > 0;
    threadsLeft -= 1;
    if (death !== null && isRunning) {
      recordDeath(turn, attempt, death, `Worker ${worker.id} was lost while computing it.`);
    } else {
      endAttempt(turn.state, attempt);
      requeueUnlessLive(turn, attempt.task);
    }
  }
}

/** A worker or thread died under the attempt. Too many distinct deaths condemn the task. */
function recordDeath(turn: Turn, attempt: AttemptRecord, name: string, sentence: string): void {
  const { state } = turn;
  const { task } = attempt;
  const { deaths, failedOn } = troubleOf(task);
  state.counters.deaths += 1;
  deaths.add(name);
  failedOn.add(attempt.worker.id);
  tell(state, task, sentence);
  endAttempt(state, attempt);
  if (deaths.size >= state.tuning.deathsMax) {
    const what = `${deaths.size} workers or threads died while computing task ${shortKey(task)}`;
    failTask(turn, task, `${what} (${task.task.kernel}), so it is presumed to be the cause.`);
  } else {
    requeueUnlessLive(turn, task);
  }
}

function requeueUnlessLive(turn: Turn, task: TaskRecord): void {
  if (task.attempts.length === 0) requeue(turn, task);
}

const shortKey = (task: TaskRecord): string => task.key.slice(0, 8);
