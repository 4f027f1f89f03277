// One block of the matrix: up to 512 × 512 pairs over all dates, stage of dates after stage.
import { CHUNK_DATES, STAGE_CHUNKS, STAGE_DATES, chunksOf, stripsOf } from "./layout";
import { countCommon, countingBytes, countsBytes } from "./counts";
import { Results, finishBlock } from "./finish";
import { listStage } from "./lists";
import { Overlaps, addOverlaps, completeOverlaps, openOverlaps, overlapBytes } from "./overlap";
import { packStage } from "./pack";
import { multiplyBytes, multiplyChunk, productsBytes } from "./products";
import { Side, openSide, sideBytes, sumStage } from "./side";

/** What the parts of the scratch memory are; each begins with a cache line. */
@unmanaged
class Scratch {
  rows: Side;
  cols: Side;
  /** Sums of the rows over the dates of the columns, and of the columns over those of the rows. */
  ofRows: Overlaps;
  ofCols: Overlaps;
  results: Results;
  totals: usize;
  multiply: usize;
  counting: usize;
}

function aligned(bytes: usize): usize {
  return (bytes + 63) & ~63;
}
function headerBytes(): usize {
  return (
    aligned(offsetof<Scratch>()) +
    2 * aligned(offsetof<Side>()) +
    2 * aligned(offsetof<Overlaps>()) +
    aligned(offsetof<Results>())
  );
}

/** Memory that a block of this shape works in, besides its results. */
export function scratchBytes(rowCount: i32, colCount: i32, dates: i32): usize {
  return (
    headerBytes() +
    aligned(sideBytes(rowCount, dates)) +
    aligned(sideBytes(colCount, dates)) +
    2 * overlapBytes(stripsOf(rowCount), stripsOf(colCount)) +
    productsBytes(stripsOf(rowCount), stripsOf(colCount)) +
    aligned(multiplyBytes()) +
    aligned(countsBytes(rowCount, colCount)) +
    aligned(countingBytes(colCount, dates)) +
    ((<usize>colCount) << 2)
  );
}

/**
 * `rows`, `cols`: lists of u32 addresses of records. `diagonal`: cols are the rows; the lower half
 * mirrors the upper. Writes r (f64) and n (u16, or u32 above 65,535 dates), rows × cols, and may write
 * one more of each; returns how many pairs were recomputed from the original values.
 */
export function correlateBlockF64(
  rows: usize,
  rowCount: i32,
  cols: usize,
  colCount: i32,
  dates: i32,
  minPeriods: i32,
  diagonal: bool,
  scratch: usize,
  outR: usize,
  outN: usize,
): i32 {
  const parts = open<f64>(scratch, rows, rowCount, cols, colCount, dates, diagonal);
  addStages<f64>(parts, dates, diagonal);
  parts.results.open(outR, outN, minPeriods, dates);
  return finish<f64>(parts, diagonal);
}

/** As correlateBlockF64, with products in single precision and r as f32. */
export function correlateBlockF32(
  rows: usize,
  rowCount: i32,
  cols: usize,
  colCount: i32,
  dates: i32,
  minPeriods: i32,
  diagonal: bool,
  scratch: usize,
  outR: usize,
  outN: usize,
): i32 {
  const parts = open<f32>(scratch, rows, rowCount, cols, colCount, dates, diagonal);
  addStages<f32>(parts, dates, diagonal);
  parts.results.open(outR, outN, minPeriods, dates);
  return finish<f32>(parts, diagonal);
}

function open<T>(
  at: usize,
  rows: usize,
  rowCount: i32,
  cols: usize,
  colCount: i32,
  dates: i32,
  diagonal: bool,
): Scratch {
  const parts = changetype<Scratch>(at);
  at += aligned(offsetof<Scratch>());
  parts.rows = changetype<Side>(at);
  at += aligned(offsetof<Side>());
  parts.cols = changetype<Side>(diagonal ? changetype<usize>(parts.rows) : at);
  at += aligned(offsetof<Side>());
  parts.ofRows = changetype<Overlaps>(at);
  at += aligned(offsetof<Overlaps>());
  parts.ofCols = changetype<Overlaps>(diagonal ? changetype<usize>(parts.ofRows) : at);
  at += aligned(offsetof<Overlaps>());
  parts.results = changetype<Results>(at);
  at += aligned(offsetof<Results>());
  openSide<T>(parts.rows, at, rows, rowCount, dates);
  at += aligned(sideBytes(rowCount, dates));
  if (!diagonal) openSide<T>(parts.cols, at, cols, colCount, dates);
  at += aligned(sideBytes(colCount, dates));
  const bytes = overlapBytes(stripsOf(rowCount), stripsOf(colCount));
  openOverlaps(parts.ofRows, at, parts.rows, parts.cols);
  if (!diagonal) openOverlaps(parts.ofCols, at + bytes, parts.cols, parts.rows);
  at += 2 * bytes;
  parts.totals = at;
  memory.fill(at, 0, productsBytes(stripsOf(rowCount), stripsOf(colCount)));
  at += productsBytes(stripsOf(rowCount), stripsOf(colCount));
  parts.multiply = at;
  at += aligned(multiplyBytes());
  parts.results.counts = at;
  at += aligned(countsBytes(rowCount, colCount));
  parts.counting = at;
  at += aligned(countingBytes(colCount, dates));
  parts.results.doubtful = at;
  return parts;
}

function addStages<T>(parts: Scratch, dates: i32, diagonal: bool): void {
  const rows = parts.rows;
  const cols = parts.cols;
  const chunks = chunksOf(dates);
  for (let firstChunk = 0; firstChunk < chunks; firstChunk += STAGE_CHUNKS) {
    const first = firstChunk * CHUNK_DATES;
    const length = min(STAGE_DATES, dates - first);
    const stageChunks = min(STAGE_CHUNKS, chunks - firstChunk);
    packStage<T>(rows, first, length);
    if (!diagonal) packStage<T>(cols, first, length);
    if (rows.hasGaps) listStage<T>(rows, cols, firstChunk, dates);
    if (!diagonal && cols.hasGaps) listStage<T>(cols, rows, firstChunk, dates);
    for (let chunk = 0; chunk < stageChunks; chunk++) {
      const chunkDates = min(CHUNK_DATES, length - chunk * CHUNK_DATES);
      multiplyChunk<T>(parts.totals, rows, cols, chunk, chunkDates, diagonal, parts.multiply);
    }
    if (rows.hasGaps) {
      sumStage<T>(cols, firstChunk, dates);
      addOverlaps<T>(parts.ofCols, cols, rows, stageChunks);
    }
    if (!diagonal && cols.hasGaps) {
      sumStage<T>(rows, firstChunk, dates);
      addOverlaps<T>(parts.ofRows, rows, cols, stageChunks);
    }
  }
  if (rows.hasGaps) {
    completeOverlaps(parts.ofCols, cols, rows);
    countCommon(parts.results.counts, rows, cols, dates, parts.counting);
  }
  if (!diagonal && cols.hasGaps) completeOverlaps(parts.ofRows, rows, cols);
}

function finish<T>(parts: Scratch, diagonal: bool): i32 {
  const results = parts.results;
  return finishBlock<T>(
    results,
    parts.rows,
    parts.cols,
    parts.ofRows,
    parts.ofCols,
    parts.totals,
    diagonal,
  );
}
