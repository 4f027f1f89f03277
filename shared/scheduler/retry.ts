// Trying again: what failed is as new, and on request kept away from where it failed.
import type { JobId, TaskKey, WorkerId } from "../ids.ts";
import type { Avoidance, SchedulerEvent } from "./events.ts";
import { unfinished } from "./job-work.ts";
import type { JobRecord, TaskRecord, Turn } from "./state.ts";
import { moveTask, tell, troubleOf } from "./task-transitions.ts";

type Retried = Extract<SchedulerEvent, { type: "job-retried" }>;

/** Failed targets of an unfinished job are tried again, with the failed tasks behind them. */
export function retryJob(turn: Turn, event: Retried): void {
  const job = unfinished(turn, event.job);
  if (job === undefined) return;
  const named = event.tasks === undefined ? null : new Set(event.tasks);
  const targets = [...job.targetsFailed].flatMap(([target, failure]) =>
    named === null || named.has(target.key) || named.has(failure.task) ? [target] : [],
  );
  const forgiven = new Map<JobId, TaskKey[]>();
  const retried = targets.flatMap((target) => retryTarget(turn, target, forgiven));
  if (retried.length === 0) {
    turn.state.counters.dropped += 1;
    return;
  }
  const avoid = event.isElsewhere ? retried.flatMap((task) => avoidFailures(turn, task)) : [];
  for (const [id, keys] of forgiven) {
    turn.commands.push({ type: "record-retry", job: id, targets: keys, avoid });
  }
}

/**
 * Failed tasks behind a target are to be tried again, as if they were new; these are returned.
 * `forgiven` gathers the failed targets that they are, by job.
 */
export function retryTarget(
  turn: Turn,
  target: TaskRecord,
  forgiven = new Map<JobId, TaskKey[]>(),
): TaskRecord[] {
  const retried: TaskRecord[] = [];
  const behind = new Set([target]);
  for (const task of behind) {
    if (task.state !== "failed") continue;
    retried.push(task);
    moveTask(task, "waiting", false);
    if (task.trouble !== null) {
      task.trouble.failures = 0;
      task.trouble.deaths.clear();
      task.trouble.error = null;
      tell(turn.state, task, "It was tried again on request.");
    }
    for (const job of task.targetOf) {
      if (!job.targetsFailed.delete(task)) continue;
      job.targetsOpen += 1;
      const keys = forgiven.get(job.id);
      if (keys === undefined) forgiven.set(job.id, [task.key]);
      else keys.push(task.key);
    }
    for (const job of task.jobs) job.failedOn.delete(task.key);
    if (task.demand > 0) turn.agenda.push(task);
    for (const dependency of task.dependencies) behind.add(dependency);
  }
  return retried;
}

/** Keeps the task away from the workers under which it failed. */
function avoidFailures(turn: Turn, task: TaskRecord): Avoidance[] {
  const failedOn = [...(task.trouble?.failedOn ?? [])];
  if (failedOn.length === 0) return [];
  keepAway(turn, task, failedOn);
  return [{ task: task.key, workers: failedOn }];
}

function keepAway(turn: Turn, task: TaskRecord, workers: readonly WorkerId[]): void {
  const { avoid } = troubleOf(task);
  for (const worker of workers) avoid.add(worker);
  tell(turn.state, task, `It was kept away from where it had failed: ${workers.join(", ")}.`);
}

/** What the job was told before to keep its tasks away from, it is told again. */
export function applyAvoidance(turn: Turn, job: JobRecord, avoid: readonly Avoidance[]): void {
  for (const { task: key, workers } of avoid) {
    const task = turn.state.tasks.get(key);
    if (task === undefined || !job.tasks.has(task) || task.state === "done") continue;
    keepAway(turn, task, workers);
  }
}
