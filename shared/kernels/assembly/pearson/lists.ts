// Which dates of a stage a series lacks: whole chunks, or lists of the few in either way.
import {
  CHUNK_DATES,
  FLAG_COMPLETE,
  STAGE_CHUNKS,
  Series,
  TILE_COL_BYTES,
  chunkCountOf,
  chunksOf,
  seriesAt,
} from "./layout";
import { packedAt } from "./pack";
import { Side, StageDates } from "./side";

/** Describes the stage's dates of all series of a side, as places in the packed other side. */
export function listStage<T>(side: Side, other: Side, firstChunk: i32, dates: i32): void {
  const chunks = min(STAGE_CHUNKS, chunksOf(dates) - firstChunk);
  const chunkBytes = packedAt<T>(other, 1, 0);
  let stage = changetype<StageDates>(side.lists);
  let present: u32 = 0;
  for (let i = 0; i < side.series; i++) {
    const series = seriesAt(side.list, i);
    if (i % 4 == 0) present = 0;
    present |= listSeries(stage, series, firstChunk, chunks, chunkBytes, dates);
    store<u32>(side.presence + <usize>(i & ~3), present);
    stage = changetype<StageDates>(stage.listedEnd);
  }
}

/** Returns the chunks in which the series has a value. */
function listSeries(
  stage: StageDates,
  series: Series,
  firstChunk: i32,
  chunks: i32,
  chunkBytes: usize,
  dates: i32,
): u32 {
  if (series.flags & FLAG_COMPLETE) {
    stage.mostly = 0;
    stage.missing = 0;
    stage.listed = 0;
    return ((<u32>1) << chunks) - 1;
  }
  let present: u32 = 0;
  let mostly: u32 = 0;
  /** Chunks some of whose dates are missing. */
  let holed: u32 = 0;
  for (let chunk = 0; chunk < chunks; chunk++) {
    const length = min(CHUNK_DATES, dates - (firstChunk + chunk) * CHUNK_DATES);
    const count = chunkCountOf(series, firstChunk + chunk);
    const bit = (<u32>1) << chunk;
    if (count > 0) present |= bit;
    if (2 * count >= length) mostly |= bit;
    if (count < length) holed |= bit;
  }
  const first = firstChunk * CHUNK_DATES;
  const list = stage.list;
  const missing = writeDates(list, series, first, dates, holed & mostly, ~(<u64>0), chunkBytes);
  const end = writeDates(missing, series, first, dates, present & ~mostly, 0, chunkBytes);
  stage.mostly = mostly;
  stage.missing = <i32>((missing - list) >> 2);
  stage.listed = <i32>((end - list) >> 2);
  return present;
}

/**
 * Appends the dates in `chunks`, of the stage that begins with date `first`, whose bit of the mask
 * differs from `flip`, and returns the list's end. A date is listed as its packed line's
 * distance from the first of its strip.
 */
function writeDates(
  list: usize,
  series: Series,
  first: i32,
  dates: i32,
  chunks: u32,
  flip: u64,
  chunkBytes: usize,
): usize {
  for (; chunks; chunks &= chunks - 1) {
    const chunk = <i32>ctz<u32>(chunks);
    const start = first + chunk * CHUNK_DATES;
    const length = min(CHUNK_DATES, dates - start);
    for (let t = 0; t < length; t += 64) {
      let word = load<u64>(series.mask + ((start + t) >> 3)) ^ flip;
      if (length - t < 64) word &= ((<u64>1) << (<u64>(length - t))) - 1;
      const line = <usize>chunk * chunkBytes + <usize>t * TILE_COL_BYTES;
      for (; word; word &= word - 1, list += 4) {
        store<u32>(list, <u32>(line + <usize>ctz<u64>(word) * TILE_COL_BYTES));
      }
    }
  }
  return list;
}
