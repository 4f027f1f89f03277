// Records to values in the store: one reader for long tables, one for wide ones.
import { DATES_MAX, SERIES_MAX } from "../limits.ts";
import { isMissingText, parseNumber } from "./number-text.ts";
import { note, type IngestReport } from "./report.ts";
import { addSeries, putValue, valueAt, type SeriesStore } from "./series-store-core.ts";
import { columnTitle } from "./sniff-header.ts";
import { countText, refuse, type TableLayout, type TableRefusal } from "./table-layout.ts";

/** What a table's reading has gathered so far. */
export interface TableDraft {
  readonly layout: TableLayout;
  readonly store: SeriesStore;
  readonly report: IngestReport;
  /** The series' names as the file has them, by index in the store. */
  readonly names: string[];
  /** Distinct texts of dates in order of appearance, and where each appeared first. */
  readonly dateTexts: string[];
  readonly dateLines: number[];
  /** How many rows have each date. */
  readonly dateRows: number[];
}

/** Takes one record of data; returns a refusal when the table outgrows a limit. */
export type RowReader = (cells: readonly string[], line: number) => TableRefusal | undefined;

/**
 * A copy that does not keep the text that it was cut from alive: engines store a longer substring
 * as a view of the whole, and thousands of names would hold the entire file in memory.
 */
const ownText = (text: string): string =>
  text.length < 13 ? text : (JSON.parse(JSON.stringify(text)) as string);

const tooManySeries = (): TableRefusal =>
  refuse(
    "too-many-series",
    `This table has more than ${countText(SERIES_MAX)} series, which is the limit. Check which column names the series, or split the file.`,
  );

const tooManyDates = (): TableRefusal =>
  refuse(
    "too-many-dates",
    `This table has more than ${countText(DATES_MAX)} dates, which is the limit. Check which column holds the dates, or use coarser ones.`,
  );

/** Finds a date's index; -1 when the row has no date, -2 when there are too many. */
type DateFinder = (cells: readonly string[], line: number) => number;

const NO_DATE = -1;
const TOO_MANY = -2;

function createDateFinder(draft: TableDraft): DateFinder {
  const { dateColumn, timeColumn } = draft.layout;
  const { dateTexts, dateLines, dateRows, report } = draft;
  const indices = new Map<string, number>();
  if (dateColumn === null) {
    return (_, line) => {
      if (dateTexts.length >= DATES_MAX) return TOO_MANY;
      dateLines.push(line);
      dateRows.push(1);
      return dateTexts.push(String(dateTexts.length + 1)) - 1;
    };
  }
  return (cells, line) => {
    const date = cells[dateColumn] ?? "";
    const text = timeColumn === null ? date : `${date.trim()} ${(cells[timeColumn] ?? "").trim()}`;
    const known = indices.get(text);
    if (known !== undefined) {
      dateRows[known] = (dateRows[known] ?? 0) + 1;
      return known;
    }
    if (isMissingText(date)) {
      note(report.undatedRows, () => ({ line, text: date }));
      return NO_DATE;
    }
    if (dateTexts.length >= DATES_MAX) return TOO_MANY;
    const own = ownText(text);
    indices.set(own, dateTexts.length);
    dateLines.push(line);
    dateRows.push(1);
    return dateTexts.push(own) - 1;
  };
}

/** Puts a value where perhaps there is one already: the same, or another that it replaces. */
function createMerger(draft: TableDraft): (series: number, date: number, value: number) => void {
  const { store, report, names, dateTexts } = draft;
  return (series, date, value) => {
    const first = valueAt(store, series, date);
    if (first === value) {
      report.identicalDuplicates += 1;
      return;
    }
    if (!Number.isNaN(first)) {
      const example = {
        date: dateTexts[date] ?? "",
        series: names[series] ?? "",
        first,
        last: value,
      };
      note(report.conflicts, () => example);
    }
    putValue(store, series, date, value);
  };
}

type ValueReader = (text: string, line: number, column: number) => number;

function createValueReader(draft: TableDraft, titles: readonly string[]): ValueReader {
  const { decimal, extraMissing } = draft.layout;
  const missing = new Set(extraMissing);
  return (text, line, column) => {
    if (text === "" || (missing.size > 0 && missing.has(text.trim()))) return Number.NaN;
    const value = parseNumber(text, decimal);
    if (Number.isNaN(value) && !isMissingText(text)) {
      const title = titles[column] ?? "";
      note(draft.report.unreadableValues, () => ({
        line,
        column: columnTitle(title, column),
        text: ownText(text.slice(0, 100)),
      }));
    }
    return value;
  };
}

/** True when the row can be used; a ragged one is noted. */
function checkWidth(report: IngestReport, cells: readonly string[], line: number): boolean {
  const width = report.columnCount;
  const count = cells.length;
  if (count === width) return true;
  if (count < width) {
    note(report.shortRows, () => ({ line, cells: count }));
    return true;
  }
  // A delimiter at the end of the line adds an empty cell, and no doubt.
  for (let i = width; i < count; i += 1) {
    if ((cells[i] ?? "").trim() !== "") {
      note(report.longRows, () => ({ line, cells: count }));
      return false;
    }
  }
  return true;
}

/** Reads rows of (date, series, value). */
export function createLongReader(draft: TableDraft, titles: readonly string[]): RowReader {
  const { store, report, names, layout } = draft;
  const seriesColumn = layout.seriesColumn ?? 0;
  const valueColumn = layout.valueColumn ?? 0;
  const indices = new Map<string, number>();
  const findDate = createDateFinder(draft);
  const merge = createMerger(draft);
  const readValue = createValueReader(draft, titles);
  return (cells, line) => {
    report.rows += 1;
    if (!checkWidth(report, cells, line)) return undefined;
    const name = (cells[seriesColumn] ?? "").trim();
    if (name === "") {
      note(report.namelessRows, () => ({ line }));
      return undefined;
    }
    const date = findDate(cells, line);
    if (date < 0) return date === TOO_MANY ? tooManyDates() : undefined;
    let series = indices.get(name);
    if (series === undefined) {
      if (names.length >= SERIES_MAX) return tooManySeries();
      const own = ownText(name);
      series = addSeries(store);
      names.push(own);
      indices.set(own, series);
    }
    const value = readValue(cells[valueColumn] ?? "", line, valueColumn);
    if (!Number.isNaN(value)) merge(series, date, value);
    return undefined;
  };
}

/** Reads rows of a date and one value for each series. `titles` are the columns' unique names. */
export function createWideReader(
  draft: TableDraft,
  titles: readonly string[],
): RowReader | TableRefusal {
  const { store, report, names, layout } = draft;
  const taken = new Set([layout.dateColumn, layout.timeColumn, ...layout.ignoredColumns]);
  const columns: number[] = [];
  for (const [column, title] of titles.entries()) {
    if (taken.has(column)) continue;
    if (names.length >= SERIES_MAX) return tooManySeries();
    columns.push(column);
    names.push(columnTitle(title, column));
    addSeries(store);
  }
  report.ignoredColumns = layout.ignoredColumns.flatMap((column) => titles[column] || []);
  const findDate = createDateFinder(draft);
  const merge = createMerger(draft);
  const readValue = createValueReader(draft, titles);
  return (cells, line) => {
    report.rows += 1;
    if (!checkWidth(report, cells, line)) return undefined;
    const datesBefore = draft.dateTexts.length;
    const date = findDate(cells, line);
    if (date < 0) return date === TOO_MANY ? tooManyDates() : undefined;
    const isNew = draft.dateTexts.length > datesBefore;
    for (let series = 0; series < columns.length; series += 1) {
      const column = columns[series] as number;
      const value = readValue(cells[column] ?? "", line, column);
      if (Number.isNaN(value)) continue;
      if (isNew) putValue(store, series, date, value);
      else merge(series, date, value);
    }
    return undefined;
  };
}
