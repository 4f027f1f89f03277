// The life of a job: submitted, paused, reordered, ended, forgotten.
import { present } from "../assert.ts";
import { FUNCTION_KERNEL, type Task, type TargetFailure } from "../graph/task.ts";
import type { JobId, TaskKey } from "../ids.ts";
import { blockOf } from "./blocks.ts";
import {
  announceTargets,
  changeDemand,
  completeTask,
  dropTask,
  endIfSettled,
  retryTarget,
  revive,
  runAgenda,
} from "./demand.ts";
import type { SchedulerEvent } from "./events.ts";
import { checkGraph, dependenciesOf, isSameWork } from "./graph-check.ts";
import { dequeue, enqueue, insertJob, rehome, removeJob } from "./ready-queue.ts";
import { releaseLingering } from "./replicas.ts";
import type { Ending, JobRecord, SchedulerState, TaskRecord, Turn } from "./state.ts";
import { joinJob, leaveJob } from "./task-transitions.ts";
import { storeOutputs } from "./uploads.ts";

type Submitted = Extract<SchedulerEvent, { type: "job-submitted" }>;
type Extended = Extract<SchedulerEvent, { type: "job-extended" }>;
type Work = Pick<Submitted, "tasks" | "targets" | "known">;

export function submitJob(turn: Turn, event: Submitted): void {
  const { state } = turn;
  if (state.jobs.has(event.job)) {
    state.counters.dropped += 1;
    return;
  }
  const job = createJob(state, event);
  state.jobs.set(job.id, job);
  insertJob(state, job);
  const failure = addWork(turn, job, event);
  if (failure !== null) turn.endings.push({ job, state: "failed", failure });
  else endIfSettled(turn, job);
}

/** Adds tasks and targets to a job; says what is wrong with them, and adds nothing then. */
function addWork(turn: Turn, job: JobRecord, work: Work): TargetFailure | null {
  const { state } = turn;
  const isThere = (key: TaskKey): boolean => state.tasks.get(key)?.jobs.includes(job) === true;
  const targets = new Set(work.targets);
  const graph = checkGraph(work.tasks, [...targets], isThere);
  const problem = graph.problem ?? firstConflict(state, graph.tasks ?? []);
  if (problem !== null) return { ...problem, error: null };
  const joined: TaskRecord[] = [];
  for (const task of graph.tasks ?? []) {
    const record = recordOf(state, task);
    if (job.tasks.has(record)) continue;
    joinJob(record, job);
    joined.push(record);
  }
  for (const key of targets) addTarget(turn, job, present(state.tasks.get(key), "target"));
  for (const known of work.known) acceptKnown(turn, job, known);
  rehome(joined);
  return null;
}

/** Changes an open job: lets targets go, tries failed ones again, then adds work. */
export function extendJob(turn: Turn, event: Extended): void {
  const job = unfinished(turn, event.job);
  if (job === undefined) return;
  if (!job.isOpen) {
    turn.state.counters.dropped += 1;
    return;
  }
  const targetsOf = (keys: readonly TaskKey[]): TaskRecord[] =>
    keys.flatMap((key) => {
      const task = turn.state.tasks.get(key);
      return task !== undefined && job.targets.has(task) ? [task] : [];
    });
  const released = targetsOf(event.released);
  for (const target of released) removeTarget(turn, job, target);
  for (const target of targetsOf(event.retried)) retryTarget(turn, target);
  const failure = addWork(turn, job, event);
  if (failure !== null) refuseTargets(turn, job, event.targets, failure);
  const message = "It is not a target of this job, so it cannot be tried again.";
  refuseTargets(turn, job, event.retried, { message, error: null });
  // After the work was added: what was let go may be needed by it.
  runAgenda(turn, "job-cancelled");
  const dropped = released.flatMap((target) => pruneTask(turn, job, target));
  dropped.push(...unusedKeys(turn.state, job, event.tasks));
  if (dropped.length === 0) return;
  turn.commands.push({ type: "drop-tasks", job: job.id, tasks: [...new Set(dropped)] });
}

/** Whoever waits for targets that the job does not have learns that they will not come. */
function refuseTargets(
  turn: Turn,
  job: JobRecord,
  keys: readonly TaskKey[],
  failure: Omit<TargetFailure, "task">,
): void {
  for (const key of new Set(keys)) {
    const task = turn.state.tasks.get(key);
    if (task !== undefined && job.targets.has(task)) continue;
    turn.commands.push({ type: "announce-failure", job: job.id, ...failure, task: key });
  }
}

/** Those of the tasks that no target needed, so that the job did not take them in. */
function unusedKeys(state: SchedulerState, job: JobRecord, tasks: readonly Task[]): TaskKey[] {
  return tasks.flatMap(({ key }) => {
    const task = state.tasks.get(key);
    return task !== undefined && job.tasks.has(task) ? [] : [key];
  });
}

/** An open job is not extended any more: its results go to the store, and then it ends. */
export function closeJob(turn: Turn, id: JobId): void {
  const job = unfinished(turn, id);
  if (job === undefined) return;
  if (!job.isOpen) turn.state.counters.dropped += 1;
  else takeNoMore(turn, job);
}

function takeNoMore(turn: Turn, job: JobRecord): void {
  job.isOpen = false;
  for (const target of job.targets) if (target.state === "done") storeOutputs(turn, target);
  endIfSettled(turn, job);
}

/** Drops a task that the job has no use for any more, and then what only that one needed. */
function pruneTask(turn: Turn, job: JobRecord, first: TaskRecord): TaskKey[] {
  const dropped: TaskKey[] = [];
  const candidates = new Set([first]);
  for (const task of candidates) {
    const isUseful =
      job.targets.has(task) || [...task.dependants].some((other) => other.jobs.includes(job));
    if (isUseful || !job.tasks.has(task)) continue;
    // A task that waits in this job's queue may belong to another job's now.
    const isQueued = task.home === job;
    if (isQueued) dequeue(task);
    leaveJob(task, job);
    dropped.push(task.key);
    // A dependency that was looked at before this task went is looked at again.
    for (const dependency of task.dependencies) {
      candidates.delete(dependency);
      candidates.add(dependency);
    }
    if (task.jobs.length > 0) {
      if (isQueued) enqueue(task);
      continue;
    }
    dropTask(turn, task);
    for (const dependency of task.dependencies) dependency.dependants.delete(task);
  }
  return dropped;
}

function createJob(state: SchedulerState, event: Submitted): JobRecord {
  const sequence = state.nextSequence;
  state.nextSequence += 1;
  return {
    id: event.job,
    sequence,
    priority: event.priority,
    state: "running",
    isOpen: event.isOpen === true,
    goesOn: event.isOpen === true || event.onFailure === "go-on",
    tasks: new Set(),
    targets: new Set(),
    targetsTotal: 0,
    targetsOpen: 0,
    targetsFailed: new Map(),
    ready: [],
    readyFunctions: [],
    counts: { waiting: 0, ready: 0, leased: 0, done: 0, failed: 0, cancelled: 0, dormant: 0 },
    failure: null,
    lingering: [],
    lingerUntilMs: 0,
  };
}

/** What of the new tasks contradicts the tasks of other jobs. */
function firstConflict(
  state: SchedulerState,
  tasks: readonly Task[],
): Pick<TargetFailure, "task" | "message"> | null {
  for (const task of tasks) {
    const name = task.key.slice(0, 8);
    const known = state.tasks.get(task.key);
    if (known !== undefined && !isSameWork(known.task, task)) {
      const message = `There is a different task with the key ${name} already.`;
      return { task: task.key, message };
    }
    for (const input of task.inputs) {
      if (!("task" in input)) continue;
      const outputs = state.tasks.get(input.task)?.outputs ?? null;
      if (outputs === null || input.output < outputs.length) continue;
      const has = `which has ${outputs.length}`;
      const message = `Task ${name} needs output ${input.output} of task ${input.task.slice(0, 8)}, ${has}.`;
      return { task: task.key, message };
    }
  }
  return null;
}

/** The record of a task, made when no job had it so far. Its dependencies have theirs already. */
function recordOf(state: SchedulerState, task: Task): TaskRecord {
  for (const input of task.inputs) {
    if (!("task" in input)) continue;
    const producer = present(state.tasks.get(input.task), "dependency");
    producer.outputsNeeded = Math.max(producer.outputsNeeded, input.output + 1);
  }
  const known = state.tasks.get(task.key);
  if (known !== undefined) return known;
  const blocks = new Set(
    task.inputs.flatMap((input) => ("block" in input ? [blockOf(state, input)] : [])),
  );
  const record: TaskRecord = {
    key: task.key,
    sequence: state.nextSequence,
    task,
    isFunction: task.kernel === FUNCTION_KERNEL,
    state: "waiting",
    isActive: false,
    demand: 0,
    missing: 0,
    dependencies: dependenciesOf(task).map((key) => present(state.tasks.get(key), "dependency")),
    blocks: [...blocks],
    dependants: new Set(),
    jobs: [],
    targetOf: [],
    announcedTo: [],
    outputsNeeded: 0,
    inputs: null,
    outputs: null,
    isStored: false,
    attempts: [],
    home: null,
    heapIndex: -1,
    passes: 0,
    trouble: null,
  };
  state.nextSequence += 1;
  for (const block of blocks) block.references += 1;
  for (const dependency of record.dependencies) dependency.dependants.add(record);
  state.tasks.set(task.key, record);
  return record;
}

function addTarget(turn: Turn, job: JobRecord, target: TaskRecord): void {
  if (job.targets.has(target)) return;
  job.targets.add(target);
  target.targetOf.push(job);
  job.targetsTotal += 1;
  if (!target.isStored) job.targetsOpen += 1;
  changeDemand(turn, target, 1);
  if (target.state !== "done") return;
  // Another job made it, perhaps as an intermediate result that was let go since.
  if ((target.outputs ?? []).some((block) => block.holders.length === 0)) {
    revive(turn, target);
  } else {
    announceTargets(turn, target);
    storeOutputs(turn, target);
  }
}

/** A result from before counts when every output has a holder now. */
function acceptKnown(turn: Turn, job: JobRecord, known: Submitted["known"][number]): void {
  const { state } = turn;
  const task = state.tasks.get(known.task);
  if (task === undefined || !task.jobs.includes(job)) return;
  if (task.state !== "waiting" && task.state !== "ready") return;
  if (known.outputs.length < task.outputsNeeded) return;
  const isHeld = known.outputs.every(
    (ref) => (state.blocks.get(ref.block)?.holders.length ?? 0) > 0,
  );
  if (isHeld) completeTask(turn, task, known.outputs);
}

/** The unfinished job of that id; an event about any other is counted and dropped. */
function unfinished(turn: Turn, id: JobId): JobRecord | undefined {
  const job = turn.state.jobs.get(id);
  if (job !== undefined && isUnfinished(job)) return job;
  turn.state.counters.dropped += 1;
  return undefined;
}

export const isUnfinished = (job: JobRecord): boolean =>
  job.state === "running" || job.state === "paused";

export function cancelJob(turn: Turn, id: JobId): void {
  const job = unfinished(turn, id);
  if (job !== undefined) turn.endings.push({ job, state: "cancelled", failure: null });
}

/** Lets go of all targets but these; what only the others needed is not done any more. */
export function narrowJob(turn: Turn, id: JobId, targets: readonly TaskKey[]): void {
  const job = unfinished(turn, id);
  if (job === undefined) return;
  const kept = new Set(targets);
  const unwanted = [...job.targets].filter((target) => !kept.has(target.key));
  if (unwanted.length === job.targets.size) return cancelJob(turn, id);
  for (const target of unwanted) removeTarget(turn, job, target);
  runAgenda(turn, "job-cancelled");
  if (job.isOpen) takeNoMore(turn, job);
  else endIfSettled(turn, job);
}

function removeTarget(turn: Turn, job: JobRecord, target: TaskRecord): void {
  if (!job.targets.delete(target)) return;
  job.targetsTotal -= 1;
  if (!job.targetsFailed.delete(target) && !target.isStored) job.targetsOpen -= 1;
  letTargetGo(turn, job, target);
}

function letTargetGo(turn: Turn, job: JobRecord, target: TaskRecord): void {
  target.targetOf = target.targetOf.filter((other) => other !== job);
  target.announcedTo = target.announcedTo.filter((other) => other !== job);
  changeDemand(turn, target, -1);
}

export function setPaused(turn: Turn, id: JobId, isPaused: boolean): void {
  const job = unfinished(turn, id);
  if (job === undefined) return;
  job.state = isPaused ? "paused" : "running";
  rehome(job.tasks);
}

export function prioritiseJob(turn: Turn, id: JobId, priority: number): void {
  const job = unfinished(turn, id);
  if (job === undefined) return;
  removeJob(turn.state, job);
  job.priority = priority;
  insertJob(turn.state, job);
  rehome(job.tasks);
}

/** Ends a job for good: its tasks go unless other jobs include them. */
export function endJob(turn: Turn, ending: Ending): void {
  const { state } = turn;
  const { job } = ending;
  if (!isUnfinished(job)) return;
  // A block can have left the store in the very step that brought the last one.
  const isEarly = ending.state === "done" || (ending.state === "failed" && job.goesOn);
  if (isEarly && job.targetsOpen > 0) return;
  job.state = ending.state;
  job.failure = ending.failure;
  removeJob(state, job);
  turn.commands.push({
    type: "finish-job",
    job: job.id,
    state: ending.state,
    ...(ending.failure === null ? {} : { failure: ending.failure }),
  });
  if (ending.state === "done" || job.goesOn) keepResults(turn, job);
  for (const task of job.tasks) task.jobs = task.jobs.filter((other) => other !== job);
  for (const target of job.targets) letTargetGo(turn, job, target);
  runAgenda(turn, "job-cancelled");
  // What is still in its queue is shared: it moves to the queue of another job.
  for (const task of [...job.ready, ...job.readyFunctions]) {
    dequeue(task);
    enqueue(task);
  }
  dropOrphans(turn, job.tasks);
  job.tasks.clear();
  job.targets.clear();
  job.targetsFailed.clear();
  const { counts } = job;
  counts.cancelled += counts.waiting + counts.ready + counts.leased;
  counts.waiting = counts.ready = counts.leased = 0;
  trimFinishedJobs(turn);
}

/** Results stay with their workers for a while: clients may be drawing them directly. */
function keepResults(turn: Turn, job: JobRecord): void {
  job.lingerUntilMs = turn.nowMs + turn.state.tuning.lingerMs;
  for (const target of job.targets) {
    for (const block of target.outputs ?? []) {
      block.lingering += 1;
      block.references += 1;
      job.lingering.push(block);
    }
  }
}

/** Drops the tasks that no job includes any more, consumers before producers. */
function dropOrphans(turn: Turn, tasks: ReadonlySet<TaskRecord>): void {
  for (const task of [...tasks].toReversed()) {
    if (task.jobs.length > 0) continue;
    dropTask(turn, task);
    for (const dependency of task.dependencies) dependency.dependants.delete(task);
  }
}

function trimFinishedJobs(turn: Turn): void {
  const { state } = turn;
  for (const job of state.jobs.values()) {
    if (state.jobs.size - state.jobOrder.length <= state.tuning.finishedJobsMax) return;
    if (!isUnfinished(job)) forget(turn, job);
  }
}

/** Forgets the job; an unfinished one is cancelled first. */
export function forgetJob(turn: Turn, id: JobId): void {
  const job = turn.state.jobs.get(id);
  if (job === undefined) {
    turn.state.counters.dropped += 1;
    return;
  }
  endJob(turn, { job, state: "cancelled", failure: null });
  forget(turn, job);
}

function forget(turn: Turn, job: JobRecord): void {
  endLingering(turn, job);
  turn.state.jobs.delete(job.id);
}

function endLingering(turn: Turn, job: JobRecord): void {
  releaseLingering(turn, job.lingering);
  job.lingering = [];
}

/** On a tick: results of jobs that ended a while ago may leave the workers. */
export function releaseOldResults(turn: Turn): void {
  for (const job of turn.state.jobs.values()) {
    if (job.lingering.length > 0 && job.lingerUntilMs <= turn.nowMs) endLingering(turn, job);
  }
}
