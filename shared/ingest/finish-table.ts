// From everything that was read to the finished table: dates sorted, empty series dropped.
import { TABLE_VALUES_MAX } from "../limits.ts";
import { resolveDates, type ResolvedDates } from "./date-column.ts";
import { note, type IngestReport } from "./report.ts";
import type { TableDraft } from "./row-readers.ts";
import { countValues, gatherSeries, releaseSeries } from "./series-store-core.ts";
import { uniqueNames } from "./sniff-header.ts";
import { countText, plural, refuse, type TableRefusal } from "./table-layout.ts";

export interface ParsedTable {
  readonly kind: "table";
  /** Wide: in the file's order. Long: sorted by name, so that the order of rows does not matter. */
  readonly series: readonly string[];
  /** Ascending. */
  readonly dates: readonly string[];
  /** Share of missing values over series × dates. */
  readonly missingShare: number;
  /** Series without any value, which are not in `series`. */
  readonly dropped: readonly string[];
  readonly report: IngestReport;
  /** Writes a series, sorted by date and NaN where missing, to `target` of one value a date. */
  read(series: number, target: Float64Array): void;
  /** The same in an array of its own. */
  at(series: number): Float64Array;
  /** Gives the memory of a series back; it must not be read again. */
  release(series: number): void;
}

/** A correlation of two observations is always 1 or -1. */
const DATES_MIN = 3;

interface DateSlots {
  readonly labels: readonly string[];
  /** For each date in order of arrival its place among the sorted ones; -1 for no date. */
  readonly slots: Int32Array;
  readonly hasMerges: boolean;
}

function sortDates(resolved: ResolvedDates): DateSlots {
  const { keys, labels } = resolved;
  const order = Array.from(keys.keys()).filter((i) => !Number.isNaN(keys[i] ?? Number.NaN));
  order.sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b);
  const slots = new Int32Array(keys.length).fill(-1);
  const sorted: string[] = [];
  let last: number | undefined;
  for (const i of order) {
    if (keys[i] !== last) sorted.push(labels[i] ?? "");
    slots[i] = sorted.length - 1;
    last = keys[i];
  }
  return { labels: sorted, slots, hasMerges: sorted.length < order.length };
}

/** Notes rows whose date could not be read, and gives examples of conflicts their dates' labels. */
function noteDates(draft: TableDraft, resolved: ResolvedDates): void {
  const { report, layout, dateTexts, dateLines, dateRows } = draft;
  report.dateOrder = resolved.order;
  report.isDateOrderAmbiguous = resolved.isAmbiguous;
  report.rowsAreNumbered = layout.dateColumn === null;
  for (const [i, key] of resolved.keys.entries()) {
    if (!Number.isNaN(key)) continue;
    note(report.undatedRows, () => ({ line: dateLines[i] ?? 0, text: dateTexts[i] ?? "" }));
    report.undatedRows.count += (dateRows[i] ?? 1) - 1;
  }
  if (report.conflicts.count === 0) return;
  for (const example of report.conflicts.examples) {
    example.date = resolved.labels[dateTexts.indexOf(example.date)] || example.date;
  }
}

interface Census {
  /** Store indices of the series that have values, in the table's order. */
  readonly kept: readonly number[];
  readonly dropped: readonly string[];
  readonly values: number;
}

/** Reads every series once: which have values, and which values meet under one date. */
function takeCensus(draft: TableDraft, { labels, slots, hasMerges }: DateSlots): Census {
  const { store, names, report, layout } = draft;
  const order = Array.from(names.keys());
  if (layout.layout === "long") {
    order.sort((a, b) => ((names[a] ?? "") < (names[b] ?? "") ? -1 : 1));
  }
  const values = new Float64Array(labels.length);
  const kept: number[] = [];
  const dropped: string[] = [];
  let count = 0;
  for (const series of order) {
    const name = names[series] ?? "";
    const onMerge = (slot: number, first: number, last: number): void => {
      if (first === last) report.identicalDuplicates += 1;
      else note(report.conflicts, () => ({ date: labels[slot] ?? "", series: name, first, last }));
    };
    gatherSeries(store, series, slots, values, hasMerges ? onMerge : undefined);
    const present = countValues(values);
    count += present;
    if (present > 0) kept.push(series);
    else {
      dropped.push(name);
      releaseSeries(store, series);
    }
  }
  return { kept, dropped, values: count };
}

function refuseSmall(draft: TableDraft, dates: number): TableRefusal | undefined {
  if (draft.report.rows === 0) {
    return refuse(
      "header-only",
      "This file has a header but no rows below it. Choose a file that holds data.",
    );
  }
  if (dates === 0) {
    return refuse(
      "no-dates",
      "No row of this table has a readable date. Check which column holds the dates, and how day and month follow each other.",
    );
  }
  if (dates < DATES_MIN) {
    return refuse(
      "too-few-dates",
      `This table has only ${plural(dates, "date")}. A correlation needs at least three: choose a file with more of them, or check which column holds the dates.`,
    );
  }
  const values = draft.names.length * dates;
  if (values > TABLE_VALUES_MAX) {
    return refuse(
      "too-many-values",
      `This table has ${countText(values)} values, series times dates; the limit is ${countText(TABLE_VALUES_MAX)}. Split the file, or use coarser dates.`,
    );
  }
  return undefined;
}

function refuseNarrow({ kept }: Census, names: readonly string[]): TableRefusal | undefined {
  if (kept.length === 0) {
    return refuse(
      "no-numbers",
      "No column of this table holds numbers, so there are no series. Check the delimiter, the decimal sign and which column holds the values.",
    );
  }
  if (kept.length === 1) {
    return refuse(
      "one-series",
      `This table has only one series, ${names[kept[0] ?? 0]}. A correlation needs at least two: check which column names the series, or choose another file.`,
    );
  }
  return undefined;
}

/** Sorts, merges and counts. The draft's store then belongs to the table. */
export function finishTable(draft: TableDraft): ParsedTable | TableRefusal {
  const { layout, names, store, report } = draft;
  // Outside of the United States, tables with a decimal comma or dots in dates put the day first.
  const isEuropean = layout.decimal === "," || layout.delimiter === ";";
  const hasSlashes = draft.dateTexts[0]?.includes("/") ?? false;
  const order = layout.dateColumn === null ? "number" : layout.dateOrder;
  const resolved = resolveDates(draft.dateTexts, order, isEuropean || !hasSlashes);
  const dates = sortDates(resolved);
  noteDates(draft, resolved);
  const small = refuseSmall(draft, dates.labels.length);
  if (small !== undefined) return small;
  const census = takeCensus(draft, dates);
  const narrow = refuseNarrow(census, names);
  if (narrow !== undefined) return narrow;
  const { kept } = census;
  const series = uniqueNames(kept.map((index) => names[index] ?? "")).names;
  const dropped = uniqueNames(census.dropped).names;
  report.dropped = dropped;
  const dateCount = dates.labels.length;
  const read = (index: number, target: Float64Array): void => {
    const stored = kept[index];
    if (stored === undefined) throw new RangeError(`There is no series ${index}.`);
    gatherSeries(store, stored, dates.slots, target, undefined);
  };
  return {
    kind: "table",
    series,
    dates: dates.labels,
    missingShare: 1 - census.values / (kept.length * dateCount),
    dropped,
    report,
    read,
    at(index) {
      const values = new Float64Array(dateCount);
      read(index, values);
      return values;
    },
    release(index) {
      const stored = kept[index];
      if (stored !== undefined) releaseSeries(store, stored);
    },
  };
}
