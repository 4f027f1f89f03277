// What a job consists of: tasks and targets join it, and targets leave it again.
import { present } from "../assert.ts";
import { FUNCTION_KERNEL, type Task } from "../graph/task.ts";
import type { JobId, TaskKey } from "../ids.ts";
import { blockOf } from "./blocks.ts";
import type { FailureStory } from "./commands.ts";
import { announceTargets, changeDemand, completeTask, revive } from "./demand.ts";
import type { SchedulerEvent } from "./events.ts";
import { checkGraph, dependenciesOf, isSameWork, shortKey } from "./graph-check.ts";
import { NONE, without } from "./lists.ts";
import { rehome } from "./ready-queue.ts";
import type { BlockRecord, JobRecord, SchedulerState, TaskRecord, Turn } from "./state.ts";
import { addDependant, joinJob, NO_TASKS, withJob } from "./task-transitions.ts";
import { storeOutputs } from "./uploads.ts";

type Submitted = Extract<SchedulerEvent, { type: "job-submitted" }>;
type Work = Pick<Submitted, "tasks" | "targets" | "known">;

/** The unfinished job of that id; an event about any other is counted and dropped. */
export function unfinished(turn: Turn, id: JobId): JobRecord | undefined {
  const job = turn.state.jobs.get(id);
  if (job !== undefined && isUnfinished(job)) return job;
  turn.state.counters.dropped += 1;
  return undefined;
}

export const isUnfinished = (job: JobRecord): boolean =>
  job.state === "running" || job.state === "paused";

/** Adds tasks and targets to a job; says what is wrong with them, and adds nothing then. */
export function addWork(turn: Turn, job: JobRecord, work: Work): FailureStory | null {
  const { state } = turn;
  const isThere = (key: TaskKey): boolean => state.tasks.get(key)?.jobs.includes(job) === true;
  const targets = new Set(work.targets);
  const graph = checkGraph(work.tasks, [...targets], isThere);
  const problem = graph.problem ?? firstConflict(state, graph.tasks ?? []);
  if (problem !== null) {
    const { task, message } = problem;
    return { task, message, error: null, cause: task, sentences: [message] };
  }
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

/** What of the new tasks contradicts the tasks of other jobs. */
function firstConflict(
  state: SchedulerState,
  tasks: readonly Task[],
): Pick<FailureStory, "task" | "message"> | null {
  for (const task of tasks) {
    const known = state.tasks.get(task.key);
    if (known !== undefined && !isSameWork(known.task, task)) {
      const message = `There is a different task with the key ${shortKey(task.key)} already.`;
      return { task: task.key, message };
    }
    for (const input of task.inputs) {
      if (!("task" in input)) continue;
      const outputs = state.tasks.get(input.task)?.outputs ?? null;
      if (outputs === null || input.output < outputs.length) continue;
      const has = `which has ${outputs.length}`;
      const needs = `needs output ${input.output} of task ${shortKey(input.task)}`;
      const message = `Task ${shortKey(task.key)} ${needs}, ${has}.`;
      return { task: task.key, message };
    }
  }
  return null;
}

/** Distinct blocks that are inputs by themselves. */
function inputBlocks(state: SchedulerState, task: Task): readonly BlockRecord[] {
  if (task.inputs.every((input) => "task" in input)) return NONE;
  const blocks = new Set<BlockRecord>();
  for (const input of task.inputs) if ("block" in input) blocks.add(blockOf(state, input));
  return [...blocks];
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
  const blocks = inputBlocks(state, task);
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
    blocks,
    dependants: NO_TASKS,
    jobs: NONE,
    targetOf: NONE,
    announcedTo: NONE,
    outputsNeeded: 0,
    inputs: null,
    outputs: null,
    isStored: false,
    attempts: NONE,
    home: null,
    heapIndex: -1,
    passes: 0,
    trouble: null,
  };
  state.nextSequence += 1;
  for (const block of blocks) block.references += 1;
  for (const dependency of record.dependencies) addDependant(dependency, record);
  state.tasks.set(task.key, record);
  return record;
}

function addTarget(turn: Turn, job: JobRecord, target: TaskRecord): void {
  if (job.targets.has(target)) return;
  job.targets.add(target);
  target.targetOf = withJob(target.targetOf, job);
  job.targetsTotal += 1;
  if (!target.isStored) job.targetsOpen += 1;
  changeDemand(turn, target, 1);
  // It failed for another job that goes on, and is in demand there: this one is to be told as well.
  if (target.state === "failed") turn.agenda.push(target);
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
  if (!isHeld) return;
  completeTask(
    turn,
    task,
    known.outputs.map((ref) => blockOf(state, ref)),
  );
}

/** Lets one of the job's targets go. */
export function removeTarget(turn: Turn, job: JobRecord, target: TaskRecord): void {
  if (!job.targets.delete(target)) return;
  job.targetsTotal -= 1;
  if (!job.targetsFailed.delete(target) && !target.isStored) job.targetsOpen -= 1;
  letTargetGo(turn, job, target);
}

export function letTargetGo(turn: Turn, job: JobRecord, target: TaskRecord): void {
  target.targetOf = without(target.targetOf, job);
  target.announcedTo = without(target.announcedTo, job);
  changeDemand(turn, target, -1);
}
