// The one priority order of ready tasks: jobs by priority and submission, tasks by sequence.
// Each unfinished job has binary heaps of its ready tasks, so that pausing or reordering a job
// touches that job alone. A task shared by jobs stands in the queue of the most urgent one. Functions
// of users have heaps of their own: where nobody runs them, they do not stand in the way of others.
import { assert, present } from "../assert.ts";
import type { JobRecord, SchedulerState, TaskRecord, WorkerRecord } from "./state.ts";

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

/** The heap of the job in which the task belongs while it is ready. */
export const heapOf = (job: JobRecord, task: TaskRecord): TaskRecord[] =>
  task.isFunction ? job.readyFunctions : job.ready;

export function enqueue(task: TaskRecord): void {
  assert(task.heapIndex === -1, "a task stands in one queue at most");
  const job = leadingJob(task);
  task.home = job;
  const heap = heapOf(job, task);
  heap.push(task);
  siftUp(heap, heap.length - 1, task);
}

export function dequeue(task: TaskRecord): void {
  const heap = heapOf(present(task.home, "the task's queue"), task);
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

/** Puts each of these tasks that is ready into the queue where it now belongs. */
export function rehome(tasks: Iterable<TaskRecord>): void {
  for (const task of tasks) {
    if (task.home === null || task.home === leadingJob(task)) continue;
    dequeue(task);
    enqueue(task);
  }
}

/** The task to be leased next to some hungry worker; functions only when one of these runs them. */
export function headOfQueue(state: SchedulerState): TaskRecord | undefined {
  let areFunctionsRun: boolean | null = null;
  for (const job of state.jobOrder) {
    if (job.state !== "running") continue;
    const head = job.ready[0];
    const functionHead = job.readyFunctions[0];
    if (functionHead === undefined) {
      if (head !== undefined) return head;
      continue;
    }
    areFunctionsRun ??= runsFunctions(state.hungry);
    const isFirst = head === undefined || functionHead.sequence < head.sequence;
    if (areFunctionsRun && isFirst) return functionHead;
    if (head !== undefined) return head;
  }
  return undefined;
}

function runsFunctions(workers: Iterable<WorkerRecord>): boolean {
  for (const worker of workers) if (worker.runsFunctions) return true;
  return false;
}

/** Tasks that some worker could be leased now; counts no further than `enough`. */
export function leasableCount(state: SchedulerState, enough: number): number {
  const areFunctionsRun = runsFunctions(state.workers.values());
  let count = 0;
  for (const job of state.jobOrder) {
    if (job.state !== "running") continue;
    count += job.ready.length + (areFunctionsRun ? job.readyFunctions.length : 0);
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
