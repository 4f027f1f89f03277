// What the coordinator does beside the scheduler, as far as it matters to it: the books of open jobs,
// and a store that keeps small blocks and names them again with each use.
import { assert } from "../assert.ts";
import type { BlockRef, JobExtension, Task, TaskResult } from "../graph/task.ts";
import type { JobId, TaskKey } from "../ids.ts";
import { SMALL_BLOCK_BYTES_MAX } from "../limits.ts";
import type { SchedulerCommand } from "../scheduler/commands.ts";
import { isUnfinished } from "../scheduler/job-work.ts";
import type { SchedulerEvent } from "../scheduler/events.ts";
import type { TaskRecord } from "../scheduler/state.ts";
import type { World } from "./simulated-world.ts";

type Command<Type extends SchedulerCommand["type"]> = Extract<SchedulerCommand, { type: Type }>;
type Told =
  | "announce-target"
  | "announce-failure"
  | "record-retry"
  | "drop-tasks"
  | "grant-lease"
  | "finish-job";
type Submitted = Extract<SchedulerEvent, { type: "job-submitted" }>;

/** A job that goes on when a target fails, as those who watch it see it. */
export interface Book {
  readonly job: JobId;
  readonly tasks: Map<TaskKey, Task>;
  readonly targets: Set<TaskKey>;
  readonly results: Map<TaskKey, readonly BlockRef[]>;
  readonly failures: Set<TaskKey>;
  /** What the latest extension asked for in vain. */
  readonly refused: Set<TaskKey>;
  isOpen: boolean;
  isCancelled: boolean;
  end: "done" | "failed" | "cancelled" | null;
}

export const isSmall = (ref: BlockRef): boolean => ref.sizeBytes <= SMALL_BLOCK_BYTES_MAX;

/** Small results came along with the message: they are in the store before the scheduler hears of them. */
export function keepSmallOutputs(world: World, event: SchedulerEvent): SchedulerEvent {
  if (event.type !== "attempt-finished" || !event.outputs.some(isSmall)) return event;
  const outputs = event.outputs.map((ref) => {
    if (!isSmall(ref)) return ref;
    world.stored.set(ref.block, ref);
    return { ...ref, isStored: true };
  });
  return { ...event, outputs };
}

/** The scheduler forgets small stored blocks that nobody needs: it hears of those that count now. */
function announceSmall(world: World, tasks: readonly Task[], known: readonly TaskResult[]): void {
  const refs = [
    ...tasks.flatMap((task) => task.inputs.flatMap((input) => ("block" in input ? [input] : []))),
    ...known.flatMap((result) => result.outputs),
  ].filter((ref) => isSmall(ref) && world.stored.has(ref.block));
  if (refs.length > 0) world.atHost({ type: "blocks-held", holder: "store", blocks: refs });
}

/** Results that the journal has of these tasks. */
function knownResults(world: World, tasks: readonly Task[]): TaskResult[] {
  return tasks.flatMap(({ key }) => {
    const outputs = world.recorded.get(key);
    return outputs === undefined ? [] : [{ task: key, outputs }];
  });
}

/** Submits a job as the coordinator does. */
export function submit(world: World, event: Submitted): void {
  announceSmall(world, event.tasks, event.known);
  world.atHost(event);
}

/** Submits a job that goes on when targets fail, and keeps its book. */
export function openBook(
  world: World,
  event: Pick<Submitted, "job" | "priority" | "tasks" | "targets" | "isOpen">,
): Book {
  const { job, tasks, targets, isOpen = false } = event;
  const book: Book = {
    job,
    tasks: new Map(tasks.map((task) => [task.key, task])),
    targets: new Set(targets),
    results: new Map(),
    failures: new Set(),
    refused: new Set(),
    isOpen,
    isCancelled: false,
    end: null,
  };
  world.books.set(job, book);
  const known = knownResults(world, tasks);
  submit(world, { ...event, type: "job-submitted", known, onFailure: "go-on", isOpen });
  if (isOpen) checkTasks(world, book);
  return book;
}

/** Changes an open job as the coordinator does. */
export function extendBook(world: World, book: Book, extension: JobExtension): void {
  const fresh = extension.tasks.filter((task) => !book.tasks.has(task.key));
  for (const target of extension.released) {
    book.targets.delete(target);
    book.results.delete(target);
    book.failures.delete(target);
  }
  for (const target of extension.retried) {
    if (!extension.released.includes(target)) forgetFailures(world, book, target);
  }
  for (const task of fresh) book.tasks.set(task.key, task);
  for (const target of extension.targets) book.targets.add(target);
  book.refused.clear();
  const known = knownResults(world, fresh);
  announceSmall(world, fresh, known);
  world.atHost({ type: "job-extended", job: book.job, ...extension, known });
  for (const key of [...extension.retried, ...extension.targets]) {
    const isThere = isTarget(world, book, key);
    assert(isThere !== book.refused.has(key), `${key} is a target of ${book.job} or refused`);
  }
  checkTasks(world, book);
}

function isTarget(world: World, book: Book, key: TaskKey): boolean {
  const task = world.state.tasks.get(key);
  return task !== undefined && task.targetOf.some((job) => job.id === book.job);
}

/** Whatever is tried again is tried again for all jobs that it failed for. */
function forgetFailures(world: World, book: Book, target: TaskKey): void {
  book.failures.delete(target);
  const first = world.state.tasks.get(target);
  if (first === undefined || !isTarget(world, book, target)) return;
  const behind = new Set<TaskRecord>([first]);
  for (const task of behind) {
    if (task.state !== "failed") continue;
    for (const { id } of task.targetOf) world.books.get(id)?.failures.delete(task.key);
    for (const dependency of task.dependencies) behind.add(dependency);
  }
}

/** What the scheduler says of jobs goes into their books, if they have any, unless it makes no sense. */
export function keepBooks(world: World, command: Command<Told>): void {
  const book = world.books.get(command.job);
  if (book === undefined) return;
  if (command.type === "announce-target") {
    if (!book.targets.has(command.task)) return;
    book.results.set(command.task, command.outputs);
    book.failures.delete(command.task);
  } else if (command.type === "announce-failure") {
    noteFailure(world, book, command);
  } else if (command.type === "record-retry") {
    for (const key of command.targets) {
      assert(book.failures.delete(key), `${key}, which is tried again, had failed for ${book.job}`);
    }
  } else if (command.type === "drop-tasks") {
    for (const key of command.tasks) {
      assert(book.tasks.delete(key), `${key}, which is dropped, was a task of ${book.job}`);
    }
  } else if (command.type === "grant-lease") {
    assert(book.tasks.has(command.task), `${command.task}, leased for ${book.job}, is in its book`);
  } else {
    endBook(world, book, command.state);
  }
}

function noteFailure(world: World, book: Book, command: Command<"announce-failure">): void {
  const { task, message } = command;
  assert(message !== "", "a failure has a story");
  const job = world.state.jobs.get(book.job);
  if (job !== undefined && isUnfinished(job) && !isTarget(world, book, task)) {
    book.targets.delete(task);
    book.refused.add(task);
    return;
  }
  assert(!book.failures.has(task), `the failure of ${task} is told ${book.job} once`);
  book.failures.add(task);
  book.results.delete(task);
}

function endBook(world: World, book: Book, state: "done" | "failed" | "cancelled"): void {
  assert(!book.isOpen || state === "cancelled", `${book.job} ends no sooner than it is closed`);
  book.end = state;
  if (state === "cancelled") return;
  for (const target of book.targets) {
    const outputs = book.results.get(target);
    const isStored = outputs?.every((ref) => world.stored.has(ref.block)) === true;
    const hasFailed = book.failures.has(target);
    assert(isStored !== hasFailed, `${target} of ${book.job} is stored or has failed at its end`);
  }
  const expected = book.failures.size > 0 ? "failed" : "done";
  assert(state === expected, `${book.job} ends as ${expected}, not as ${state}`);
}

/** True when those who watch the job know what became of every target. */
export const isSettled = (book: Book): boolean =>
  [...book.targets].every((target) => book.results.has(target) || book.failures.has(target));

/** The coordinator and the scheduler have the same tasks of an open job: nothing is kept for nothing. */
function checkTasks(world: World, book: Book): void {
  const job = world.state.jobs.get(book.job);
  if (job === undefined || book.end !== null) return;
  const keys = new Set([...job.tasks].map((task) => task.key));
  for (const key of book.tasks.keys()) assert(keys.has(key), `${book.job} still has ${key}`);
  assert(keys.size === book.tasks.size, `${book.job} has no task but those of its book`);
}
