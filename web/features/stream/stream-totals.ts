// How each machine spent a stretch of time, in thread-milliseconds: for the table and for the report.
import { COMPUTING, walkLane } from "./lane-walk.ts";
import type { LiveAttempt } from "./machine-lanes.ts";
import type { StreamLayout } from "./stream-layout.ts";
import type { Span } from "./stream-viewport.ts";

export interface MachineTotals {
  readonly worker: string;
  readonly name: string;
  readonly threads: number;
  /** Time of its threads in the stretch; the four parts below add up to it. */
  readonly totalMs: number;
  readonly computingMs: number;
  readonly movingMs: number;
  readonly waitingMs: number;
  readonly idleMs: number;
  /** Attempts that ended in the stretch, and those of them that failed. */
  readonly attempts: number;
  readonly failed: number;
}

export function totalsOf(
  layout: StreamLayout,
  { fromMs, toMs }: Span,
  live: readonly LiveAttempt[] = [],
): MachineTotals[] {
  const spanMs = Math.max(0, toMs - fromMs);
  return layout.machines.map(({ worker, name, machine, threads }) => {
    /** By phase: computing, moving, waiting. */
    const parts = [0, 0, 0];
    let attempts = 0;
    let failed = 0;
    for (const lane of machine === null ? [] : [...machine.threads, machine.unplaced]) {
      if (lane.isThread) {
        walkLane(lane, fromMs, toMs, (startMs, endMs, phase) => {
          const ms = Math.min(toMs, endMs) - Math.max(fromMs, startMs);
          if (ms > 0) parts[phase] = (parts[phase] ?? 0) + ms;
        });
      }
      const end = lane.firstEndingAfter(toMs);
      for (let place = lane.firstEndingAfter(fromMs); place < end; place += 1) {
        attempts += 1;
        if (lane.outcomeAt(place) === "failed") failed += 1;
      }
    }
    for (const one of live) {
      if (one.machine !== machine || one.computingFromMs === null) continue;
      const ms = toMs - Math.max(fromMs, one.computingFromMs);
      if (ms > 0) parts[COMPUTING] = (parts[COMPUTING] ?? 0) + ms;
    }
    const totalMs = threads.length * spanMs;
    const [computingMs = 0, movingMs = 0, waitingMs = 0] = parts;
    const idleMs = Math.max(0, totalMs - computingMs - movingMs - waitingMs);
    const base = { worker, name, threads: threads.length, totalMs, attempts, failed };
    return { ...base, computingMs, movingMs, waitingMs, idleMs };
  });
}
