// Pairs of two runs, a run being the series of one side that have the same dates.
import {
  colSide,
  dates,
  diagonal,
  minPeriods,
  restrictedAt,
  rowSide,
  setCommon,
  storePair,
} from "./block-state";
import { coefficientOf, sumSquares } from "./coefficient";
import { NARROW_DATES, countOf, maskOf, ranksOf, recordAt, tiesOf } from "./layout";
import { multiplyWide } from "./multiply";
import { multiplyLists } from "./rank-lists";
import { restrictRanks } from "./restrict";
import { commonDates, endList, runEnd, setListed } from "./sides";

/**
 * Restricting a series takes about as long as three pairs in lanes, so it is worth it from
 * |a| · |b| > 3 · (|a| + |b|) on.
 */
const RESTRICT_PAIRS: i32 = 3;

/**
 * The pairs of the runs that begin with row i0 and column j0. False for two small runs of different
 * dates: they are left to the lanes.
 */
export function correlateRuns(i0: i32, j0: i32): bool {
  const iEnd = runEnd(rowSide, i0);
  const jEnd = runEnd(colSide, j0);
  const x = recordAt(rowSide, i0);
  const y = recordAt(colSide, j0);
  const n = commonDates(x, y, dates);
  if (n < minPeriods) {
    storeUndefined(i0, iEnd, j0, jEnd, n);
    return true;
  }
  if (dates > NARROW_DATES) {
    correlateWide(i0, iEnd, j0, jEnd, n);
    return true;
  }
  const rows = iEnd - i0;
  const cols = jEnd - j0;
  const same = n == countOf(x) && n == countOf(y);
  if (!same && rows * cols <= RESTRICT_PAIRS * (rows + cols)) {
    for (let i = i0; i < iEnd; i++) {
      for (let j = j0; j < jEnd; j++) setCommon(i, j, n);
    }
    return false;
  }
  listRanks(true, i0, iEnd, y, n);
  listRanks(false, j0, jEnd, x, n);
  multiplyLists(i0, rows, j0, cols, n);
  return true;
}

function storeUndefined(i0: i32, iEnd: i32, j0: i32, jEnd: i32, n: i32): void {
  for (let i = i0; i < iEnd; i++) {
    for (let j = diagonal ? max(i, j0) : j0; j < jEnd; j++) storePair(i, j, n, NaN);
  }
}

/** Lists the ranks of a run within its dates common with `other`, and the sums of their squares. */
function listRanks(isRow: bool, first: i32, end: i32, other: usize, n: i32): void {
  const side = isRow ? rowSide : colSide;
  for (let i = first; i < end; i++) {
    const record = recordAt(side, i);
    let ranks = ranksOf(record);
    let ties = tiesOf(record);
    if (n != countOf(record)) {
      ranks = restrictedAt(isRow, i);
      ties = restrictRanks<u16>(record, maskOf(other), n, dates, ranks);
    }
    setListed(side, i - first, ranks, sumSquares(n, ties));
  }
  endList(side, end - first);
}

/** With so many dates that ranks take 32 bits: one pair after the other. */
function correlateWide(i0: i32, iEnd: i32, j0: i32, jEnd: i32, n: i32): void {
  const x0 = recordAt(rowSide, i0);
  const y0 = recordAt(colSide, j0);
  for (let i = i0; i < iEnd; i++) {
    const x = recordAt(rowSide, i);
    let xRanks = ranksOf(x);
    let xTies = tiesOf(x);
    if (n != countOf(x)) {
      xRanks = restrictedAt(true, 0);
      xTies = restrictRanks<u32>(x, maskOf(y0), n, dates, xRanks);
    }
    for (let j = diagonal ? max(i, j0) : j0; j < jEnd; j++) {
      const y = recordAt(colSide, j);
      let yRanks = ranksOf(y);
      let yTies = tiesOf(y);
      if (n != countOf(y)) {
        yRanks = restrictedAt(false, 0);
        yTies = restrictRanks<u32>(y, maskOf(x0), n, dates, yRanks);
      }
      const sum = <f64>multiplyWide(xRanks, yRanks, dates);
      storePair(i, j, n, coefficientOf(sum, sumSquares(n, xTies), sumSquares(n, yTies)));
    }
  }
}
