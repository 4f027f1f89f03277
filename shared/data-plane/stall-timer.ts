// Watches that a transfer keeps delivering, with one timer a transfer and not one a message.
import type { Clock } from "./clock.ts";

export interface StallTimer {
  /** Something came. */
  progressed(): void;
  stop(): void;
}

/** Calls `onStall` once when nothing came for `stallMs`. */
export function startStallTimer(clock: Clock, stallMs: number, onStall: () => void): StallTimer {
  let lastMs = clock.nowMs();
  let cancelTimer = clock.after(stallMs, check);

  function check(): void {
    const remainingMs = lastMs + stallMs - clock.nowMs();
    if (remainingMs <= 0) onStall();
    else cancelTimer = clock.after(remainingMs, check);
  }

  return {
    progressed: () => {
      lastMs = clock.nowMs();
    },
    stop: () => cancelTimer(),
  };
}
