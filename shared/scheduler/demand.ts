// Who needs what: demand flows from targets to their inputs, and decides what waits, runs, is
// computed again, or is let go. Culling, cancelling, recomputing and releasing are all this.
import { assert, present } from "../assert.ts";
import type { BlockRef, TaskInput } from "../graph/task.ts";
import {
  hasConsumers,
  forgetIfUnused,
  keepResults,
  releaseIfUnneeded,
  releaseOutputs,
  unreference,
} from "./blocks.ts";
import type { FailureStory } from "./commands.ts";
import { cancelAttempt, type CancelReason } from "./leases.ts";
import type { BlockRecord, JobRecord, SchedulerState, TaskRecord, Turn } from "./state.ts";
import { NONE, withItem, without } from "./lists.ts";
import { forgetDependant, moveTask, tell, withJob } from "./task-transitions.ts";
import { storeOutputs } from "./uploads.ts";

/** One more (+1) or one fewer (-1) that needs the task's result. */
export function changeDemand(turn: Turn, task: TaskRecord, by: 1 | -1): void {
  task.demand += by;
  assert(task.demand >= 0, "demand is counted");
  if (task.demand === 0) turn.idle.push(task);
  else if (task.demand === 1 && by === 1) turn.agenda.push(task);
}

/** Looks at every task whose demand or state changed, until none is left. */
export function runAgenda(turn: Turn, reason: CancelReason): void {
  for (;;) {
    const wanted = turn.agenda.pop();
    if (wanted !== undefined) {
      reviewWanted(turn, wanted);
      continue;
    }
    // What lost its demand is looked at last: another task of this step may need it after all.
    const unwanted = turn.idle.pop();
    if (unwanted === undefined) return;
    if (unwanted.demand > 0) continue;
    if (unwanted.isActive) deactivate(turn, unwanted, reason);
    else if (unwanted.state === "done") releaseOutputs(turn, unwanted);
  }
}

function reviewWanted(turn: Turn, task: TaskRecord): void {
  if (task.demand === 0) return;
  if (task.state === "waiting" && !task.isActive) activate(turn, task);
  else if (task.state === "failed") failTask(turn, task, null);
}

/** The task is needed and not done: its own inputs are in demand now. */
function activate(turn: Turn, task: TaskRecord): void {
  const { state } = turn;
  moveTask(task, "waiting", true);
  for (const block of task.blocks) {
    block.consumers ??= new Set();
    block.consumers.add(task);
    if (block.holders.length === 0) state.missingBlocks.add(block);
  }
  for (const dependency of task.dependencies) changeDemand(turn, dependency, 1);
  const failed = task.dependencies.find((dependency) => dependency.state === "failed");
  if (failed === undefined) settle(turn, task);
  else failTask(turn, failed, null);
}

/** Nobody needs the task any more. */
function deactivate(turn: Turn, task: TaskRecord, reason: CancelReason): void {
  for (const attempt of task.attempts) cancelAttempt(turn, attempt, reason);
  moveTask(task, "waiting", false);
  letInputsGo(turn, task);
}

/** The task stopped being active: what it needed is needed by one fewer. */
function letInputsGo(turn: Turn, task: TaskRecord): void {
  for (const block of task.blocks) {
    block.consumers?.delete(task);
    if (!hasConsumers(block)) turn.state.missingBlocks.delete(block);
  }
  for (const dependency of task.dependencies) changeDemand(turn, dependency, -1);
}

/** A leased task lost its last attempt and goes back. */
export function requeue(turn: Turn, task: TaskRecord): void {
  assert(task.attempts.length === 0, "a task that goes back has no attempts");
  moveTask(task, "waiting", true);
  settle(turn, task);
}

/** Counts what an active waiting task lacks; makes it ready when that is nothing. */
function settle(turn: Turn, task: TaskRecord): void {
  for (const input of task.task.inputs) {
    if ("block" in input) continue;
    const producer = present(turn.state.tasks.get(input.task), "producer");
    const isLost =
      producer.state === "done" && producer.outputs?.[input.output]?.holders.length === 0;
    if (isLost) revive(turn, producer);
  }
  task.missing = 0;
  for (const dependency of task.dependencies) if (dependency.state !== "done") task.missing += 1;
  for (const block of task.blocks) if (block.holders.length === 0) task.missing += 1;
  makeReadyIfComplete(turn.state, task);
}

function makeReadyIfComplete(state: SchedulerState, task: TaskRecord): void {
  if (task.missing > 0) return;
  const { inputs } = task.task;
  task.inputs = inputs.length === 0 ? NONE : inputs.map((input) => resolve(state, input));
  moveTask(task, "ready");
}

const resolve = (state: SchedulerState, input: TaskInput): BlockRecord =>
  "block" in input
    ? present(state.blocks.get(input.block), "input block")
    : present(state.tasks.get(input.task)?.outputs?.[input.output], "input from a task");

/** One thing that the active task lacked is there. */
export function gainInput(state: SchedulerState, task: TaskRecord): void {
  if (task.state !== "waiting") return;
  task.missing -= 1;
  assert(task.missing >= 0, "missing inputs are counted");
  makeReadyIfComplete(state, task);
}

/** One thing that the active task had is gone. A leased task may have fetched it already. */
export function loseInput(task: TaskRecord): void {
  if (task.state === "leased") return;
  if (task.state === "ready") moveTask(task, "waiting", true);
  task.missing += 1;
}

/** A done task must run again, because an output is needed and nobody holds it. */
export function revive(turn: Turn, task: TaskRecord): void {
  turn.state.counters.recomputed += 1;
  tell(turn.state, task, "Its result was lost with its last holder, so it had to run again.");
  moveTask(task, "waiting", false);
  // Whoever waits for the bytes is told when they are there again, also when they are the same.
  task.announcedTo = NONE;
  for (const dependant of task.dependants) if (dependant.isActive) loseInput(dependant);
  turn.agenda.push(task);
}

/** Revives the producers of a block that nobody holds any more, where the block is needed. */
export function reviveIfLost(turn: Turn, block: BlockRecord): void {
  for (const task of block.producers) {
    if (task.state !== "done" || task.demand === 0) continue;
    if (task.targetOf.length > 0 || isAwaited(task, block)) revive(turn, task);
  }
}

/** True when a waiting or ready dependant has this output among its inputs. */
function isAwaited(task: TaskRecord, block: BlockRecord): boolean {
  for (const dependant of task.dependants) {
    if (!dependant.isActive || dependant.state === "leased") continue;
    const isInput = dependant.task.inputs.some(
      (input) =>
        "task" in input && input.task === task.key && task.outputs?.[input.output] === block,
    );
    if (isInput) return true;
  }
  return false;
}

/** The task has its result: from an attempt, from a job's known results, or from a returning holder. */
export function completeTask(turn: Turn, task: TaskRecord, outputs: readonly BlockRecord[]): void {
  const { state } = turn;
  // What is ready leaves its queue by way of waiting.
  if (task.state === "ready") moveTask(task, "waiting", true);
  const isNew = linkOutputs(turn, task, outputs);
  for (const attempt of task.attempts) cancelAttempt(turn, attempt, "superseded");
  const wasActive = task.isActive;
  moveTask(task, "done");
  task.trouble = null;
  for (const dependant of task.dependants) if (dependant.isActive) gainInput(state, dependant);
  if (wasActive) letInputsGo(turn, task);
  if (isNew) task.announcedTo = NONE;
  announceTargets(turn, task);
  updateStored(turn, task);
  if (task.targetOf.length > 0) storeOutputs(turn, task);
  if (task.demand === 0) turn.idle.push(task);
}

/** Tells each job that has the task as a target of its outputs, once. */
export function announceTargets(turn: Turn, task: TaskRecord): void {
  for (const job of task.targetOf) {
    if (task.announcedTo.includes(job)) continue;
    task.announcedTo = withJob(task.announcedTo, job);
    const outputs = (task.outputs ?? []).map(refOf);
    turn.commands.push({ type: "announce-target", job: job.id, task: task.key, outputs });
  }
}

const refOf = (block: BlockRecord): BlockRef => ({
  block: block.id,
  sizeBytes: block.sizeBytes,
});

/** Makes `outputs` the task's; false when it had the same ones before. */
function linkOutputs(turn: Turn, task: TaskRecord, outputs: readonly BlockRecord[]): boolean {
  const before = task.outputs;
  if (before?.length === outputs.length && outputs.every((block, i) => before[i] === block)) {
    return false;
  }
  task.outputs = outputs;
  for (const block of outputs) {
    block.references += 1;
    if (!block.producers.includes(task)) block.producers = withItem(block.producers, task);
  }
  for (const block of before ?? []) unlinkOutput(turn, task, block);
  return true;
}

/** The block is not an output of the task any more (unless it is so again). */
function unlinkOutput(turn: Turn, task: TaskRecord, block: BlockRecord): void {
  if (task.outputs === null || !task.outputs.includes(block)) {
    block.producers = without(block.producers, task);
  }
  block.references -= 1;
  releaseIfUnneeded(turn, block);
  forgetIfUnused(turn.state, block);
}

/** Brings "done with every output in the store" up to date; the last open target ends its job. */
export function updateStored(turn: Turn, task: TaskRecord): void {
  const { store } = turn.state;
  const isStored =
    task.state === "done" && (task.outputs ?? []).every((block) => store.blocks.has(block));
  if (isStored === task.isStored) return;
  task.isStored = isStored;
  for (const job of task.targetOf) {
    job.targetsOpen += isStored ? -1 : 1;
    endIfSettled(turn, job);
  }
}

/** Of a job that goes on: what its first failed target died of. */
export function firstFailure(job: JobRecord): FailureStory | null {
  for (const failure of job.targetsFailed.values()) return failure;
  return null;
}

/** A job whose targets are all stored or have failed is over, unless more may come. */
export function endIfSettled(turn: Turn, job: JobRecord): void {
  if (job.targetsOpen > 0 || job.isOpen) return;
  const failure = firstFailure(job);
  turn.endings.push({ job, state: failure === null ? "done" : "failed", failure });
}

/**
 * The task fails, and so does everything active that depends on it; so do the jobs whose targets
 * are among these. `message` is null for a task that failed before and is needed again.
 */
export function failTask(turn: Turn, task: TaskRecord, message: string | null): void {
  if (message !== null) tell(turn.state, task, message);
  const sentences = [...(task.trouble?.story ?? [])];
  const story = sentences.join(" ");
  const error = task.trouble?.error ?? null;
  const failure = { task: task.key, message: story, error, cause: task.key, sentences };
  const failedOn = [...(task.trouble?.failedOn ?? [])];
  const seen = new Set([task]);
  for (const doomed of seen) {
    if (doomed.state !== "failed") {
      for (const attempt of doomed.attempts) cancelAttempt(turn, attempt, "job-cancelled");
      const wasActive = doomed.isActive;
      moveTask(doomed, "failed");
      if (wasActive) letInputsGo(turn, doomed);
      if (doomed !== task) tell(turn.state, doomed, `It needs a task that failed. ${story}`);
    }
    for (const job of doomed.targetOf) {
      if (failedOn.length > 0) job.failedOn.set(task.key, failedOn);
      failTarget(turn, job, doomed, failure);
    }
    for (const dependant of doomed.dependants) if (dependant.isActive) seen.add(dependant);
  }
}

/** The failure of `failure.task` dooms this target: that ends the job, or is told. */
function failTarget(turn: Turn, job: JobRecord, target: TaskRecord, failure: FailureStory): void {
  if (!job.goesOn) {
    // What it needed is let go in this very step, the results between included.
    if (job.lingering.length === 0) keepResults(turn, job, job.tasks);
    turn.endings.push({ job, state: "failed", failure });
    return;
  }
  if (job.targetsFailed.has(target)) return;
  job.targetsFailed.set(target, failure);
  job.targetsOpen -= 1;
  // Should it be done later after all, even with the outputs of before, that is news.
  target.announcedTo = without(target.announcedTo, job);
  turn.commands.push({ type: "announce-failure", job: job.id, ...failure, task: target.key });
  endIfSettled(turn, job);
}

/** The record leaves the table of tasks, and lets go of all that it pointed at. */
export function dropTask(turn: Turn, task: TaskRecord): void {
  const { state } = turn;
  assert(!task.isActive && task.demand === 0, "only tasks that nobody needs are dropped");
  if (task.state === "waiting") moveTask(task, "cancelled");
  state.tasks.delete(task.key);
  for (const block of task.blocks) unreference(state, block);
  const outputs = task.outputs ?? [];
  task.outputs = null;
  forgetDependant(task);
  for (const block of outputs) unlinkOutput(turn, task, block);
}
