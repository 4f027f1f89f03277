// The meaning of a matrix of rank correlations, as pandas defines it: clear, and slow.
//
// DataFrame.corr(method="spearman") ranks each pair over the dates that both series have and takes
// Pearson's coefficient of these ranks. It differs in one case, in which we do not follow: where two
// series lack exactly the same dates, pandas (1.5.3) uses the ranks of whole columns, among which it
// counts a -inf, although it leaves the -inf itself out. Here infinite values are missing throughout.
import type { CorrelationMatrix } from "../correlation/pearson-reference.ts";

/** All pairs of `series`, each with one value a date (NaN or ±inf where missing). */
export function correlateAllRanks(
  series: readonly Float64Array[],
  minPeriods: number,
): CorrelationMatrix {
  const size = series.length;
  const r = new Float64Array(size * size);
  const n = new Uint32Array(size * size);
  series.forEach((x, i) => {
    series.forEach((y, j) => {
      const pair = correlateRanks(x, y, minPeriods);
      r[i * size + j] = pair.r;
      n[i * size + j] = pair.n;
    });
  });
  return { r, n };
}

/** NaN for fewer than `minPeriods` common dates and for a series that is constant on them. */
function correlateRanks(
  x: Float64Array,
  y: Float64Array,
  minPeriods: number,
): { r: number; n: number } {
  const common = [...x.keys()].filter((t) => Number.isFinite(x[t]) && Number.isFinite(y[t]));
  const n = common.length;
  const xRanks = rank(common.map((t) => x[t] ?? NaN));
  const yRanks = rank(common.map((t) => y[t] ?? NaN));
  const mean = (n + 1) / 2;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  xRanks.forEach((xRank, k) => {
    const dx = xRank - mean;
    const dy = (yRanks[k] ?? NaN) - mean;
    xx += dx * dx;
    yy += dy * dy;
    xy += dx * dy;
  });
  const divisor = Math.sqrt(xx * yy);
  if (n < minPeriods || divisor === 0) return { r: NaN, n };
  return { r: Math.max(-1, Math.min(1, xy / divisor)), n };
}

/** Ranks from 1; equal values share the mean of theirs. */
function rank(values: readonly number[]): number[] {
  return values.map((value) => {
    const smaller = values.filter((other) => other < value).length;
    const equal = values.filter((other) => other === value).length;
    return smaller + (equal + 1) / 2;
  });
}
