// Time in Node, as shared code takes it.
import type { Clock } from "../shared/data-plane/clock.ts";

export const nodeClock: Clock = {
  nowMs: () => performance.now(),
  after: (delayMs, callback) => {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
