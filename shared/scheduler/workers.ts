// Workers coming, going and falling silent.
import type { Incarnation, WorkerId } from "../ids.ts";
import { takeBack, takeLeasesBack } from "./attempts.ts";
import { mayRun, refreshHunger } from "./capacity.ts";
import type { SchedulerEvent } from "./events.ts";
import { removeHolder } from "./replicas.ts";
import { setRetiring } from "./retirement.ts";
import {
  createHolder,
  trimOldest,
  type SchedulerState,
  type Turn,
  type WorkerRecord,
} from "./state.ts";

type Joined = Extract<SchedulerEvent, { type: "worker-joined" }>;
type Left = Extract<SchedulerEvent, { type: "worker-left" }>;
type Changed = Extract<SchedulerEvent, { type: "worker-changed" }>;

/** The worker, if it is joined with exactly this incarnation. Any such event shows that it lives. */
export function currentWorker(
  turn: Turn,
  id: WorkerId,
  incarnation: Incarnation,
): WorkerRecord | undefined {
  const worker = turn.state.workers.get(id);
  if (worker?.incarnation !== incarnation) {
    turn.state.counters.dropped += 1;
    // A superseded incarnation is being closed already; of any other the host knows more than we.
    if (worker === undefined || worker.incarnation < incarnation) {
      turn.commands.push({ type: "end-incarnation", worker: id, incarnation, reason: "unknown" });
    }
    return undefined;
  }
  worker.heardAtMs = turn.nowMs;
  if (worker.isSuspect) {
    worker.isSuspect = false;
    refreshHunger(turn.state, worker);
  }
  return worker;
}

export function joinWorker(turn: Turn, event: Joined): void {
  const { state } = turn;
  const before = state.workers.get(event.worker);
  if (before !== undefined) {
    if (event.incarnation <= before.incarnation) {
      state.counters.dropped += 1;
      return;
    }
    removeWorker(turn, before, null);
  }
  const holder = createHolder(event.worker);
  const worker: WorkerRecord = {
    id: event.worker,
    isJoined: true,
    index: state.nextWorkerIndex,
    incarnation: event.incarnation,
    threads: event.threads,
    isPaused: event.paused,
    isHidden: event.hidden,
    runsFunctions: event.runsFunctions === true,
    retirement: null,
    isSuspect: false,
    heardAtMs: turn.nowMs,
    restUntilMs: 0,
    attempts: new Set(),
    loadMs: 0,
    untimed: 0,
    incoming: new Map(),
    holder,
    profile: profileOf(state, event.worker),
  };
  state.nextWorkerIndex += 1;
  state.workers.set(worker.id, worker);
  state.holders.set(holder.id, holder);
  refreshHunger(state, worker);
}

function profileOf(state: SchedulerState, id: WorkerId): WorkerRecord["profile"] {
  const known = state.profiles.get(id);
  const profile = known ?? { speeds: new Map(), relative: 1, links: new Map() };
  // Set anew, so that the oldest entry is the one that joined longest ago.
  state.profiles.delete(id);
  state.profiles.set(id, profile);
  trimOldest(state.profiles, state.tuning.profilesMax);
  return profile;
}

export function leaveWorker(turn: Turn, event: Left): void {
  const worker = turn.state.workers.get(event.worker);
  if (worker?.incarnation !== event.incarnation) {
    turn.state.counters.dropped += 1;
    return;
  }
  removeWorker(turn, worker, event.isExpected ? null : `${worker.id} #${worker.incarnation}`);
}

/** Ends an incarnation: leases go back, replicas are gone. `death` is null when none is blamed. */
function removeWorker(turn: Turn, worker: WorkerRecord, death: string | null): void {
  const { state } = turn;
  // Off the table first: nothing that follows may ask or tell it anything.
  worker.isJoined = false;
  state.workers.delete(worker.id);
  state.hungry.delete(worker);
  state.retiring.delete(worker);
  takeLeasesBack(turn, worker, death);
  removeHolder(turn, worker.holder);
}

export function changeWorker(turn: Turn, worker: WorkerRecord, event: Changed): void {
  worker.threads = event.threads;
  worker.isPaused = event.paused;
  worker.isHidden = event.hidden;
  worker.runsFunctions = event.runsFunctions === true;
  worker.restUntilMs = 0;
  setRetiring(turn, worker, event.isRetiring === true);
  refreshHunger(turn.state, worker);
  for (const attempt of worker.attempts) {
    // Whoever agrees no more to functions has them taken away at once.
    if (!mayRun(worker, attempt.task)) takeBack(turn, attempt, "lease-expired");
  }
}

/** On a tick: silent workers become suspect, and then lost. */
export function watchSilence(turn: Turn): void {
  const { state, nowMs } = turn;
  const { tuning } = state;
  for (const worker of state.workers.values()) {
    const silentMs = nowMs - worker.heardAtMs;
    const lostAfterMs = worker.isHidden ? tuning.lostAfterHiddenMs : tuning.lostAfterMs;
    if (silentMs > lostAfterMs) {
      turn.commands.push({
        type: "end-incarnation",
        worker: worker.id,
        incarnation: worker.incarnation,
        reason: "silent",
      });
      removeWorker(turn, worker, worker.id);
      continue;
    }
    if (silentMs > tuning.suspectAfterMs) worker.isSuspect = true;
    // Rests end with time, so hunger is looked at even when nothing changed.
    refreshHunger(state, worker);
  }
}

/**
 * The coordinator itself slept (a closed laptop lid): nobody could be heard in that time, so it is
 * not held against anybody.
 */
export function forgiveOwnGap(turn: Turn): void {
  const { state, nowMs } = turn;
  const gapMs = nowMs - (state.tickedAtMs ?? nowMs);
  state.tickedAtMs = nowMs;
  if (gapMs <= state.tuning.suspectAfterMs) return;
  for (const worker of state.workers.values()) {
    worker.heardAtMs = Math.min(nowMs, worker.heardAtMs + gapMs);
  }
  for (const attempt of state.attempts.values()) attempt.deadlineMs += gapMs;
}
