// What is known or guessed about a delimited text file before it is read: plain data throughout.

export type Encoding = "utf-8" | "utf-16le" | "utf-16be" | "windows-1252";
export type DecimalSign = "." | ",";
/** How the parts of a numeric date follow each other; "number" and "text" are not calendar dates. */
export type DateOrder = "ymd" | "dmy" | "mdy" | "number" | "text";
/** "shifted": the header lacks the first column's name, as R writes tables with row names. */
export type HeaderKind = "present" | "absent" | "shifted";

/** Everything the parser needs to know; columns are indices from 0. */
export interface TableLayout {
  readonly encoding: Encoding;
  readonly delimiter: string;
  readonly quote: '"' | "'" | null;
  readonly decimal: DecimalSign;
  /** Records before the header (or before the data) that belong to no table. */
  readonly skipRecords: number;
  readonly header: HeaderKind;
  readonly layout: "long" | "wide";
  /** Null: rows have no date and are numbered from 1 (wide only). */
  readonly dateColumn: number | null;
  /** A time of day in a column of its own, or null. */
  readonly timeColumn: number | null;
  /** "auto" decides over all dates of the file, once they are known. */
  readonly dateOrder: DateOrder | "auto";
  /** Long only: the column with the series' names, and the one with the values. */
  readonly seriesColumn: number | null;
  readonly valueColumn: number | null;
  /** Wide only: columns that are no series. */
  readonly ignoredColumns: readonly number[];
  /** Further texts that stand for a missing value, such as "-200". */
  readonly extraMissing: readonly string[];
}

/** A column named by its index or by its name in the header. */
export type ColumnChoice = number | string;

/** What a person set right; whatever is left out is guessed anew, in agreement with the rest. */
export interface LayoutCorrections {
  readonly encoding?: Encoding;
  readonly delimiter?: string;
  readonly quote?: '"' | "'" | null;
  readonly decimal?: DecimalSign;
  readonly skipRecords?: number;
  readonly header?: HeaderKind;
  readonly layout?: "long" | "wide";
  readonly dateColumn?: ColumnChoice | null;
  readonly timeColumn?: ColumnChoice | null;
  readonly dateOrder?: DateOrder | "auto";
  readonly seriesColumn?: ColumnChoice;
  readonly valueColumn?: ColumnChoice;
  readonly ignoredColumns?: readonly ColumnChoice[];
  readonly extraMissing?: readonly string[];
}

export type TableRefusalCode =
  | "empty"
  | "binary"
  | "not-delimited-text"
  | "header-only"
  | "one-column"
  | "cell-too-long"
  | "quote-not-closed"
  | "no-such-column"
  | "no-dates"
  | "no-numbers"
  | "one-series"
  | "too-few-dates"
  | "too-many-series"
  | "too-many-dates"
  | "too-many-values"
  | "file-changed";

/** Why a file cannot be read as a table: one plain sentence or two, which also say what to do. */
export interface TableRefusal {
  readonly kind: "refused";
  readonly code: TableRefusalCode;
  readonly message: string;
}

export const refuse = (code: TableRefusalCode, message: string): TableRefusal => ({
  kind: "refused",
  code,
  message,
});

/** The part of TextDecoder that shared code relies on. */
interface TextDecoderLike {
  decode(bytes?: Uint8Array, options?: { stream?: boolean }): string;
}

/** Usually `(encoding) => new TextDecoder(encoding)`. */
export type DecoderFactory = (encoding: Encoding) => TextDecoderLike;

/** "12,345": counts as people read them, in every message about a table. */
export const countText = (count: number): string =>
  String(count).replaceAll(/\B(?=(\d{3})+$)/g, ",");

/** "1 row", "12,345 rows". */
export const plural = (count: number, noun: string): string =>
  `${countText(count)} ${noun}${count === 1 ? "" : "s"}`;

/** A cell's text as messages quote it: short, and on one line. */
export function quoted(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").trim();
  return `“${line.length > 40 ? `${line.slice(0, 40)}…` : line}”`;
}
