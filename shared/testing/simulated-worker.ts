// A simple model of a worker page: fetches, computes, caches, lies, freezes and dies on command.
import type { AttemptId, BlockId, Incarnation, WorkerId } from "../ids.ts";
import { asAttemptId, asBlockId } from "../ids.ts";
import { FUNCTION_KERNEL, type BlockRef, type Task } from "../graph/task.ts";
import { unreachable } from "../assert.ts";
import { nextFloat, nextInteger } from "../prng.ts";
import type { SchedulerCommand } from "../scheduler/commands.ts";
import type { AttemptFailure, SchedulerEvent } from "../scheduler/events.ts";
import { outputCount } from "./random-jobs.ts";
import { isSmall } from "./simulated-host.ts";
import type { World } from "./simulated-world.ts";

type Grant = Extract<SchedulerCommand, { type: "grant-lease" }>;

/** How a worker deceives, if it does. */
export type Lie = "wrong-output" | "not-held" | "foreign-attempt" | "false-claim" | "no-input";
export const LIES: readonly Lie[] = [
  "wrong-output",
  "not-held",
  "foreign-attempt",
  "false-claim",
  "no-input",
];

export interface SimulatedWorker {
  readonly id: WorkerId;
  threads: number;
  operationsPerMs: number;
  lie: Lie | null;
  isPaused: boolean;
  isHidden: boolean;
  runsFunctions: boolean;
  /** It is to finish and leave. */
  isRetiring: boolean;
  /** False once the page is gone. */
  isAlive: boolean;
  isFrozen: boolean;
  incarnation: Incarnation;
  readonly cache: Map<BlockId, BlockRef>;
  /** Leases with their inputs at hand, waiting for a thread. */
  readonly queue: Grant[];
  readonly running: Set<AttemptId>;
  /** Every lease that was not finished, failed, returned or cancelled. */
  readonly leases: Map<AttemptId, Task>;
  /** What happened to a frozen page comes all at once when it thaws. */
  readonly thawQueue: (() => void)[];
}

/** Runs `action` now, or when the page thaws, or never when it is gone. */
export function inPage(worker: SimulatedWorker, action: () => void): void {
  if (!worker.isAlive) return;
  if (worker.isFrozen) worker.thawQueue.push(action);
  else action();
}

export function thaw(worker: SimulatedWorker): void {
  worker.isFrozen = false;
  for (const action of worker.thawQueue.splice(0)) inPage(worker, action);
}

/** Opens a new connection: a fresh incarnation, offering the blocks that are still there. */
export function join(world: World, worker: SimulatedWorker): void {
  worker.incarnation = world.newIncarnation();
  worker.leases.clear();
  worker.running.clear();
  worker.queue.length = 0;
  world.toHost({
    type: "worker-joined",
    worker: worker.id,
    incarnation: worker.incarnation,
    threads: worker.threads,
    paused: worker.isPaused,
    hidden: worker.isHidden,
    runsFunctions: worker.runsFunctions,
  });
  if (worker.cache.size === 0) return;
  world.toHost({ type: "blocks-held", holder: worker.id, blocks: [...worker.cache.values()] });
}

/** A command that reached the page. */
export function receive(world: World, worker: SimulatedWorker, command: SchedulerCommand): void {
  switch (command.type) {
    case "grant-lease":
      if (command.incarnation === worker.incarnation) startLease(world, worker, command);
      return;
    case "cancel-attempt":
      endLease(world, worker, command.attempt);
      return;
    case "release-blocks":
      for (const block of command.blocks) worker.cache.delete(block);
      return;
    case "store-block":
      upload(world, worker, command.block);
      return;
    case "worker-retired":
      if (command.incarnation === worker.incarnation && worker.isRetiring) retire(world, worker);
      return;
    case "end-incarnation":
      if (command.incarnation === worker.incarnation) join(world, worker);
      return;
    case "record-result":
    case "announce-target":
    case "announce-failure":
    case "record-retry":
    case "drop-tasks":
    case "finish-job":
      return;
    default:
      unreachable(command);
  }
}

function startLease(world: World, worker: SimulatedWorker, grant: Grant): void {
  if (worker.leases.has(grant.attempt)) return;
  const task = world.taskOf(grant.task);
  if (!mayRun(worker, task)) return giveBack(world, worker, [grant.attempt]);
  worker.leases.set(grant.attempt, task);
  if (worker.lie === "no-input") {
    fail(world, worker, grant, "input-unavailable", grant.inputs[0]?.block);
    return;
  }
  fetchNext(world, worker, grant, 0);
}

function fetchNext(world: World, worker: SimulatedWorker, grant: Grant, at: number): void {
  if (!worker.leases.has(grant.attempt)) return;
  const input = grant.inputs[at];
  if (input === undefined) {
    worker.queue.push(grant);
    startThreads(world, worker);
    return;
  }
  const cameAlong = isSmall(input) && world.stored.has(input.block);
  if (cameAlong || worker.cache.has(input.block)) {
    fetchNext(world, worker, grant, at + 1);
    return;
  }
  const isThere = world.canBeFetched(input.block, worker);
  const delayMs = isThere ? 2 + input.sizeBytes / 20_000 : 500;
  world.timeline.after(delayMs, () =>
    inPage(worker, () => {
      if (!worker.leases.has(grant.attempt)) return;
      if (isThere) {
        worker.cache.set(input.block, input);
        const { block, sizeBytes } = input;
        world.toHost({ type: "blocks-held", holder: worker.id, blocks: [{ block, sizeBytes }] });
        const source = grant.inputs[at]?.holders[0] ?? "store";
        const bytesPerMs = sizeBytes / delayMs;
        world.toHost({ type: "link-measured", worker: worker.id, source, bytesPerMs });
        fetchNext(world, worker, grant, at + 1);
      } else {
        fail(world, worker, grant, "input-unavailable", input.block);
      }
    }),
  );
}

function startThreads(world: World, worker: SimulatedWorker): void {
  while (worker.running.size < worker.threads) {
    const grant = worker.queue.shift();
    if (grant === undefined) return;
    if (!worker.leases.has(grant.attempt)) continue;
    worker.running.add(grant.attempt);
    const task = world.taskOf(grant.task);
    const jitter = 0.8 + 0.4 * nextFloat(world.prng);
    const computeMs = 1 + (jitter * task.cost.operations) / worker.operationsPerMs;
    const incarnation = worker.incarnation;
    world.timeline.after(computeMs, () =>
      inPage(worker, () => {
        if (worker.incarnation !== incarnation || !worker.running.delete(grant.attempt)) return;
        if (worker.leases.has(grant.attempt)) finish(world, worker, grant, task, computeMs);
        startThreads(world, worker);
      }),
    );
  }
}

function finish(
  world: World,
  worker: SimulatedWorker,
  grant: Grant,
  task: Task,
  computeMs: number,
): void {
  const failure = world.failureOf(worker, task);
  if (failure !== null) {
    fail(world, worker, grant, failure);
    return;
  }
  worker.leases.delete(grant.attempt);
  const outputs = Array.from({ length: outputCount(task.key) }, (_, i) => ({
    block: outputId(grant, i, worker.lie === "wrong-output"),
    sizeBytes: 1 + Math.floor(task.cost.outputBytes),
  }));
  if (worker.lie !== "not-held") {
    for (const ref of outputs) if (!isSmall(ref)) worker.cache.set(ref.block, ref);
  }
  if (worker.lie === "wrong-output" || worker.lie === "foreign-attempt") world.hadLiars = true;
  const isForeign = worker.lie === "foreign-attempt";
  const foreign = asAttemptId(1 + nextInteger(world.prng, grant.attempt + 3));
  world.toHost({
    type: "attempt-finished",
    worker: worker.id,
    incarnation: worker.incarnation,
    attempt: isForeign ? foreign : grant.attempt,
    outputs,
    computeMs,
  });
}

/** Outputs are named after the task and whatever inputs were not the right ones. */
function outputId(grant: Grant, output: number, isWrong: boolean): BlockId {
  const wrong = grant.inputs.map((input) => input.block).filter((block) => block.includes("!"));
  const taint = isWrong ? `!${grant.attempt}` : wrong.length > 0 ? `!${wrong.join("+")}` : "";
  return asBlockId(`${grant.task}.${output}${taint.slice(0, 40)}`);
}

function fail(
  world: World,
  worker: SimulatedWorker,
  grant: Grant,
  reason: AttemptFailure,
  block?: BlockId,
): void {
  worker.leases.delete(grant.attempt);
  const event: SchedulerEvent = {
    type: "attempt-failed",
    worker: worker.id,
    incarnation: worker.incarnation,
    attempt: grant.attempt,
    reason,
    message: `simulated ${reason}`,
    ...(block === undefined ? {} : { block }),
  };
  world.toHost(event);
}

function endLease(world: World, worker: SimulatedWorker, attempt: AttemptId): void {
  worker.leases.delete(attempt);
  // The thread is terminated and another started.
  if (worker.running.delete(attempt)) startThreads(world, worker);
}

function upload(world: World, worker: SimulatedWorker, block: BlockId): void {
  const ref = worker.cache.get(block);
  if (ref === undefined) {
    // Liars keep silent; honest pages say what they lack.
    if (worker.lie === null) {
      world.toHost({ type: "blocks-dropped", holder: worker.id, blocks: [block] });
    }
    return;
  }
  world.storeLater(ref);
}

/** The user changes something: pause, threads, visibility. Leases beyond it are given back. */
export function changeSettings(world: World, worker: SimulatedWorker): void {
  world.toHost({
    type: "worker-changed",
    worker: worker.id,
    incarnation: worker.incarnation,
    threads: worker.threads,
    paused: worker.isPaused,
    hidden: worker.isHidden,
    runsFunctions: worker.runsFunctions,
    isRetiring: worker.isRetiring,
  });
  const attempts = [...worker.leases.keys()].filter(
    (attempt) => worker.isPaused || !worker.running.has(attempt),
  );
  // What may not run any more is ended at once, and the scheduler knows that by itself.
  for (const [attempt, task] of worker.leases) {
    if (!mayRun(worker, task)) endLease(world, worker, attempt);
  }
  if (attempts.length === 0) return;
  for (const attempt of attempts) endLease(world, worker, attempt);
  giveBack(world, worker, attempts);
}

/** It has finished and handed over: the page closes, and stays away. */
function retire(world: World, worker: SimulatedWorker): void {
  const { id, incarnation } = worker;
  worker.isAlive = false;
  world.toHost({ type: "worker-left", worker: id, incarnation, isExpected: true });
}

const mayRun = (worker: SimulatedWorker, task: Task): boolean =>
  worker.runsFunctions || task.kernel !== FUNCTION_KERNEL;

function giveBack(world: World, worker: SimulatedWorker, attempts: readonly AttemptId[]): void {
  world.toHost({
    type: "attempts-returned",
    worker: worker.id,
    incarnation: worker.incarnation,
    attempts,
  });
}
