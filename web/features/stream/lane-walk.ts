// What a lane shows over time: computing, and what its thread waited for when it had nothing to compute.
import type { LaneColumns } from "./lane-columns.ts";

export const COMPUTING = 0;
/** The thread's next attempt was fetching its inputs, and the thread had nothing else. */
export const MOVING = 1;
/** The thread's next attempt had its inputs and did not begin. */
const WAITING = 2;
export type Phase = typeof COMPUTING | typeof MOVING | typeof WAITING;

/** A stretch of a lane; stretches come in the order of time and never overlap. */
export type Visit = (fromMs: number, toMs: number, phase: Phase, place: number) => void;

/**
 * Visits every stretch of a thread that meets the given time. Inputs are fetched ahead while the
 * thread computes other attempts: that part costs the thread nothing and is shown in the machine's
 * row of data; here only what the thread truly stood still for is.
 */
export function walkLane(lane: LaneColumns, fromMs: number, toMs: number, visit: Visit): void {
  const { endMs, computeMs, waitMs, fetchMs, end } = lane;
  let place = lane.firstEndingAfter(fromMs);
  let freeMs = place > lane.first ? (endMs[place - 1] ?? 0) : Number.NEGATIVE_INFINITY;
  for (; place < end && freeMs < toMs; place += 1) {
    const endedMs = endMs[place] ?? 0;
    const startMs = Math.max(freeMs, endedMs - (computeMs[place] ?? 0));
    const readyMs = startMs - (waitMs[place] ?? 0);
    const aheadMs = Math.max(freeMs, readyMs - (fetchMs[place] ?? 0));
    if (aheadMs < readyMs) visit(aheadMs, readyMs, MOVING, place);
    const waitingMs = Math.max(aheadMs, readyMs);
    if (waitingMs < startMs) visit(waitingMs, startMs, WAITING, place);
    if (startMs < endedMs) visit(startMs, endedMs, COMPUTING, place);
    freeMs = Math.max(freeMs, endedMs);
  }
}

/** The attempt that a thread shows at a time, or the nearest within `reachMs`; −1 when there is none. */
export function placeAt(lane: LaneColumns, timeMs: number, reachMs: number): number {
  let best = -1;
  let nearestMs = Number.POSITIVE_INFINITY;
  walkLane(lane, timeMs - reachMs, timeMs + reachMs, (fromMs, toMs, _, place) => {
    const awayMs = Math.max(0, fromMs - timeMs, timeMs - toMs);
    if (awayMs >= nearestMs || awayMs > reachMs) return;
    nearestMs = awayMs;
    best = place;
  });
  return best;
}
