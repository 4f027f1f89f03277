// How many threads a machine has to spare while somebody uses it: down in steps, up again slowly.
//
// [G1] Strain that lasts takes a quarter of the threads, at least one; if it goes on, another quarter.
// [G2] Late timers never take the last thread; only the system's own word for a machine at its limit does.
// [G3] After a calm while one step comes back, and after another such while the next.
// [G4] A step up that brings strain back at once doubles the while that must be calm before the next.
// [G5] Between strain and calm, and where nothing can be measured, all stays as it is.
import type { Condition } from "../protocol/messages.ts";

/** How the machine is; where the system tells its pressure, timers are not asked. */
export interface Strain {
  readonly pressure: Condition["pressure"];
  /** How late timers of a visible page fire, as a median; null where that says nothing. */
  readonly lagMs: number | null;
  /** The part of all cores that our own threads compute on, 0 to 1: not somebody else's strain. */
  readonly ownShare: number;
}

export interface GivingWay {
  /** Null while nothing is held back. */
  readonly threadsSpare: number | null;
  readonly strainedSinceMs: number | null;
  readonly calmSinceMs: number | null;
  readonly raisedAtMs: number | null;
  readonly patienceMs: number;
}

/** A short burst, as a page that loads, is over by then. */
const STRAIN_MS = 4_000;
const PATIENCE_MS = 20_000;
const PATIENCE_MS_MAX = 320_000;
/** The part of the threads that one step takes or gives. */
const STEP_SHARE = 0.25;
/** Timers of an idle machine fire within some milliseconds; a person feels delays of some tens. */
const LAG_STRAINED_MS = 25;
const LAG_CALM_MS = 10;
/** From this part of all cores in use on, systems say this word. */
const PRESSURE_SHARES = { nominal: 0, fair: 0.6, serious: 0.75, critical: 0.9 } as const;

export const atEase: GivingWay = {
  threadsSpare: null,
  strainedSinceMs: null,
  calmSinceMs: null,
  raisedAtMs: null,
  patienceMs: PATIENCE_MS,
};

/** One look at the machine; `threads` is what it would lend. Called about once a second. */
export function giveWay(
  state: GivingWay,
  strain: Strain,
  threads: number,
  nowMs: number,
): GivingWay {
  const feeling = feelingOf(strain);
  if (feeling === "strained") return strained(state, strain, threads, nowMs);
  if (feeling === "calm") return calm(state, threads, nowMs);
  return { ...state, strainedSinceMs: null, calmSinceMs: null };
}

function feelingOf({ pressure, lagMs, ownShare }: Strain): "strained" | "calm" | "between" {
  if (pressure !== null) {
    // What our own threads explain is no strain of somebody else's.
    const isHigh = pressure === "serious" || pressure === "critical";
    return isHigh && PRESSURE_SHARES[pressure] > ownShare ? "strained" : "calm";
  }
  if (lagMs === null) return "between";
  if (lagMs >= LAG_STRAINED_MS) return "strained";
  return lagMs <= LAG_CALM_MS ? "calm" : "between";
}

const stepOf = (threads: number): number => Math.max(1, Math.floor(threads * STEP_SHARE));

function strained(state: GivingWay, strain: Strain, threads: number, nowMs: number): GivingWay {
  const sinceMs = state.strainedSinceMs ?? nowMs;
  const isAfterRaise = state.raisedAtMs !== null && nowMs - state.raisedAtMs < PATIENCE_MS;
  const patienceMs = isAfterRaise
    ? Math.min(PATIENCE_MS_MAX, state.patienceMs * 2)
    : state.patienceMs;
  const next = { ...state, strainedSinceMs: sinceMs, calmSinceMs: null, patienceMs };
  if (isAfterRaise) next.raisedAtMs = null;
  if (nowMs - sinceMs < STRAIN_MS) return next;
  const least = strain.pressure === "critical" ? 0 : 1;
  const now = Math.min(state.threadsSpare ?? threads, threads);
  const threadsSpare = Math.max(Math.min(least, now), now - stepOf(threads));
  // The next step needs strain that lasts as long again.
  return { ...next, threadsSpare, strainedSinceMs: nowMs };
}

function calm(state: GivingWay, threads: number, nowMs: number): GivingWay {
  const sinceMs = state.calmSinceMs ?? nowMs;
  const next = { ...state, strainedSinceMs: null, calmSinceMs: sinceMs };
  if (state.threadsSpare === null) {
    // Long at ease: whatever made it impatient is over.
    return nowMs - sinceMs < PATIENCE_MS_MAX ? next : { ...next, patienceMs: PATIENCE_MS };
  }
  if (nowMs - sinceMs < state.patienceMs) return next;
  const raised = state.threadsSpare + stepOf(threads);
  return {
    ...next,
    threadsSpare: raised >= threads ? null : raised,
    calmSinceMs: nowMs,
    raisedAtMs: nowMs,
  };
}
