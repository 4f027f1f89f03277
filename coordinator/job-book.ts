// The jobs as people see them: progress, results so far, each worker's share of the time.
import type { BlockRef, JobExtension, Task } from "../shared/graph/task.ts";
import type { TargetFailure, TaskResult } from "../shared/graph/task.ts";
import type { BlockId, JobId, TaskKey, WorkerId } from "../shared/ids.ts";
import type { JobView, WorkerMessage } from "../shared/protocol/messages.ts";
import type { FailureStory } from "../shared/scheduler/commands.ts";
import type { Avoidance } from "../shared/scheduler/events.ts";
import type { GrantedAttempt } from "./activity-log.ts";
import { neededTasks } from "./job-outline.ts";
import { JobPaces } from "./job-paces.ts";
import type { FinalJobState, JobHead, JobRow, JobTiming, JobWork } from "./journal-rows.ts";

type AttemptFinished = Extract<WorkerMessage, { type: "attempt-finished" }>;
type WorkerShare = {
  -readonly [K in keyof JobTiming["workers"][number]]: JobTiming["workers"][number][K];
};

/** A job that the scheduler still has. */
export interface ActiveJob {
  readonly job: JobId;
  head: JobHead;
  readonly submittedAtMs: number;
  readonly tasks: Map<TaskKey, Task>;
  readonly targets: Set<TaskKey>;
  /** Targets that exist, in the order of their coming. */
  readonly results: Map<TaskKey, readonly BlockRef[]>;
  /** Targets that failed, in a job that goes on. */
  readonly failures: Map<TaskKey, FailureStory>;
  readonly done: Set<TaskKey>;
  /** Done tasks that an open job let go since. */
  doneBefore: number;
  tasksTotal: number;
  /** Where the next task stands in the order of submission. */
  nextPosition: number;
  /** It may be extended. */
  isOpen: boolean;
  /** Of an open one: for how long nobody followed or extended it. */
  unattendedMs: number;
  readonly shares: Map<WorkerId, WorkerShare>;
  /** Since this process began, or the job was opened anew. */
  readonly paces: JobPaces;
  isPaused: boolean;
  attemptsRunning: number;
  hasUnsavedProgress: boolean;
  /** Counts the changes of its tasks and targets. */
  revision: number;
}

export class JobBook {
  readonly #active = new Map<JobId, ActiveJob>();
  readonly #finished = new Map<JobId, JobRow>();
  readonly #failedTargets: (job: JobId) => readonly TargetFailure[];

  /** `failedTargets` tells those of a finished job that went on after failures. */
  constructor(failedTargets: (job: JobId) => readonly TargetFailure[]) {
    this.#failedTargets = failedTargets;
  }

  /** Takes in a job that is submitted now, or was unfinished when the journal was read. */
  open(
    row: Pick<JobRow, "job" | "head" | "submittedAtMs" | "timing" | "isOpen" | "unattendedMs">,
    work: JobWork,
    known: readonly TaskResult[],
    isPaused: boolean,
  ): ActiveJob {
    const tasks = new Map(work.tasks.map((task) => [task.key, task]));
    const targets = new Set(work.targets);
    const knownOutputs = new Map(known.map((result) => [result.task, result.outputs]));
    const all = neededTasks(tasks, targets, new Set());
    const toDo = neededTasks(tasks, targets, new Set(knownOutputs.keys()));
    const active: ActiveJob = {
      job: row.job,
      head: row.head,
      submittedAtMs: row.submittedAtMs,
      tasks,
      targets,
      results: new Map(),
      failures: new Map(),
      doneBefore: 0,
      nextPosition: tasks.size,
      isOpen: row.isOpen,
      unattendedMs: row.unattendedMs,
      // What lies behind known results need not be done again: it counts as done, as it may well
      // have been before a restart.
      done: new Set([...all].filter((key) => knownOutputs.has(key) || !toDo.has(key))),
      tasksTotal: all.size,
      shares: new Map(row.timing.workers.map((share) => [share.worker, { ...share }])),
      paces: new JobPaces(),
      isPaused,
      attemptsRunning: 0,
      hasUnsavedProgress: false,
      revision: 0,
    };
    this.#active.set(row.job, active);
    return active;
  }

  /** Adds to an open job, lets targets go and forgets failures that are tried again. */
  extend(active: ActiveJob, extension: JobExtension): void {
    for (const target of extension.released) {
      active.targets.delete(target);
      active.results.delete(target);
      active.failures.delete(target);
    }
    for (const target of extension.retried) active.failures.delete(target);
    for (const task of extension.tasks) {
      if (active.tasks.has(task.key)) continue;
      active.tasks.set(task.key, task);
      active.tasksTotal += 1;
    }
    for (const target of extension.targets) active.targets.add(target);
    active.nextPosition += extension.tasks.length;
    active.revision += 1;
    this.attend(active.job);
  }

  /** Somebody follows or extends it. */
  attend(job: JobId): void {
    const active = this.#active.get(job);
    if (active === undefined || active.unattendedMs === 0) return;
    active.unattendedMs = 0;
    active.hasUnsavedProgress = true;
  }

  /** An open job let these tasks go. */
  dropTasks(job: JobId, tasks: readonly TaskKey[]): void {
    const active = this.#active.get(job);
    if (active === undefined) return;
    active.revision += 1;
    for (const task of tasks) {
      if (!active.tasks.delete(task)) continue;
      if (active.done.delete(task)) active.doneBefore += 1;
      else active.tasksTotal -= 1;
    }
  }

  /** Takes in a job that was finished before this process began. */
  addFinished(row: JobRow): void {
    this.#finished.set(row.job, row);
  }

  active(job: JobId): ActiveJob | undefined {
    return this.#active.get(job);
  }

  finished(job: JobId): JobRow | undefined {
    return this.#finished.get(job);
  }

  activeJobs(): readonly ActiveJob[] {
    return [...this.#active.values()];
  }

  get size(): number {
    return this.#active.size + this.#finished.size;
  }

  attemptGranted(job: JobId): void {
    const active = this.#active.get(job);
    if (active !== undefined) active.attemptsRunning += 1;
  }

  attemptEnded(job: JobId): void {
    const active = this.#active.get(job);
    if (active !== undefined) active.attemptsRunning -= 1;
  }

  /** Adds an attempt's times to its job. */
  attemptTimed(
    granted: Pick<GrantedAttempt, "job" | "task" | "group" | "worker" | "workerName">,
    message: AttemptFinished,
    threads: number,
  ): void {
    const { job, task, group, worker, workerName } = granted;
    const active = this.#active.get(job);
    if (active === undefined) return;
    const share = shareOf(active, worker, workerName);
    share.threads = Math.max(share.threads ?? 0, threads);
    const operations = active.tasks.get(task)?.cost.operations ?? 0;
    active.paces.note(worker, group, operations, message.computeMs);
    share.computeMs += message.computeMs;
    share.fetchMs += message.fetchMs;
    share.waitMs += message.waitMs;
    share.bytesFetched += message.bytesFetched;
    active.hasUnsavedProgress = true;
  }

  /** A task has its accepted result, for all jobs that wait for it. */
  taskDone(task: TaskKey, jobs: readonly JobId[], worker: WorkerId, workerName: string): void {
    for (const job of jobs) {
      const active = this.#active.get(job);
      if (active === undefined) continue;
      active.done.add(task);
      active.hasUnsavedProgress = true;
      // One task is one task of one worker's, even when several jobs wait for it.
      if (job === jobs[0]) shareOf(active, worker, workerName).tasks += 1;
    }
  }

  /** False when the target was known before. */
  targetReady(job: JobId, result: TaskResult): boolean {
    const active = this.#active.get(job);
    if (active === undefined || !active.targets.has(result.task)) return false;
    // An open job's results may be lost and made anew, with other bytes: that is told again.
    if (active.results.has(result.task) && !active.isOpen) return false;
    active.results.set(result.task, result.outputs);
    active.failures.delete(result.task);
    active.done.add(result.task);
    return true;
  }

  /** False when nobody waits for this target. */
  targetFailed(job: JobId, failure: FailureStory): boolean {
    const active = this.#active.get(job);
    if (active?.targets.has(failure.task) !== true) return false;
    active.failures.set(failure.task, failure);
    return true;
  }

  /**
   * These targets are tried again. Returns the job's head when what it keeps away from has grown: that
   * is to be recorded.
   */
  targetsRetried(
    job: JobId,
    targets: readonly TaskKey[],
    avoid: readonly Avoidance[],
  ): JobHead | undefined {
    const active = this.#active.get(job);
    if (active === undefined) return undefined;
    for (const target of targets) active.failures.delete(target);
    const own = avoid.filter(({ task }) => active.tasks.has(task));
    if (own.length === 0) return undefined;
    active.head = { ...active.head, avoid: mergeAvoidance(active.head.avoid ?? [], own) };
    return active.head;
  }

  /** Takes in again, as unfinished, a job that failed. */
  reopen(row: JobRow, work: JobWork, known: readonly TaskResult[]): ActiveJob {
    this.#finished.delete(row.job);
    return this.open(row, work, known, false);
  }

  /** Gives up the targets that have no result yet; undefined when the job has ended. */
  narrow(job: JobId): ActiveJob | undefined {
    const active = this.#active.get(job);
    if (active === undefined) return undefined;
    for (const target of active.targets) {
      if (!active.results.has(target)) active.targets.delete(target);
    }
    // An open one is not extended any more: it ends with what it has.
    active.isOpen = false;
    active.revision += 1;
    const needed = neededTasks(active.tasks, active.targets, new Set());
    active.tasksTotal = needed.size;
    for (const task of active.done) if (!needed.has(task)) active.done.delete(task);
    return active;
  }

  /** Closes an active job; undefined when it is none. */
  finish(
    job: JobId,
    state: FinalJobState,
    { failure, failedOn }: Pick<JobRow, "failure"> & { readonly failedOn: readonly Avoidance[] },
    nowUnixMs: number,
  ): JobRow | undefined {
    const active = this.#active.get(job);
    if (active === undefined) return undefined;
    if (failedOn.length > 0) active.head = { ...active.head, failedOn };
    const row = rowOf(active, state, nowUnixMs, failure);
    this.#active.delete(job);
    this.#finished.set(job, row);
    return row;
  }

  /** The targets that failed in a job that went on. */
  failuresOf(job: JobId): readonly TargetFailure[] {
    const active = this.#active.get(job);
    if (active === undefined) return this.#failedTargets(job);
    return Array.from(active.failures.values(), ({ task, message, error }) => ({
      task,
      message,
      error,
    }));
  }

  forget(job: JobId): void {
    this.#active.delete(job);
    this.#finished.delete(job);
  }

  /** Active jobs whose progress changed since the last call. */
  takeUnsaved(): JobRow[] {
    const changed = this.activeJobs().filter((active) => active.hasUnsavedProgress);
    return changed.map((active) => {
      active.hasUnsavedProgress = false;
      return rowOf(active, active.isPaused ? "paused" : "running", null, null);
    });
  }

  /** Blocks that the unfinished jobs' tasks read. */
  *inputBlocks(): Generator<BlockId> {
    for (const active of this.#active.values()) {
      for (const task of active.tasks.values()) {
        for (const input of task.inputs) if ("block" in input) yield input.block;
      }
    }
  }

  view(job: JobId): JobView | undefined {
    const active = this.#active.get(job);
    if (active !== undefined) return activeView(active);
    const row = this.#finished.get(job);
    return row === undefined
      ? undefined
      : viewOf(row, 0, row.state === "done" ? row.targetsTotal : 0, 0);
  }

  /** All jobs, the newest first. */
  views(): JobView[] {
    const jobs = [...this.#finished.keys(), ...this.#active.keys()];
    return jobs
      .flatMap((job) => this.view(job) ?? [])
      .toSorted((a, b) => b.submittedAtMs - a.submittedAtMs);
  }
}

/** For each task all workers of both lists. */
export function mergeAvoidance(
  before: readonly Avoidance[],
  more: readonly Avoidance[],
): Avoidance[] {
  const byTask = new Map(before.map(({ task, workers }) => [task, new Set(workers)]));
  for (const { task, workers } of more) {
    byTask.set(task, new Set([...(byTask.get(task) ?? []), ...workers]));
  }
  return Array.from(byTask, ([task, workers]) => ({ task, workers: [...workers] }));
}

function shareOf(active: ActiveJob, worker: WorkerId, name: string): WorkerShare {
  const empty = { tasks: 0, computeMs: 0, fetchMs: 0, waitMs: 0, bytesFetched: 0 };
  const share = active.shares.get(worker) ?? { worker, name, ...empty };
  share.name = name;
  active.shares.set(worker, share);
  return share;
}

function timingOf(active: ActiveJob): JobTiming {
  const workers = [...active.shares.values()].map((share) => {
    const pace = active.paces.paceOf(share.worker);
    // What was known before a restart is better than nothing.
    return { ...share, ...(pace === null ? {} : { pace }) };
  });
  const sum = (field: "computeMs" | "fetchMs" | "waitMs" | "bytesFetched"): number =>
    workers.reduce((total, share) => total + share[field], 0);
  return {
    computeMs: sum("computeMs"),
    fetchMs: sum("fetchMs"),
    waitMs: sum("waitMs"),
    bytesMoved: sum("bytesFetched"),
    workers,
  };
}

/** The record of an active job as it stands, or as it ends. */
export function rowOf(
  active: ActiveJob,
  state: JobRow["state"],
  finishedAtMs: number | null,
  failure: JobRow["failure"],
): JobRow {
  return {
    job: active.job,
    head: active.head,
    state,
    submittedAtMs: active.submittedAtMs,
    finishedAtMs,
    failure,
    tasksTotal: active.tasksTotal,
    tasksDone: active.done.size + active.doneBefore,
    targetsTotal: active.targets.size,
    timing: timingOf(active),
    isOpen: active.isOpen,
    unattendedMs: active.unattendedMs,
  };
}

const viewOf = (
  row: JobRow,
  tasksRunning: number,
  targetsDone: number,
  targetsFailed: number,
): JobView => ({
  job: row.job,
  kind: row.head.kind,
  title: row.head.title,
  meta: row.head.meta,
  priority: row.head.priority,
  state: row.state,
  submittedAtMs: row.submittedAtMs,
  finishedAtMs: row.finishedAtMs,
  tasksTotal: row.tasksTotal,
  tasksDone: row.tasksDone,
  tasksRunning,
  targetsTotal: row.targetsTotal,
  targetsDone,
  targetsFailed,
  isOpen: row.isOpen,
  failure: row.failure,
  timing: row.timing,
});

const activeView = (active: ActiveJob): JobView =>
  viewOf(
    rowOf(active, active.isPaused ? "paused" : "running", null, null),
    active.attemptsRunning,
    active.results.size,
    active.failures.size,
  );
