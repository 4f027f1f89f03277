// Which attempt is at a place, and which is the next one by keys.
import { placeAt } from "./lane-walk.ts";
import type { LaneColumns } from "./lane-columns.ts";
import type { LiveAttempt, Machine } from "./machine-lanes.ts";
import type { MachineRows, StreamLayout } from "./stream-layout.ts";
import type { Span } from "./stream-viewport.ts";

/** An attempt in the picture; `thread` −1 stands for the machine's row of data. */
export type Picked =
  | {
      readonly kind: "ended";
      readonly attempt: number;
      readonly rows: MachineRows;
      readonly thread: number;
      readonly lane: LaneColumns;
      readonly place: number;
    }
  | {
      readonly kind: "live";
      readonly attempt: number;
      readonly rows: MachineRows;
      readonly thread: number;
      readonly live: LiveAttempt;
    };

const ended = (
  rows: MachineRows,
  thread: number,
  lane: LaneColumns,
  place: number,
): Picked | null =>
  place < lane.first || place >= lane.end
    ? null
    : { kind: "ended", attempt: lane.attempt[place] ?? 0, rows, thread, lane, place };

/** What is at a time in a row, within `reachMs` of it; null when nothing is. */
export function pickAt(
  rows: MachineRows,
  thread: number,
  timeMs: number,
  reachMs: number,
  liveOf: (machine: Machine) => readonly LiveAttempt[],
): Picked | null {
  const { machine } = rows;
  if (machine === null) return null;
  const under = liveOf(machine).find(
    (one) => one.thread === thread && (one.computingFromMs ?? one.grantedMs) <= timeMs + reachMs,
  );
  if (thread < 0) {
    const unplaced = endingSoon(machine.unplaced, timeMs, reachMs);
    const data = unplaced ?? fetchingAt(rows, timeMs);
    if (data !== null) return { ...data, rows, thread: -1 };
  } else {
    const lane = rows.threads[thread]?.lane ?? null;
    const place = lane === null ? -1 : placeAt(lane, timeMs, reachMs);
    if (lane !== null && place >= 0) return ended(rows, thread, lane, place);
  }
  if (under === undefined) return null;
  return { kind: "live", attempt: under.attempt, rows, thread, live: under };
}

type Place = Pick<Extract<Picked, { kind: "ended" }>, "kind" | "attempt" | "lane" | "place">;

function endingSoon(lane: LaneColumns, timeMs: number, reachMs: number): Place | null {
  const place = lane.firstEndingAfter(timeMs - reachMs);
  if (place >= lane.end || lane.grantedMsAt(place) > timeMs + reachMs) return null;
  return { kind: "ended", attempt: lane.attempt[place] ?? 0, lane, place };
}

/** Of the attempts that fetch or wait at that time, the one that was leased last. */
function fetchingAt(rows: MachineRows, timeMs: number): Place | null {
  let best: Place | null = null;
  let latestMs = Number.NEGATIVE_INFINITY;
  for (const lane of rows.machine?.threads ?? []) {
    for (let place = lane.firstEndingAfter(timeMs); place < lane.end; place += 1) {
      if ((lane.endMs[place] ?? 0) - lane.longestMs > timeMs) break;
      const grantedMs = lane.grantedMsAt(place);
      const isAhead = grantedMs <= timeMs && timeMs < lane.computingFromMsAt(place);
      if (!isAhead || grantedMs <= latestMs) continue;
      latestMs = grantedMs;
      best = { kind: "ended", attempt: lane.attempt[place] ?? 0, lane, place };
    }
  }
  return best;
}

/** From the lease to the end (or now), Unix milliseconds; of one on a lane only what the lane shows. */
export function stretchOf(picked: Picked, nowMs: number): Span {
  if (picked.kind === "live") {
    const { computingFromMs, grantedMs } = picked.live;
    return { fromMs: computingFromMs ?? grantedMs, toMs: nowMs };
  }
  const { lane, place, thread } = picked;
  const endMs = lane.endMs[place] ?? 0;
  const grantedMs = lane.grantedMsAt(place);
  if (thread < 0) {
    return { fromMs: grantedMs, toMs: lane.isThread ? lane.computingFromMsAt(place) : endMs };
  }
  const freeMs = place > lane.first ? (lane.endMs[place - 1] ?? grantedMs) : grantedMs;
  return { fromMs: Math.min(endMs, Math.max(grantedMs, freeMs)), toMs: endMs };
}

/** Finds an attempt again after places have changed; null when it has fallen off. */
export function refreshed(picked: Picked, layout: StreamLayout): Picked | null {
  const rows = layout.machines.find(({ worker }) => worker === picked.rows.worker);
  if (rows === undefined) return null;
  if (picked.kind === "live") return { ...picked, rows };
  const place = picked.lane.find(picked.attempt, picked.place);
  return place < 0 ? null : { ...picked, rows, place };
}

/** The attempt before (−1) or after (1) on the same lane. */
export function stepAlong(picked: Picked, step: 1 | -1): Picked | null {
  if (picked.kind === "ended") {
    return ended(picked.rows, picked.thread, picked.lane, picked.place + step);
  }
  const lane = picked.rows.threads[picked.thread]?.lane ?? null;
  if (step > 0 || lane === null) return null;
  return ended(picked.rows, picked.thread, lane, lane.end - 1);
}

interface Row {
  readonly rows: MachineRows;
  readonly thread: number;
  readonly lane: LaneColumns;
}

/** Every row that has ended attempts, from top to bottom. */
const rowsWithAttempts = (layout: StreamLayout): Row[] =>
  layout.machines.flatMap((rows) => {
    const threads = rows.threads.map(({ lane }, thread) => ({ rows, thread, lane }));
    const all = [...threads, { rows, thread: -1, lane: rows.machine?.unplaced ?? null }];
    return all.filter((row): row is Row => row.lane !== null && row.lane.count > 0);
  });

/** The attempt in the row below (1) or above (−1) that is nearest in time. */
export function stepAcross(
  picked: Picked,
  layout: StreamLayout,
  step: 1 | -1,
  nowMs: number,
): Picked | null {
  const rows = rowsWithAttempts(layout);
  const at = rows.findIndex(
    (row) => row.rows.worker === picked.rows.worker && row.thread === picked.thread,
  );
  const next = rows[at < 0 ? 0 : at + step];
  if (next === undefined) return null;
  const { fromMs, toMs } = stretchOf(picked, nowMs);
  return nearest(next, (fromMs + toMs) / 2);
}

/** Where the keys begin: the attempt nearest to a time in the first row that has any below `topPx`. */
export function firstPicked(layout: StreamLayout, timeMs: number, topPx: number): Picked | null {
  const rows = rowsWithAttempts(layout);
  const row = rows.find((one) => one.rows.topPx + one.rows.heightPx > topPx) ?? rows[0];
  return row === undefined ? null : nearest(row, timeMs);
}

function nearest({ rows, thread, lane }: Row, timeMs: number): Picked | null {
  const place = Math.min(lane.end - 1, lane.firstEndingAfter(timeMs));
  const before = place - 1;
  const isBefore =
    before >= lane.first &&
    timeMs - (lane.endMs[before] ?? 0) < lane.computingFromMsAt(place) - timeMs;
  return ended(rows, thread, lane, isBefore ? before : place);
}
