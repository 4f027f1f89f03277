// What must hold between any two steps; the simulator checks it after every event.
import { AssertionError } from "../assert.ts";
import type { WorkerId } from "../ids.ts";
import { hasConsumers } from "./blocks.ts";
import { hasRoom, isEligible } from "./capacity.ts";
import { isUnfinished } from "./job-work.ts";
import { heapOf } from "./ready-queue.ts";
import type { BlockRecord, JobRecord, SchedulerState, TaskRecord, WorkerRecord } from "./state.ts";
import { countedAs } from "./task-transitions.ts";

/** Throws at the first contradiction in the scheduler's books. Looks at everything: for tests. */
export function assertInvariants(state: SchedulerState): void {
  for (const task of state.tasks.values()) checkTask(state, task);
  for (const worker of state.workers.values()) checkWorker(state, worker);
  for (const block of state.blocks.values()) checkBlock(state, block);
  for (const job of state.jobs.values()) checkJob(state, job);
  for (const [id, attempt] of state.attempts) {
    claim(attempt.id === id, id, "is filed under its number");
    claim(attempt.task.attempts.includes(attempt), id, "is known to its task");
    claim(attempt.worker.attempts.has(attempt), id, "is known to its worker");
    claim(state.workers.get(attempt.worker.id) === attempt.worker, id, "is with a joined worker");
  }
  checkHolders(state);
}

function checkTask(state: SchedulerState, task: TaskRecord): void {
  const name = task.key;
  const is = (...states: TaskRecord["state"][]) => states.includes(task.state);
  claim(task.jobs.length > 0, name, "is included by a job");
  claim(task.jobs.every(isUnfinished), name, "has unfinished jobs only");
  claim(
    task.targetOf.every((job) => task.jobs.includes(job)),
    name,
    "is in jobs it is a target of",
  );
  claim(!is("cancelled"), name, "left the table when cancelled");
  claim(
    task.isActive === (is("ready", "leased") || (is("waiting") && task.demand > 0)),
    name,
    "is active exactly when needed and unfinished",
  );
  const active = [...task.dependants].filter((other) => other.isActive);
  const demand = task.targetOf.length + active.length;
  claim(task.demand === demand, name, "has its demand counted");
  claim(is("leased") === task.attempts.length > 0, name, "is leased exactly while it has attempts");
  claim(task.attempts.length <= 2, name, "has two attempts at most");
  claim(
    new Set(task.attempts.map((attempt) => attempt.worker)).size === task.attempts.length,
    name,
    "has its attempts on different workers",
  );
  claim(is("ready") === task.heapIndex >= 0, name, "is queued exactly while ready");
  if (is("ready")) {
    const heap = task.home === null ? [] : heapOf(task.home, task);
    claim(heap[task.heapIndex] === task, name, "is where it says");
  }
  claim(
    (task.inputs !== null) === is("ready", "leased"),
    name,
    "has inputs resolved exactly while ready or leased",
  );
  const isCounted = task.isActive && !is("leased");
  if (isCounted) checkMissing(task);
  if (is("done")) checkResult(state, task);
  else claim(!task.isStored, name, "is not done, so it is not stored");
  checkEdges(state, task);
}

/** For an active task that is not leased. */
function checkMissing(task: TaskRecord): void {
  const missing =
    task.dependencies.filter((other) => other.state !== "done").length +
    task.blocks.filter((block) => block.holders.length === 0).length;
  claim(task.missing === missing, task.key, "has its missing inputs counted");
  const isReady = task.state === "ready";
  claim(isReady === (missing === 0), task.key, "is ready exactly when nothing is missing");
  if (!isReady) return;
  for (const block of task.inputs ?? []) {
    claim(block.holders.length > 0, task.key, "is ready, so somebody holds its inputs");
  }
}

function checkResult(state: SchedulerState, task: TaskRecord): void {
  const name = task.key;
  claim(task.outputs !== null, name, "is done, so it has outputs");
  const isStored = (task.outputs ?? []).every((block) => state.store.blocks.has(block));
  claim(task.isStored === isStored, name, "knows whether it is stored");
  if (task.targetOf.length === 0) return;
  const isAnnounced = task.targetOf.every((job) => task.announcedTo.includes(job));
  claim(isAnnounced, name, "is a finished target, so it was announced");
  for (const block of task.outputs ?? []) {
    claim(block.holders.length > 0, name, "is a finished target, so somebody holds its outputs");
    if (task.targetOf.every((job) => job.isOpen)) continue;
    const isCopied = state.store.blocks.has(block) || block.upload !== null;
    claim(isCopied, name, "is a finished target, so it is stored or being stored");
  }
}

function checkEdges(state: SchedulerState, task: TaskRecord): void {
  const name = task.key;
  for (const dependency of task.dependencies) {
    const isListed = state.tasks.get(dependency.key) === dependency;
    claim(isListed, name, "has its dependencies in the table");
    claim(dependency.dependants.has(task), name, "is known to its dependencies");
    const areShared = task.jobs.every((job) => dependency.jobs.includes(job));
    claim(areShared, name, "shares its jobs with its dependencies");
  }
  for (const block of task.blocks) {
    const isConsumer = block.consumers?.has(task) ?? false;
    claim(isConsumer === task.isActive, name, "consumes its blocks while active");
  }
  for (const block of [...task.blocks, ...(task.outputs ?? [])]) {
    claim(state.blocks.get(block.id) === block, name, "has its blocks in the table");
  }
}

function checkWorker(state: SchedulerState, worker: WorkerRecord): void {
  const name = worker.id;
  claim(state.holders.get(worker.id) === worker.holder, name, "is a holder");
  claim(worker.isJoined, name, "is joined");
  const isHungry = isEligible(state, worker) && hasRoom(state, worker);
  // A rest ends with time alone, and the next tick notices.
  if (!isHungry || worker.restUntilMs === 0) {
    claim(
      state.hungry.has(worker) === isHungry,
      name,
      "is hungry exactly when it can take a lease",
    );
  }
  claim(state.retiring.has(worker) === (worker.retirement !== null), name, "knows if it retires");
  let loadMs = 0;
  let untimed = 0;
  const incoming = new Map<BlockRecord, number>();
  for (const attempt of worker.attempts) {
    claim(state.attempts.get(attempt.id) === attempt, name, "has live attempts only");
    loadMs += attempt.computeMs;
    if (!attempt.isTimed) untimed += 1;
    for (const block of attempt.incoming) incoming.set(block, (incoming.get(block) ?? 0) + 1);
  }
  claim(Math.abs(loadMs - worker.loadMs) <= 1e-6 * (1 + loadMs), name, "has its load counted");
  claim(untimed === worker.untimed, name, "has its leases of unknown time counted");
  claim(incoming.size === worker.incoming.size, name, "has its incoming blocks counted");
  for (const [block, count] of incoming) {
    claim(worker.incoming.get(block) === count, name, "counts leases for each incoming block");
  }
}

function checkBlock(state: SchedulerState, block: BlockRecord): void {
  const name = block.id;
  claim(block.references > 0 || block.holders.length > 0, name, "is of some use");
  claim(new Set(block.holders).size === block.holders.length, name, "names each holder once");
  for (const holder of block.holders)
    claim(holder.blocks.has(block), name, "is known to its holder");
  for (const task of block.producers) {
    claim(state.tasks.get(task.key) === task, name, "has its producers in the table");
    claim(task.outputs?.includes(block) === true, name, "is an output of its producer");
  }
  const isMissing = hasConsumers(block) && block.holders.length === 0;
  claim(
    state.missingBlocks.has(block) === isMissing,
    name,
    "is missing exactly when wanted and not held",
  );
  const { upload } = block;
  if (upload === null) return;
  claim(block.holders.includes(upload.holder), name, "is copied from one who holds it");
  const lane = upload.askedAtMs === null ? upload.holder.uploadQueue : upload.holder.uploading;
  claim(lane.has(block), name, "is in the lane of its holder");
}

function checkJob(state: SchedulerState, job: JobRecord): void {
  const name = job.id;
  claim(
    state.jobOrder.includes(job) === isUnfinished(job),
    name,
    "is in the order exactly while unfinished",
  );
  if (!isUnfinished(job)) {
    claim(job.tasks.size === 0 && job.targets.size === 0, name, "let its tasks go");
    claim(job.ready.length + job.readyFunctions.length === 0, name, "has no queue after its end");
    return;
  }
  const counts = { waiting: 0, ready: 0, leased: 0, done: 0, failed: 0, cancelled: 0, dormant: 0 };
  for (const task of job.tasks) {
    claim(state.tasks.get(task.key) === task, name, "has its tasks in the table");
    counts[countedAs(task)] += 1;
  }
  claim(JSON.stringify(counts) === JSON.stringify(job.counts), name, "has its tasks counted");
  const targets = [...job.targets];
  claim(job.targetsTotal === targets.length, name, "has its targets counted");
  const failed = targets.filter((target) => target.state === "failed");
  claim(job.goesOn || failed.length === 0, name, "has no failed target, unless it goes on");
  const areFiled = failed.every((target) => job.targetsFailed.has(target));
  claim(areFiled && failed.length === job.targetsFailed.size, name, "has its failed targets filed");
  const open = targets.filter((target) => !target.isStored).length - failed.length;
  claim(job.targetsOpen === open, name, "has its open targets counted");
  claim(open > 0 || job.isOpen, name, "is unfinished exactly while targets are open or it is");
  checkQueue(job, job.ready, false);
  checkQueue(job, job.readyFunctions, true);
}

function checkQueue(job: JobRecord, heap: readonly TaskRecord[], isOfFunctions: boolean): void {
  for (const [at, task] of heap.entries()) {
    claim(task.home === job && task.heapIndex === at, job.id, "and its queue agree");
    claim(task.isFunction === isOfFunctions, job.id, "keeps functions apart");
    if (at === 0) continue;
    const parent = heap[(at - 1) >> 1];
    const isOrdered = parent !== undefined && parent.sequence < task.sequence;
    claim(isOrdered, job.id, "has an ordered queue");
  }
}

function checkHolders(state: SchedulerState): void {
  for (const [id, holder] of state.holders) {
    claim(holder.id === id, id, "is filed under its name");
    const isKnown = id === "store" || id.startsWith("c_") || state.workers.has(id as WorkerId);
    claim(isKnown, id, "is the store, a client or a joined worker");
    for (const block of holder.blocks) {
      claim(state.blocks.get(block.id) === block, id, "has its blocks in the table");
      claim(block.holders.includes(holder), id, "is known to its blocks");
    }
    claim(holder.uploading.size <= state.tuning.uploadsPerHolder, id, "is not asked too much");
    for (const block of [...holder.uploading, ...holder.uploadQueue]) {
      claim(block.upload?.holder === holder, id, "copies what it was chosen for");
    }
  }
  for (const worker of state.retiring) {
    claim(state.workers.get(worker.id) === worker, worker.id, "is retiring, so it is joined");
  }
  for (const worker of state.hungry) {
    claim(state.workers.get(worker.id) === worker, worker.id, "is hungry, so it is joined");
  }
}

/** Subjects and sentences stay apart until a claim fails: this runs millions of times in tests. */
function claim(holds: boolean, subject: string | number, sentence: string): void {
  if (!holds) throw new AssertionError(`It should hold that ${subject} ${sentence}`);
}
