// What a worker may take of its machine without being a burden: facts in, a decision with its reason out.
//
// [C1] Who is to end finishes what runs, and takes nothing new; no other rule returns that work.
// [C2] A pause that a person asked for, here or at the dashboard, comes before every rule of the machine.
// [C3] A pause for a while ends by itself.
// [C4] "Only when plugged in" pauses on battery; where the browser tells nothing of it, it has no effect.
// [C5] "Stop when hidden" pauses while the page cannot be seen.
// [C6] A machine that is needed for something else lends fewer threads than it was told, in the end none.
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

/** A pause that somebody asked for; the one of a timer ends at `untilMs` of the caller's clock. */
export type AskedPause =
  | { readonly by: "person" | "dashboard" }
  | { readonly by: "timer"; readonly untilMs: number };

export interface CourtesyFacts {
  readonly settings: CourtesySettings;
  readonly pause: AskedPause | null;
  readonly isFinishing: boolean;
  readonly isHidden: boolean;
  readonly battery: Condition["battery"];
  /** As many threads as the machine has to spare; null while it has all. */
  readonly threadsSpare: number | null;
}

export interface Courtesy {
  /** Null while the worker takes work. */
  readonly pausedBy: PauseReason | null;
  /** Threads to use, at least 1: a paused worker keeps them for later. */
  readonly threads: number;
}

/** Pure: the same facts at the same time give the same decision. */
export function decideCourtesy(facts: CourtesyFacts, nowMs: number): Courtesy {
  const { settings } = facts;
  const spare = settings.givesWay ? facts.threadsSpare : null;
  const threads = Math.max(1, Math.min(settings.threads, spare ?? settings.threads));
  return { pausedBy: pauseOf(facts, spare, nowMs), threads };
}

function pauseOf(facts: CourtesyFacts, spare: number | null, nowMs: number): PauseReason | null {
  const { settings, pause, battery } = facts;
  if (facts.isFinishing) return "finishing";
  if (pause !== null && (pause.by !== "timer" || pause.untilMs > nowMs)) return pause.by;
  if (settings.onlyPluggedIn && battery !== null && !battery.isCharging) return "battery";
  if (settings.stopsWhenHidden && facts.isHidden) return "hidden";
  return spare === 0 ? "busy" : null;
}
