// Why a worker takes no work: reasons come and go by themselves, and it is paused while there is any.
import { type PauseReason, pauseReasons } from "../protocol/messages.ts";

/** Pauses by a hand: whoever resumes, here or at the dashboard, lifts all of them. */
const BY_HAND: readonly PauseReason[] = ["person", "timer", "dashboard"];

/** Adds or takes away a reason; false when that changes nothing. */
export function setReason(
  pauses: Set<PauseReason>,
  reason: PauseReason,
  isPaused: boolean,
): boolean {
  if (isPaused) {
    if (pauses.has(reason)) return false;
    pauses.add(reason);
    return true;
  }
  // A timer that runs out lifts its own pause only; somebody else may have paused since.
  const isHand = reason === "person" || reason === "dashboard";
  const lifted = isHand ? BY_HAND : [reason];
  return lifted.map((each) => pauses.delete(each)).includes(true);
}

/** The reason to be shown of several: who leaves says so, then what a hand did, then rules. */
export function shownReason(pauses: ReadonlySet<PauseReason>): PauseReason | null {
  if (pauses.has("finishing")) return "finishing";
  return pauseReasons.find((reason) => pauses.has(reason)) ?? null;
}
