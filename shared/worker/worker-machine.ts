// The worker's mind: events in, commands out; no clock, no I/O, no waiting.
//
// [W1] A lease's inputs are fetched as soon as it is granted, each block once for all leases.
// [W2] Attempts start in the order of their leases, when inputs are there and a thread is free, and not
//      before all is heard that the coordinator said at once.
// [W3] Every lease ends in exactly one of: finished, failed, returned, or cancelled by the coordinator.
// [W4] Pausing returns all leases at once, running ones too; nothing starts while paused.
//      It is paused while there is any reason to be, and says the most telling one.
// [W5] Fewer threads return the attempts that started last, and waiting leases beyond two a thread.
// [W6] A lost connection cancels all attempts and fetches and keeps all blocks.
// [W7] Leaving says goodbye once; afterwards nothing is sent.
// [W8] A status is sent when something changed, at most every 500 ms, and at once when it matters.
// [W9] While memory is over its budget no second attempt starts beside a running one.
// [W10] What is fetched ahead counts as held once it came; nothing is fetched ahead beyond the budget.
// [W11] To finish is a pause that lets what runs end: only leases that wait are returned.
// [W12] Figures of its condition alone are told at most every 5 s, and only when they changed.
// [W13] Functions of one job that are known to be short go to a thread together, up to 10 ms of them
//       and no more than leaves each free thread as many. Each has its turn when the one before it ended.
// [W14] What did not begin because its thread ended under another attempt starts again, without blame.
// [W15] A thread is free when it is done with all that it was given, what was cancelled included.
// [W16] The report of one that succeeded may wait for the next of its bundle, not while the page is hidden.
// The rules [B1] to [B6] about blocks are in held-blocks.ts.
import { unreachable } from "../assert.ts";
import type { AttemptId, BlockId } from "../ids.ts";
import type { LocatedBlock } from "../protocol/messages.ts";
import { NAME_LENGTH_MAX, THREADS_PER_WORKER_MAX } from "../limits.ts";
import { leaveBundle, startReady } from "./bundles.ts";
import * as held from "./held-blocks.ts";
import type { Emit } from "./held-blocks.ts";
import { addBusyTime } from "./busy-share.ts";
import { setReason } from "./pauses.ts";
import type { LeaseMessage, WorkerCommand, WorkerEvent } from "./worker-events.ts";
import { type Lease, runningLeases, type WorkerState } from "./worker-state.ts";
import { conditionChanged, conditionDue, sendStatus, statusChanged } from "./worker-status.ts";

/** More than any scheduler that knows its business grants. */
const LEASES_MAX = 1_000;
const WAITING_LEASES_PER_THREAD = 2;
/** More than one page's life sees; the count of them is for the person who reads it. */
const JOBS_COUNTED_MAX = 10_000;

type EventOf<Type extends WorkerEvent["type"]> = Extract<WorkerEvent, { type: Type }>;

/** Changes `state` by one event and says what is to be done. `nowMs` never runs backwards. */
export function workerStep(state: WorkerState, event: WorkerEvent, nowMs: number): WorkerCommand[] {
  const commands: WorkerCommand[] = [];
  const emit: Emit = (command) => void commands.push(command);
  if (state.connection === "left") return commands;
  apply(state, event, nowMs, emit);
  const isPartOfMore = event.type === "lease-granted" || event.type === "cancel-requested";
  if (!isPartOfMore && startReady(state, nowMs, emit)) statusChanged(state, nowMs, emit);
  return commands;
}

function apply(state: WorkerState, event: WorkerEvent, nowMs: number, emit: Emit): void {
  switch (event.type) {
    case "welcomed":
      return welcomed(state, nowMs, emit);
    case "lost":
      dropLeases(state, nowMs, emit);
      state.connection = "offline";
      return;
    case "left":
      return left(state, nowMs, emit);
    case "lease-granted":
      return leaseGranted(state, event.lease, nowMs, emit);
    case "cancel-requested":
      dropLease(state, event.attempt, nowMs, emit);
      return statusChanged(state, nowMs, emit);
    case "orders-heard":
      return;
    case "input-arrived":
      return inputArrived(state, event, nowMs, emit);
    case "input-failed":
      return inputFailed(state, event, nowMs, emit);
    case "attempt-succeeded":
      return attemptSucceeded(state, event, nowMs, emit);
    case "attempt-failed":
      return attemptFailed(state, event, nowMs, emit);
    case "threads-set":
      return threadsSet(state, event.threads, nowMs, emit);
    case "paused-set":
      return pausedSet(state, event, nowMs, emit);
    case "condition-set":
      state.condition = { pressure: event.pressure, battery: event.battery, lagMs: event.lagMs };
      return conditionChanged(state, nowMs, emit);
    case "pool-measured":
      state.poolBytes = event.bytes;
      return conditionChanged(state, nowMs, emit);
    case "hidden-set":
      if (state.hidden === event.hidden) return;
      state.hidden = event.hidden;
      return sendStatus(state, nowMs, emit);
    case "name-set":
      state.name = event.name.trim().slice(0, NAME_LENGTH_MAX).trim() || state.name;
      return statusChanged(state, nowMs, emit);
    case "runs-functions-set":
      if (state.runsFunctions === event.runsFunctions) return;
      state.runsFunctions = event.runsFunctions;
      return sendStatus(state, nowMs, emit);
    case "blocks-released":
      held.release(state, event.blocks, emit);
      return conditionChanged(state, nowMs, emit);
    case "prefetch-requested":
      return prefetch(state, event.blocks, emit);
    case "store-requested":
      return held.store(state, event.blocks, emit);
    case "upload-ended":
      return held.uploadEnded(state, event.block, event.isStored, emit);
    case "block-cached":
      held.cached(state, event.block, event.evicted, emit);
      held.keepBudget(state, emit);
      return statusChanged(state, nowMs, emit);
    case "cache-missed":
      return held.lostFromCache(state, [event.block], emit);
    case "status-due":
      state.isStatusScheduled = false;
      return sendStatus(state, nowMs, emit);
    case "condition-due":
      return conditionDue(state, nowMs, emit);
    default:
      return unreachable(event);
  }
}

function welcomed(state: WorkerState, nowMs: number, emit: Emit): void {
  dropLeases(state, nowMs, emit);
  state.connection = "welcomed";
  held.announceAll(state, emit);
  sendStatus(state, nowMs, emit);
}

function left(state: WorkerState, nowMs: number, emit: Emit): void {
  dropLeases(state, nowMs, emit);
  if (state.connection === "welcomed") emit({ type: "send", message: { type: "leave" } });
  state.connection = "left";
}

function pausedSet(
  state: WorkerState,
  { paused, reason }: EventOf<"paused-set">,
  nowMs: number,
  emit: Emit,
): void {
  if (!setReason(state.pauses, reason, paused)) return;
  state.paused = state.pauses.size > 0;
  if (paused) {
    const leases = [...state.leases.values()];
    const isFinishing = reason === "finishing";
    const unwanted = isFinishing ? leases.filter((lease) => !lease.isRunning) : leases;
    giveBack(
      state,
      unwanted.map(({ attempt }) => attempt),
      nowMs,
      emit,
    );
  }
  sendStatus(state, nowMs, emit);
}

function leaseGranted(state: WorkerState, message: LeaseMessage, nowMs: number, emit: Emit): void {
  const { attempt } = message;
  if (state.connection !== "welcomed" || state.leases.has(attempt)) return;
  if (state.paused || state.threads === 0 || state.leases.size >= LEASES_MAX) {
    held.refuseGiven(state, message.inputs, emit);
    return emit({ type: "send", message: { type: "attempts-returned", attempts: [attempt] } });
  }
  const lease: Lease = {
    attempt,
    job: message.job,
    title: message.title,
    kernel: message.kernel,
    params: message.params,
    inputs: message.inputs.map(({ block }) => block),
    missing: new Set(),
    isRunning: false,
    grantedAtMs: nowMs,
    readyAtMs: nowMs,
    startedAtMs: nowMs,
    bytesFetched: 0,
    limitMs: message.limitMs,
    expectedMs: message.expectedMs,
  };
  state.leases.set(attempt, lease);
  for (const located of message.inputs) {
    const known = state.blocks.get(located.block);
    if (known !== undefined) known.lastUsedMs = nowMs;
    if (known?.inMemory === true || held.takeGiven(state, located)) continue;
    lease.missing.add(located.block);
    if (state.fetching.has(located.block)) continue;
    state.fetching.add(located.block);
    emit({ type: "fetch-input", located });
  }
  held.keepGivenFew(state, emit);
}

function prefetch(state: WorkerState, blocks: readonly LocatedBlock[], emit: Emit): void {
  let roomBytes = state.memoryBudgetBytes - state.memoryBytes;
  for (const located of blocks) {
    const { block, sizeBytes } = located;
    if (state.blocks.has(block) || state.fetching.has(block) || sizeBytes > roomBytes) continue;
    roomBytes -= sizeBytes;
    state.fetching.add(block);
    emit({ type: "fetch-input", located });
  }
}

function inputArrived(
  state: WorkerState,
  event: EventOf<"input-arrived">,
  nowMs: number,
  emit: Emit,
): void {
  const { block, sizeBytes } = event;
  const isWanted = state.fetching.delete(block);
  if (!isWanted && state.blocks.get(block)?.inMemory !== true) {
    // The last lease that wanted it ended while it came.
    return emit({ type: "drop-block", block, alsoCached: false });
  }
  if (held.holdInMemory(state, { block, sizeBytes }, false, nowMs)) {
    emit({ type: "send", message: { type: "have", blocks: [{ block, sizeBytes }] } });
  }
  if (state.blocks.get(block)?.inCache === false) emit({ type: "cache-block", block });
  let { bytesFetched } = event;
  for (const lease of state.leases.values()) {
    if (!lease.missing.delete(block)) continue;
    // Counted once: the first lease pays, those that share the block get it for nothing.
    lease.bytesFetched += bytesFetched;
    bytesFetched = 0;
    if (lease.missing.size === 0) lease.readyAtMs = nowMs;
  }
  held.keepBudget(state, emit);
  conditionChanged(state, nowMs, emit);
}

function inputFailed(
  state: WorkerState,
  event: EventOf<"input-failed">,
  nowMs: number,
  emit: Emit,
): void {
  const { block, message } = event;
  if (!state.fetching.delete(block)) return;
  for (const lease of state.leases.values()) {
    if (!lease.missing.has(block)) continue;
    lease.missing.delete(block);
    const { attempt } = lease;
    dropLease(state, attempt, nowMs, emit);
    emit({
      type: "send",
      message: {
        type: "attempt-failed",
        attempt,
        reason: "input-unavailable",
        message: message.slice(0, 4_000),
        block,
      },
    });
  }
  statusChanged(state, nowMs, emit);
}

function attemptSucceeded(
  state: WorkerState,
  event: EventOf<"attempt-succeeded">,
  nowMs: number,
  emit: Emit,
): void {
  const { attempt, outputs, computeMs, thread } = event;
  const isMoreExpected = leaveBundle(state, attempt, nowMs);
  const lease = state.leases.get(attempt);
  if (lease === undefined) {
    for (const { block, bytes } of outputs) {
      if (bytes === undefined && !state.blocks.has(block))
        emit({ type: "drop-block", block, alsoCached: false });
    }
    return;
  }
  state.leases.delete(attempt);
  addBusyTime(state.busy, lease.startedAtMs, nowMs);
  state.tasksDone += 1;
  state.computeMs += computeMs;
  if (state.jobs.size < JOBS_COUNTED_MAX) state.jobs.add(lease.job);
  const kept = outputs.filter(({ bytes }) => bytes === undefined);
  for (const output of kept) held.holdInMemory(state, output, true, nowMs);
  emit({
    type: "send",
    message: {
      type: "attempt-finished",
      attempt,
      outputs: [...outputs],
      computeMs,
      fetchMs: lease.readyAtMs - lease.grantedAtMs,
      waitMs: lease.startedAtMs - lease.readyAtMs,
      bytesFetched: lease.bytesFetched,
      ...(thread === undefined ? {} : { thread }),
    },
    // The timers of a hidden page are slow: there nothing would end the waiting in time.
    ...(isMoreExpected && !state.hidden ? { mayWait: true } : {}),
  });
  for (const { block } of kept) {
    if (state.blocks.get(block)?.inCache === false) emit({ type: "cache-block", block });
  }
  held.keepBudget(state, emit);
  statusChanged(state, nowMs, emit);
}

function attemptFailed(
  state: WorkerState,
  event: EventOf<"attempt-failed">,
  nowMs: number,
  emit: Emit,
): void {
  const { attempt, reason, error, thread } = event;
  leaveBundle(state, attempt, nowMs);
  const lease = state.leases.get(attempt);
  if (lease === undefined) return;
  if (reason === "unbegun") {
    lease.isRunning = false;
    return;
  }
  state.leases.delete(attempt);
  addBusyTime(state.busy, lease.startedAtMs, nowMs);
  statusChanged(state, nowMs, emit);
  if (reason === "cancelled") {
    return emit({ type: "send", message: { type: "attempts-returned", attempts: [attempt] } });
  }
  state.tasksFailed += 1;
  emit({
    type: "send",
    message: {
      type: "attempt-failed",
      attempt,
      reason,
      message: event.message.slice(0, 4_000),
      ...(error === undefined ? {} : { error }),
      ...(thread === undefined ? {} : { thread, computeMs: nowMs - lease.startedAtMs }),
    },
  });
}

function threadsSet(state: WorkerState, wanted: number, nowMs: number, emit: Emit): void {
  const threads = Math.max(0, Math.min(THREADS_PER_WORKER_MAX, Math.floor(wanted)));
  if (threads === state.threads) return;
  state.threads = threads;
  const running = runningLeases(state).toSorted((a, b) => a.startedAtMs - b.startedAtMs);
  const waiting = [...state.leases.values()].filter((lease) => !lease.isRunning);
  const surplus = [
    ...running.slice(threads),
    ...waiting.slice(threads * WAITING_LEASES_PER_THREAD),
  ];
  giveBack(
    state,
    surplus.map(({ attempt }) => attempt),
    nowMs,
    emit,
  );
  emit({ type: "resize-pool", threads });
  sendStatus(state, nowMs, emit);
}

/** Ends a lease without a word to the coordinator: its thread, and fetches that only it wanted. */
function dropLease(state: WorkerState, attempt: AttemptId, nowMs: number, emit: Emit): void {
  const lease = state.leases.get(attempt);
  if (lease === undefined) return;
  state.leases.delete(attempt);
  if (state.bundles.has(attempt)) {
    addBusyTime(state.busy, lease.startedAtMs, nowMs);
    emit({ type: "cancel-attempt", attempt });
  }
  const stillWanted = new Set<BlockId>();
  for (const other of state.leases.values()) {
    for (const block of other.missing) stillWanted.add(block);
  }
  for (const block of lease.missing) {
    if (stillWanted.has(block) || !state.fetching.delete(block)) continue;
    emit({ type: "cancel-fetch", block });
  }
}

function dropLeases(state: WorkerState, nowMs: number, emit: Emit): void {
  for (const attempt of state.leases.keys()) dropLease(state, attempt, nowMs, emit);
}

function giveBack(
  state: WorkerState,
  attempts: readonly AttemptId[],
  nowMs: number,
  emit: Emit,
): void {
  if (attempts.length === 0) return;
  for (const attempt of attempts) dropLease(state, attempt, nowMs, emit);
  emit({ type: "send", message: { type: "attempts-returned", attempts: [...attempts] } });
}
