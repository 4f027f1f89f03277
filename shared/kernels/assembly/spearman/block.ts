// One block of the matrix: up to 128 × 128 pairs, each by the cheapest of four ways.
//
// Pairs with the same dates multiply their own ranks. Between two large groups, each of series with
// the same dates, the ranks are restricted to the other group's dates once a series. The other pairs
// go through the walks of lanes.ts, by one walk where one series has all the dates of the other and
// by two elsewhere. All sums are whole numbers and exact, so the way does not show in the bits.
import { colSide, openBlock, rowSide } from "./block-state";
import { correlateLanes } from "./lane-groups";
import { NARROW_DATES } from "./layout";
import { correlateRuns } from "./runs";
import { runEnd, sortSide } from "./sides";

/**
 * `rows`, `cols`: lists of u32 addresses of records, 128 each at most. `diagonal`: cols are the rows;
 * the lower half mirrors the upper. Writes r (f64) and n (u32), rows × cols.
 */
export function correlateBlock(
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
): void {
  openBlock(rowCount, colCount, dates, minPeriods, diagonal, scratch, outR, outN);
  sortSide(rows, rowCount, dates, rowSide);
  sortSide(cols, colCount, dates, colSide);
  let areLeft = false;
  for (let i = 0; i < rowCount; i = runEnd(rowSide, i)) {
    // Both sides of a diagonal block are sorted alike: its runs meet themselves or lie apart.
    for (let j = diagonal ? i : 0; j < colCount; j = runEnd(colSide, j)) {
      if (!correlateRuns(i, j)) areLeft = true;
    }
  }
  if (areLeft) correlateLanes();
}
