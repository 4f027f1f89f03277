// One side of a block, its rows or its columns: series packed for one stage after the other.
import {
  CHUNK_DATES,
  FLAG_COMPLETE,
  FLAG_CONSTANT,
  FLAG_PAIRWISE,
  LINE_BYTES,
  STAGE_CHUNKS,
  STRIP_SERIES,
  Series,
  TILE_ROWS,
  chunksOf,
  momentsOf,
  seriesAt,
  stripsOf,
} from "./layout";

/** What a series' dates in the present stage are like; its list of u32 follows. */
@unmanaged
export class StageDates {
  /**
   * A bit for each chunk of which it has at least half, and lacks the listed dates; none for a series
   * without any gap in the table, which needs no list.
   */
  mostly: u32;
  /** The list's length up to the last of these, and with the dates that it has in other chunks. */
  missing: i32;
  listed: i32;

  @inline
  get list(): usize {
    return changetype<usize>(this) + offsetof<StageDates>();
  }
  @inline
  get missingEnd(): usize {
    return this.list + ((<usize>this.missing) << 2);
  }
  @inline
  get listedEnd(): usize {
    return this.list + ((<usize>this.listed) << 2);
  }
}

@unmanaged
export class Side {
  /** List of u32 addresses of records. */
  list: usize;
  series: i32;
  strips: i32;
  hasGaps: bool;
  /**
   * As f64 or f32: chunks × columns of tiles × CHUNK_DATES × TILE_COL_BYTES. So all columns of a chunk,
   * through which every row of tiles runs, are one piece of memory.
   */
  packed: usize;
  /** Sums over the dates of each chunk of the stage and, last, of all: strips × BASES × BASE_BYTES. */
  bases: usize;
  /** Over all dates, for each series: f64, f64 and i32. */
  sums: usize;
  squares: usize;
  counts: usize;
  /** As `squares`, but NaN for a series each of whose pairs needs a closer look. */
  own: usize;
  /** StageDates of each series in the stage with its list, one after the other. */
  lists: usize;
  /** For every four series a u32: a bit for each chunk of the stage in which one of them has a value. */
  presence: usize;

  @inline
  baseOf(strip: i32, chunk: i32): usize {
    return this.bases + <usize>(strip * BASES + chunk) * BASE_BYTES;
  }

  /** Whether none of the series from a multiple of four on has a value in the chunks of `mask`. */
  @inline
  isEmpty(first: i32, series: i32, mask: u32): bool {
    if (!this.hasGaps) return false;
    let present: u32 = 0;
    for (let i = first; i < first + series; i += TILE_ROWS) {
      present |= load<u32>(this.presence + <usize>i);
    }
    return !(present & mask);
  }
}

/** Eight sums and their squares. */
export const BASE_BYTES: usize = 2 * LINE_BYTES;
/** Each chunk's, the stage's, and one that is made for a series with only some of the chunks. */
const BASES: i32 = STAGE_CHUNKS + 2;
export const STAGE_BASE: i32 = STAGE_CHUNKS;
export const PART_BASE: i32 = STAGE_CHUNKS + 1;

/** Lines of a strip, in a stage of the longest. */
function stripLines(dates: i32): usize {
  return <usize>(min(STAGE_CHUNKS, chunksOf(dates)) * CHUNK_DATES);
}

/** A list has at most half of a stage's dates. */
function listBytesOf(dates: i32): usize {
  return offsetof<StageDates>() + (stripLines(dates) << 1);
}

export function sideBytes(series: i32, dates: i32): usize {
  const strips = <usize>stripsOf(series);
  const totalBytes = STRIP_SERIES * (3 * 8 + 4 + 1);
  const listsBytes = STRIP_SERIES * listBytesOf(dates);
  return strips * (stripLines(dates) * LINE_BYTES + BASES * BASE_BYTES + totalBytes + listsBytes);
}

/** Lays `side` out in the sideBytes(series, dates) bytes at `room`, with the totals of T. */
export function openSide<T>(side: Side, room: usize, list: usize, series: i32, dates: i32): void {
  const strips = <usize>stripsOf(series);
  const lines = strips * stripLines(dates);
  side.list = list;
  side.series = series;
  side.strips = stripsOf(series);
  side.hasGaps = false;
  side.packed = room;
  room += lines * LINE_BYTES;
  side.bases = room;
  room += strips * (BASES * BASE_BYTES);
  side.sums = room;
  room += strips * LINE_BYTES;
  side.squares = room;
  room += strips * LINE_BYTES;
  side.own = room;
  room += strips * LINE_BYTES;
  side.counts = room;
  room += strips * (LINE_BYTES / 2);
  side.presence = room;
  room += strips * STRIP_SERIES;
  side.lists = room;
  for (let i = 0; i < series; i++) totalSeries<T>(side, i, seriesAt(list, i), dates);
}

/** Totals add up chunk after chunk, as those of products do. */
function totalSeries<T>(side: Side, index: i32, series: Series, dates: i32): void {
  const chunks = chunksOf(dates);
  let sum: f64 = 0;
  let squares: f64 = 0;
  for (let chunk = 0; chunk < chunks; chunk++) {
    const moments = momentsOf<T>(series, chunk, chunks);
    sum += moments.sum;
    squares += moments.squares;
  }
  const at = (<usize>index) << 3;
  store<f64>(side.sums + at, sum);
  store<f64>(side.squares + at, squares);
  store<f64>(side.own + at, series.flags & (FLAG_CONSTANT | FLAG_PAIRWISE) ? NaN : squares);
  store<i32>(side.counts + (at >> 1), series.count);
  if (!(series.flags & FLAG_COMPLETE)) side.hasGaps = true;
}

/** Makes the bases of one stage. */
export function sumStage<T>(side: Side, firstChunk: i32, dates: i32): void {
  const chunks = chunksOf(dates);
  const stageChunks = min(STAGE_CHUNKS, chunks - firstChunk);
  for (let i = 0; i < side.series; i++) {
    const series = seriesAt(side.list, i);
    const strip = i / STRIP_SERIES;
    const lane = i % STRIP_SERIES;
    let sum: f64 = 0;
    let squares: f64 = 0;
    for (let chunk = 0; chunk < stageChunks; chunk++) {
      const moments = momentsOf<T>(series, firstChunk + chunk, chunks);
      storeBase(side.baseOf(strip, chunk), lane, moments.sum, moments.squares);
      sum += moments.sum;
      squares += moments.squares;
    }
    storeBase(side.baseOf(strip, STAGE_BASE), lane, sum, squares);
  }
}

function storeBase(base: usize, lane: i32, sum: f64, squares: f64): void {
  store<f64>(base + ((<usize>lane) << 3), sum);
  store<f64>(base + ((<usize>lane) << 3), squares, LINE_BYTES);
}

/** The sums over the chunks of a mask, which has at least one. */
export function sumChunks(side: Side, strip: i32, mask: u32): usize {
  const out = side.baseOf(strip, PART_BASE);
  let base = side.baseOf(strip, <i32>ctz<u32>(mask));
  memory.copy(out, base, BASE_BYTES);
  while ((mask &= mask - 1)) {
    base = side.baseOf(strip, <i32>ctz<u32>(mask));
    for (let at: usize = 0; at < BASE_BYTES; at += 16) {
      v128.store(out + at, f64x2.add(v128.load(out + at), v128.load(base + at)));
    }
  }
  return out;
}
