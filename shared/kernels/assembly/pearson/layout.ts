// Sizes that the arithmetic depends on, and the records that describe the series of a panel.

/** Dates whose products are summed in registers before they join a total; pearson-core.ts says why. */
export const CHUNK_DATES: i32 = 192;
/** Single precision adds up so few dates in a register, and the sums of 16 such groups in pairs. */
export const GROUP_DATES: i32 = 12;
/**
 * Chunks that are packed at once. Lists of missing dates run over a whole stage: each costs about 30
 * cycles besides its dates, which 10 chunks hide when 5 % is missing.
 */
export const STAGE_CHUNKS: i32 = 5;
export const STAGE_DATES: i32 = STAGE_CHUNKS * CHUNK_DATES;
/** Series along one side of a block: a chunk of 512 packed columns (768 KiB) stays in a 1 MiB cache. */
export const BLOCK_SERIES: i32 = 512;
/** Series packed side by side, date after date: in double precision their line is a cache line. */
export const STRIP_SERIES: i32 = 8;
/** Bytes of a line of eight f64, whether values, sums or squares. */
export const LINE_BYTES: usize = 64;

/** Rows of a register tile, and bytes of its columns on one date: two registers. */
export const TILE_ROWS: i32 = 4;
export const TILE_COL_BYTES: usize = 32;

export const FLAG_COMPLETE: u32 = 1;
/** All valid values are equal: every coefficient is undefined. */
export const FLAG_CONSTANT: u32 = 2;
/** Every pair of this series is computed from the original values. */
export const FLAG_PAIRWISE: u32 = 4;
/** The values overflow when squared: with itself the series is undefined. */
export const FLAG_OVERFLOW: u32 = 8;

/** Sums of standardised values. */
@unmanaged
export class Moments {
  sum: f64;
  squares: f64;
}

/** What is known of one series. */
@unmanaged
export class Series {
  mean: f64;
  /** 0 for a series that is not standardised: constant, or pairwise. */
  scale: f64;
  values: usize;
  /** One bit for each date that has a value, in words of 64 bits. */
  mask: usize;
  count: i32;
  flags: u32;
  /** Of every chunk: first of the standardised values, then of these rounded to single precision. */
  chunkMoments: usize;
  /** How many dates of every chunk it has, as i32. */
  chunkCounts: usize;
}

export function heapBase(): usize {
  return __heap_base;
}

/** Lines of values are padded to whole steps of preparation. */
export function strideOf(dates: i32): i32 {
  return (dates + 3) & ~3;
}

/** A panel in memory: values, masks, what is known of chunks, records. */
export function panelBytes(series: i32, dates: i32): usize {
  return recordsOffset(series, dates) + <usize>series * offsetof<Series>();
}
/** The records are the panel's end; each of recordBytes(). */
export function recordsOffset(series: i32, dates: i32): usize {
  return <usize>series * (valueBytesOf(dates) + maskBytesOf(dates) + chunkBytesOf(dates));
}
export function recordBytes(): usize {
  return offsetof<Series>();
}

export function valueBytesOf(dates: i32): usize {
  return (<usize>strideOf(dates)) << 3;
}
export function maskBytesOf(dates: i32): usize {
  return (<usize>((dates + 63) >> 6)) << 3;
}
/** Moments in two precisions, and counts. */
export function chunkBytesOf(dates: i32): usize {
  return <usize>chunksOf(dates) * (2 * offsetof<Moments>() + 8);
}

export function chunksOf(dates: i32): i32 {
  return (dates + CHUNK_DATES - 1) / CHUNK_DATES;
}
export function stripsOf(series: i32): i32 {
  return (series + STRIP_SERIES - 1) / STRIP_SERIES;
}
/** The `index`-th series of a list of u32 addresses. */
export function seriesAt(list: usize, index: i32): Series {
  return changetype<Series>(<usize>load<u32>(list + ((<usize>index) << 2)));
}
export function chunkCountOf(series: Series, chunk: i32): i32 {
  return load<i32>(series.chunkCounts + ((<usize>chunk) << 2));
}
/** Moments of a chunk in the precision of T. */
export function momentsOf<T>(series: Series, chunk: i32, chunks: i32): Moments {
  const at = sizeof<T>() == 8 ? chunk : chunks + chunk;
  return changetype<Moments>(series.chunkMoments + <usize>at * offsetof<Moments>());
}

export function blockSeries(): i32 {
  return BLOCK_SERIES;
}
