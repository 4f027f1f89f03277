// Sums over the dates that two series share, from what is missing: the sparse complement.
import {
  BLOCK_SERIES,
  CHUNK_DATES,
  FLAG_COMPLETE,
  LANES,
  chunkSquaresAt,
  chunkSumsAt,
  countOf,
  flagsOf,
  kindAt,
  listAt,
  listLengthAt,
  maskOf,
  squaresAfter,
} from "./layout";

/** How a series' dates in this chunk are described. */
export const KIND_ALL: u32 = 0;
export const KIND_NONE: u32 = 1;
const KIND_LIST_MISSING: u32 = 2;
const KIND_LIST_PRESENT: u32 = 3;

/** Lists, for each series of a side, the missing or the present dates of a chunk: the fewer ones. */
export function listDates(
  side: usize,
  records: usize,
  series: i32,
  firstDate: i32,
  dates: i32,
): void {
  const chunk = min(CHUNK_DATES, dates - firstDate);
  for (let i = 0; i < series; i++) {
    const record = <usize>load<u32>(records + ((<usize>i) << 2));
    const mask = maskOf(record) + <usize>(firstDate >> 3);
    let present = 0;
    for (let t = 0; t < chunk; t += 64) present += <i32>popcnt<u64>(load<u64>(mask + (t >> 3)));
    const missing = chunk - present;
    let kind = KIND_ALL;
    let length = 0;
    if (present == 0) kind = KIND_NONE;
    else if (missing > 0) {
      kind = missing <= present ? KIND_LIST_MISSING : KIND_LIST_PRESENT;
      length = writeList(listAt(side, i), mask, chunk, kind == KIND_LIST_MISSING);
    }
    store<u32>(kindAt(side, i), kind);
    store<i32>(listLengthAt(side, i), length);
  }
}

function writeList(list: usize, mask: usize, chunk: i32, missing: bool): i32 {
  let length = 0;
  for (let t = 0; t < chunk; t += 64) {
    let word = load<u64>(mask + (t >> 3));
    if (missing) word = ~word;
    if (chunk - t < 64) word &= ((<u64>1) << (<u64>(chunk - t))) - 1;
    while (word) {
      store<u16>(list + ((<usize>length) << 1), <u16>(t + <i32>ctz<u64>(word)));
      length++;
      word &= word - 1;
    }
  }
  return length;
}

/**
 * Adds, for every series k of `lister` that has gaps and every packed series of `packed`, the sums
 * of the packed values over the dates of k. In a diagonal block only pairs that are used are done:
 * packed before k when `packedFirst`, packed after k otherwise.
 */
export function addOverlaps<T>(
  packed: usize,
  panelLanes: i32,
  packedSeries: i32,
  lister: usize,
  records: usize,
  listed: i32,
  sums: usize,
  padded: i32,
  diagonal: bool,
  packedFirst: bool,
): void {
  const lineBytes = <usize>panelLanes * sizeof<T>();
  for (let lane = 0; lane < packedSeries; lane += LANES) {
    const panel = lane / panelLanes;
    const values =
      packed +
      <usize>panel * <usize>CHUNK_DATES * lineBytes +
      <usize>(lane - panel * panelLanes) * sizeof<T>();
    const chunkSums = chunkSumsAt(packed) + ((<usize>lane) << 3);
    const chunkSquares = chunkSquaresAt(packed) + ((<usize>lane) << 3);
    const first = diagonal && packedFirst ? lane + 1 : 0;
    const end = diagonal && !packedFirst ? min(listed, lane + LANES - 1) : listed;
    for (let k = first; k < end; k++) {
      if (flagsOf(<usize>load<u32>(records + ((<usize>k) << 2))) & FLAG_COMPLETE) continue;
      const kind = load<u32>(kindAt(lister, k));
      if (kind == KIND_NONE) continue;
      const out = sums + ((<usize>(k * padded + lane)) << 3);
      addOverlap<T>(
        values,
        lineBytes,
        kind,
        listAt(lister, k),
        load<i32>(listLengthAt(lister, k)),
        chunkSums,
        chunkSquares,
        out,
      );
    }
  }
}

function addOverlap<T>(
  values: usize,
  lineBytes: usize,
  kind: u32,
  list: usize,
  length: i32,
  chunkSums: usize,
  chunkSquares: usize,
  out: usize,
): void {
  let s0 = f64x2.splat(0),
    s1 = f64x2.splat(0);
  let q0 = f64x2.splat(0),
    q1 = f64x2.splat(0);
  const end = list + ((<usize>length) << 1);
  for (; list < end; list += 2) {
    const line = values + <usize>load<u16>(list) * lineBytes;
    let x0: v128, x1: v128;
    if (sizeof<T>() == 8) {
      x0 = v128.load(line);
      x1 = v128.load(line, 16);
    } else {
      const x = v128.load(line);
      x0 = f64x2.promote_low_f32x4(x);
      x1 = f64x2.promote_low_f32x4(v128.shuffle<f64>(x, x, 1, 1));
    }
    s0 = f64x2.add(s0, x0);
    s1 = f64x2.add(s1, x1);
    q0 = f64x2.add(q0, f64x2.mul(x0, x0));
    q1 = f64x2.add(q1, f64x2.mul(x1, x1));
  }
  if (kind != KIND_LIST_PRESENT) {
    s0 = f64x2.sub(v128.load(chunkSums), s0);
    s1 = f64x2.sub(v128.load(chunkSums, 16), s1);
    q0 = f64x2.sub(v128.load(chunkSquares), q0);
    q1 = f64x2.sub(v128.load(chunkSquares, 16), q1);
  }
  const squares = squaresAfter(out);
  v128.store(out, f64x2.add(v128.load(out), s0));
  v128.store(out, f64x2.add(v128.load(out, 16), s1), 16);
  v128.store(squares, f64x2.add(v128.load(squares), q0));
  v128.store(squares, f64x2.add(v128.load(squares, 16), q1), 16);
}

/** How many dates two series share. */
export function commonDates(x: usize, y: usize, dates: i32): i32 {
  if (flagsOf(x) & FLAG_COMPLETE) return countOf(y);
  if (flagsOf(y) & FLAG_COMPLETE) return countOf(x);
  let a = maskOf(x);
  let b = maskOf(y);
  const end = a + ((<usize>((dates + 63) >> 6)) << 3);
  let count: u64 = 0;
  for (; a < end; a += 8, b += 8) count += popcnt<u64>(load<u64>(a) & load<u64>(b));
  return <i32>count;
}
