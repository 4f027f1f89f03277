// Centres and scales a series in place, so that half precision is spent on its changes alone.
// Hot loops over typed arrays: an index in range is the loops' own condition, hence `as number`.

/**
 * Takes the mean of the valid values away and divides by their standard deviation. Missing values
 * (NaN, and infinities as pandas has it) become NaN; those of a series without a correlation, be it
 * constant or out of the range in which squares are finite and not zero, become zero.
 */
export function standardise(values: Float64Array): void {
  // Welford's recurrence, as in the kernels: equal values give a sum of squares of exactly zero.
  let count = 0;
  let mean = 0;
  let squares = 0;
  for (let t = 0; t < values.length; t += 1) {
    const value = values[t] as number;
    if (!Number.isFinite(value)) continue;
    count += 1;
    const delta = value - mean;
    mean += delta / count;
    squares += (value - mean) * delta;
  }
  const scale = 1 / Math.sqrt(squares / count);
  // A series too large or too small to be squared has no correlations: flat, it stays without them.
  const isFlat = !Number.isFinite(scale);
  for (let t = 0; t < values.length; t += 1) {
    const value = values[t] as number;
    values[t] = Number.isFinite(value) ? (isFlat ? 0 : (value - mean) * scale) : NaN;
  }
}
