// What a worker may take of its machine without being a burden: facts in, a decision with its reasons out.
//
// [C1] A pause for a while ends by itself.
// [C2] "Only when plugged in" pauses on battery; where the browser tells nothing of it, it has no effect.
// [C3] "Stop when hidden" pauses while the page cannot be seen.
// [C4] A machine that is needed for something else lends fewer threads than it was told, in the end none.
import type { Condition, PauseReason } from "../protocol/messages.ts";

/** What whoever sits at the machine chose; kept for the next visit. */
export interface CourtesySettings {
  /** Threads to lend while nothing speaks against it. */
  readonly threads: number;
  readonly onlyPluggedIn: boolean;
  readonly stopsWhenHidden: boolean;
  /** Lends fewer threads while the machine is busy with something else. */
  readonly givesWay: boolean;
}

/** Pauses that come and go by these rules; the others are somebody's word. */
export const courtesyReasons = [
  "timer",
  "battery",
  "hidden",
  "busy",
] as const satisfies readonly PauseReason[];
type CourtesyReason = (typeof courtesyReasons)[number];

export interface CourtesyFacts {
  readonly settings: CourtesySettings;
  /** Somebody asked for a pause until then, of the caller's clock. */
  readonly pausedUntilMs: number | null;
  readonly isHidden: boolean;
  readonly battery: Condition["battery"];
  /** As many threads as the machine has to spare; null while it has all. */
  readonly threadsSpare: number | null;
}

export interface Courtesy {
  /** Every reason to take no work now. */
  readonly reasons: ReadonlySet<CourtesyReason>;
  /** Threads to use, at least 1: a paused worker keeps them for later. */
  readonly threads: number;
}

/** Pure: the same facts at the same time give the same decision. */
export function decideCourtesy(facts: CourtesyFacts, nowMs: number): Courtesy {
  const { settings, pausedUntilMs, battery } = facts;
  const spare = settings.givesWay ? facts.threadsSpare : null;
  const reasons = new Set<CourtesyReason>();
  if (pausedUntilMs !== null && pausedUntilMs > nowMs) reasons.add("timer");
  if (settings.onlyPluggedIn && battery !== null && !battery.isCharging) reasons.add("battery");
  if (settings.stopsWhenHidden && facts.isHidden) reasons.add("hidden");
  if (spare === 0) reasons.add("busy");
  return { reasons, threads: Math.max(1, Math.min(settings.threads, spare ?? settings.threads)) };
}
