// From the first bytes of a file to a full guess of its layout, with a preview and the reasons.
import { profileColumn, type ColumnProfile } from "./column-profile.ts";
import { detectEncoding } from "./encoding.ts";
import { guessDecimal } from "./number-text.ts";
import { guessDelimiter, guessQuote, readRecords, usualWidth } from "./sniff-delimiter.ts";
import { columnTitle, guessHeader, headerNames } from "./sniff-header.ts";
import { guessRoles, type FixedRoles, type Roles } from "./sniff-roles.ts";
import {
  refuse,
  type ColumnChoice,
  type DecoderFactory,
  type LayoutCorrections,
  type TableLayout,
  type TableRefusal,
} from "./table-layout.ts";
import type { SampleRecord } from "./sniff-delimiter.ts";

/** How many bytes from the start of a file a guess should see. */
export const SNIFF_BYTES = 2 ** 20;
/** Rows whose cells are looked at one by one. */
const PROFILED_RECORDS = 3_000;
/** Cells looked at one by one: the rows of a very wide table are fewer. */
const PROFILED_CELLS = 400_000;
const PREVIEW_ROWS = 8;
const PREVIEW_COLUMNS = 40;
const PREVIEW_CELL_CHARS = 200;

export interface SniffOptions {
  readonly decoder: DecoderFactory;
  /** False when the file goes on after the sample. */
  readonly isWholeFile: boolean;
  readonly corrections?: LayoutCorrections;
}

export interface TableGuess {
  readonly kind: "guess";
  readonly layout: TableLayout;
  readonly columns: readonly ColumnProfile[];
  /** Sentences for a person. */
  readonly reasons: readonly string[];
  readonly preview: {
    /** The first columns' titles, at most 40. */
    readonly header: readonly string[];
    /** The first data rows' cells in these columns, at most 8. */
    readonly rows: readonly (readonly string[])[];
  };
  /** Counts in the sample only; exact ones follow from parsing. */
  readonly sample: {
    readonly rows: number;
    readonly series: number;
    readonly missingShare: number;
    readonly isWholeFile: boolean;
  };
}

/** Guesses how to read the file that starts with `sampleBytes`, holding to all corrections. */
export function sniffTable(
  sampleBytes: Uint8Array,
  options: SniffOptions,
): TableGuess | TableRefusal {
  if (sampleBytes.length === 0) {
    return refuse("empty", "This file is empty. Choose a file with a header and rows of numbers.");
  }
  const corrections = options.corrections ?? {};
  const encoding = corrections.encoding ?? detectEncoding(sampleBytes);
  if (typeof encoding !== "string") return encoding;
  const decoded = options.decoder(encoding).decode(sampleBytes, { stream: !options.isWholeFile });
  const foreign = refuseForeignText(decoded);
  if (foreign !== undefined) return foreign;
  const quote = corrections.quote === undefined ? guessQuote(decoded) : corrections.quote;
  const delimiter =
    corrections.delimiter ?? guessDelimiter(decoded, quote, options.isWholeFile) ?? ",";
  const { records, refusal } = readRecords(
    decoded,
    delimiter,
    quote,
    options.isWholeFile,
    PROFILED_RECORDS,
  );
  if (refusal !== undefined) return refusal;
  const unusable = refuseRecords(records, options.isWholeFile);
  if (unusable !== undefined) return unusable;
  const width = usualWidth(records);
  const cells = records.slice(0, Math.max(3, PROFILED_CELLS / width)).flatMap((r) => r.cells);
  const base = {
    encoding,
    delimiter,
    quote,
    decimal: corrections.decimal ?? guessDecimal(cells, delimiter),
    dateOrder: corrections.dateOrder ?? ("auto" as const),
    extraMissing: corrections.extraMissing ?? [],
  };
  return guessTable(records, base, corrections, options.isWholeFile);
}

type BaseLayout = Pick<
  TableLayout,
  "encoding" | "delimiter" | "quote" | "decimal" | "dateOrder" | "extraMissing"
>;

function guessTable(
  records: readonly SampleRecord[],
  base: BaseLayout,
  corrections: LayoutCorrections,
  isWholeFile: boolean,
): TableGuess | TableRefusal {
  const guessed = guessHeader(records, base.decimal);
  const skipRecords = corrections.skipRecords ?? guessed.skipRecords;
  const header = corrections.header ?? guessed.header;
  const dataStart = skipRecords + (header === "absent" ? 0 : 1);
  const body = records.slice(dataStart);
  if (body.length === 0) {
    return refuse(
      "header-only",
      "This file has a header but no rows below it. Choose a file that holds data.",
    );
  }
  // As wide as its first record, which is also what the parser goes by.
  const width = records[skipRecords]?.cells.length ?? 0;
  const { names } = headerNames(records[skipRecords]?.cells ?? [], header, width);
  const looked = Math.max(3, Math.floor(PROFILED_CELLS / names.length));
  const data = body.slice(0, looked).map((record) => record.cells);
  const columns = names.map((name, i) => profileColumn(data, i, name, base.decimal));
  const fixed = fixedRoles(corrections, names);
  if ("kind" in fixed) return fixed;
  const roles = guessRoles(columns, data, fixed);
  const refusal = refuseRoles(roles, columns, isWholeFile);
  if (refusal !== undefined) return refusal;
  const { reasons, ...roleColumns } = roles;
  return {
    kind: "guess",
    layout: { ...base, skipRecords, header, ...roleColumns },
    columns,
    reasons,
    preview: previewOf(names, data),
    sample: sampleCounts(roles, columns, data, isWholeFile),
  };
}

/** Structured text that splits into "columns" but is no table. */
function refuseForeignText(text: string): TableRefusal | undefined {
  const start = text.slice(0, 1_000).trimStart();
  if (start === "") {
    return text.trim() === ""
      ? refuse("empty", "This file has only blank lines. Choose a file that holds data.")
      : undefined;
  }
  const what = /^<(?:!|\?|html|[a-z]+[\s>])/i.test(start)
    ? "an HTML or XML document"
    : /^(?:\{\s*["}]|\[\s*[[{])/.test(start)
      ? "JSON"
      : undefined;
  if (what === undefined) return undefined;
  return refuse(
    "not-delimited-text",
    `This file is ${what}, not a table of rows and columns. Export your data as CSV.`,
  );
}

function refuseRecords(
  records: readonly SampleRecord[],
  isWholeFile: boolean,
): TableRefusal | undefined {
  if (records.length === 0 && !isWholeFile) {
    return refuse(
      "not-delimited-text",
      "The first line of this file has no end within a mebibyte, so it does not look like a table. Save it as CSV with one line for each row.",
    );
  }
  if (records.every(({ cells }) => cells.length < 2)) {
    return refuse(
      "one-column",
      "This file has only one column. A table needs a column of dates and at least two series, separated by commas, semicolons or tabs; if another sign separates them, choose it.",
    );
  }
  return undefined;
}

function refuseRoles(
  roles: Roles,
  columns: readonly ColumnProfile[],
  isWholeFile: boolean,
): TableRefusal | undefined {
  if (roles.layout === "long") {
    const lacking =
      roles.dateColumn === null
        ? "dates"
        : roles.seriesColumn === null
          ? "series’ names"
          : "values";
    if (roles.dateColumn !== null && roles.seriesColumn !== null && roles.valueColumn !== null) {
      return undefined;
    }
    return refuse(
      lacking === "values" ? "no-numbers" : "no-such-column",
      `No column for the ${lacking} was found. Choose it, or choose the wide layout.`,
    );
  }
  const isSeries = seriesTest(roles);
  const hasNumbers = columns.some((column) => isSeries(column) && column.kind === "number");
  // Columns that are empty in a sample may have numbers later.
  const mayHave = !isWholeFile && columns.some((c) => isSeries(c) && c.kind === "empty");
  if (hasNumbers || mayHave) return undefined;
  return refuse(
    "no-numbers",
    "No column of this table holds numbers, so there are no series. Check the delimiter and the decimal sign, or choose another file.",
  );
}

const seriesTest =
  (roles: Roles) =>
  (column: ColumnProfile): boolean =>
    column.index !== roles.dateColumn &&
    column.index !== roles.timeColumn &&
    !roles.ignoredColumns.includes(column.index);

/** Turns columns given by name into indices. */
function fixedRoles(
  corrections: LayoutCorrections,
  names: readonly string[],
): FixedRoles | TableRefusal {
  let refusal: TableRefusal | undefined;
  const find = (choice: ColumnChoice): number => {
    const lower = String(choice).trim().toLowerCase();
    const exact = names.indexOf(String(choice));
    const index =
      typeof choice === "number"
        ? choice
        : exact >= 0
          ? exact
          : names.findIndex((name, i) => columnTitle(name, i).toLowerCase() === lower);
    if (names[index] === undefined) {
      const shown = names.slice(0, 12).map(columnTitle).join(", ");
      const more = names.length > 12 ? ` and ${names.length - 12} more` : "";
      refusal ??= refuse(
        "no-such-column",
        `There is no column “${choice}” in this table. Its columns are: ${shown}${more}.`,
      );
    }
    return index;
  };
  const { dateColumn, timeColumn, seriesColumn, valueColumn, ignoredColumns } = corrections;
  const fixed: FixedRoles = {
    ...(corrections.layout !== undefined && { layout: corrections.layout }),
    ...(dateColumn !== undefined && { dateColumn: dateColumn === null ? null : find(dateColumn) }),
    ...(timeColumn !== undefined && { timeColumn: timeColumn === null ? null : find(timeColumn) }),
    ...(seriesColumn !== undefined && { seriesColumn: find(seriesColumn) }),
    ...(valueColumn !== undefined && { valueColumn: find(valueColumn) }),
    ...(ignoredColumns !== undefined && { ignoredColumns: ignoredColumns.map(find) }),
  };
  return refusal ?? fixed;
}

function previewOf(names: readonly string[], data: readonly string[][]): TableGuess["preview"] {
  const cut = (text: string): string =>
    text.length > PREVIEW_CELL_CHARS ? `${text.slice(0, PREVIEW_CELL_CHARS)}…` : text;
  return {
    header: names.slice(0, PREVIEW_COLUMNS).map((name, i) => cut(columnTitle(name, i))),
    rows: data
      .slice(0, PREVIEW_ROWS)
      .map((cells) => names.slice(0, PREVIEW_COLUMNS).map((_, i) => cut(cells[i] ?? ""))),
  };
}

function sampleCounts(
  roles: Roles,
  columns: readonly ColumnProfile[],
  data: readonly string[][],
  isWholeFile: boolean,
): TableGuess["sample"] {
  const series = columns.filter(seriesTest(roles));
  const value = columns[roles.valueColumn ?? -1];
  const missing =
    roles.layout === "long"
      ? (value?.missing ?? 0) / data.length
      : series.reduce((sum, column) => sum + column.missing, 0) /
        Math.max(1, series.length * data.length);
  const named = columns[roles.seriesColumn ?? -1];
  return {
    rows: data.length,
    series: roles.layout === "long" ? (named?.distinct ?? 0) : series.length,
    missingShare: missing,
    isWholeFile,
  };
}

/**
 * The guess after a person's corrections: everything not corrected is guessed again from the same
 * sample, so that the preview always shows what the parser will do.
 */
export function applyCorrections(
  sampleBytes: Uint8Array,
  options: SniffOptions,
  corrections: LayoutCorrections,
): TableGuess | TableRefusal {
  return sniffTable(sampleBytes, {
    ...options,
    corrections: { ...options.corrections, ...corrections },
  });
}
