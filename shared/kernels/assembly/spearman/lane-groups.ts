// The pairs that are left to the walks, in groups of up to eight rows and eight columns.
import {
  colCount,
  colSide,
  commonOf,
  dates,
  diagonal,
  isStored,
  lines,
  ownLine,
  present,
  rowCount,
  rowSide,
  rowSquares,
  storePair,
  walkSums,
  walkTies,
} from "./block-state";
import { coefficientOf, sumSquares, sumSquaresNarrow } from "./coefficient";
import {
  LANES,
  lineBytes,
  packPresent,
  packRanks,
  productsMax,
  transposeLines,
  walkProducts,
  walkRanks,
} from "./lanes";
import { countOf, recordAt, tiesOf } from "./layout";

/** What holds for all pairs of a group that are not stored; NONE when there are none. */
const NONE: i32 = 0;
/** Every row has all the dates of every column: the columns' own ranks are those of the pairs. */
const ROWS_WIDER: i32 = 1;
const COLS_WIDER: i32 = 2;
const NEITHER: i32 = 3;

/** Does all pairs that are not stored; in a diagonal block those above the diagonal. */
export function correlateLanes(): void {
  for (let j = 0; j < colCount; j += LANES) {
    const jEnd = min(j + LANES, colCount);
    const rowEnd = diagonal ? jEnd : rowCount;
    let packed = false;
    for (let i = 0; i < rowEnd; i += LANES) {
      const iEnd = min(i + LANES, rowCount);
      const kind = kindOf(i, iEnd, j, jEnd);
      if (kind != ROWS_WIDER && kind != NEITHER) continue;
      if (!packed) {
        packPresent(listFrom(colSide, j), jEnd - j, dates, present);
        packRanks(listFrom(colSide, j), jEnd - j, dates, ownLine);
        packed = true;
      }
      if (kind == NEITHER) walkTwice(i, iEnd, j, jEnd);
      else walkOnce(true, i, iEnd, j, jEnd);
    }
  }
  for (let i = 0; i < rowCount; i += LANES) {
    const iEnd = min(i + LANES, rowCount);
    let packed = false;
    for (let j = diagonal ? i : 0; j < colCount; j += LANES) {
      const jEnd = min(j + LANES, colCount);
      if (kindOf(i, iEnd, j, jEnd) != COLS_WIDER) continue;
      if (!packed) packRanks(listFrom(rowSide, i), iEnd - i, dates, ownLine);
      packed = true;
      walkOnce(false, j, jEnd, i, iEnd);
    }
  }
}

function listFrom(side: usize, i: i32): usize {
  return side + ((<usize>i) << 2);
}

function kindOf(i0: i32, iEnd: i32, j0: i32, jEnd: i32): i32 {
  let areLeft = false;
  let rowsWider = true;
  let colsWider = true;
  for (let i = i0; i < iEnd; i++) {
    const rowDates = countOf(recordAt(rowSide, i));
    for (let j = diagonal ? max(i, j0) : j0; j < jEnd; j++) {
      if (isStored(i, j)) continue;
      areLeft = true;
      if (commonOf(i, j) != countOf(recordAt(colSide, j))) rowsWider = false;
      if (commonOf(i, j) != rowDates) colsWider = false;
    }
  }
  if (!areLeft) return NONE;
  return rowsWider ? ROWS_WIDER : colsWider ? COLS_WIDER : NEITHER;
}

/** The walked series have all the dates of those in the lanes, whose own ranks hold therefore. */
function walkOnce(walksRows: bool, first: i32, end: i32, lane0: i32, laneEnd: i32): void {
  const walked = walksRows ? rowSide : colSide;
  const beside = walksRows ? colSide : rowSide;
  for (let k = first; k < end; k++) {
    const record = recordAt(walked, k);
    walkProducts(record, ownLine, productsMax(dates), walkSums, walkTies);
    for (let lane = lane0; lane < laneEnd; lane++) {
      const other = recordAt(beside, lane);
      const squares = sumSquares(countOf(other), tiesOf(other));
      if (walksRows) storeWalked(k, lane, record, lane - lane0, squares);
      else storeWalked(lane, k, record, lane - lane0, squares);
    }
  }
}

/** First the ranks of the rows within the dates of each column, then those of the columns. */
function walkTwice(i0: i32, iEnd: i32, j0: i32, jEnd: i32): void {
  for (let i = i0; i < iEnd; i++) {
    const line = lines + <usize>(i - i0) * lineBytes(dates);
    walkRanks(recordAt(rowSide, i), present, dates, line, walkTies);
    for (let j = j0; j < jEnd; j++) {
      const ties = load<f64>(walkTies + ((<usize>(j - j0)) << 3));
      const squares = sumSquaresNarrow(commonOf(i, j), ties);
      store<f64>(rowSquares + ((<usize>(LANES * (j - j0) + i - i0)) << 3), squares);
    }
  }
  transposeLines(lines, lineBytes(dates), dates);
  for (let j = j0; j < jEnd; j++) {
    const line = lines + <usize>(j - j0) * lineBytes(dates);
    const record = recordAt(colSide, j);
    walkProducts(record, line, productsMax(dates), walkSums, walkTies);
    const squares = rowSquares + ((<usize>(LANES * (j - j0))) << 3);
    for (let i = i0; i < iEnd; i++) {
      storeWalked(i, j, record, i - i0, load<f64>(squares + ((<usize>(i - i0)) << 3)));
    }
  }
}

/** The result of one lane after walkProducts, unless it is there already. */
function storeWalked(i: i32, j: i32, walked: usize, lane: i32, laneSquares: f64): void {
  if (isStored(i, j) || (diagonal && j < i)) return;
  const n = commonOf(i, j);
  const count = <f64>n;
  // The walk's factors were 2·rank - 2 - count of the walked series, where 2·rank - (n + 1) is meant.
  const excess = <f64>(countOf(walked) - n + 1) * (count * (count + 1));
  const sum = load<f64>(walkSums + ((<usize>lane) << 3)) + excess;
  const squares = sumSquaresNarrow(n, load<f64>(walkTies + ((<usize>lane) << 3)));
  storePair(i, j, n, coefficientOf(sum, laneSquares, squares));
}
