// Prepares a series once: which dates it has, their order by value, the groups of ties, the ranks.
import { NARROW_DATES, listsBytes, maskBytes, ranksBytes, strideOf } from "./layout";
import { dateAt, entriesAt, keyAt, keyOf, sortDates } from "./sort";

/**
 * `values`: `dates` f64, NaN or ±inf where missing. `room`: seriesBytes(dates) bytes for what the
 * record points to.
 */
export function prepareSeries(
  record: usize,
  room: usize,
  values: usize,
  dates: i32,
  scratch: usize,
): void {
  const ranks = room;
  const mask = ranks + ranksBytes(dates);
  const order = mask + maskBytes(dates);
  const count = listDates(values, dates, mask, scratch);
  store<u32>(record, <u32>ranks);
  store<u32>(record, <u32>order, 4);
  store<u32>(record, <u32>mask, 12);
  store<i32>(record, count, 16);
  store<u64>(record, hashMask(mask, dates), 32);
  if (dates <= NARROW_DATES) rankDates<u16>(record, values, count, dates, scratch);
  else rankDates<u32>(record, values, count, dates, scratch);
}

/** Marks the dates that have a value and lists them sorted by it. Returns how many there are. */
function listDates(values: usize, dates: i32, mask: usize, scratch: usize): i32 {
  memory.fill(mask, 0, maskBytes(dates));
  const entries = entriesAt(scratch);
  let count = 0;
  let all: u64 = 0xffff_ffff_ffff_ffff;
  let any: u64 = 0;
  for (let t = 0; t < dates; t++) {
    const value = load<f64>(values + ((<usize>t) << 3));
    // False for NaN as well.
    if (!(abs(value) < Infinity)) continue;
    const word = mask + ((<usize>t >> 6) << 3);
    store<u64>(word, load<u64>(word) | ((<u64>1) << (<u64>t & 63)));
    const key = keyOf(value);
    all &= key;
    any |= key;
    store<u64>(entries + ((<usize>count) << 3), <u64>t);
    count++;
  }
  sortDates(values, scratch, count, dates, count == 0 ? 0 : all ^ any);
  return count;
}

/** Writes order, runs and ranks, of the width of T. */
function rankDates<T>(record: usize, values: usize, count: i32, dates: i32, scratch: usize): void {
  const shift: usize = sizeof<T>() == 2 ? 1 : 2;
  const ranks = <usize>load<u32>(record);
  const order = <usize>load<u32>(record, 4);
  const runs = order + ((<usize>dates) << shift);
  memory.fill(ranks, 0, (<usize>strideOf(dates)) << shift);
  const entries = entriesAt(scratch);
  let run = runs;
  let untied = 0;
  let ties: i64 = 0;
  let first = 0;
  while (first < count) {
    const key = keyAt(values, entries, first);
    let end = first + 1;
    while (end < count && keyAt(values, entries, end) == key) end++;
    for (let k = first; k < end; k++) {
      const offset = (<usize>dateAt(entries, k)) << shift;
      store<T>(order + ((<usize>k) << shift), <T>offset);
      // first + 1 … end are the group's ranks; twice their mean is first + 1 + end.
      store<T>(ranks + offset, <T>(first + end - count));
    }
    const group = <i64>(end - first);
    ties += group * group * group - group;
    if (group == 1) untied++;
    else {
      if (untied & 1) run = writeRun<T>(run, untied - 1, 1);
      run = writeRun<T>(run, untied & 1 ? 0 : untied, end - first);
      untied = 0;
    }
    first = end;
  }
  writeRun<T>(run, untied & ~1, untied & 1);
  store<u32>(record, <u32>runs, 8);
  store<i64>(record, ties, 24);
}

/** Returns where the next run goes. */
function writeRun<T>(run: usize, untied: i32, tied: i32): usize {
  store<T>(run, <T>untied);
  store<T>(run + sizeof<T>(), <T>tied);
  return run + 2 * sizeof<T>();
}

/** Equal masks have equal hashes; equal hashes are compared before they count as equal masks. */
function hashMask(mask: usize, dates: i32): u64 {
  const end = mask + maskBytes(dates);
  let hash: u64 = 0xcbf2_9ce4_8422_2325;
  for (; mask < end; mask += 8) {
    hash = (hash ^ load<u64>(mask)) * 0x9e37_79b9_7f4a_7c15;
    hash ^= hash >> 29;
  }
  return hash;
}
