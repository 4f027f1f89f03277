// Clients that work with futures: open jobs that grow, shrink, fail, are tried again and are closed.
import { assert } from "../assert.ts";
import { asBlockId, asJobId, asTaskKey, type TaskKey } from "../ids.ts";
import { FUNCTION_KERNEL, type BlockRef, type Task, type TaskInput } from "../graph/task.ts";
import { nextFloat, nextInteger, type Prng } from "../prng.ts";
import { extendBook, isSettled, openBook, type Book } from "./simulated-host.ts";
import { changeSettings, inPage } from "./simulated-worker.ts";
import type { World } from "./simulated-world.ts";

const pick = <T>(prng: Prng, items: readonly T[]): T | undefined =>
  items[nextInteger(prng, Math.max(1, items.length))];
const some = <T>(prng: Prng, items: Iterable<T>, share: number): T[] =>
  [...items].filter(() => nextFloat(prng) < share);

/** Plans what clients with open jobs do between now and `untilMs`. */
export function scheduleSessions(world: World, prng: Prng, untilMs: number): void {
  for (const worker of world.workers.values()) worker.runsFunctions = nextFloat(prng) < 0.5;
  for (let i = 1 + nextInteger(prng, 2); i > 0; i -= 1) scheduleSession(world, prng, untilMs);
  if (nextFloat(prng) < 0.4) {
    world.timeline.after(nextFloat(prng) * untilMs, () => openJob(world, prng, false));
  }
  for (let i = nextInteger(prng, 4); i > 0; i -= 1) {
    world.timeline.after(nextFloat(prng) * untilMs, () => changeConsent(world, prng));
  }
}

function scheduleSession(world: World, prng: Prng, untilMs: number): void {
  const openAtMs = nextFloat(prng) * untilMs * 0.4;
  world.timeline.after(openAtMs, () => {
    const book = openJob(world, prng, true);
    const later = (action: () => void): void => {
      world.timeline.after(nextFloat(prng) * (untilMs - openAtMs), action);
    };
    for (let i = 2 + nextInteger(prng, 10); i > 0; i -= 1) later(() => extend(world, prng, book));
    if (nextFloat(prng) < 0.4) later(() => closeSession(world, book));
    if (nextFloat(prng) < 0.15) later(() => narrow(world, book));
    if (nextFloat(prng) < 0.1) later(() => cancel(world, book));
    if (nextFloat(prng) < 0.2) {
      later(() => world.atHost({ type: "job-paused", job: book.job }));
      later(() => world.atHost({ type: "job-resumed", job: book.job }));
    }
    const priority = nextInteger(prng, 3) - 1;
    if (nextFloat(prng) < 0.2) {
      later(() => world.atHost({ type: "job-prioritised", job: book.job, priority }));
    }
  });
}

function openJob(world: World, prng: Prng, isOpen: boolean): Book {
  const tasks = isOpen && nextFloat(prng) < 0.3 ? [] : makeTasks(world, prng, []);
  const targets = tasks.length === 0 ? [] : chooseTargets(prng, tasks);
  const job = asJobId(`session-${world.books.size + 1}`);
  return openBook(world, { job, priority: nextInteger(prng, 3) - 1, tasks, targets, isOpen });
}

function extend(world: World, prng: Prng, book: Book): void {
  if (!book.isOpen || book.end !== null) return;
  const released = some(prng, book.targets, nextFloat(prng) < 0.2 ? 1 : 0.25);
  const retried = some(prng, book.failures, 0.6);
  for (const key of retried) cure(world, prng, key);
  const present = [...book.tasks.keys()];
  const again = pick(prng, present);
  if (again !== undefined && nextFloat(prng) < 0.1) retried.push(again);
  const tasks = nextFloat(prng) < 0.8 ? makeTasks(world, prng, present) : [];
  const targets = tasks.length === 0 ? [] : chooseTargets(prng, tasks);
  // Something that the job has already becomes a target, or is one again.
  const more = pick(prng, present);
  if (more !== undefined && nextFloat(prng) < 0.4) targets.push(more);
  if (nextFloat(prng) < 0.06) {
    const lost = makeTask(world, prng, [{ task: asTaskKey("task-0"), output: 0 }]);
    // Nobody else comes across it later.
    world.tasks.delete(lost.key);
    tasks.push(lost);
    targets.push(lost.key);
  }
  extendBook(world, book, { released, retried, tasks, targets });
}

/** Whatever made tasks fail for good is mended for some of them. */
function cure(world: World, prng: Prng, target: TaskKey): void {
  for (const task of ancestors(world, target)) {
    if (nextFloat(prng) < 0.7) world.doomed.delete(task.key);
  }
}

/** The task and all that it needs. */
function ancestors(world: World, key: TaskKey): Task[] {
  const keys = new Set([key]);
  for (const next of keys) {
    for (const input of world.tasks.get(next)?.inputs ?? []) {
      if ("task" in input) keys.add(input.task);
    }
  }
  return [...keys].flatMap((next) => world.tasks.get(next) ?? []);
}

/** A few tasks on top of each other, of what is there already, and of what other jobs have. */
function makeTasks(world: World, prng: Prng, present: readonly TaskKey[]): Task[] {
  const tasks: Task[] = [];
  const other = nextFloat(prng) < 0.25 ? pick(prng, [...world.tasks.keys()]) : undefined;
  if (other !== undefined) tasks.push(...ancestors(world, other));
  for (let i = 1 + nextInteger(prng, 5); i > 0; i -= 1) {
    const inputs: TaskInput[] = [];
    for (let n = nextInteger(prng, 3); n > 0; n -= 1) {
      const key = pick(prng, [...tasks.map((task) => task.key), ...present]);
      if (key !== undefined) inputs.push({ task: key, output: 0 });
    }
    if (nextFloat(prng) < 0.5) inputs.push(makeArgument(world, prng));
    const panel = pick(prng, world.material.panels);
    if (panel !== undefined && nextFloat(prng) < 0.3) inputs.push(panel);
    tasks.push(makeTask(world, prng, inputs));
  }
  return tasks;
}

/** A small block that comes with the submission; often the same one. */
function makeArgument(world: World, prng: Prng): BlockRef {
  const ref = { block: asBlockId(`argument-${nextInteger(prng, 5)}`), sizeBytes: 100 };
  world.stored.set(ref.block, ref);
  return ref;
}

function makeTask(world: World, prng: Prng, inputs: readonly TaskInput[]): Task {
  world.material.nextTask += 1;
  const name = world.material.nextTask;
  const isShort = nextFloat(prng) < 0.6;
  // Apart, since a thread's overhead says nothing of the time that long ones take.
  const length = isShort ? "short" : "long";
  const group = `function:${length}-${nextInteger(prng, 3)}`;
  const task: Task = {
    key: asTaskKey(`task-${name}`),
    kernel: `${length}@1`,
    params: { n: name },
    inputs,
    cost: {
      operations: isShort ? 1 : (1 + nextInteger(prng, 400)) * 1e5,
      outputBytes: nextInteger(prng, nextFloat(prng) < 0.6 ? 5_000 : 1e6),
    },
    retries: nextInteger(prng, 3),
    ...(nextFloat(prng) < 0.5 ? { kernel: FUNCTION_KERNEL, group } : {}),
    ...(nextFloat(prng) < 0.1 ? { limitMs: 5_000 } : {}),
  };
  world.tasks.set(task.key, task);
  if (nextFloat(prng) < 0.1) world.doomed.add(task.key);
  return task;
}

function chooseTargets(prng: Prng, tasks: readonly Task[]): TaskKey[] {
  const keys = tasks.map((task) => task.key);
  return [...keys.slice(-1), ...some(prng, keys, 0.4)];
}

/** Nothing more is asked for; what was asked for is finished and stored. */
export function closeSession(world: World, book: Book): void {
  if (book.end !== null) return;
  book.isOpen = false;
  world.atHost({ type: "job-closed", job: book.job });
}

function narrow(world: World, book: Book): void {
  if (book.end !== null) return;
  for (const target of book.targets) {
    if (!book.results.has(target)) book.targets.delete(target);
  }
  for (const target of book.failures) book.failures.delete(target);
  book.isOpen = false;
  if (book.targets.size === 0) book.isCancelled = true;
  world.atHost({ type: "job-narrowed", job: book.job, targets: [...book.targets] });
}

function cancel(world: World, book: Book): void {
  if (book.end === null) book.isCancelled = true;
  world.atHost({ type: "job-cancelled", job: book.job });
}

/** Somebody agrees to functions of users, or does so no more. */
function changeConsent(world: World, prng: Prng): void {
  const worker = pick(prng, [...world.workers.values()]);
  if (worker === undefined) return;
  inPage(worker, () => {
    worker.runsFunctions = !worker.runsFunctions;
    changeSettings(world, worker);
  });
}

/** Faults have stopped, and every target's fate is known; whether the end is the right one is checked when it comes. */
export function checkSettled(world: World): void {
  for (const book of world.books.values()) {
    const states = [...book.targets].map((key) => `${key} ${world.state.tasks.get(key)?.state}`);
    assert(book.end !== null || isSettled(book), `${book.job} is settled: ${states.join()}`);
    const isCancelled = book.end === "cancelled";
    assert(isCancelled === book.isCancelled, `${book.job} is cancelled exactly when asked to be`);
  }
}
