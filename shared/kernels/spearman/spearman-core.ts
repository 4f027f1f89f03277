// The arithmetic of "spearman-tile@1" pair by pair, to the bit what the WebAssembly kernel computes.
// Hot loops over typed arrays: an index in range is the loops' own condition, hence `as number`.
//
// Of a date with rank k among n, everything here uses 2k - (n + 1): a whole number even where ties
// share the mean of their ranks, and zero on average, so that a sum of products is a covariance. Such
// sums are exact whatever their order, and only the last three operations of a coefficient round.

/**
 * A sum of products of two series' ranks is below n³/3, and exact in double precision up to here:
 * the cube root of 3 · 2^53 is 300,079.
 */
const DOUBLE_DATES = 300_000;
/** Beyond, so many products at a time are: (10^6)² · 4096 is below 2^53. */
const CHUNK_DATES = 4_096;

/** A series' dates by value, and their ranks among its own. */
export interface RankedSeries {
  /** 2·rank - (count + 1) of each date, 0 where missing. */
  readonly ranks: Int32Array;
  /** The sum of their squares. */
  readonly squares: number;
  /** The dates that have a value, by value … */
  readonly order: Uint32Array;
  /** … and where in that order each group of equal values ends. */
  readonly groupEnds: Uint32Array;
  /** Of each date 1 when it has a value, else 0. */
  readonly present: Uint8Array;
}

/** Room for the ranks of one pair, as long as the series. */
export interface PairRanks {
  readonly x: Int32Array;
  readonly y: Int32Array;
}

/** Bytes of a ranked series' arrays, a date. */
export const RANKED_BYTES_PER_DATE = 4 + 4 + 4 + 1;

export function rankSeries(values: Float64Array): RankedSeries {
  const present = Uint8Array.from(values, (value) => (Number.isFinite(value) ? 1 : 0));
  const dates = Uint32Array.from(values.keys()).filter((t) => present[t] === 1);
  const order = dates.sort((a, b) => (values[a] as number) - (values[b] as number));
  const groupEnds = Uint32Array.from(order.keys(), (k) => k + 1).filter(
    (end) =>
      end === order.length || values[order[end] as number] !== values[order[end - 1] as number],
  );
  const count = order.length;
  const ranks = new Int32Array(values.length);
  rankGroups({ order, groupEnds }, present, count, ranks);
  return { ranks, squares: sumProducts(ranks, ranks, count), order, groupEnds, present };
}

/** How many dates two series share. */
export function countCommonDates(x: RankedSeries, y: RankedSeries): number {
  if (x.order.length === x.present.length) return y.order.length;
  if (y.order.length === y.present.length) return x.order.length;
  let count = 0;
  for (let t = 0; t < x.present.length; t += 1) {
    count += (x.present[t] as number) & (y.present[t] as number);
  }
  return count;
}

/** The coefficient of two series with `n` common dates; NaN when one is constant on these. */
export function correlateRanked(
  x: RankedSeries,
  y: RankedSeries,
  n: number,
  room: PairRanks,
): number {
  const a = restrictRanks(x, y.present, n, room.x);
  const b = restrictRanks(y, x.present, n, room.y);
  const squares = a.squares * b.squares;
  if (squares === 0) return NaN;
  // Sums that were rounded, beyond 2^53, may give a little more than 1.
  return Math.max(-1, Math.min(1, sumProducts(a.ranks, b.ranks, n) / Math.sqrt(squares)));
}

/** The ranks within `n` common dates, those that are `present`; the series' own if these are all. */
function restrictRanks(
  series: RankedSeries,
  present: Uint8Array,
  n: number,
  room: Int32Array,
): Pick<RankedSeries, "ranks" | "squares"> {
  if (n === series.order.length) return series;
  room.fill(0);
  rankGroups(series, present, n, room);
  return { ranks: room, squares: sumProducts(room, room, n) };
}

/** Writes 2·rank - (n + 1) of the `n` dates of a series that are `present`. */
function rankGroups(
  { order, groupEnds }: Pick<RankedSeries, "order" | "groupEnds">,
  present: Uint8Array,
  n: number,
  out: Int32Array,
): void {
  let before = 0;
  let first = 0;
  for (let group = 0; group < groupEnds.length; group += 1) {
    const end = groupEnds[group] as number;
    let size = 0;
    for (let k = first; k < end; k += 1) size += present[order[k] as number] as number;
    // The group's ranks are before + 1 … before + size; twice their mean is the sum of these two.
    const shared = before + 1 + before + size - (n + 1);
    for (let k = first; k < end; k += 1) {
      const t = order[k] as number;
      out[t] = shared * (present[t] as number);
    }
    before += size;
    first = end;
  }
}

/** The exact sum of products of ranks among `n` dates, rounded once where it exceeds 2^53. */
function sumProducts(x: Int32Array, y: Int32Array, n: number): number {
  if (n <= DOUBLE_DATES) return sumRange(x, y, 0, x.length);
  let total = 0n;
  for (let first = 0; first < x.length; first += CHUNK_DATES) {
    total += BigInt(sumRange(x, y, first, Math.min(first + CHUNK_DATES, x.length)));
  }
  return Number(total);
}

function sumRange(x: Int32Array, y: Int32Array, first: number, end: number): number {
  let sum = 0;
  for (let t = first; t < end; t += 1) sum += (x[t] as number) * (y[t] as number);
  return sum;
}
