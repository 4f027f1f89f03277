// The browser's time, as shared code wants it.
import type { Clock } from "../../shared/data-plane/clock.ts";

export const browserClock: Clock = {
  nowMs: () => performance.now(),
  after(delayMs, callback) {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  },
};
