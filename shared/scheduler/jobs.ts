// The life of a job: submitted, paused, reordered, ended, forgotten.
import { present } from "../assert.ts";
import type { Task } from "../graph/task.ts";
import type { JobId, TaskKey } from "../ids.ts";
import { blockOf } from "./blocks.ts";
import {
  announceTargets,
  changeDemand,
  completeTask,
  dropTask,
  revive,
  runAgenda,
} from "./demand.ts";
import type { SchedulerEvent } from "./events.ts";
import { checkGraph, dependenciesOf, isSameWork, type GraphProblem } from "./graph-check.ts";
import { dequeue, enqueue, insertJob, rehome, removeJob } from "./ready-queue.ts";
import { releaseLingering } from "./replicas.ts";
import type { Ending, JobRecord, SchedulerState, TaskRecord, Turn } from "./state.ts";
import { joinJob } from "./task-transitions.ts";
import { storeOutputs } from "./uploads.ts";

type Submitted = Extract<SchedulerEvent, { type: "job-submitted" }>;

export function submitJob(turn: Turn, event: Submitted): void {
  const { state } = turn;
  if (state.jobs.has(event.job)) {
    state.counters.dropped += 1;
    return;
  }
  const targets = [...new Set(event.targets)];
  const job = createJob(state, event, targets.length);
  state.jobs.set(job.id, job);
  insertJob(state, job);
  const graph = checkGraph(event.tasks, targets);
  const tasks = graph.tasks ?? [];
  const failure = graph.problem ?? firstConflict(state, tasks);
  if (failure !== null) {
    turn.endings.push({ job, state: "failed", failure });
    return;
  }
  for (const task of tasks) joinJob(recordOf(state, task), job);
  for (const key of targets) addTarget(turn, job, present(state.tasks.get(key), "target"));
  for (const known of event.known) acceptKnown(turn, job, known);
  rehome(job);
  if (job.targetsOpen === 0) turn.endings.push({ job, state: "done", failure: null });
}

function createJob(state: SchedulerState, event: Submitted, targetsTotal: number): JobRecord {
  const sequence = state.nextSequence;
  state.nextSequence += 1;
  return {
    id: event.job,
    sequence,
    priority: event.priority,
    state: "running",
    tasks: [],
    targets: [],
    targetsTotal,
    targetsOpen: targetsTotal,
    ready: [],
    counts: { waiting: 0, ready: 0, leased: 0, done: 0, failed: 0, cancelled: 0, dormant: 0 },
    failure: null,
    lingering: [],
    lingerUntilMs: 0,
  };
}

/** What of the new tasks contradicts the tasks of other jobs. */
function firstConflict(state: SchedulerState, tasks: readonly Task[]): GraphProblem | null {
  for (const task of tasks) {
    const name = task.key.slice(0, 8);
    const known = state.tasks.get(task.key);
    if (known !== undefined && !isSameWork(known.task, task)) {
      const message = `Another job has a different task with the key ${name}.`;
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
    state: "waiting",
    isActive: false,
    demand: 0,
    missing: 0,
    dependencies: dependenciesOf(task).map((key) => present(state.tasks.get(key), "dependency")),
    blocks: [...blocks],
    dependants: [],
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
  for (const dependency of record.dependencies) dependency.dependants.push(record);
  state.tasks.set(task.key, record);
  return record;
}

function addTarget(turn: Turn, job: JobRecord, target: TaskRecord): void {
  job.targets.push(target);
  target.targetOf.push(job);
  if (target.isStored) job.targetsOpen -= 1;
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
  const wanted = job.targets.filter((target) => kept.has(target.key));
  const unwanted = job.targets.filter((target) => !kept.has(target.key));
  if (wanted.length === 0) return cancelJob(turn, id);
  job.targets = wanted;
  job.targetsTotal = wanted.length;
  for (const target of unwanted) {
    if (!target.isStored) job.targetsOpen -= 1;
    letTargetGo(turn, job, target);
  }
  runAgenda(turn, "job-cancelled");
  if (job.targetsOpen === 0) turn.endings.push({ job, state: "done", failure: null });
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
  rehome(job);
}

export function prioritiseJob(turn: Turn, id: JobId, priority: number): void {
  const job = unfinished(turn, id);
  if (job === undefined) return;
  removeJob(turn.state, job);
  job.priority = priority;
  insertJob(turn.state, job);
  rehome(job);
}

/** Ends a job for good: its tasks go unless other jobs include them. */
export function endJob(turn: Turn, ending: Ending): void {
  const { state } = turn;
  const { job } = ending;
  if (!isUnfinished(job)) return;
  // A block can have left the store in the very step that brought the last one.
  if (ending.state === "done" && job.targetsOpen > 0) return;
  job.state = ending.state;
  job.failure = ending.failure;
  removeJob(state, job);
  turn.commands.push({
    type: "finish-job",
    job: job.id,
    state: ending.state,
    ...(ending.failure === null ? {} : { failure: ending.failure }),
  });
  if (ending.state === "done") keepResults(turn, job);
  for (const task of job.tasks) task.jobs = task.jobs.filter((other) => other !== job);
  for (const target of job.targets) letTargetGo(turn, job, target);
  runAgenda(turn, "job-cancelled");
  // What is still in its queue is shared: it moves to the queue of another job.
  for (let task = job.ready[0]; task !== undefined; task = job.ready[0]) {
    dequeue(task);
    enqueue(task);
  }
  dropOrphans(turn, job.tasks);
  job.tasks = [];
  job.targets = [];
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
function dropOrphans(turn: Turn, tasks: readonly TaskRecord[]): void {
  const { state } = turn;
  const bereft = new Set<TaskRecord>();
  for (const task of tasks.toReversed()) {
    if (task.jobs.length > 0) continue;
    dropTask(turn, task);
    for (const dependency of task.dependencies) bereft.add(dependency);
  }
  for (const task of bereft) {
    task.dependants = task.dependants.filter(
      (dependant) => state.tasks.get(dependant.key) === dependant,
    );
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
