// Ranks within the common dates of pairs, for one series with eight others at a time.
//
// The rank of a date of x, among the dates that y has as well, is found by walking x's dates by value
// and counting those that y has. Eight series y side by side are counted at once, a lane each.
//
// Two walks make the sum of products of a pair. The first writes twice the ranks of x, and 0 where x
// has no value; the second finds those of y and multiplies. It does not come to dates that y lacks.
import { countOf, maskOf, orderOf, ranksOf, recordAt, runsOf } from "./layout";

/** Series side by side: the 16-bit numbers of one vector. */
export const LANES: i32 = 8;
/** Groups of ties up to here are cubed in 32 bits: all of them together stay below 2^31. */
const SMALL_GROUP: i32 = 100;
/** Eight f64, and eight i32 of small groups, which are added to these in the end. */
export const TIES_BYTES: usize = 96;

/** Bytes of eight numbers a date: of 8 bits (`present`), and of 16 (a line of ranks). */
export function presentBytes(dates: i32): usize {
  return ((<usize>dates) << 3) + 8;
}
export function lineBytes(dates: i32): usize {
  return (<usize>((dates + 7) & ~7)) << 4;
}

/**
 * How many pairs of products walkProducts may add up in 32 bits: one factor is within ±dates, the
 * other up to twice that.
 */
export function productsMax(dates: i32): i32 {
  const most = <i64>dates;
  return <i32>min<i64>(<i64>i32.MAX_VALUE / (4 * most * most), 0xffff);
}

/** Writes for each date and lane 2 where the series has it and 0 elsewhere; unused lanes hold 2. */
export function packPresent(records: usize, used: i32, dates: i32, out: usize): void {
  memory.fill(out, 2, presentBytes(dates));
  for (let lane = 0; lane < used; lane++) {
    const record = recordAt(records, lane);
    if (countOf(record) == dates) continue;
    for (let first = 0; first < dates; first += 64) {
      let word = missingOf(maskOf(record), first, dates);
      while (word) {
        store<u8>(out + lane + ((<usize>(first + <i32>ctz<u64>(word))) << 3), 0);
        word &= word - 1;
      }
    }
  }
}

/** The dates from `first` on, one bit each, that the series lacks. */
function missingOf(mask: usize, first: i32, dates: i32): u64 {
  const word = ~load<u64>(mask + (first >> 3));
  return dates - first < 64 ? word & (((<u64>1) << (<u64>(dates - first))) - 1) : word;
}

/**
 * Writes twice the ranks of x within its common dates with each of eight others, a line of eight a
 * date: 0 at dates that x lacks, anything at dates that a lane's other series lacks. `ties`: Σ(g³ - g)
 * over the groups of ties within the common dates, eight f64 of TIES_BYTES bytes.
 */
export function walkRanks(x: usize, present: usize, dates: i32, out: usize, ties: usize): void {
  let rank = i16x8.splat(2);
  let order = orderOf(x);
  let run = runsOf(x);
  const end = order + ((<usize>countOf(x)) << 1);
  memory.fill(ties, 0, TIES_BYTES);
  clearLines(x, dates, out);
  while (order < end) {
    const untied = order + ((<usize>load<u16>(run)) << 1);
    for (; order < untied; order += 4) {
      const t = <usize>load<u16>(order);
      const u = <usize>load<u16>(order, 2);
      v128.store(out + (t << 3), rank);
      rank = i16x8.add(rank, v128.load8x8_u(present + (t << 2)));
      v128.store(out + (u << 3), rank);
      rank = i16x8.add(rank, v128.load8x8_u(present + (u << 2)));
    }
    const tied = order + ((<usize>load<u16>(run, 2)) << 1);
    run += 4;
    if (order == tied) continue;
    let group = i16x8.splat(0);
    for (let at = order; at < tied; at += 2) {
      group = i16x8.add(group, v128.load8x8_u(present + ((<usize>load<u16>(at)) << 2)));
    }
    const size = i16x8.shr_u(group, 1);
    addTies(ties, size, <i32>(tied - order) >> 1);
    // Ranks k … k + g - 1 have the mean k + (g - 1) / 2.
    const shared = i16x8.add(rank, i16x8.sub(size, i16x8.splat(1)));
    for (; order < tied; order += 2) {
      v128.store(out + ((<usize>load<u16>(order)) << 3), shared);
    }
    rank = i16x8.add(rank, group);
  }
  addEight(ties, v128.load(ties, 64), v128.load(ties, 80));
}

function clearLines(x: usize, dates: i32, out: usize): void {
  if (countOf(x) == dates) return;
  const mask = maskOf(x);
  for (let first = 0; first < dates; first += 64) {
    let word = missingOf(mask, first, dates);
    while (word) {
      v128.store(out + ((<usize>(first + <i32>ctz<u64>(word))) << 4), i16x8.splat(0));
      word &= word - 1;
    }
  }
}

/**
 * Walks y with eight others x as walkRanks does, and multiplies its ranks by those of the others in
 * `lines` (twice the rank, eight a date, 0 where an x has no value). Writes eight sums (f64) and ties.
 * The factor of y is 2·rank - 2 - count, which is within ±count; the caller corrects for that. At most
 * `most` pairs of products are added up in 32 bits.
 */
export function walkProducts(y: usize, lines: usize, most: i32, sums: usize, ties: usize): void {
  const two = i16x8.splat(2);
  const zero = i16x8.splat(0);
  let factor = i16x8.splat(<i16>-countOf(y));
  let order = orderOf(y);
  let run = runsOf(y);
  const end = order + ((<usize>countOf(y)) << 1);
  let low = zero;
  let high = zero;
  let room = most;
  memory.fill(sums, 0, 64);
  memory.fill(ties, 0, TIES_BYTES);
  while (order < end) {
    const untied = order + ((<usize>load<u16>(run)) << 1);
    while (order < untied) {
      const pairs = min<i32>(room, <i32>(untied - order) >> 2);
      const stop = order + ((<usize>pairs) << 2);
      for (; order < stop; order += 4) {
        const a = lineAt(lines, order);
        const b = lineAt(lines, order + 2);
        const next = i16x8.add(factor, i16x8.min_u(a, two));
        low = i32x4.add(low, i32x4.dot_i16x8_s(zipLow(factor, next), zipLow(a, b)));
        high = i32x4.add(high, i32x4.dot_i16x8_s(zipHigh(factor, next), zipHigh(a, b)));
        factor = i16x8.add(next, i16x8.min_u(b, two));
      }
      room -= pairs;
      if (room > 0) continue;
      addEight(sums, low, high);
      low = high = zero;
      room = most;
    }
    const tied = order + ((<usize>load<u16>(run, 2)) << 1);
    run += 4;
    if (order == tied) continue;
    let group = zero;
    for (let at = order; at < tied; at += 2) {
      group = i16x8.add(group, i16x8.min_u(lineAt(lines, at), two));
    }
    const size = i16x8.shr_u(group, 1);
    addTies(ties, size, <i32>(tied - order) >> 1);
    const shared = i16x8.add(factor, i16x8.sub(size, i16x8.splat(1)));
    for (; order < tied; order += 4) {
      const a = lineAt(lines, order);
      const b = tied - order > 2 ? lineAt(lines, order + 2) : zero;
      low = i32x4.add(low, i32x4.dot_i16x8_s(zipLow(shared, shared), zipLow(a, b)));
      high = i32x4.add(high, i32x4.dot_i16x8_s(zipHigh(shared, shared), zipHigh(a, b)));
      if (--room > 0) continue;
      addEight(sums, low, high);
      low = high = zero;
      room = most;
    }
    order = tied;
    factor = i16x8.add(factor, group);
  }
  addEight(sums, low, high);
  addEight(ties, v128.load(ties, 64), v128.load(ties, 80));
}

/** The line of the date that `order` points to. */
function lineAt(lines: usize, order: usize): v128 {
  return v128.load(lines + ((<usize>load<u16>(order)) << 3));
}

/** Adds g³ - g of eight groups, each of which is part of a group of `size` dates. */
function addTies(ties: usize, sizes: v128, size: i32): void {
  if (size == 1) return;
  if (size <= SMALL_GROUP) {
    const excess = i16x8.sub(i16x8.mul(sizes, sizes), i16x8.splat(1));
    const low = i32x4.extmul_low_i16x8_s(sizes, excess);
    const high = i32x4.extmul_high_i16x8_s(sizes, excess);
    v128.store(ties, i32x4.add(v128.load(ties, 64), low), 64);
    v128.store(ties, i32x4.add(v128.load(ties, 80), high), 80);
    return;
  }
  // Exact in f64 as well, as the whole sum stays below the cube of all dates.
  const low = i32x4.extend_low_i16x8_u(sizes);
  const high = i32x4.extend_high_i16x8_u(sizes);
  addCubes(ties, f64x2.convert_low_i32x4_s(low));
  addCubes(ties + 16, f64x2.convert_low_i32x4_s(v128.shuffle<i64>(low, low, 1, 1)));
  addCubes(ties + 32, f64x2.convert_low_i32x4_s(high));
  addCubes(ties + 48, f64x2.convert_low_i32x4_s(v128.shuffle<i64>(high, high, 1, 1)));
}

function addCubes(ties: usize, sizes: v128): void {
  const cubes = f64x2.mul(f64x2.mul(sizes, sizes), sizes);
  v128.store(ties, f64x2.add(v128.load(ties), f64x2.sub(cubes, sizes)));
}

function zipLow(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 0, 8, 1, 9, 2, 10, 3, 11);
}
function zipHigh(a: v128, b: v128): v128 {
  return v128.shuffle<i16>(a, b, 4, 12, 5, 13, 6, 14, 7, 15);
}

/** Adds eight 32-bit sums to eight f64, exactly: these stay far below 2^53 at the dates of 16 bits. */
function addEight(sums: usize, low: v128, high: v128): void {
  addPair(sums, f64x2.convert_low_i32x4_s(low));
  addPair(sums + 16, f64x2.convert_low_i32x4_s(v128.shuffle<i64>(low, low, 1, 1)));
  addPair(sums + 32, f64x2.convert_low_i32x4_s(high));
  addPair(sums + 48, f64x2.convert_low_i32x4_s(v128.shuffle<i64>(high, high, 1, 1)));
}

function addPair(sums: usize, partial: v128): void {
  v128.store(sums, f64x2.add(v128.load(sums), partial));
}

/** Eight lines of ranks `apart` apart, each with eight lanes a date: exchanges line and lane. */
export function transposeLines(lines: usize, apart: usize, dates: i32): void {
  const end = lines + ((<usize>dates) << 4);
  for (; lines < end; lines += 16) {
    const l1 = lines + apart;
    const l2 = l1 + apart;
    const l3 = l2 + apart;
    const l4 = l3 + apart;
    const l5 = l4 + apart;
    const l6 = l5 + apart;
    const l7 = l6 + apart;
    transposeTo(
      v128.load(lines),
      v128.load(l1),
      v128.load(l2),
      v128.load(l3),
      v128.load(l4),
      v128.load(l5),
      v128.load(l6),
      v128.load(l7),
      lines,
      apart,
    );
  }
}

/** Writes twice the ranks of up to eight series, each among its own dates, as one line; 0 where missing. */
export function packRanks(records: usize, used: i32, dates: i32, out: usize): void {
  const end = (dates + 7) & ~7;
  const last = used - 1;
  for (let first = 0; first < end; first += 8) {
    transposeTo(
      doubledRanks(recordAt(records, 0), first),
      doubledRanks(recordAt(records, min(1, last)), first),
      doubledRanks(recordAt(records, min(2, last)), first),
      doubledRanks(recordAt(records, min(3, last)), first),
      doubledRanks(recordAt(records, min(4, last)), first),
      doubledRanks(recordAt(records, min(5, last)), first),
      doubledRanks(recordAt(records, min(6, last)), first),
      doubledRanks(recordAt(records, min(7, last)), first),
      out + ((<usize>first) << 4),
      16,
    );
  }
}

/** Twice the ranks of a series at eight dates, from the ranks less their mean. */
function doubledRanks(record: usize, first: i32): v128 {
  const bits = i16x8(1, 2, 4, 8, 16, 32, 64, 128);
  const byte = i16x8.splat(<i16>load<u8>(maskOf(record) + (first >> 3)));
  const present = i16x8.eq(v128.and(byte, bits), bits);
  const ranks = v128.load(ranksOf(record) + ((<usize>first) << 1));
  return v128.and(i16x8.add(ranks, i16x8.splat(<i16>(countOf(record) + 1))), present);
}

/** Transposes 8 × 8 numbers of 16 bits: the j-th of every vector go to `out` + j · `outBytes`. */
function transposeTo(
  a0: v128,
  a1: v128,
  a2: v128,
  a3: v128,
  a4: v128,
  a5: v128,
  a6: v128,
  a7: v128,
  out: usize,
  outBytes: usize,
): void {
  // Halves of the columns first: vectors 4 apart are zipped three times.
  const b0 = zipLow(a0, a4);
  const b1 = zipHigh(a0, a4);
  const b2 = zipLow(a1, a5);
  const b3 = zipHigh(a1, a5);
  const b4 = zipLow(a2, a6);
  const b5 = zipHigh(a2, a6);
  const b6 = zipLow(a3, a7);
  const b7 = zipHigh(a3, a7);
  const c0 = zipLow(b0, b4);
  const c1 = zipHigh(b0, b4);
  const c2 = zipLow(b1, b5);
  const c3 = zipHigh(b1, b5);
  const c4 = zipLow(b2, b6);
  const c5 = zipHigh(b2, b6);
  const c6 = zipLow(b3, b7);
  const c7 = zipHigh(b3, b7);
  v128.store(out, zipLow(c0, c4));
  v128.store(out + outBytes, zipHigh(c0, c4));
  v128.store(out + 2 * outBytes, zipLow(c1, c5));
  v128.store(out + 3 * outBytes, zipHigh(c1, c5));
  v128.store(out + 4 * outBytes, zipLow(c2, c6));
  v128.store(out + 5 * outBytes, zipHigh(c2, c6));
  v128.store(out + 6 * outBytes, zipLow(c3, c7));
  v128.store(out + 7 * outBytes, zipHigh(c3, c7));
}
