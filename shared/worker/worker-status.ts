// The part of the worker machine that says how the worker is: at once, soon, or when figures changed.
import type { Condition, WorkerMessage } from "../protocol/messages.ts";
import { busyShare } from "./busy-share.ts";
import type { Emit } from "./held-blocks.ts";
import { shownReason } from "./pauses.ts";
import { runningLeases, type WorkerState } from "./worker-state.ts";

const STATUS_INTERVAL_MS = 500;
/** Figures of the condition alone are no news sooner: fifty workers would talk of nothing else. */
const CONDITION_INTERVAL_MS = 5_000;
/** A change of memory below this is not worth a message. */
const MEMORY_STEP_BYTES = 2 ** 20;

type Status = Extract<WorkerMessage, { type: "status" }>;

/** Says how the worker is, now. */
export function sendStatus(state: WorkerState, nowMs: number, emit: Emit): void {
  if (state.connection !== "welcomed") return;
  const condition = conditionOf(state, nowMs);
  state.lastStatusAtMs = nowMs;
  state.lastCondition = condition;
  const message: Status = {
    type: "status",
    name: state.name,
    threads: state.threads,
    paused: state.paused,
    hidden: state.hidden,
    runsFunctions: state.runsFunctions,
    running: runningLeases(state).map(({ attempt }) => attempt),
    cacheBytes: state.cacheBytes,
    condition,
  };
  emit({ type: "send", message });
  // The share goes down by itself while nothing else happens.
  if (condition.busyShare > 0) conditionChanged(state, nowMs, emit);
}

/** Something changed that the next status tells. */
export function statusChanged(state: WorkerState, nowMs: number, emit: Emit): void {
  if (state.isStatusScheduled || state.connection !== "welcomed") return;
  state.isStatusScheduled = true;
  const delayMs = Math.max(0, state.lastStatusAtMs + STATUS_INTERVAL_MS - nowMs);
  emit({ type: "schedule-status", delayMs });
}

/** Figures of the condition may have changed, and nothing else. */
export function conditionChanged(state: WorkerState, nowMs: number, emit: Emit): void {
  if (state.isConditionScheduled || state.connection !== "welcomed") return;
  state.isConditionScheduled = true;
  const delayMs = Math.max(0, state.lastStatusAtMs + CONDITION_INTERVAL_MS - nowMs);
  emit({ type: "schedule-condition", delayMs });
}

/** Time to look at the figures: they are sent if they differ from what was said last. */
export function conditionDue(state: WorkerState, nowMs: number, emit: Emit): void {
  state.isConditionScheduled = false;
  if (state.connection !== "welcomed") return;
  // A status went out meanwhile: it said them.
  if (nowMs - state.lastStatusAtMs < CONDITION_INTERVAL_MS) {
    return conditionChanged(state, nowMs, emit);
  }
  const condition = conditionOf(state, nowMs);
  if (isNews(state.lastCondition, condition)) sendStatus(state, nowMs, emit);
  else if (condition.busyShare > 0) {
    state.isConditionScheduled = true;
    emit({ type: "schedule-condition", delayMs: CONDITION_INTERVAL_MS });
  }
}

function conditionOf(state: WorkerState, nowMs: number): Condition {
  const since = runningLeases(state).map(({ startedAtMs }) => startedAtMs);
  const share = busyShare(state.busy, state.threads, since, nowMs);
  return {
    ...state.condition,
    pausedBy: shownReason(state.pauses),
    memoryBytes: state.memoryBytes + state.poolBytes,
    busyShare: Math.round(share * 100) / 100,
  };
}

function isNews(before: Condition | null, now: Condition): boolean {
  return (
    before === null ||
    before.busyShare !== now.busyShare ||
    Math.abs(before.memoryBytes - now.memoryBytes) >= MEMORY_STEP_BYTES ||
    before.pressure !== now.pressure ||
    before.lagMs !== now.lagMs ||
    before.battery?.level !== now.battery?.level ||
    before.battery?.isCharging !== now.battery?.isCharging
  );
}
