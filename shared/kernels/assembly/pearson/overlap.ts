// Sums of packed series over the dates of other series, from the dates that these lack or have.
import {
  CHUNK_DATES,
  FLAG_COMPLETE,
  GROUP_DATES,
  LINE_BYTES,
  STRIP_SERIES,
  TILE_COL_BYTES,
  seriesAt,
} from "./layout";
import { packedAt } from "./pack";
import { STAGE_BASE, Side, StageDates, sumChunks } from "./side";

/**
 * Sums and squares of every series of one side over the dates of every series of the other: for each
 * strip of the first and each series of the second a line of eight.
 */
@unmanaged
export class Overlaps {
  sums: usize;
  squares: usize;
  stripBytes: usize;
  /** 0 when the other side has no gaps: its dates are all dates, and totals take the sums' place. */
  lineBytes: usize;
}

/** Memory of overlaps between sides of so many strips. */
export function overlapBytes(strips: i32, otherStrips: i32): usize {
  return <usize>(strips * otherStrips * STRIP_SERIES) * (2 * LINE_BYTES);
}

export function openOverlaps(overlaps: Overlaps, room: usize, packed: Side, lister: Side): void {
  if (!lister.hasGaps) {
    overlaps.sums = packed.sums;
    overlaps.squares = packed.squares;
    overlaps.stripBytes = LINE_BYTES;
    overlaps.lineBytes = 0;
    return;
  }
  const lines = <usize>(packed.strips * lister.strips * STRIP_SERIES);
  overlaps.sums = room;
  overlaps.squares = room + lines * LINE_BYTES;
  overlaps.stripBytes = <usize>(lister.strips * STRIP_SERIES) * LINE_BYTES;
  overlaps.lineBytes = LINE_BYTES;
  memory.fill(overlaps.sums, 0, 2 * lines * LINE_BYTES);
}

/** Adds the sums over one stage. */
export function addOverlaps<T>(
  overlaps: Overlaps,
  packed: Side,
  lister: Side,
  stageChunks: i32,
): void {
  const all = ((<u32>1) << stageChunks) - 1;
  for (let strip = 0; strip < packed.strips; strip++) {
    if (packed.isEmpty(strip * STRIP_SERIES, STRIP_SERIES, all)) continue;
    let stage = changetype<StageDates>(lister.lists);
    let at = <usize>strip * overlaps.stripBytes;
    for (let k = 0; k < lister.series; k++) {
      if (stage.mostly) {
        const isWhole = stage.mostly == all;
        const base = isWhole
          ? packed.baseOf(strip, STAGE_BASE)
          : sumChunks(packed, strip, stage.mostly);
        subtractMissing<T>(overlaps, at, packed, strip, stage, base);
      }
      if (stage.missing < stage.listed) addListed<T>(overlaps, at, packed, strip, stage);
      stage = changetype<StageDates>(stage.listedEnd);
      at += LINE_BYTES;
    }
  }
}

/**
 * The sums of eight series over the chunks that a series has mostly, less those over the dates that it
 * lacks there.
 */
function subtractMissing<T>(
  overlaps: Overlaps,
  at: usize,
  packed: Side,
  strip: i32,
  stage: StageDates,
  base: usize,
): void {
  const values = packed.packed + packedAt<T>(packed, 0, strip * STRIP_SERIES);
  if (sizeof<T>() == 4) return subtractGroups(overlaps, at, values, stage, base);
  let s0 = f64x2.splat(0),
    s1 = f64x2.splat(0),
    s2 = f64x2.splat(0),
    s3 = f64x2.splat(0);
  let q0 = f64x2.splat(0),
    q1 = f64x2.splat(0),
    q2 = f64x2.splat(0),
    q3 = f64x2.splat(0);
  let list = stage.list;
  const end = stage.missingEnd;
  // Tested at the end: V8 moves what does not change out of no other kind of loop.
  if (list < end) {
    do {
      const line = values + <usize>load<u32>(list);
      const x0 = loadPair<T>(line, 0),
        x1 = loadPair<T>(line, 1),
        x2 = loadPair<T>(line, 2),
        x3 = loadPair<T>(line, 3);
      s0 = f64x2.add(s0, x0);
      s1 = f64x2.add(s1, x1);
      s2 = f64x2.add(s2, x2);
      s3 = f64x2.add(s3, x3);
      q0 = addSquare(q0, x0);
      q1 = addSquare(q1, x1);
      q2 = addSquare(q2, x2);
      q3 = addSquare(q3, x3);
      list += 4;
    } while (list < end);
  }
  addDifferences(overlaps.sums + at, base, s0, s1, s2, s3);
  addDifferences(overlaps.squares + at, base + LINE_BYTES, q0, q1, q2, q3);
}

/** As subtractMissing, in single precision: sums of a few dates, as of products, join those in double. */
function subtractGroups(
  overlaps: Overlaps,
  at: usize,
  values: usize,
  stage: StageDates,
  base: usize,
): void {
  let s0 = f64x2.splat(0),
    s1 = f64x2.splat(0),
    s2 = f64x2.splat(0),
    s3 = f64x2.splat(0);
  let q0 = f64x2.splat(0),
    q1 = f64x2.splat(0),
    q2 = f64x2.splat(0),
    q3 = f64x2.splat(0);
  let list = stage.list;
  const end = stage.missingEnd;
  while (list < end) {
    const groupEnd = min(end, list + ((<usize>GROUP_DATES) << 2));
    let low = f32x4.splat(0),
      high = f32x4.splat(0);
    let lowSquares = f32x4.splat(0),
      highSquares = f32x4.splat(0);
    do {
      const line = values + <usize>load<u32>(list);
      const x0 = v128.load(line),
        x1 = v128.load(line, 16);
      low = f32x4.add(low, x0);
      high = f32x4.add(high, x1);
      lowSquares = addNarrowSquare(lowSquares, x0);
      highSquares = addNarrowSquare(highSquares, x1);
      list += 4;
    } while (list < groupEnd);
    s0 = f64x2.add(s0, f64x2.promote_low_f32x4(low));
    s1 = f64x2.add(s1, promoteHigh(low));
    s2 = f64x2.add(s2, f64x2.promote_low_f32x4(high));
    s3 = f64x2.add(s3, promoteHigh(high));
    q0 = f64x2.add(q0, f64x2.promote_low_f32x4(lowSquares));
    q1 = f64x2.add(q1, promoteHigh(lowSquares));
    q2 = f64x2.add(q2, f64x2.promote_low_f32x4(highSquares));
    q3 = f64x2.add(q3, promoteHigh(highSquares));
  }
  addDifferences(overlaps.sums + at, base, s0, s1, s2, s3);
  addDifferences(overlaps.squares + at, base + LINE_BYTES, q0, q1, q2, q3);
}

function promoteHigh(x: v128): v128 {
  return f64x2.promote_low_f32x4(v128.shuffle<f64>(x, x, 1, 1));
}

function addNarrowSquare(sum: v128, x: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f32x4.relaxed_madd(x, x, sum);
  return f32x4.add(sum, f32x4.mul(x, x));
}

/** Adds the sums over the dates that a series has in the chunks that it mostly lacks. */
function addListed<T>(
  overlaps: Overlaps,
  at: usize,
  packed: Side,
  strip: i32,
  stage: StageDates,
): void {
  const values = packed.packed + packedAt<T>(packed, 0, strip * STRIP_SERIES);
  const first = stage.missingEnd;
  const end = stage.listedEnd;
  // Two series at a time: few stages have such dates.
  for (let pair = 0; pair < STRIP_SERIES / 2; pair++) {
    let sums = f64x2.splat(0);
    let squares = f64x2.splat(0);
    let list = first;
    do {
      const x = loadPair<T>(values + <usize>load<u32>(list), pair);
      sums = f64x2.add(sums, x);
      squares = addSquare(squares, x);
      list += 4;
    } while (list < end);
    addTo(overlaps.sums + at + ((<usize>pair) << 4), sums);
    addTo(overlaps.squares + at + ((<usize>pair) << 4), squares);
  }
}

/** Two of a strip's eight values on one date: a column of tiles is half a strip in double precision. */
function loadPair<T>(line: usize, pair: i32): v128 {
  if (sizeof<T>() == 4) {
    return f64x2.promote_low_f32x4(v128.load64_zero(line + ((<usize>pair) << 3)));
  }
  const half = <usize>(pair >> 1) * (<usize>CHUNK_DATES * TILE_COL_BYTES);
  return v128.load(line + half + ((<usize>(pair & 1)) << 4));
}

/** Of the eight series of a strip. */
function addDifferences(
  out: usize,
  base: usize,
  missing0: v128,
  missing1: v128,
  missing2: v128,
  missing3: v128,
): void {
  addDifference(out, base, missing0);
  addDifference(out + 16, base + 16, missing1);
  addDifference(out + 32, base + 32, missing2);
  addDifference(out + 48, base + 48, missing3);
}

function addDifference(out: usize, base: usize, missing: v128): void {
  addTo(out, f64x2.sub(v128.load(base), missing));
}

function addTo(out: usize, sums: v128): void {
  v128.store(out, f64x2.add(v128.load(out), sums));
}

function addSquare(sum: v128, x: v128): v128 {
  if (ASC_FEATURE_RELAXED_SIMD) return f64x2.relaxed_madd(x, x, sum);
  return f64x2.add(sum, f64x2.mul(x, x));
}

/** Gives complete series their lines, too: the totals. */
export function completeOverlaps(overlaps: Overlaps, packed: Side, lister: Side): void {
  for (let strip = 0; strip < packed.strips; strip++) {
    const line = <usize>strip * LINE_BYTES;
    for (let k = 0; k < lister.series; k++) {
      if (!(seriesAt(lister.list, k).flags & FLAG_COMPLETE)) continue;
      const at = <usize>strip * overlaps.stripBytes + <usize>k * LINE_BYTES;
      memory.copy(overlaps.sums + at, packed.sums + line, LINE_BYTES);
      memory.copy(overlaps.squares + at, packed.squares + line, LINE_BYTES);
    }
  }
}
