// The time for views that count down or say how long ago something was.
import { useEffect, useState } from "react";

export const wallClock = (): number => Date.now();
/** The clock of connections: it never jumps when the system's time is set. */
export const steadyClock = (): number => performance.now();

/** Ticks while mounted; `null` as interval stands still. */
export function useNow(intervalMs: number | null, clock: () => number): number {
  const [nowMs, setNowMs] = useState(clock);
  useEffect(() => {
    if (intervalMs === null) return undefined;
    const tick = (): void => setNowMs(clock());
    tick();
    const timer = setInterval(tick, intervalMs);
    return () => clearInterval(timer);
  }, [intervalMs, clock]);
  return nowMs;
}
