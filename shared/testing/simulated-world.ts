// A cluster in virtual time around the real scheduler: network, store, client tabs and workers.
import { assert, present, unreachable } from "../assert.ts";
import { asIncarnation, asWorkerId, type BlockId, type Incarnation } from "../ids.ts";
import type { TaskKey, WorkerId, JobId } from "../ids.ts";
import { FUNCTION_KERNEL, type BlockRef, type Task } from "../graph/task.ts";
import { createPrng, nextFloat, nextInteger, type Prng } from "../prng.ts";
import type { SchedulerCommand } from "../scheduler/commands.ts";
import type { AttemptFailure, Avoidance, SchedulerEvent } from "../scheduler/events.ts";
import { assertInvariants } from "../scheduler/invariants.ts";
import { createScheduler, step, type SchedulerState } from "../scheduler/scheduler.ts";
import type { Tuning } from "../scheduler/tuning.ts";
import { createMaterial, type JobMaterial } from "./random-jobs.ts";
import { keepBooks, keepSmallOutputs, type Book } from "./simulated-host.ts";
import { inPage, receive, type SimulatedWorker } from "./simulated-worker.ts";
import { createTimeline, type Timeline } from "./virtual-timeline.ts";

/** How bad the network and the kernels are; all zero once faults stop. */
export interface Faults {
  loss: number;
  duplication: number;
  /** Share of messages that come tens of seconds late. */
  lateness: number;
  kernelError: number;
  threadDeath: number;
  storeFailure: number;
}

export const NO_FAULTS: Readonly<Faults> = {
  loss: 0,
  duplication: 0,
  lateness: 0,
  kernelError: 0,
  threadDeath: 0,
  storeFailure: 0,
};

export const CLIENT = "c_dashboard";

export interface World {
  readonly prng: Prng;
  readonly timeline: Timeline;
  readonly state: SchedulerState;
  readonly material: JobMaterial;
  readonly workers: Map<WorkerId, SimulatedWorker>;
  readonly tasks: Map<TaskKey, Task>;
  faults: Faults;
  /** The client's tab is open and holds the dataset's panels. */
  isClientThere: boolean;
  /** What the store truly has. */
  readonly stored: Map<BlockId, BlockRef>;
  readonly finished: Map<JobId, string>;
  readonly failures: Map<JobId, string>;
  /** Where the tasks of failed jobs failed. */
  readonly failedOn: Map<JobId, readonly Avoidance[]>;
  /** The targets that are left of a job that was narrowed. */
  readonly narrowed: Map<JobId, readonly TaskKey[]>;
  /** The latest announced outputs of each job's targets. */
  readonly announced: Map<JobId, Map<TaskKey, readonly BlockRef[]>>;
  /** Jobs that go on when targets fail, open ones above all. */
  readonly books: Map<JobId, Book>;
  /** Tasks that always fail. */
  readonly doomed: Set<TaskKey>;
  /** Every result that was ever accepted, as a journal would keep it. */
  readonly recorded: Map<TaskKey, readonly BlockRef[]>;
  /** Requests to try failed work again. */
  retried: number;
  /** Workers that finished and were let go. */
  retired: number;
  /** Some worker gave wrong results at some time, so results cannot be judged. */
  hadLiars: boolean;
  /** Every event with its time, for replaying. */
  readonly log: { readonly event: SchedulerEvent; readonly nowMs: number }[];
  /** Every command of every step, as text: two equal runs have equal texts. */
  readonly commandLog: string[];
  newIncarnation(): Incarnation;
  taskOf(key: TaskKey): Task;
  /** A message that crosses the network to the coordinator. */
  toHost(event: SchedulerEvent): void;
  /** Something that happens in the coordinator itself. */
  atHost(event: SchedulerEvent): void;
  canBeFetched(block: BlockId, by: SimulatedWorker): boolean;
  storeLater(ref: BlockRef): void;
  failureOf(worker: SimulatedWorker, task: Task): AttemptFailure | null;
}

export function createWorld(seed: number, limits: Partial<Tuning>): World {
  const prng = createPrng(seed);
  const timeline = createTimeline();
  const state = createScheduler({ seed, limits });
  let incarnation = 0;
  const world: World = {
    prng,
    timeline,
    state,
    material: createMaterial(prng),
    workers: new Map(),
    tasks: new Map(),
    faults: { ...NO_FAULTS },
    isClientThere: true,
    stored: new Map(),
    finished: new Map(),
    failures: new Map(),
    failedOn: new Map(),
    retried: 0,
    retired: 0,
    announced: new Map(),
    narrowed: new Map(),
    books: new Map(),
    doomed: new Set(),
    recorded: new Map(),
    hadLiars: false,
    log: [],
    commandLog: [],
    newIncarnation: () => asIncarnation((incarnation += 1)),
    taskOf: (key) => present(world.tasks.get(key), "task"),
    toHost: (event) => send(world, () => world.atHost(event)),
    atHost(told) {
      const event = keepSmallOutputs(world, told);
      world.log.push({ event, nowMs: timeline.nowMs });
      const commands = step(state, event, timeline.nowMs);
      world.commandLog.push(JSON.stringify(commands));
      assertInvariants(state);
      for (const command of commands) execute(world, command);
    },
    canBeFetched: (block, by) => canBeFetched(world, block, by),
    storeLater: (ref) => storeLater(world, ref),
    failureOf(_worker, task) {
      const { faults } = world;
      if (world.doomed.has(task.key)) return "kernel-error";
      if (nextFloat(prng) < faults.threadDeath) return "thread-died";
      if (nextFloat(prng) >= faults.kernelError) return null;
      const reasons = ["kernel-error", "bad-input", "out-of-memory", "timed-out"] as const;
      return reasons[(task.key.length + nextInteger(prng, 4)) % 4] ?? "kernel-error";
    },
  };
  return world;
}

/** Delays, loses, repeats and thereby reorders. */
function send(world: World, deliver: () => void): void {
  const { prng, faults, timeline } = world;
  const copies = nextFloat(prng) < faults.duplication ? 2 : 1;
  for (let i = 0; i < copies; i += 1) {
    if (nextFloat(prng) < faults.loss) continue;
    const isLate = nextFloat(prng) < faults.lateness;
    timeline.after(1 + nextFloat(prng) * (isLate ? 40_000 : 30), deliver);
  }
}

function execute(world: World, command: SchedulerCommand): void {
  switch (command.type) {
    case "grant-lease": {
      keepBooks(world, command);
      const worker = world.state.workers.get(command.worker);
      const isFunction = world.taskOf(command.task).kernel === FUNCTION_KERNEL;
      assert(
        !isFunction || worker?.runsFunctions === true,
        "functions run where that was agreed to",
      );
      toWorker(world, command.worker, command);
      return;
    }
    case "worker-retired":
      world.retired += 1;
      toWorker(world, command.worker, command);
      return;
    case "cancel-attempt":
    case "release-blocks":
    case "end-incarnation":
      toWorker(world, command.worker, command);
      return;
    case "store-block":
      if (command.holder === CLIENT) send(world, () => storeFromClient(world, command.block));
      else toWorker(world, asWorkerId(command.holder), command);
      return;
    case "announce-target": {
      keepBooks(world, command);
      const targets = world.announced.get(command.job) ?? new Map();
      world.announced.set(command.job, targets.set(command.task, command.outputs));
      return;
    }
    case "finish-job":
      keepBooks(world, command);
      if (world.finished.has(command.job)) throw new Error(`${command.job} finished twice`);
      world.finished.set(command.job, command.state);
      if (command.failure !== undefined) world.failures.set(command.job, command.failure.message);
      world.failedOn.set(command.job, command.failedOn ?? []);
      return;
    case "record-result":
      world.recorded.set(command.task, command.outputs);
      return;
    case "announce-failure":
    case "drop-tasks":
    case "record-retry":
      keepBooks(world, command);
      return;
    default:
      unreachable(command);
  }
}

function toWorker(world: World, id: WorkerId, command: SchedulerCommand): void {
  const worker = world.workers.get(id);
  if (worker === undefined) return;
  send(world, () => inPage(worker, () => receive(world, worker, command)));
}

/** The truth, which nobody in the cluster knows as a whole. */
function canBeFetched(world: World, block: BlockId, by: SimulatedWorker): boolean {
  if (world.stored.has(block)) return true;
  if (world.isClientThere && isPanel(block)) return true;
  for (const worker of world.workers.values()) {
    if (worker === by || !worker.isAlive || worker.isFrozen) continue;
    if (worker.cache.has(block)) return true;
  }
  return false;
}

export const isPanel = (block: BlockId): boolean => block.startsWith("panel-");

function storeLater(world: World, ref: BlockRef): void {
  const { prng, timeline, faults } = world;
  if (nextFloat(prng) < faults.storeFailure) return;
  timeline.after(5 + ref.sizeBytes / 20_000, () => {
    const { block, sizeBytes } = ref;
    world.stored.set(block, { block, sizeBytes });
    world.atHost({ type: "blocks-held", holder: "store", blocks: [{ block, sizeBytes }] });
  });
}

function storeFromClient(world: World, block: BlockId): void {
  const ref = world.material.panels.find((panel) => panel.block === block);
  if (world.isClientThere && ref !== undefined) storeLater(world, ref);
}
