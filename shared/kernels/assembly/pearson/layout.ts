// Where things lie in the kernel's memory: series records, and the scratch area of one block.

/** Dates summed in registers before a partial sum joins the total: a 4-wide f64 panel is 8 KiB, L1. */
export const CHUNK_DATES: i32 = 256;
/** Single precision joins the f64 totals more often; pearson-core.ts says why. */
export const FLUSH_DATES_F32: i32 = 16;
/** Series along one side of a block: two packed sides of 512 KiB stay in a 2 MiB second-level cache. */
export const BLOCK_SERIES: i32 = 256;
/** Rows of one register tile; columns are 4 in double and 8 in single precision. */
export const LANES: i32 = 4;
/** A list of dates is of those missing or of those present, whichever are fewer: half a chunk. */
const LIST_BYTES: usize = <usize>CHUNK_DATES;

/** A record: mean f64, scale f64, values u32, mask u32, count u32, flags u32. */
export const RECORD_BYTES: usize = 32;
export const FLAG_COMPLETE: u32 = 1;
/** All valid values are equal: every coefficient is undefined. */
export const FLAG_CONSTANT: u32 = 2;
/** Every pair of this series is computed from the original values. */
export const FLAG_PAIRWISE: u32 = 4;
/** The values overflow when squared: with itself the series is undefined. */
export const FLAG_OVERFLOW: u32 = 8;

export function heapBase(): usize {
  return __heap_base;
}

export function recordBytes(): usize {
  return RECORD_BYTES;
}

export function meanOf(record: usize): f64 {
  return load<f64>(record);
}
export function scaleOf(record: usize): f64 {
  return load<f64>(record, 8);
}
export function valuesOf(record: usize): usize {
  return <usize>load<u32>(record, 16);
}
export function maskOf(record: usize): usize {
  return <usize>load<u32>(record, 20);
}
export function countOf(record: usize): i32 {
  return load<i32>(record, 24);
}
export function flagsOf(record: usize): u32 {
  return load<u32>(record, 28);
}

const SIDE: usize = <usize>BLOCK_SERIES;
const PLANE_BYTES: usize = SIDE * SIDE * 8;
const PACK_BYTES: usize = SIDE * <usize>CHUNK_DATES * 8;
/** Per series: chunk sum, chunk squares, total sum, total squares (f64); kind and length (u32). */
const SIDE_BYTES: usize = SIDE * (PACK_BYTES / SIDE + LIST_BYTES + 4 * 8 + 2 * 4);

export function scratchBytes(): usize {
  return 5 * PLANE_BYTES + 2 * SIDE_BYTES;
}

/** Products sum x·y, row-major: rows × padded columns. */
export function productsAt(scratch: usize): usize {
  return scratch;
}
/** Sums of x over the dates of y, one line of padded rows per column; squares one plane further. */
export function rowSumsAt(scratch: usize): usize {
  return scratch + PLANE_BYTES;
}
/** Sums of y over the dates of x, one line of padded columns per row; squares one plane further. */
export function colSumsAt(scratch: usize): usize {
  return scratch + 3 * PLANE_BYTES;
}
export function squaresAfter(sums: usize): usize {
  return sums + PLANE_BYTES;
}

/** The two sides' own areas. */
export function rowSideAt(scratch: usize): usize {
  return scratch + 5 * PLANE_BYTES;
}
export function colSideAt(scratch: usize): usize {
  return scratch + 5 * PLANE_BYTES + SIDE_BYTES;
}
export function chunkSumsAt(side: usize): usize {
  return side + PACK_BYTES;
}
export function chunkSquaresAt(side: usize): usize {
  return side + PACK_BYTES + SIDE * 8;
}
export function totalSumsAt(side: usize): usize {
  return side + PACK_BYTES + SIDE * 16;
}
export function totalSquaresAt(side: usize): usize {
  return side + PACK_BYTES + SIDE * 24;
}
export function kindAt(side: usize, series: i32): usize {
  return side + PACK_BYTES + SIDE * 32 + ((<usize>series) << 2);
}
export function listLengthAt(side: usize, series: i32): usize {
  return side + PACK_BYTES + SIDE * 36 + ((<usize>series) << 2);
}
export function listAt(side: usize, series: i32): usize {
  return side + PACK_BYTES + SIDE * 40 + <usize>series * LIST_BYTES;
}

/** Clears everything that accumulates over the chunks of one block. */
export function clearScratch(scratch: usize): void {
  memory.fill(scratch, 0, 5 * PLANE_BYTES);
  memory.fill(totalSumsAt(rowSideAt(scratch)), 0, SIDE * 16);
  memory.fill(totalSumsAt(colSideAt(scratch)), 0, SIDE * 16);
}
