// The one priority order of ready tasks: jobs by priority and submission, tasks by sequence.
// Each unfinished job has a binary heap of its ready tasks, so that pausing or reordering a job
// touches that job alone. A task shared by jobs stands in the queue of the most urgent one.
import { assert, present } from "../assert.ts";
import type { JobRecord, SchedulerState, TaskRecord } from "./state.ts";

/** Negative when `a` is served before `b`. */
function compareJobs(a: JobRecord, b: JobRecord): number {
  return b.priority - a.priority || a.sequence - b.sequence;
}

/** Puts an unfinished job into the order of jobs, by its priority. */
export function insertJob(state: SchedulerState, job: JobRecord): void {
  let at = state.jobOrder.length;
  while (at > 0 && compareJobs(job, present(state.jobOrder[at - 1], "job")) < 0) at -= 1;
  state.jobOrder.splice(at, 0, job);
}

export function removeJob(state: SchedulerState, job: JobRecord): void {
  const at = state.jobOrder.indexOf(job);
  if (at >= 0) state.jobOrder.splice(at, 1);
}

/** The most urgent unpaused job that includes the task, or the most urgent one if all are paused. */
export function leadingJob(task: TaskRecord): JobRecord {
  let best: JobRecord | undefined;
  for (const job of task.jobs) {
    if (best === undefined) best = job;
    else if (best.state === "paused" && job.state === "running") best = job;
    else if (best.state === job.state && compareJobs(job, best) < 0) best = job;
  }
  return present(best, "a job of the task");
}

export function enqueue(task: TaskRecord): void {
  assert(task.heapIndex === -1, "a task stands in one queue at most");
  const job = leadingJob(task);
  task.home = job;
  job.ready.push(task);
  siftUp(job.ready, job.ready.length - 1, task);
}

export function dequeue(task: TaskRecord): void {
  const heap = present(task.home, "the task's queue").ready;
  const at = task.heapIndex;
  assert(heap[at] === task, "a queued task knows its place");
  const last = present(heap.pop(), "last of the heap");
  if (last !== task) {
    if (last.sequence < task.sequence) siftUp(heap, at, last);
    else siftDown(heap, at, last);
  }
  task.heapIndex = -1;
  task.home = null;
}

/** Puts every ready task of `job` into the queue where it now belongs. */
export function rehome(job: JobRecord): void {
  for (const task of job.tasks) {
    if (task.home === null || task.home === leadingJob(task)) continue;
    dequeue(task);
    enqueue(task);
  }
}

/**
 * The task to be leased next, or undefined. A job that would begin with a function, for which no
 * hungry worker is there, does not hold back the others.
 */
export function headOfQueue(state: SchedulerState): TaskRecord | undefined {
  let areFunctionsRun: boolean | null = null;
  for (const job of state.jobOrder) {
    const head = job.ready[0];
    if (job.state !== "running" || head === undefined) continue;
    if (!head.isFunction) return head;
    areFunctionsRun ??= [...state.hungry].some((worker) => worker.runsFunctions);
    if (areFunctionsRun) return head;
  }
  return undefined;
}

/** Tasks that could be leased now; counts no further than `enough`. */
export function leasableCount(state: SchedulerState, enough: number): number {
  let count = 0;
  for (const job of state.jobOrder) {
    if (job.state === "running") count += job.ready.length;
    if (count > enough) break;
  }
  return count;
}

function siftUp(heap: TaskRecord[], from: number, task: TaskRecord): void {
  let at = from;
  while (at > 0) {
    const parentAt = (at - 1) >> 1;
    const parent = present(heap[parentAt], "parent in the heap");
    if (parent.sequence < task.sequence) break;
    place(heap, at, parent);
    at = parentAt;
  }
  place(heap, at, task);
}

function siftDown(heap: TaskRecord[], from: number, task: TaskRecord): void {
  let at = from;
  for (;;) {
    const leftAt = 2 * at + 1;
    const left = heap[leftAt];
    if (left === undefined) break;
    const right = heap[leftAt + 1];
    const isRight = right !== undefined && right.sequence < left.sequence;
    const child = isRight ? right : left;
    if (task.sequence < child.sequence) break;
    place(heap, at, child);
    at = isRight ? leftAt + 1 : leftAt;
  }
  place(heap, at, task);
}

function place(heap: TaskRecord[], at: number, task: TaskRecord): void {
  heap[at] = task;
  task.heapIndex = at;
}
