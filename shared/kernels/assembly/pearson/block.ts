// One block of the matrix: up to 256 × 256 pairs over all dates, chunk of dates after chunk.
import {
  CHUNK_DATES,
  FLUSH_DATES_F32,
  LANES,
  chunkSquaresAt,
  chunkSumsAt,
  clearScratch,
  colSideAt,
  colSumsAt,
  kindAt,
  productsAt,
  rowSideAt,
  rowSumsAt,
  totalSquaresAt,
  totalSumsAt,
} from "./layout";
import { finishBlock } from "./finish";
import { multiplyF32, multiplyF64 } from "./multiply";
import { KIND_NONE, addOverlaps, listDates } from "./overlap";
import { packFour } from "./pack";

/**
 * `rows`, `cols`: lists of u32 addresses of records. `stride`: dates rounded up to a multiple of 4.
 * `diagonal`: cols are the rows; the lower half mirrors the upper. Writes r (f64) and n (u32),
 * rows × cols without padding; returns how many pairs were recomputed from the original values.
 */
export function correlateBlockF64(
  rows: usize,
  rowCount: i32,
  cols: usize,
  colCount: i32,
  dates: i32,
  stride: i32,
  minPeriods: i32,
  diagonal: bool,
  scratch: usize,
  outR: usize,
  outN: usize,
): i32 {
  return correlateBlock<f64>(
    rows,
    rowCount,
    cols,
    colCount,
    dates,
    stride,
    minPeriods,
    diagonal,
    scratch,
    outR,
    outN,
  );
}

/** As correlateBlockF64, with products in single precision. */
export function correlateBlockF32(
  rows: usize,
  rowCount: i32,
  cols: usize,
  colCount: i32,
  dates: i32,
  stride: i32,
  minPeriods: i32,
  diagonal: bool,
  scratch: usize,
  outR: usize,
  outN: usize,
): i32 {
  return correlateBlock<f32>(
    rows,
    rowCount,
    cols,
    colCount,
    dates,
    stride,
    minPeriods,
    diagonal,
    scratch,
    outR,
    outN,
  );
}

function correlateBlock<T>(
  rows: usize,
  rowCount: i32,
  cols: usize,
  colCount: i32,
  dates: i32,
  stride: i32,
  minPeriods: i32,
  diagonal: bool,
  scratch: usize,
  outR: usize,
  outN: usize,
): i32 {
  const colLanes = sizeof<T>() == 8 ? LANES : 2 * LANES;
  const rowsPadded = roundUp(rowCount, LANES);
  const colsPadded = roundUp(colCount, colLanes);
  const rowSide = rowSideAt(scratch);
  const colSide = colSideAt(scratch);
  clearScratch(scratch);
  for (let first = 0; first < stride; first += CHUNK_DATES) {
    const length = min(CHUNK_DATES, stride - first);
    packSide<T>(rowSide, LANES, rows, rowCount, first, length);
    packSide<T>(colSide, colLanes, cols, colCount, first, length);
    listDates(rowSide, rows, rowCount, first, dates);
    listDates(colSide, cols, colCount, first, dates);
    multiplyChunk<T>(rowSide, rowCount, colSide, colCount, length, diagonal, productsAt(scratch));
    addOverlaps<T>(
      rowSide,
      LANES,
      rowCount,
      colSide,
      cols,
      colCount,
      rowSumsAt(scratch),
      rowsPadded,
      diagonal,
      true,
    );
    addOverlaps<T>(
      colSide,
      colLanes,
      colCount,
      rowSide,
      rows,
      rowCount,
      colSumsAt(scratch),
      colsPadded,
      diagonal,
      false,
    );
  }
  return finishBlock<T>(
    rows,
    rowCount,
    rowsPadded,
    cols,
    colCount,
    colsPadded,
    dates,
    minPeriods,
    diagonal,
    scratch,
    outR,
    outN,
  );
}

function roundUp(count: i32, multiple: i32): i32 {
  return ((count + multiple - 1) / multiple) * multiple;
}

/** Packs a chunk of all series of a side, in panels `lanes` wide, and adds its sums to the totals. */
function packSide<T>(
  side: usize,
  lanes: i32,
  records: usize,
  series: i32,
  first: i32,
  length: i32,
): void {
  const lineBytes = <usize>lanes * sizeof<T>();
  const panelBytes = <usize>CHUNK_DATES * lineBytes;
  const padded = roundUp(series, lanes);
  for (let lane = 0; lane < padded; lane += LANES) {
    const panel = lane / lanes;
    const out = side + <usize>panel * panelBytes + <usize>(lane - panel * lanes) * sizeof<T>();
    const at = (<usize>lane) << 3;
    if (lane < series) {
      packFour<T>(
        out,
        lineBytes,
        records + ((<usize>lane) << 2),
        series - lane,
        first,
        length,
        chunkSumsAt(side) + at,
        chunkSquaresAt(side) + at,
      );
    } else {
      // The second half of a wide panel may lie wholly beyond the last series.
      for (let t = 0; t < length; t++) v128.store(out + <usize>t * lineBytes, i64x2.splat(0));
    }
  }
  addTotals(totalSumsAt(side), chunkSumsAt(side), series);
  addTotals(totalSquaresAt(side), chunkSquaresAt(side), series);
}

function addTotals(totals: usize, chunk: usize, series: i32): void {
  for (let i = 0; i < series; i++) {
    const at = (<usize>i) << 3;
    store<f64>(totals + at, load<f64>(totals + at) + load<f64>(chunk + at));
  }
}

/** All register tiles of a chunk; those below the diagonal or without any value are left out. */
function multiplyChunk<T>(
  rowSide: usize,
  rowCount: i32,
  colSide: usize,
  colCount: i32,
  length: i32,
  diagonal: bool,
  out: usize,
): void {
  const colLanes = sizeof<T>() == 8 ? LANES : 2 * LANES;
  const rowPanelBytes = <usize>(CHUNK_DATES * LANES) * sizeof<T>();
  const colPanelBytes = <usize>(CHUNK_DATES * colLanes) * sizeof<T>();
  const outBytes = (<usize>roundUp(colCount, colLanes)) << 3;
  for (let j = 0; j < colCount; j += colLanes) {
    if (isEmpty(colSide, j, min(colLanes, colCount - j))) continue;
    const b = colSide + <usize>(j / colLanes) * colPanelBytes;
    const end = diagonal ? min(rowCount, j + colLanes - 1) : rowCount;
    for (let i = 0; i < end; i += LANES) {
      if (isEmpty(rowSide, i, min(LANES, rowCount - i))) continue;
      const a = rowSide + <usize>(i / LANES) * rowPanelBytes;
      const c = out + <usize>i * outBytes + ((<usize>j) << 3);
      if (sizeof<T>() == 8) {
        multiplyF64(a, b, length, c, outBytes);
      } else {
        for (let t = 0; t < length; t += FLUSH_DATES_F32) {
          const at = <usize>t;
          multiplyF32(a + (at << 4), b + (at << 5), min(FLUSH_DATES_F32, length - t), c, outBytes);
        }
      }
    }
  }
}

/** Whether none of these series has a value in this chunk: their products are zero. */
function isEmpty(side: usize, first: i32, series: i32): bool {
  for (let i = first; i < first + series; i++) {
    if (load<u32>(kindAt(side, i)) != KIND_NONE) return false;
  }
  return true;
}
