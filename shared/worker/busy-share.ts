// How much of its threads' time a worker computed in lately, from the beginnings and ends of attempts.

/** So far back it is told. */
const BUSY_WINDOW_MS = 10_000;
/** Ended attempts are summed by second, so that a thousand of them a second cost no memory. */
const SLICE_MS = 1_000;
const SLICES = BUSY_WINDOW_MS / SLICE_MS + 1;

export interface BusyRecord {
  /** The first moment that is known of. */
  sinceMs: number | null;
  /** Thread-milliseconds by slice of time, in a ring. */
  readonly slices: number[];
  /** The number of the newest slice that the ring stands at. */
  newest: number;
}

export const createBusyRecord = (): BusyRecord => ({
  sinceMs: null,
  slices: Array.from({ length: SLICES }, () => 0),
  newest: 0,
});

function advance(record: BusyRecord, nowMs: number): void {
  record.sinceMs ??= nowMs;
  const newest = Math.floor(nowMs / SLICE_MS);
  const from = Math.max(record.newest + 1, newest - SLICES + 1);
  for (let slice = from; slice <= newest; slice += 1) record.slices[slice % SLICES] = 0;
  record.newest = Math.max(record.newest, newest);
}

/** A thread was busy with an attempt from `startMs` until now. */
export function addBusyTime(record: BusyRecord, startMs: number, nowMs: number): void {
  advance(record, nowMs);
  const oldest = record.newest - SLICES + 1;
  for (
    let slice = Math.max(oldest, Math.floor(startMs / SLICE_MS));
    slice <= record.newest;
    slice += 1
  ) {
    const sliceMs = slice * SLICE_MS;
    const overlapMs = Math.min(nowMs, sliceMs + SLICE_MS) - Math.max(startMs, sliceMs);
    const at = slice % SLICES;
    record.slices[at] = (record.slices[at] ?? 0) + Math.max(0, overlapMs);
  }
}

/**
 * Share of the time of `threads` threads that was computed in within the last ten seconds, 0 to 1;
 * `runningSinceMs` are the beginnings of the attempts that run now.
 */
export function busyShare(
  record: BusyRecord,
  threads: number,
  runningSinceMs: readonly number[],
  nowMs: number,
): number {
  advance(record, nowMs);
  const fromMs = Math.max(nowMs - BUSY_WINDOW_MS, record.sinceMs ?? nowMs);
  const windowMs = nowMs - fromMs;
  if (threads === 0 || windowMs <= 0) return 0;
  let sumMs = 0;
  for (let slice = record.newest - SLICES + 1; slice <= record.newest; slice += 1) {
    if (slice < 0) continue;
    // Of the oldest slice, which the window cuts, only a part counts.
    const inWindowMs = Math.min(SLICE_MS, (slice + 1) * SLICE_MS - fromMs);
    if (inWindowMs > 0) sumMs += ((record.slices[slice % SLICES] ?? 0) * inWindowMs) / SLICE_MS;
  }
  for (const sinceMs of runningSinceMs) sumMs += nowMs - Math.max(fromMs, sinceMs);
  return Math.min(1, sumMs / (windowMs * threads));
}
