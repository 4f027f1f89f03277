// The meaning of a correlation matrix, as pandas 3 defines DataFrame.corr: clear, and slow.

export interface CorrelationMatrix {
  /** Row-major, series × series. */
  readonly r: Float64Array;
  /** Common observations of each pair. */
  readonly n: Uint32Array;
}

/** Infinite values count as missing, as in pandas. */
const isValid = (value: number | undefined): value is number =>
  value !== undefined && Number.isFinite(value);

/** All pairs of `series`, each with one value a date (NaN or ±inf where missing). */
export function correlateAll(
  series: readonly Float64Array[],
  minPeriods: number,
): CorrelationMatrix {
  const size = series.length;
  const r = new Float64Array(size * size);
  const n = new Uint32Array(size * size);
  series.forEach((x, i) => {
    series.slice(0, i + 1).forEach((y, j) => {
      const pair = correlatePairwise(x, y, minPeriods);
      r[i * size + j] = pair.r;
      r[j * size + i] = pair.r;
      n[i * size + j] = pair.n;
      n[j * size + i] = pair.n;
    });
  });
  return { r, n };
}

/**
 * Pearson's coefficient over the dates that both series have, by Welford's recurrence in the order
 * of pandas' nancorr, where x is the later of the two series. NaN for fewer than `minPeriods` common
 * dates and for a series that is constant on them; clipped to [-1, 1].
 */
export function correlatePairwise(
  x: Float64Array,
  y: Float64Array,
  minPeriods: number,
): { r: number; n: number } {
  let n = 0;
  let meanX = 0;
  let meanY = 0;
  let xx = 0;
  let yy = 0;
  let xy = 0;
  x.forEach((vx, t) => {
    const vy = y[t];
    if (!isValid(vx) || !isValid(vy)) return;
    n += 1;
    const dx = vx - meanX;
    const dy = vy - meanY;
    meanX += (1 / n) * dx;
    meanY += (1 / n) * dy;
    xx += (vx - meanX) * dx;
    yy += (vy - meanY) * dy;
    xy += (vx - meanX) * dy;
  });
  const divisor = Math.sqrt(xx * yy);
  if (n < minPeriods || divisor === 0) return { r: NaN, n };
  return { r: Math.max(-1, Math.min(1, xy / divisor)), n };
}
