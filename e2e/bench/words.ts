// Figures as people read them.

export const grouped = (count: number): string => count.toLocaleString("en");

/** "0.42 s", "7.3 s", "116 s": two or three digits that mean something. */
export function secondsText(seconds: number): string {
  if (seconds < 0.1) return `${(1_000 * seconds).toPrecision(2)} ms`;
  return `${seconds < 100 ? seconds.toPrecision(seconds < 10 ? 2 : 3) : Math.round(seconds)} s`;
}

export const rateText = (rate: number): string =>
  `${rate < 10 ? rate.toFixed(1) : Math.round(rate)} GFLOP/s`;

export const stepsText = (stepsPerSecond: number): string =>
  `${(stepsPerSecond / 1e6).toPrecision(3)} M steps/s`;

/** "3,000 × 5,284" or, of complete data, the same without the share. */
export function tableText(table: {
  readonly series: number;
  readonly dates: number;
  readonly missing?: number;
}): string {
  const size = `${grouped(table.series)} × ${grouped(table.dates)}`;
  const { missing = 0 } = table;
  return missing === 0 ? `${size}, complete` : `${size}, ${Math.round(100 * missing)} % missing`;
}
