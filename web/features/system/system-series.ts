// Samples as lines of at most a few hundred points: the mean or the highest of each piece of time.
import type { History, SystemColumn } from "./system-history.ts";

/** Points of a line: more than a plot has pixels for would only cost time. */
export const POINTS_MAX = 300;
/** So many empty pieces of time in a row are a gap, not the jitter of a timer. */
const GAP_PIECES = 4;

export interface LineWish {
  readonly column: SystemColumn;
  /** The highest is what matters of delays. */
  readonly of: "mean" | "highest";
  /** Samples count within their interval; people count a second. */
  readonly isPerSecond?: true;
}

export interface Series {
  /** Unix milliseconds of each point; the newest last. */
  readonly xs: readonly number[];
  /** A line each wish; null is a gap. */
  readonly lines: readonly (readonly (number | null)[])[];
}

/** The last `spanMs` up to the newest sample. */
export function seriesOf(history: History, wishes: readonly LineWish[], spanMs: number): Series {
  const { samples, intervalMs } = history;
  const times = samples.atMs;
  const endMs = times.at(-1) ?? 0;
  const pieceMs = Math.max(intervalMs, spanMs / POINTS_MAX);
  const pieces = piecesOf(times, endMs - spanMs, pieceMs);
  const xs: number[] = [];
  const lines = wishes.map((): (number | null)[] => []);
  for (const { from, to, isAfterGap } of pieces) {
    if (isAfterGap) {
      xs.push(((times[from - 1] ?? 0) + (times[from] ?? 0)) / 2);
      for (const line of lines) line.push(null);
    }
    xs.push(times[to - 1] ?? 0);
    for (const [at, { column, of, isPerSecond }] of wishes.entries()) {
      const value = valueOf(samples[column], from, to, of);
      lines[at]?.push(isPerSecond ? (value * 1_000) / intervalMs : value);
    }
  }
  return { xs, lines };
}

interface Piece {
  readonly from: number;
  /** One behind the last sample. */
  readonly to: number;
  readonly isAfterGap: boolean;
}

/** Runs of samples in the same piece of time. Pieces stand still: they do not move with the newest. */
function piecesOf(times: readonly number[], sinceMs: number, pieceMs: number): readonly Piece[] {
  const pieces: Piece[] = [];
  let from = times.findIndex((atMs) => atMs > sinceMs);
  if (from === -1) return pieces;
  for (let to = from + 1; to <= times.length; to += 1) {
    const first = Math.floor((times[from] ?? 0) / pieceMs);
    const next = times[to];
    if (next !== undefined && Math.floor(next / pieceMs) === first) continue;
    const before = pieces.length === 0 ? undefined : times[from - 1];
    const isAfterGap = before !== undefined && (times[from] ?? 0) - before > GAP_PIECES * pieceMs;
    pieces.push({ from, to, isAfterGap });
    from = to;
  }
  return pieces;
}

function valueOf(column: readonly number[], from: number, to: number, of: LineWish["of"]): number {
  let sum = 0;
  let highest = Number.NEGATIVE_INFINITY;
  for (let at = from; at < to; at += 1) {
    const value = column[at] ?? 0;
    sum += value;
    highest = Math.max(highest, value);
  }
  return of === "highest" ? highest : sum / (to - from);
}

export interface Extent {
  readonly latest: number;
  readonly lowest: number;
  readonly highest: number;
}

/** Null where a line has no point. */
export function extentOf(line: readonly (number | null)[]): Extent | null {
  let lowest = Number.POSITIVE_INFINITY;
  let highest = Number.NEGATIVE_INFINITY;
  let latest: number | null = null;
  for (const value of line) {
    if (value === null) continue;
    latest = value;
    lowest = Math.min(lowest, value);
    highest = Math.max(highest, value);
  }
  return latest === null ? null : { latest, lowest, highest };
}
