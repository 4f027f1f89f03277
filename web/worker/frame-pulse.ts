// Notices that a sandbox's frame is gone: browsers do not tell when the process of a frame ends.
import type { Clock } from "../../shared/data-plane/clock.ts";

const PING_INTERVAL_MS = 2_000;
/** A frame without work of its own answers at once. Three, as an answer may be in the queue after a sleep. */
const MISSES_MAX = 3;

export interface PulsePort {
  postMessage(message: string): void;
}

export interface Pulse {
  /** The frame said something. */
  heard(): void;
  stop(): void;
}

/** Asks the frame now and then; it answers each message with another. */
export function watchPulse(port: PulsePort, clock: Clock, onSilence: () => void): Pulse {
  let misses = 0;
  let stopTimer = (): void => undefined;
  const ask = (): void => {
    if (misses >= MISSES_MAX) return onSilence();
    misses += 1;
    port.postMessage("ping");
    stopTimer = clock.after(PING_INTERVAL_MS, ask);
  };
  stopTimer = clock.after(PING_INTERVAL_MS, ask);
  return {
    heard() {
      misses = 0;
    },
    stop: () => stopTimer(),
  };
}
