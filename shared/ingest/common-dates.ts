// The dates that all series have: how many lack what, and a table of these dates alone.
import type { ParsedTable } from "./finish-table.ts";

export interface CommonDates {
  /** Series that lack a value at some date. */
  readonly seriesWithGaps: number;
  /** Indices of the dates at which every series has a finite value, ascending. */
  readonly kept: readonly number[];
}

/** Reads every series once. Infinite values count as missing, as in correlations. */
export function findCommonDates(table: ParsedTable): CommonDates {
  const values = new Float64Array(table.dates.length);
  const isCommon = new Uint8Array(table.dates.length).fill(1);
  let seriesWithGaps = 0;
  for (let series = 0; series < table.series.length; series += 1) {
    table.read(series, values);
    let hasGaps = false;
    for (const [date, value] of values.entries()) {
      if (Number.isFinite(value)) continue;
      hasGaps = true;
      isCommon[date] = 0;
    }
    if (hasGaps) seriesWithGaps += 1;
  }
  const kept = [...isCommon.keys()].filter((date) => isCommon[date] === 1);
  return { seriesWithGaps, kept };
}

/** The table at the dates that `findCommonDates` kept: one without gaps. It reads through `table`. */
export function atCommonDates(table: ParsedTable, { kept }: CommonDates): ParsedTable {
  const values = new Float64Array(table.dates.length);
  const read = (series: number, target: Float64Array): void => {
    table.read(series, values);
    for (const [to, from] of kept.entries()) target[to] = values[from] ?? NaN;
  };
  return {
    ...table,
    dates: kept.map((date) => table.dates[date] ?? ""),
    missingShare: 0,
    read,
    at: (series) => {
      const target = new Float64Array(kept.length);
      read(series, target);
      return target;
    },
    release: (series) => table.release(series),
  };
}
