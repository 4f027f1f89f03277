// From exact sums to a coefficient. Mirrored in shared/kernels/spearman/spearman-core.ts.

/** Σ(2·rank - (n + 1))² over n dates, of which ties are Σ(g³ - g); rounded once, beyond 2^53. */
export function sumSquares(n: i32, ties: i64): f64 {
  const count = <i64>n;
  return <f64>((count * count * count - count - ties) / 3);
}

/** The same for n up to 16 bits, where all of it is exact in f64. */
export function sumSquaresNarrow(n: i32, ties: f64): f64 {
  const count = <f64>n;
  return (count * count * count - count - ties) / 3;
}

/** Three roundings at most. NaN for a series that is constant on the common dates. */
export function coefficientOf(sum: f64, rowSquares: f64, colSquares: f64): f64 {
  const squares = rowSquares * colSquares;
  if (squares == 0) return NaN;
  // Sums that were rounded, beyond 2^53, may give a little more than 1.
  return max(-1.0, min(1.0, sum / Math.sqrt(squares)));
}
