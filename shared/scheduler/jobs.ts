// The life of a job: submitted, paused, reordered, ended, forgotten.
import type { JobId, TaskKey } from "../ids.ts";
import { keepResults } from "./blocks.ts";
import { dropTask, endIfSettled, runAgenda } from "./demand.ts";
import type { Avoidance, SchedulerEvent } from "./events.ts";
import { addWork, isUnfinished, letTargetGo, removeTarget, unfinished } from "./job-work.ts";
import { dropUnused, takeNoMore } from "./open-jobs.ts";
import { without } from "./lists.ts";
import { dequeue, enqueue, insertJob, rehome, removeJob } from "./ready-queue.ts";
import { releaseLingering } from "./replicas.ts";
import { applyAvoidance } from "./retry.ts";
import type { Ending, JobRecord, SchedulerState, TaskRecord, Turn } from "./state.ts";

type Submitted = Extract<SchedulerEvent, { type: "job-submitted" }>;

export function submitJob(turn: Turn, event: Submitted): void {
  const { state } = turn;
  const before = state.jobs.get(event.job);
  if (before !== undefined && before.state !== "failed") {
    state.counters.dropped += 1;
    return;
  }
  const job = createJob(state, event);
  state.jobs.delete(job.id);
  state.jobs.set(job.id, job);
  insertJob(state, job);
  const failure = addWork(turn, job, event);
  applyAvoidance(turn, job, event.avoid ?? []);
  if (before !== undefined) {
    // It needs its former results before these are let go.
    runAgenda(turn, "superseded");
    endLingering(turn, before);
  }
  if (failure !== null) {
    turn.endings.push({ job, state: "failed", failure });
    return;
  }
  if (job.isOpen) dropUnused(turn, job, event.tasks);
  endIfSettled(turn, job);
}

function createJob(state: SchedulerState, event: Submitted): JobRecord {
  const sequence = state.nextSequence;
  state.nextSequence += 1;
  const alone: JobRecord[] = [];
  const job: JobRecord = {
    id: event.job,
    sequence,
    alone,
    priority: event.priority,
    state: "running",
    isOpen: event.isOpen === true,
    goesOn: event.isOpen === true || event.onFailure === "go-on",
    tasks: new Set(),
    targets: new Set(),
    targetsTotal: 0,
    targetsOpen: 0,
    targetsFailed: new Map(),
    failedOn: new Map(),
    ready: [],
    readyFunctions: [],
    counts: { waiting: 0, ready: 0, leased: 0, done: 0, failed: 0, cancelled: 0, dormant: 0 },
    failure: null,
    lingering: [],
    lingerUntilMs: 0,
  };
  alone.push(job);
  return job;
}

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
    ...(ending.state === "failed" ? failedOn(job) : {}),
  });
  // Those of a job that a failure ends are kept since then.
  if (ending.state === "done" || job.goesOn) keepResults(turn, job, job.targets);
  for (const task of job.tasks) task.jobs = without(task.jobs, job);
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
  job.failedOn.clear();
  // Empty already, but an array keeps the room that it once needed until its length is set.
  job.ready.length = 0;
  job.readyFunctions.length = 0;
  const { counts } = job;
  counts.cancelled += counts.waiting + counts.ready + counts.leased;
  counts.waiting = counts.ready = counts.leased = 0;
  trimFinishedJobs(turn);
}

function failedOn({ failedOn: found }: JobRecord): { readonly failedOn?: readonly Avoidance[] } {
  if (found.size === 0) return {};
  return { failedOn: Array.from(found, ([task, workers]) => ({ task, workers })) };
}

/** Drops the tasks that no job includes any more, consumers before producers. */
function dropOrphans(turn: Turn, tasks: ReadonlySet<TaskRecord>): void {
  for (const task of [...tasks].toReversed()) {
    if (task.jobs.length > 0) continue;
    dropTask(turn, task);
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
