// The one place where a task's state changes, with the table of the changes that are legal.
import { AssertionError } from "../assert.ts";
import { without } from "./lists.ts";
import { dequeue, enqueue } from "./ready-queue.ts";
import type { JobRecord, SchedulerState, TaskRecord, TaskState, Trouble } from "./state.ts";

/** From each state, the states that may follow it. Anything else is a mistake of ours. */
export const LEGAL_TRANSITIONS: Readonly<Record<TaskState, readonly TaskState[]>> = {
  waiting: ["waiting", "ready", "done", "failed", "cancelled"],
  ready: ["waiting", "leased", "failed"],
  leased: ["waiting", "done", "failed"],
  done: ["waiting"],
  failed: ["waiting"],
  cancelled: [],
};

/**
 * Moves a task to `to`, keeping its place in the ready queue and its jobs' counts in step.
 * `isActive` matters for "waiting" only: ready and leased tasks are active, ended ones are not.
 */
export function moveTask(task: TaskRecord, to: TaskState, isActive = to !== "waiting"): void {
  // Asked first, since the sentence costs more than the question.
  if (!LEGAL_TRANSITIONS[task.state].includes(to)) {
    throw new AssertionError(`task ${task.key} may not go from ${task.state} to ${to}`);
  }
  if (task.state === "ready" && task.home !== null) dequeue(task);
  const before = countedAs(task);
  task.state = to;
  task.isActive = isActive && (to === "waiting" || to === "ready" || to === "leased");
  const after = countedAs(task);
  for (const job of task.jobs) {
    job.counts[before] -= 1;
    job.counts[after] += 1;
  }
  if (to === "ready") enqueue(task);
  if (to !== "ready" && to !== "leased") task.inputs = null;
}

/** Under which of a job's counts the task falls. */
export function countedAs(task: TaskRecord): TaskState | "dormant" {
  return task.state === "waiting" && !task.isActive ? "dormant" : task.state;
}

/** Makes `job` one of the jobs that include the task. */
export function joinJob(task: TaskRecord, job: JobRecord): void {
  task.jobs = withJob(task.jobs, job);
  job.tasks.add(task);
  job.counts[countedAs(task)] += 1;
}

export const withJob = (jobs: readonly JobRecord[], job: JobRecord): readonly JobRecord[] =>
  jobs.length === 0 ? job.alone : [...jobs, job];

/** No tasks: what most tasks have as dependants, so that they share it. */
export const NO_TASKS: ReadonlySet<TaskRecord> = new Set();

/** `task` takes outputs of `dependency`. */
export function addDependant(dependency: TaskRecord, task: TaskRecord): void {
  if (dependency.dependants === NO_TASKS) dependency.dependants = new Set([task]);
  else (dependency.dependants as Set<TaskRecord>).add(task);
}

/** `task` is gone: its dependencies do not know it any more. */
export function forgetDependant(task: TaskRecord): void {
  for (const dependency of task.dependencies) {
    (dependency.dependants as Set<TaskRecord>).delete(task);
  }
}

/** The job includes the task no more. */
export function leaveJob(task: TaskRecord, job: JobRecord): void {
  task.jobs = without(task.jobs, job);
  job.tasks.delete(task);
  job.counts[countedAs(task)] -= 1;
}

/** The task's record of troubles, made when first needed. */
export function troubleOf(task: TaskRecord): Trouble {
  task.trouble ??= {
    failures: 0,
    deaths: new Set(),
    avoid: new Set(),
    failedOn: new Set(),
    expiries: 0,
    story: [],
    error: null,
  };
  return task.trouble;
}

/** Adds a plain sentence to what is told of the task should it fail. */
export function tell(state: SchedulerState, task: TaskRecord, sentence: string): void {
  const { story } = troubleOf(task);
  if (story.length >= state.tuning.storyMax) story.shift();
  story.push(sentence);
}
