// What each pixel column of a lane shows: how much of it is covered, and by what most.
import type { LaneColumns } from "./lane-columns.ts";
import { COMPUTING, MOVING, walkLane, type Phase } from "./lane-walk.ts";
import type { LiveAttempt } from "./machine-lanes.ts";
import { LOOKS, SHADES, type Look } from "./stream-looks.ts";

/** Columns of equal time; the first begins at `fromMs`. */
export interface Columns {
  readonly count: number;
  readonly fromMs: number;
  readonly msPerColumn: number;
}

/** Numbers of looks, as the cover has them. */
const numberOf = (look: Look): number => LOOKS.indexOf(look);
const NONE = numberOf("none");
const WAITING_LOOK = numberOf("waiting");
const MOVING_LOOK = numberOf("moving");
const FIRST_SHADE = numberOf("computing0");
const SPECULATIVE = numberOf("speculative");
const CANCELLED = numberOf("cancelled");
const FAILED = numberOf("failed");
/** An attempt as wide as this shows where it begins. */
const SEAM_FROM_COLUMNS = 4;

/** Groups that are shown in full; the others fade. Null: all. */
export type GroupFilter = ReadonlySet<number> | null;

/** One lane at a time is covered and painted, so one set of buffers is enough for all. */
export class LaneCover {
  readonly #count: number;
  /** Share of each column that is covered, 0 to 1 but for rounding. */
  readonly covered: Float32Array;
  /** Number of the look that covers most of it; failures always win, as they must be seen. */
  readonly looks: Uint8Array;
  /** 1 where a wide attempt begins. */
  readonly seams: Uint8Array;
  readonly #most: Float32Array;

  constructor(count: number) {
    this.#count = count;
    this.covered = new Float32Array(count);
    this.looks = new Uint8Array(count);
    this.seams = new Uint8Array(count);
    this.#most = new Float32Array(count);
  }

  clear(): void {
    this.covered.fill(0);
    this.looks.fill(NONE);
    this.seams.fill(0);
    this.#most.fill(0);
  }

  /** Covers with all that a thread did and stood still for. */
  addLane(lane: LaneColumns, columns: Columns, filter: GroupFilter): void {
    const { fromMs, msPerColumn } = columns;
    const toMs = fromMs + columns.count * msPerColumn;
    walkLane(lane, fromMs, toMs, (startMs, endMs, phase, place) => {
      const from = (startMs - fromMs) / msPerColumn;
      const to = (endMs - fromMs) / msPerColumn;
      this.#cover(from, to, lookOf(lane, phase, place, filter));
    });
  }

  /** Covers with attempts under way, up to now. */
  addLive(live: readonly LiveAttempt[], columns: Columns, nowMs: number, filter: GroupFilter) {
    for (const { computingFromMs, group, isSpeculative } of live) {
      if (computingFromMs === null) continue;
      const from = (computingFromMs - columns.fromMs) / columns.msPerColumn;
      const to = (nowMs - columns.fromMs) / columns.msPerColumn;
      const isShown = filter === null || filter.has(group);
      const look = isSpeculative ? SPECULATIVE : FIRST_SHADE + (group % SHADES);
      this.#cover(from, to, isShown ? look : CANCELLED);
    }
  }

  #cover(from: number, to: number, look: number): void {
    const start = Math.max(0, from);
    const end = Math.min(this.#count, to);
    if (!(start < end)) {
      // A failure is one column wide at least.
      if (look === FAILED && from >= 0 && from < this.#count) this.#add(Math.floor(from), 1, look);
      return;
    }
    const first = Math.floor(start);
    const last = Math.min(this.#count - 1, Math.ceil(end) - 1);
    if (to - from >= SEAM_FROM_COLUMNS && from >= 0) this.seams[first] = 1;
    if (first === last) {
      this.#add(first, end - start, look);
      return;
    }
    this.#add(first, first + 1 - start, look);
    for (let column = first + 1; column < last; column += 1) this.#add(column, 1, look);
    this.#add(last, end - last, look);
  }

  #add(column: number, share: number, look: number): void {
    this.covered[column] = (this.covered[column] ?? 0) + share;
    const weight = look === FAILED ? Number.POSITIVE_INFINITY : share;
    if (weight <= (this.#most[column] ?? 0)) return;
    this.#most[column] = weight;
    this.looks[column] = look;
  }
}

function lookOf(lane: LaneColumns, phase: Phase, place: number, filter: GroupFilter): number {
  if (phase !== COMPUTING) return phase === MOVING ? MOVING_LOOK : WAITING_LOOK;
  const outcome = lane.outcomeAt(place);
  if (outcome === "failed") return FAILED;
  const group = lane.group[place] ?? 0;
  if (outcome !== "finished" || (filter !== null && !filter.has(group))) return CANCELLED;
  return lane.isSpeculativeAt(place) ? SPECULATIVE : FIRST_SHADE + (group % SHADES);
}

/** How many attempts of a machine fetch, or wait for a thread, in each column on average. */
export class DataCover {
  readonly #count: number;
  readonly moving: Float32Array;
  readonly waiting: Float32Array;
  /** Number of the look of what ended here without ever coming to a thread; 0: nothing did. */
  readonly ends: Uint8Array;

  constructor(count: number) {
    this.#count = count;
    // One more, where sums that reach the end are taken back.
    this.moving = new Float32Array(count + 2);
    this.waiting = new Float32Array(count + 2);
    this.ends = new Uint8Array(count);
  }

  clear(): void {
    this.moving.fill(0);
    this.waiting.fill(0);
    this.ends.fill(NONE);
  }

  add(lane: LaneColumns, { fromMs, msPerColumn, count }: Columns): void {
    const toMs = fromMs + count * msPerColumn;
    const { endMs, computeMs, waitMs, fetchMs, longestMs } = lane;
    for (let place = lane.firstEndingAfter(fromMs); place < lane.end; place += 1) {
      const endedMs = endMs[place] ?? 0;
      // Nothing that ended later can have begun before this.
      if (endedMs - longestMs >= toMs) break;
      const startMs = endedMs - (computeMs[place] ?? 0);
      const readyMs = startMs - (waitMs[place] ?? 0);
      const grantedMs = readyMs - (fetchMs[place] ?? 0);
      const at = (timeMs: number): number => (timeMs - fromMs) / msPerColumn;
      if (grantedMs < readyMs) this.#step(this.moving, at(grantedMs), at(readyMs));
      if (readyMs < startMs) this.#step(this.waiting, at(readyMs), at(startMs));
      if (!lane.isThread) this.#end(at(endedMs), lane.outcomeAt(place) === "failed");
    }
  }

  /** Attempts under way that do not compute yet: whether they fetch or wait is told at their end. */
  addLive(live: readonly LiveAttempt[], { fromMs, msPerColumn }: Columns, nowMs: number): void {
    for (const { grantedMs, computingFromMs } of live) {
      const untilMs = computingFromMs ?? nowMs;
      if (grantedMs >= untilMs) continue;
      const [from, to] = [(grantedMs - fromMs) / msPerColumn, (untilMs - fromMs) / msPerColumn];
      this.#step(this.waiting, from, to);
    }
  }

  /** To be called once after everything was added: steps become heights. */
  finish(): void {
    for (const heights of [this.moving, this.waiting]) {
      let sum = 0;
      for (let column = 0; column < this.#count; column += 1) {
        sum += heights[column] ?? 0;
        heights[column] = sum;
      }
    }
  }

  /** Adds one from `from` to `to`, in part to the columns at both ends: as steps, not as heights. */
  #step(steps: Float32Array, from: number, to: number): void {
    if (to <= 0 || from >= this.#count) return;
    this.#rise(steps, Math.max(0, from), 1);
    this.#rise(steps, Math.min(this.#count, to), -1);
  }

  #rise(steps: Float32Array, at: number, by: number): void {
    const column = Math.floor(at);
    const share = 1 - (at - column);
    steps[column] = (steps[column] ?? 0) + by * share;
    steps[column + 1] = (steps[column + 1] ?? 0) + by * (1 - share);
  }

  #end(at: number, hasFailed: boolean): void {
    const column = Math.floor(at);
    if (column < 0 || column >= this.#count) return;
    if (this.ends[column] !== FAILED) this.ends[column] = hasFailed ? FAILED : CANCELLED;
  }
}
