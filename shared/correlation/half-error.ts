// How much correlations change when a table is sent in half precision, measured on a sample of pairs.
import { decodeHalves, encodeHalves } from "../codecs/half-core.ts";
import type { ParsedTable } from "../ingest/finish-table.ts";
import { countValues } from "../ingest/series-store-core.ts";
import { standardise } from "../ingest/standardise-core.ts";
import { correlatePairwise } from "../kernels/correlation/pearson-reference.ts";

/** What rounding a table to halves does to its correlations, as far as a sample shows. */
export interface HalfError {
  /** Pairs that were compared. */
  readonly pairs: number;
  /** The largest difference of a correlation among them. */
  readonly largest: number;
  /** Half of the differences are below this. */
  readonly typical: number;
  /** Pairs that have a correlation, but none after rounding: a series became constant for them. */
  readonly lost: number;
}

type Table = Pick<ParsedTable, "series" | "dates" | "missingShare" | "read">;

/** All pairs of 63 series are 1,953, enough to see an error that one pair in a thousand has. */
const SERIES_IN_SAMPLE_MAX = 63;
/** Bounds the time, as shared code has no clock: pairs times dates, each met twice. */
const COMPARED_VALUES_MAX = 10_000_000;
/** Values read in search of the shortest series. */
const SEARCHED_VALUES_MAX = 20_000_000;

/**
 * Compares exact correlations of a sample of pairs with those after rounding, both in float64. The
 * sample is the same at every call: series spread over the table, each with its neighbour, which is
 * often related; and the series with the fewest values, since few common dates make the error large.
 */
export function measureHalfError(table: Table, minPeriods: number): HalfError {
  const dateCount = table.dates.length;
  const sample = chooseSeries(table).map((index) => {
    const exact = new Float64Array(dateCount);
    table.read(index, exact);
    const halves = new Uint16Array(dateCount);
    const rounded = exact.slice();
    standardise(rounded);
    encodeHalves(rounded, halves);
    decodeHalves(halves, rounded);
    return { exact, rounded };
  });
  const errors: number[] = [];
  let lost = 0;
  sample.forEach((x, i) => {
    for (const y of sample.slice(i + 1)) {
      const exact = correlatePairwise(y.exact, x.exact, minPeriods).r;
      if (Number.isNaN(exact)) continue;
      const rounded = correlatePairwise(y.rounded, x.rounded, minPeriods).r;
      if (Number.isNaN(rounded)) lost += 1;
      else errors.push(Math.abs(rounded - exact));
    }
  });
  errors.sort((a, b) => a - b);
  return {
    pairs: errors.length + lost,
    largest: errors.at(-1) ?? 0,
    typical: errors[Math.floor(errors.length / 2)] ?? 0,
    lost,
  };
}

/** Indices of the sampled series, ascending. */
function chooseSeries(table: Table): readonly number[] {
  const seriesCount = table.series.length;
  const pairsMax = COMPARED_VALUES_MAX / table.dates.length;
  // The largest number of series whose pairs, size × (size − 1) / 2, are not more.
  const size = Math.floor((1 + Math.sqrt(1 + 8 * pairsMax)) / 2);
  const wanted = Math.max(2, Math.min(SERIES_IN_SAMPLE_MAX, size, seriesCount));
  const chosen = new Set(table.missingShare === 0 ? [] : shortestSeries(table, wanted >> 2));
  // Couples of neighbours, evenly spread; where they meet series of before, the gaps are filled below.
  const couples = Math.ceil((wanted - chosen.size) / 2);
  for (const first of spread(seriesCount - 1, couples)) {
    chosen.add(first);
    if (chosen.size < wanted) chosen.add(first + 1);
  }
  for (let index = 0; chosen.size < wanted; index += 1) chosen.add(index);
  return [...chosen].sort((a, b) => a - b);
}

function shortestSeries(table: Table, count: number): readonly number[] {
  const searched = Math.max(1, Math.floor(SEARCHED_VALUES_MAX / table.dates.length));
  const values = new Float64Array(table.dates.length);
  const lengths = spread(table.series.length, searched).map((index) => {
    table.read(index, values);
    return { index, length: countValues(values) };
  });
  lengths.sort((a, b) => a.length - b.length || a.index - b.index);
  return lengths.slice(0, count).map(({ index }) => index);
}

/** At most `count` different whole numbers from 0 to `size` − 1, evenly spread. */
const spread = (size: number, count: number): readonly number[] =>
  count >= size
    ? Array.from({ length: size }, (_, i) => i)
    : Array.from({ length: count }, (_, i) => Math.floor((i * size) / count));
