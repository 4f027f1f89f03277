// The jobs as people see them: progress, results so far, each worker's share of the time.
import type { BlockRef, JobSubmission, Task, TaskResult } from "../shared/graph/task.ts";
import type { AttemptId, BlockId, JobId, TaskKey, WorkerId } from "../shared/ids.ts";
import type { JobView, WorkerMessage } from "../shared/protocol/messages.ts";
import type { FinalJobState, JobHead, JobRow, JobTiming } from "./journal.ts";

type AttemptFinished = Extract<WorkerMessage, { type: "attempt-finished" }>;
type WorkerShare = {
  -readonly [K in keyof JobTiming["workers"][number]]: JobTiming["workers"][number][K];
};

/** A job that the scheduler still has. */
export interface ActiveJob {
  readonly job: JobId;
  readonly head: JobHead;
  readonly submittedAtMs: number;
  readonly tasks: ReadonlyMap<TaskKey, Task>;
  targets: readonly TaskKey[];
  /** Targets that exist, in the order of their coming. */
  readonly results: Map<TaskKey, readonly BlockRef[]>;
  readonly done: Set<TaskKey>;
  tasksTotal: number;
  readonly shares: Map<WorkerId, WorkerShare>;
  isPaused: boolean;
  attemptsRunning: number;
  hasUnsavedProgress: boolean;
}

interface AttemptStory {
  readonly job: JobId;
  readonly task: TaskKey;
  readonly worker: WorkerId;
  readonly workerName: string;
}

/** The tasks that `targets` need, without those behind results that are known already. */
function neededTasks(
  tasks: ReadonlyMap<TaskKey, Task>,
  targets: readonly TaskKey[],
  known: ReadonlySet<TaskKey>,
): Set<TaskKey> {
  const needed = new Set(targets);
  // A Set's iteration also visits what is added while it runs.
  for (const key of needed) {
    if (known.has(key)) continue;
    for (const input of tasks.get(key)?.inputs ?? []) {
      if ("task" in input) needed.add(input.task);
    }
  }
  return needed;
}

export class JobBook {
  readonly #active = new Map<JobId, ActiveJob>();
  readonly #finished = new Map<JobId, JobRow>();
  readonly #attempts = new Map<AttemptId, AttemptStory>();

  /** Takes in a job that is submitted now, or was unfinished when the journal was read. */
  open(
    row: Pick<JobRow, "job" | "head" | "submittedAtMs" | "timing">,
    work: Pick<JobSubmission, "tasks" | "targets">,
    known: readonly TaskResult[],
    isPaused: boolean,
  ): ActiveJob {
    const tasks = new Map(work.tasks.map((task) => [task.key, task]));
    const targets = [...new Set(work.targets)];
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
      // What lies behind known results need not be done again: it counts as done, as it may well
      // have been before a restart.
      done: new Set([...all].filter((key) => knownOutputs.has(key) || !toDo.has(key))),
      tasksTotal: all.size,
      shares: new Map(row.timing.workers.map((share) => [share.worker, { ...share }])),
      isPaused,
      attemptsRunning: 0,
      hasUnsavedProgress: false,
    };
    this.#active.set(row.job, active);
    return active;
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

  attemptGranted(attempt: AttemptId, story: AttemptStory): void {
    this.#attempts.set(attempt, story);
    const active = this.#active.get(story.job);
    if (active !== undefined) active.attemptsRunning += 1;
  }

  attemptEnded(attempt: AttemptId): void {
    const story = this.#attempts.get(attempt);
    if (story === undefined) return;
    this.#attempts.delete(attempt);
    const active = this.#active.get(story.job);
    if (active !== undefined) active.attemptsRunning -= 1;
  }

  /** Adds an attempt's times to its job, whether its result is the accepted one or a copy's. */
  attemptTimed(message: AttemptFinished): void {
    const story = this.#attempts.get(message.attempt);
    const active = story === undefined ? undefined : this.#active.get(story.job);
    if (story === undefined || active === undefined) return;
    const share = shareOf(active, story.worker, story.workerName);
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
    if (active === undefined || active.results.has(result.task)) return false;
    active.results.set(result.task, result.outputs);
    active.done.add(result.task);
    return true;
  }

  /** Gives up the targets that have no result yet; undefined when the job has ended. */
  narrow(job: JobId): ActiveJob | undefined {
    const active = this.#active.get(job);
    if (active === undefined) return undefined;
    active.targets = active.targets.filter((target) => active.results.has(target));
    const needed = neededTasks(active.tasks, active.targets, new Set());
    active.tasksTotal = needed.size;
    for (const task of active.done) if (!needed.has(task)) active.done.delete(task);
    return active;
  }

  /** Closes an active job; undefined when it is none. */
  finish(
    job: JobId,
    state: FinalJobState,
    failure: JobRow["failure"],
    nowUnixMs: number,
  ): JobRow | undefined {
    const active = this.#active.get(job);
    if (active === undefined) return undefined;
    const row = rowOf(active, state, nowUnixMs, failure);
    this.#active.delete(job);
    this.#finished.set(job, row);
    return row;
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
      : viewOf(row, 0, row.state === "done" ? row.targetsTotal : 0);
  }

  /** All jobs, the newest first. */
  views(): JobView[] {
    const jobs = [...this.#finished.keys(), ...this.#active.keys()];
    return jobs
      .flatMap((job) => this.view(job) ?? [])
      .toSorted((a, b) => b.submittedAtMs - a.submittedAtMs);
  }
}

function shareOf(active: ActiveJob, worker: WorkerId, name: string): WorkerShare {
  const empty = { tasks: 0, computeMs: 0, fetchMs: 0, waitMs: 0, bytesFetched: 0 };
  const share = active.shares.get(worker) ?? { worker, name, ...empty };
  share.name = name;
  active.shares.set(worker, share);
  return share;
}

function timingOf(active: ActiveJob): JobTiming {
  const workers = [...active.shares.values()].map((share) => ({ ...share }));
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
    tasksDone: active.done.size,
    targetsTotal: active.targets.length,
    timing: timingOf(active),
  };
}

const viewOf = (row: JobRow, tasksRunning: number, targetsDone: number): JobView => ({
  job: row.job,
  ...row.head,
  state: row.state,
  submittedAtMs: row.submittedAtMs,
  finishedAtMs: row.finishedAtMs,
  tasksTotal: row.tasksTotal,
  tasksDone: row.tasksDone,
  tasksRunning,
  targetsTotal: row.targetsTotal,
  targetsDone,
  failure: row.failure,
  timing: row.timing,
});

const activeView = (active: ActiveJob): JobView =>
  viewOf(
    rowOf(active, active.isPaused ? "paused" : "running", null, null),
    active.attemptsRunning,
    active.results.size,
  );
