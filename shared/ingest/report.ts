// What was noticed while a table was read, and how to say it.
import { countText, plural, quoted, type DateOrder, type Encoding } from "./table-layout.ts";

/** How often something was seen, and where first. */
export interface Findings<Example> {
  count: number;
  readonly examples: Example[];
}

interface DuplicateExample {
  date: string;
  readonly series: string;
  readonly first: number;
  readonly last: number;
}

export interface IngestReport {
  readonly encoding: Encoding;
  /** Records of data, blank lines and the header not counted. */
  rows: number;
  /** Cells that a row should have. */
  columnCount: number;
  /** Rows with too few cells: the rest counts as missing. */
  readonly shortRows: Findings<{ readonly line: number; readonly cells: number }>;
  /** Rows with too many cells: left out, for nobody knows which cell is which. */
  readonly longRows: Findings<{ readonly line: number; readonly cells: number }>;
  /** Lines with text after a closing quotation mark. */
  malformedQuoteLines: readonly number[];
  /** Keys (date, series) with the same value once more. */
  identicalDuplicates: number;
  /** Keys (date, series) with another value: the last one won. */
  readonly conflicts: Findings<DuplicateExample>;
  /** Cells that are neither a number nor a missing marker: they count as missing. */
  readonly unreadableValues: Findings<{
    readonly line: number;
    readonly column: string;
    readonly text: string;
  }>;
  /** Rows without a readable date: left out. */
  readonly undatedRows: Findings<{ readonly line: number; readonly text: string }>;
  /** Rows of a long table without a series' name: left out. */
  readonly namelessRows: Findings<{ readonly line: number }>;
  /** Series without any value: left out. */
  dropped: readonly string[];
  /** Columns of a wide table that are no series. */
  ignoredColumns: readonly string[];
  renamedColumns: readonly { readonly from: string; readonly to: string }[];
  dateOrder: DateOrder;
  isDateOrderAmbiguous: boolean;
  /** True when the table has no dates and its rows were numbered. */
  rowsAreNumbered: boolean;
  /** True when some bytes meant nothing in the file's encoding. */
  hasReplacedCharacters: boolean;
}

const EXAMPLES_MAX = 5;

const findings = <Example>(): Findings<Example> => ({ count: 0, examples: [] });

export const createReport = (encoding: Encoding): IngestReport => ({
  encoding,
  rows: 0,
  columnCount: 0,
  shortRows: findings(),
  longRows: findings(),
  malformedQuoteLines: [],
  identicalDuplicates: 0,
  conflicts: findings(),
  unreadableValues: findings(),
  undatedRows: findings(),
  namelessRows: findings(),
  dropped: [],
  ignoredColumns: [],
  renamedColumns: [],
  dateOrder: "ymd",
  isDateOrderAmbiguous: false,
  rowsAreNumbered: false,
  hasReplacedCharacters: false,
});

/** Counts a finding; makes the example only while examples are still wanted. */
export function note<Example>(found: Findings<Example>, example: () => Example): void {
  found.count += 1;
  if (found.examples.length < EXAMPLES_MAX) found.examples.push(example());
}

/** "a, b, c and 4 more". */
function listed(items: readonly string[], count = items.length): string {
  const shown = items.slice(0, EXAMPLES_MAX);
  const more = count - shown.length;
  return more > 0 ? `${shown.join(", ")} and ${countText(more)} more` : shown.join(", ");
}

const lines = (found: Findings<{ readonly line: number }>): string =>
  `line${found.count === 1 ? "" : "s"} ${listed(
    found.examples.map((example) => countText(example.line)),
    found.count,
  )}`;

const was = (count: number): string => (count === 1 ? "was" : "were");

function rowNotices(report: IngestReport): string[] {
  const { shortRows, longRows, undatedRows, namelessRows, malformedQuoteLines } = report;
  const notices: string[] = [];
  const should = plural(report.columnCount, "cell");
  if (shortRows.count > 0) {
    notices.push(
      `${plural(shortRows.count, "row")} had fewer than ${should} (${lines(shortRows)}); what lacks counts as missing.`,
    );
  }
  if (longRows.count > 0) {
    notices.push(
      `${plural(longRows.count, "row")} had more than ${should} (${lines(longRows)}) and ${was(longRows.count)} left out.`,
    );
  }
  if (undatedRows.count > 0) {
    const examples = undatedRows.examples.map(
      ({ line, text }) => `${quoted(text)} in line ${countText(line)}`,
    );
    notices.push(
      `${plural(undatedRows.count, "row")} had no readable date (${listed(examples, undatedRows.count)}) and ${was(undatedRows.count)} left out.`,
    );
  }
  if (namelessRows.count > 0) {
    notices.push(
      `${plural(namelessRows.count, "row")} named no series (${lines(namelessRows)}) and ${was(namelessRows.count)} left out.`,
    );
  }
  if (malformedQuoteLines.length > 0) {
    const where = listed(malformedQuoteLines.map(countText));
    notices.push(
      `Text follows a closing quotation mark in line ${where}; the cell was read up to the next one.`,
    );
  }
  return notices;
}

function valueNotices(report: IngestReport): string[] {
  const { conflicts, identicalDuplicates, unreadableValues } = report;
  const notices: string[] = [];
  if (identicalDuplicates > 0) {
    notices.push(
      `${plural(identicalDuplicates, "value")} appeared again for the same date and series, unchanged, and ${was(identicalDuplicates)} merged.`,
    );
  }
  if (conflicts.count > 0) {
    const examples = conflicts.examples.map(
      ({ date, series, first, last }) => `${series} on ${date}: ${first}, then ${last}`,
    );
    notices.push(
      `${plural(conflicts.count, "value")} appeared again for the same date and series with another number, and the last one was kept (${listed(examples, conflicts.count)}).`,
    );
  }
  if (unreadableValues.count > 0) {
    const examples = unreadableValues.examples.map(
      ({ line, column, text }) => `${quoted(text)} in line ${countText(line)}, ${column}`,
    );
    notices.push(
      `${plural(unreadableValues.count, "cell")} held no number and ${unreadableValues.count === 1 ? "counts" : "count"} as missing (${listed(examples, unreadableValues.count)}).`,
    );
  }
  return notices;
}

/** Everything worth telling about how a table was read, as sentences. Empty when all was plain. */
export function noticesOf(report: IngestReport): string[] {
  const notices = [...rowNotices(report), ...valueNotices(report)];
  const { dropped, ignoredColumns, renamedColumns } = report;
  if (dropped.length > 0) {
    notices.push(
      `${countText(dropped.length)} series without any value ${was(dropped.length)} left out: ${listed(dropped)}.`,
    );
  }
  if (ignoredColumns.length > 0) {
    notices.push(
      `${plural(ignoredColumns.length, "column")} ${ignoredColumns.length === 1 ? "is" : "are"} no series and ${was(ignoredColumns.length)} ignored: ${listed(ignoredColumns)}.`,
    );
  }
  if (renamedColumns.length > 0) {
    const examples = renamedColumns.map(({ from, to }) => `${from} became ${to}`);
    notices.push(
      `${plural(renamedColumns.length, "name")} appeared more than once: ${listed(examples)}.`,
    );
  }
  if (report.rowsAreNumbered) notices.push("The table has no dates, so its rows were numbered.");
  else if (report.dateOrder === "text") {
    notices.push("The dates could not be read as dates, so the rows keep the file’s order.");
  }
  if (report.isDateOrderAmbiguous) {
    const order = report.dateOrder === "dmy" ? "day before month" : "month before day";
    notices.push(`Day and month could be exchanged in every date; they were read ${order}.`);
  }
  if (report.hasReplacedCharacters) {
    notices.push(
      `Some characters could not be read as ${report.encoding.toUpperCase()}; if names look wrong, choose another encoding.`,
    );
  }
  if (report.encoding === "windows-1252") {
    notices.push("The file is not UTF-8; it was read as Windows-1252 (Western European).");
  }
  return notices;
}
