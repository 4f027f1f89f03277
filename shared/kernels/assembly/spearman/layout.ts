// Where a prepared series lies in memory, and how wide its numbers are.

/** Up to here ranks take 16 bits: twice a rank is a whole number, and at most twice the dates. */
export const NARROW_DATES: i32 = 16_383;
/** Series along one side of a block: at 2,500 dates the ranks of both sides take 1.3 MB. */
export const BLOCK_SERIES: i32 = 128;

/**
 * A record: addresses of ranks, order, runs and mask (u32), count i32, unused u32, ties i64, and a
 * hash of the mask u64.
 *
 * - ranks: of each date 2·rank - (count + 1), an integer; 0 where missing; zeros up to the stride.
 *   The sum of its squares is (count³ - count - ties) / 3.
 * - order: the dates that have a value, by value, each as the offset of its rank in bytes.
 * - runs: how many dates of `order` follow with a value of their own, an even number, then how many
 *   share the next value, then again, until all are told. An odd date shares with none.
 * - ties: Σ(g³ - g) over the groups of g equal values.
 */
export const RECORD_BYTES: usize = 40;

export function heapBase(): usize {
  return __heap_base;
}

export function recordBytes(): usize {
  return RECORD_BYTES;
}

export function blockSeries(): i32 {
  return BLOCK_SERIES;
}

export function ranksOf(record: usize): usize {
  return <usize>load<u32>(record);
}
export function orderOf(record: usize): usize {
  return <usize>load<u32>(record, 4);
}
export function runsOf(record: usize): usize {
  return <usize>load<u32>(record, 8);
}
export function maskOf(record: usize): usize {
  return <usize>load<u32>(record, 12);
}
export function countOf(record: usize): i32 {
  return load<i32>(record, 16);
}
export function tiesOf(record: usize): i64 {
  return load<i64>(record, 24);
}
export function hashOf(record: usize): u64 {
  return load<u64>(record, 32);
}

/** The record of the `i`-th address of a list. */
export function recordAt(list: usize, i: i32): usize {
  return <usize>load<u32>(list + ((<usize>i) << 2));
}

/** A line of ranks is whole vectors. */
export function strideOf(dates: i32): i32 {
  return (dates + 7) & ~7;
}

export function maskBytes(dates: i32): usize {
  return (<usize>((dates + 63) >> 6)) << 3;
}

function widthOf(dates: i32): usize {
  return dates <= NARROW_DATES ? 2 : 4;
}

export function ranksBytes(dates: i32): usize {
  return <usize>strideOf(dates) * widthOf(dates);
}

/** Order and runs. Of the latter three dates (an odd one and a tie of two) make four at most. */
export function listsBytes(dates: i32): usize {
  const runs = (4 * dates) / 3 + 4;
  return (<usize>(dates + runs) * widthOf(dates) + 15) & ~15;
}

/** Memory that a prepared series takes besides its record: ranks, mask, order and runs. */
export function seriesBytes(dates: i32): usize {
  return (ranksBytes(dates) + maskBytes(dates) + listsBytes(dates) + 15) & ~15;
}
