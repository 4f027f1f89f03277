// The series of one side of a block, brought together by the dates that they have.
import { BLOCK_SERIES, countOf, hashOf, maskOf, recordAt } from "./layout";

/** A list may be read this far beyond its end: the last register tile is filled with its last entry. */
const LIST_PADDING: i32 = 3;
const LIST_BYTES: usize = (<usize>(BLOCK_SERIES + LIST_PADDING + 1)) << 2;

/**
 * A side: lists of u32 (records in order, the place of each in the block, the end of its run, addresses
 * of ranks to multiply) and one of f64 (the sums of squares of these ranks).
 */
export const SIDE_BYTES: usize = 6 * LIST_BYTES;

export function placeAt(side: usize, i: i32): i32 {
  return load<i32>(side + LIST_BYTES + ((<usize>i) << 2));
}

/** The first series after `i` that has other dates. */
export function runEnd(side: usize, i: i32): i32 {
  return load<i32>(side + 2 * LIST_BYTES + ((<usize>i) << 2));
}

export function listedRanks(side: usize, i: i32): usize {
  return side + 3 * LIST_BYTES + ((<usize>i) << 2);
}
export function listedSquares(side: usize, i: i32): f64 {
  return load<f64>(side + 4 * LIST_BYTES + ((<usize>i) << 3));
}
export function setListed(side: usize, i: i32, ranks: usize, squares: f64): void {
  store<u32>(listedRanks(side, i), <u32>ranks);
  store<f64>(side + 4 * LIST_BYTES + ((<usize>i) << 3), squares);
}
export function endList(side: usize, length: i32): void {
  const last = load<u32>(listedRanks(side, length - 1));
  for (let i = 0; i < LIST_PADDING; i++) store<u32>(listedRanks(side, length + i), last);
}

/** Sorts a block's records: those with most dates first, and those with the same dates together. */
export function sortSide(records: usize, count: i32, dates: i32, side: usize): void {
  const places = side + LIST_BYTES;
  for (let i = 0; i < count; i++) {
    const record = recordAt(records, i);
    let at = i;
    for (; at > 0 && isBefore(record, recordAt(side, at - 1)); at--) {
      store<u32>(side + ((<usize>at) << 2), load<u32>(side + ((<usize>(at - 1)) << 2)));
      store<u32>(places + ((<usize>at) << 2), load<u32>(places + ((<usize>(at - 1)) << 2)));
    }
    store<u32>(side + ((<usize>at) << 2), <u32>record);
    store<i32>(places + ((<usize>at) << 2), i);
  }
  let end = count;
  for (let i = count - 1; i >= 0; i--) {
    store<i32>(side + 2 * LIST_BYTES + ((<usize>i) << 2), end);
    if (i > 0 && !haveSameDates(recordAt(side, i - 1), recordAt(side, i), dates)) end = i;
  }
}

function isBefore(a: usize, b: usize): bool {
  if (countOf(a) != countOf(b)) return countOf(a) > countOf(b);
  return hashOf(a) < hashOf(b);
}

function haveSameDates(a: usize, b: usize, dates: i32): bool {
  if (countOf(a) != countOf(b) || hashOf(a) != hashOf(b)) return false;
  return commonDates(a, b, dates) == countOf(a);
}

/** How many dates two series share. */
export function commonDates(x: usize, y: usize, dates: i32): i32 {
  if (countOf(x) == dates) return countOf(y);
  if (countOf(y) == dates) return countOf(x);
  let a = maskOf(x);
  let b = maskOf(y);
  const end = a + ((<usize>((dates + 63) >> 6)) << 3);
  let count: u64 = 0;
  for (; a < end; a += 8, b += 8) count += popcnt<u64>(load<u64>(a) & load<u64>(b));
  return <i32>count;
}
