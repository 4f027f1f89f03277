// What the table of pairs shows: which pairs, found by a name, sorted by a column.
import type { Pair } from "../../../shared/correlation/extremes.ts";

export type PairColumn = "pair" | "correlation" | "observations";

export interface PairSort {
  readonly column: PairColumn;
  readonly isDescending: boolean;
}

/** The series that a search means: the best one, and how many others hold the text. */
export interface SeriesSearch {
  readonly best: number;
  readonly others: readonly number[];
  readonly othersCount: number;
}

const OTHERS_SHOWN = 6;

/** Null when no name holds the text. An exact name wins, then a beginning, then any part. */
export function searchSeries(names: readonly string[], text: string): SeriesSearch | null {
  const wanted = text.trim().toLocaleLowerCase();
  if (wanted === "") return null;
  const ranked: (readonly [rank: number, length: number, series: number])[] = [];
  for (const [series, name] of names.entries()) {
    const at = name.toLocaleLowerCase().indexOf(wanted);
    if (at < 0) continue;
    const rank = name.length === wanted.length ? 0 : at === 0 ? 1 : 2;
    ranked.push([rank, name.length, series]);
  }
  ranked.sort((a, b) => a[0] - b[0] || a[1] - b[1] || a[2] - b[2]);
  const [best, ...others] = ranked.map(([, , series]) => series);
  if (best === undefined) return null;
  return { best, others: others.slice(0, OTHERS_SHOWN), othersCount: others.length };
}

/** A sorted copy; ties keep the order given, so that a second column stays sorted within the first. */
export function sortPairs(
  pairs: readonly Pair[],
  { column, isDescending }: PairSort,
  names: readonly string[],
): readonly Pair[] {
  const sign = isDescending ? -1 : 1;
  const collator = new Intl.Collator("en", { numeric: true });
  const name = (series: number): string => names[series] ?? "";
  const compare: Record<PairColumn, (a: Pair, b: Pair) => number> = {
    pair: (a, b) =>
      collator.compare(name(a.i), name(b.i)) || collator.compare(name(a.j), name(b.j)),
    correlation: (a, b) => a.correlation - b.correlation,
    observations: (a, b) => a.observations - b.observations,
  };
  return pairs.toSorted((a, b) => sign * compare[column](a, b));
}
