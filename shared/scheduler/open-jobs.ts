// Jobs that stay open: extended with work, rid of what nobody needs any more, closed at last.
import type { Task } from "../graph/task.ts";
import type { JobId, TaskKey } from "../ids.ts";
import type { FailureStory } from "./commands.ts";
import { dropTask, endIfSettled, runAgenda } from "./demand.ts";
import type { SchedulerEvent } from "./events.ts";
import { addWork, removeTarget, unfinished } from "./job-work.ts";
import { dequeue, enqueue } from "./ready-queue.ts";
import { retryTarget } from "./retry.ts";
import type { JobRecord, TaskRecord, Turn } from "./state.ts";
import { leaveJob } from "./task-transitions.ts";
import { storeOutputs } from "./uploads.ts";

type Extended = Extract<SchedulerEvent, { type: "job-extended" }>;

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
  dropped.push(...unusedKeys(turn, job, event.tasks));
  dropTasks(turn, job, dropped);
}

function dropTasks(turn: Turn, job: JobRecord, keys: readonly TaskKey[]): void {
  if (keys.length === 0) return;
  turn.commands.push({ type: "drop-tasks", job: job.id, tasks: [...new Set(keys)] });
}

/** Whoever waits for targets that the job does not have learns that they will not come. */
function refuseTargets(
  turn: Turn,
  job: JobRecord,
  keys: readonly TaskKey[],
  { message, error }: Pick<FailureStory, "message" | "error">,
): void {
  for (const key of new Set(keys)) {
    const task = turn.state.tasks.get(key);
    if (task !== undefined && job.targets.has(task)) continue;
    const failure = { task: key, message, error, cause: key, sentences: [message] };
    turn.commands.push({ type: "announce-failure", job: job.id, ...failure });
  }
}

/** The coordinator need not keep those of the tasks that no target needed: the job did not take them in. */
export function dropUnused(turn: Turn, job: JobRecord, tasks: readonly Task[]): void {
  dropTasks(turn, job, unusedKeys(turn, job, tasks));
}

function unusedKeys({ state }: Turn, job: JobRecord, tasks: readonly Task[]): TaskKey[] {
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

export function takeNoMore(turn: Turn, job: JobRecord): void {
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
  }
  return dropped;
}
