// The part of the worker machine that gives attempts to threads: one, or several short ones together.
import { FUNCTION_KERNEL } from "../graph/task.ts";
import type { AttemptId } from "../ids.ts";
import { isOverBudget } from "./held-blocks.ts";
import type { Emit } from "./held-blocks.ts";
import type { Bundle, Lease, WorkerState } from "./worker-state.ts";

/** Predicted time of a bundle: a thread is never long without a word, nor busy for one job. */
const BUNDLE_MS = 10;
/** Attempts of a bundle: beyond this, what a message costs is nothing to what they cost. */
const BUNDLE_MAX = 32;

/** [W2] [W9] [W13] Gives what is ready to free threads; says whether it did. */
export function startReady(state: WorkerState, nowMs: number, emit: Emit): boolean {
  if (state.connection !== "welcomed" || state.paused) return false;
  let busy = new Set(state.bundles.values()).size;
  if (busy >= state.threads) return false;
  const ready = [...state.leases.values()].filter(
    (lease) => lease.missing.size === 0 && !state.bundles.has(lease.attempt),
  );
  let isAnyStarted = false;
  for (const lease of ready) {
    if (busy >= state.threads || (busy > 0 && isOverBudget(state))) break;
    if (state.bundles.has(lease.attempt)) continue;
    start(state, chooseBundle(state, lease, ready, state.threads - busy), nowMs, emit);
    isAnyStarted = true;
    busy += 1;
  }
  return isAnyStarted;
}

/** The lease, with others of its kind behind it; the other free threads get as many. */
function chooseBundle(
  state: WorkerState,
  first: Lease,
  ready: readonly Lease[],
  threadsFree: number,
): Lease[] {
  if (!isShort(first)) return [first];
  const alike = ready.filter(
    (lease) => lease.job === first.job && isShort(lease) && !state.bundles.has(lease.attempt),
  );
  const share = Math.min(BUNDLE_MAX, Math.ceil(alike.length / threadsFree));
  const bundle: Lease[] = [];
  let sumMs = 0;
  for (const lease of alike) {
    sumMs += lease.expectedMs ?? 0;
    if (bundle.length > 0 && (bundle.length >= share || sumMs > BUNDLE_MS)) break;
    bundle.push(lease);
  }
  return bundle;
}

const isShort = ({ kernel, expectedMs }: Lease): boolean =>
  kernel === FUNCTION_KERNEL && expectedMs !== null && expectedMs < BUNDLE_MS;

function start(state: WorkerState, leases: readonly Lease[], nowMs: number, emit: Emit): void {
  const bundle: Bundle = leases.map(({ attempt }) => attempt);
  for (const attempt of bundle) state.bundles.set(attempt, bundle);
  begin(state, bundle, nowMs);
  emit({
    type: "start-attempts",
    attempts: leases.map(({ attempt, job, kernel, params, inputs, limitMs }) => {
      return { attempt, job, kernel, params, inputs, limitMs };
    }),
  });
}

/** The first of the bundle has its turn. */
function begin(state: WorkerState, bundle: Bundle, nowMs: number): void {
  const lease = bundle[0] === undefined ? undefined : state.leases.get(bundle[0]);
  if (lease === undefined || lease.isRunning) return;
  lease.isRunning = true;
  lease.startedAtMs = nowMs;
}

/**
 * The thread is done with the attempt, however it ended there; the next one has its turn. Says whether
 * there is one.
 */
export function leaveBundle(state: WorkerState, attempt: AttemptId, nowMs: number): boolean {
  const bundle = state.bundles.get(attempt);
  if (bundle === undefined) return false;
  state.bundles.delete(attempt);
  bundle.splice(bundle.indexOf(attempt), 1);
  begin(state, bundle, nowMs);
  return bundle.length > 0;
}
