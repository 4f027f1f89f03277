// Where the table begins in a sample, whether it has a header, and what its columns are called.
import { parseDate } from "./date-text.ts";
import { isMissingText, parseNumber } from "./number-text.ts";
import { usualWidth, type SampleRecord } from "./sniff-delimiter.ts";
import { SERIES_NAME_LENGTH_MAX } from "../limits.ts";
import type { DecimalSign, HeaderKind } from "./table-layout.ts";

export interface HeaderGuess {
  readonly skipRecords: number;
  readonly header: HeaderKind;
}

type CellKind = "number" | "date" | "text" | "missing";

function cellKind(text: string, decimal: DecimalSign): CellKind {
  if (isMissingText(text)) return "missing";
  if (!Number.isNaN(parseNumber(text, decimal))) return "number";
  const isDate = parseDate(text, "dmy") !== undefined || parseDate(text, "mdy") !== undefined;
  return isDate ? "date" : "text";
}

/** What most cells of a column are, missing ones aside. */
function columnKind(
  records: readonly SampleRecord[],
  column: number,
  decimal: DecimalSign,
): CellKind {
  const counts = { number: 0, date: 0, text: 0, missing: 0 };
  for (const { cells } of records) counts[cellKind(cells[column] ?? "", decimal)] += 1;
  const filled = counts.number + counts.date + counts.text;
  if (filled === 0) return "missing";
  if (2 * counts.number >= filled) return "number";
  return 2 * counts.date >= filled ? "date" : "text";
}

/** A record is a header when it has something else where the records below have numbers or dates. */
function looksLikeHeader(
  cells: readonly string[],
  body: readonly SampleRecord[],
  shift: number,
  decimal: DecimalSign,
): boolean {
  if (body.length === 0) return true;
  let different = 0;
  let alike = 0;
  for (const [i, cell] of cells.entries()) {
    if (cell.trim() === "") continue;
    const below = columnKind(body, i + shift, decimal);
    if (below !== "number" && below !== "date") continue;
    const kind = cellKind(cell, decimal);
    if (kind === below || kind === "missing") alike += 1;
    else different += 1;
  }
  // One stray text in the first row of data makes no header, unless it stands where the rows begin.
  if (different > 0) {
    return different >= 0.2 * alike || cellKind(cells[0] ?? "", decimal) === "text";
  }
  // All columns are texts: a header is what a table usually has.
  return alike === 0;
}

/** Guesses where the header is. `records` must not be empty. */
export function guessHeader(records: readonly SampleRecord[], decimal: DecimalSign): HeaderGuess {
  const width = usualWidth(records);
  const found = records.findIndex(({ cells }) => cells.length >= width);
  const first = Math.max(0, found);
  const before = first > 0 ? records[first - 1] : undefined;
  const body = records.slice(first, first + 100);
  if (
    before !== undefined &&
    before.cells.length === width - 1 &&
    looksLikeHeader(before.cells, body, 1, decimal)
  ) {
    // A delimiter at the end of every line of data makes one cell more as well.
    const endsEmpty = body.every(({ cells }) => (cells[width - 1] ?? "") === "");
    return { skipRecords: first - 1, header: endsEmpty ? "present" : "shifted" };
  }
  const top = records[first]?.cells ?? [];
  const isHeader = looksLikeHeader(top, body.slice(1), 0, decimal);
  return { skipRecords: first, header: isHeader ? "present" : "absent" };
}

export interface ColumnNames {
  readonly names: readonly string[];
  /** Columns whose name had to be changed to be unique. */
  readonly renamed: readonly { readonly from: string; readonly to: string }[];
}

const shortName = (text: string): string =>
  text.length <= SERIES_NAME_LENGTH_MAX ? text : `${text.slice(0, SERIES_NAME_LENGTH_MAX - 9)}…`;

/** Makes names short enough and unique: "AAPL", "AAPL (2)". Empty names stay empty. */
export function uniqueNames(names: readonly string[]): ColumnNames {
  const taken = new Set(names.map(shortName));
  const seen = new Set<string>();
  const renamed: { from: string; to: string }[] = [];
  const unique = names.map((full) => {
    const name = shortName(full);
    if (name === "" || !seen.has(name)) {
      seen.add(name);
      return name;
    }
    let number = 2;
    while (taken.has(`${name} (${number})`)) number += 1;
    const to = `${name} (${number})`;
    taken.add(to);
    renamed.push({ from: name, to });
    return to;
  });
  return { names: unique, renamed };
}

/** The columns' names from the header's cells, as many as the table is wide. */
export function headerNames(
  cells: readonly string[],
  header: HeaderKind,
  width: number,
): ColumnNames {
  const texts = header === "absent" ? [] : header === "shifted" ? ["", ...cells] : cells;
  const trimmed = Array.from({ length: Math.max(width, texts.length) }, (_, i) =>
    (texts[i] ?? "").trim(),
  );
  return uniqueNames(trimmed);
}

/** What a column is called where its header says nothing. */
export const columnTitle = (name: string, index: number): string =>
  name === "" ? `column ${index + 1}` : name;
