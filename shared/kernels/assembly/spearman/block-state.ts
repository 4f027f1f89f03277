// The block at work: its sizes, where its parts lie in the scratch area, where its results go.
import { LANES, TIES_BYTES, lineBytes, presentBytes } from "./lanes";
import { BLOCK_SERIES, NARROW_DATES, ranksBytes } from "./layout";
import { SIDE_BYTES, placeAt } from "./sides";
import { sortBytes } from "./sort";

/** Set for each block by openBlock, and only read elsewhere. */
export let rowCount: i32 = 0;
export let colCount: i32 = 0;
export let dates: i32 = 0;
export let minPeriods: i32 = 0;
export let diagonal: bool = false;

/** The sorted series of both sides; pairs are named by their indices in these. */
export let rowSide: usize = 0;
export let colSide: usize = 0;
/** Eight ties and eight sums of one walk, and the squares of eight rows with eight columns (f64). */
export let walkTies: usize = 0;
export let walkSums: usize = 0;
export let rowSquares: usize = 0;
/** Which of eight columns have a date. */
export let present: usize = 0;
/** A line of the ranks of eight series, each among its own dates, and eight restricted ones. */
export let ownLine: usize = 0;
export let lines: usize = 0;

let commons: usize = 0;
let restricted: usize = 0;
let outR: usize = 0;
let outN: usize = 0;

const COMMONS_BYTES: usize = (<usize>BLOCK_SERIES * <usize>BLOCK_SERIES) << 2;
const WALK_BYTES: usize = TIES_BYTES + ((8 + 64) << 3);
const FIXED_BYTES: usize = COMMONS_BYTES + 2 * SIDE_BYTES + WALK_BYTES;
/** In the place of a pair's common dates: its result is stored. */
const STORED: i32 = -1;

/** Restricted ranks: of a block's rows and columns, or of one of each where they are wide. */
function restrictedSeries(ofDates: i32): i32 {
  return ofDates <= NARROW_DATES ? BLOCK_SERIES : 1;
}

/** What prepareSeries and correlateBlock need for series of up to `ofDates` dates. */
export function scratchBytes(ofDates: i32): usize {
  const lanes = presentBytes(ofDates) + <usize>(1 + LANES) * lineBytes(ofDates);
  const ranks = <usize>(2 * restrictedSeries(ofDates)) * ranksBytes(ofDates);
  const block = ofDates <= NARROW_DATES ? max(lanes, ranks) : ranks;
  return max(sortBytes(ofDates), FIXED_BYTES + block);
}

export function openBlock(
  rows: i32,
  cols: i32,
  ofDates: i32,
  leastCommon: i32,
  isDiagonal: bool,
  scratch: usize,
  r: usize,
  n: usize,
): void {
  rowCount = rows;
  colCount = cols;
  dates = ofDates;
  minPeriods = leastCommon;
  diagonal = isDiagonal;
  commons = scratch;
  rowSide = commons + COMMONS_BYTES;
  colSide = rowSide + SIDE_BYTES;
  walkTies = colSide + SIDE_BYTES;
  walkSums = walkTies + TIES_BYTES;
  rowSquares = walkSums + 64;
  restricted = scratch + FIXED_BYTES;
  // The walks begin when no restricted ranks are needed any more.
  present = restricted;
  ownLine = present + presentBytes(dates);
  lines = ownLine + lineBytes(dates);
  outR = r;
  outN = n;
}

export function restrictedAt(isRow: bool, i: i32): usize {
  return restricted + <usize>(isRow ? i : restrictedSeries(dates) + i) * ranksBytes(dates);
}

/** The common dates of a pair whose result is not stored yet; -1 when it is. */
export function commonOf(i: i32, j: i32): i32 {
  return load<i32>(commonAt(i, j));
}
export function setCommon(i: i32, j: i32, n: i32): void {
  store<i32>(commonAt(i, j), n);
}
export function isStored(i: i32, j: i32): bool {
  return commonOf(i, j) == STORED;
}

function commonAt(i: i32, j: i32): usize {
  return commons + ((<usize>(i * BLOCK_SERIES + j)) << 2);
}

/** Stores a pair's results, also mirrored when the block is on the diagonal. */
export function storePair(i: i32, j: i32, n: i32, r: f64): void {
  store<i32>(commonAt(i, j), STORED);
  const row = placeAt(rowSide, i);
  const col = placeAt(colSide, j);
  storeAt(row * colCount + col, n, r);
  if (diagonal) storeAt(col * colCount + row, n, r);
}

function storeAt(place: i32, n: i32, r: f64): void {
  store<f64>(outR + ((<usize>place) << 3), r);
  store<i32>(outN + ((<usize>place) << 2), n);
}
