// The loops of the kernel "series-moments@1": moments of a panel's series, in a fixed order.
// Hot loops over typed arrays: an index in range is the loops' own condition, hence `as number`.

/** Dates summed before a partial sum joins the total: the rounding error grows with the root of it. */
const CHUNK_DATES = 256;

export interface PanelMoments {
  /** One a series. */
  readonly means: Float64Array;
  /** One a series; divided by the number of dates, as for a population. */
  readonly variances: Float64Array;
  /** One a date: the sum over the panel's series of their squared distances from their means. */
  readonly dateSquares: Float64Array;
}

/** Moments of `values`, series × dates, which must all be finite. */
export function momentsOf(values: Float64Array, series: number, dates: number): PanelMoments {
  const means = new Float64Array(series);
  const variances = new Float64Array(series);
  const dateSquares = new Float64Array(dates);
  for (let i = 0; i < series; i += 1) {
    const first = i * dates;
    const mean = meanOf(values, first, dates);
    let sum = 0;
    let squares = 0;
    for (let start = 0; start < dates; start += CHUNK_DATES) {
      const end = Math.min(start + CHUNK_DATES, dates);
      let chunkSum = 0;
      let chunkSquares = 0;
      for (let t = start; t < end; t += 1) {
        const distance = (values[first + t] as number) - mean;
        const square = distance * distance;
        chunkSum += distance;
        chunkSquares += square;
        dateSquares[t] = (dateSquares[t] as number) + square;
      }
      sum += chunkSum;
      squares += chunkSquares;
    }
    means[i] = mean;
    // What is left of the sum is the rounding of the mean.
    variances[i] = Math.max(0, squares / dates - (sum / dates) ** 2);
  }
  return { means, variances, dateSquares };
}

/** The mean; of equal values exactly that value, so that a constant series has no variance at all. */
function meanOf(values: Float64Array, first: number, dates: number): number {
  const origin = values[first] as number;
  let sum = 0;
  for (let start = 0; start < dates; start += CHUNK_DATES) {
    const end = Math.min(start + CHUNK_DATES, dates);
    let chunkSum = 0;
    for (let t = start; t < end; t += 1) chunkSum += (values[first + t] as number) - origin;
    sum += chunkSum;
  }
  return origin + sum / dates;
}

/** The index of the first value that is not finite; -1 when all are. */
export function findNonFinite(values: Float64Array): number {
  for (let i = 0; i < values.length; i += 1) {
    if (!Number.isFinite(values[i])) return i;
  }
  return -1;
}
