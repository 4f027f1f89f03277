// Delimited text to records of cells, in chunks: the one file that knows the CSV library.
//
// The library is Papa Parse, by its low-level Parser class, fed with text in pieces. uDSV was tried
// beside it and takes about half the time on plain files, but pads or joins records whose number
// of cells differs from the header's, so that ragged rows could not be told; and it wants one kind
// of line break throughout. What Papa Parse leaves to do here: carrying the incomplete last record
// to the next piece (at a cost linear in the text), line numbers, the CR of CRLF, and limits.
import Papa from "papaparse/papaparse.js";
import { CELL_CHARS_MAX, RECORD_CHARS_MAX } from "../limits.ts";
import { countText, refuse, type TableRefusal } from "./table-layout.ts";

export interface TokenizerOptions {
  readonly delimiter: string;
  readonly quote: '"' | "'" | null;
}

/** Called for every record that is not blank; `line` counts from 1. Returning false stops. */
export type RecordSink = (cells: string[], line: number) => boolean;

export interface CsvTokenizer {
  /** Takes the next text; returns a refusal when the text cannot be a table. */
  push(text: string): TableRefusal | undefined;
  /** Takes the end of the text: the last record may lack its line break. */
  finish(): TableRefusal | undefined;
  /** Ends without the last record, which is cut short in a sample of a file. */
  readonly malformedQuoteLines: readonly number[];
  /** True once the sink has returned false. */
  readonly stopped: boolean;
}

/** Text is handed to the library in pieces of this many characters, so that little is held twice. */
const PIECE_CHARS = 2 ** 19;
const MALFORMED_LINES_MAX = 1_000;

export function createCsvTokenizer(options: TokenizerOptions, onRecord: RecordSink): CsvTokenizer {
  const { delimiter, quote } = options;
  const malformedQuoteLines: number[] = [];
  let parser: InstanceType<typeof Papa.Parser> | undefined;
  let newline: "\n" | "\r" = "\n";
  let rest = "";
  /** Below this length another attempt would probably find no complete record either. */
  let tryAtChars = 0;
  let line = 1;
  let stopped = false;

  function open(text: string, isLast: boolean): InstanceType<typeof Papa.Parser> | undefined {
    if (parser !== undefined) return parser;
    const firstReturn = text.indexOf("\r");
    // A CR at the very end may be half of a CRLF.
    const isDecided =
      isLast || text.includes("\n") || (firstReturn >= 0 && firstReturn < text.length - 1);
    if (!isDecided) return undefined;
    newline = text.includes("\n") || firstReturn < 0 ? "\n" : "\r";
    parser = new Papa.Parser({
      delimiter,
      newline,
      quoteChar: quote ?? '"',
      fastMode: quote === null ? true : undefined,
    });
    return parser;
  }

  /** How many line breaks the text has: more than records means that some are inside quotes. */
  function countBreaks(text: string, end: number): number {
    let count = 0;
    let at = text.indexOf(newline);
    while (at !== -1 && at < end) {
      count += 1;
      at = text.indexOf(newline, at + 1);
    }
    return count;
  }

  const breaksWithin = (cells: readonly string[]): number =>
    cells.reduce(
      (sum, cell) => sum + (cell.includes(newline) ? countBreaks(cell, Infinity) : 0),
      0,
    );

  function emit(cells: string[], recordLine: number): boolean {
    const last = cells.length - 1;
    const lastCell = cells[last] ?? "";
    if (newline === "\n" && lastCell.endsWith("\r")) cells[last] = lastCell.slice(0, -1);
    // Runs of blanks separate as one does, also at the ends of a line.
    const used = delimiter === " " ? cells.filter((cell) => cell !== "") : cells;
    if (used.length === 0 || (used.length === 1 && (used[0] as string).trim() === "")) return true;
    return onRecord(used, recordLine);
  }

  function checkLengths(records: readonly string[][]): TableRefusal | undefined {
    let recordLine = line;
    for (const cells of records) {
      if (cells.some((cell) => cell.length > CELL_CHARS_MAX)) return cellTooLong(recordLine);
      recordLine += 1 + breaksWithin(cells);
    }
    return undefined;
  }

  function take(isLast: boolean): TableRefusal | undefined {
    const opened = open(rest, isLast);
    if (opened === undefined) return tooLongToWait();
    const { data, errors, meta } = opened.parse(rest, 0, !isLast);
    if (rest.length > CELL_CHARS_MAX) {
      const refusal = checkLengths(data);
      if (refusal !== undefined) return refusal;
    }
    const usedChars = isLast ? rest.length : meta.cursor;
    const hasBreaksInCells = countBreaks(rest, usedChars) > data.length - (isLast ? 1 : 0);
    const malformed = new Set(errors.map((error) => error.row));
    let unclosedLine: number | undefined;
    const unclosedRow = errors.find((error) => error.code === "MissingQuotes")?.row;
    for (const [row, cells] of data.entries()) {
      if (malformed.has(row)) {
        if (row === unclosedRow) unclosedLine = line;
        else if (malformedQuoteLines.length < MALFORMED_LINES_MAX) malformedQuoteLines.push(line);
      }
      if (unclosedLine !== undefined) return quoteNotClosed(unclosedLine);
      const breaks = hasBreaksInCells ? breaksWithin(cells) : 0;
      if (!emit(cells, line)) {
        stopped = true;
        rest = "";
        return undefined;
      }
      line += 1 + breaks;
    }
    rest = isLast ? "" : rest.slice(usedChars);
    if (usedChars > 0) {
      tryAtChars = 0;
      return undefined;
    }
    tryAtChars = 2 * rest.length;
    return tooLongToWait();
  }

  /** A record that still has no end: refused when one of its cells, or all of it, is too long. */
  function tooLongToWait(): TableRefusal | undefined {
    if (rest.length <= CELL_CHARS_MAX) return undefined;
    if (parser === undefined) return rest.length > RECORD_CHARS_MAX ? recordTooLong() : undefined;
    const { data } = parser.parse(rest, 0, false);
    const refusal = checkLengths(data);
    if (refusal !== undefined) return refusal;
    return rest.length > RECORD_CHARS_MAX ? recordTooLong() : undefined;
  }

  const recordTooLong = (): TableRefusal =>
    refuse(
      "cell-too-long",
      `The line ${countText(line)} has no end after ${countText(RECORD_CHARS_MAX)} characters, so this does not look like a table. Save it as CSV with one line for each row.`,
    );

  return {
    malformedQuoteLines,
    get stopped() {
      return stopped;
    },
    push(text) {
      for (let start = 0; start < text.length && !stopped; start += PIECE_CHARS) {
        rest += text.slice(start, start + PIECE_CHARS);
        if (rest.length < tryAtChars) continue;
        const refusal = take(false);
        if (refusal !== undefined) return refusal;
      }
      return undefined;
    },
    finish() {
      if (stopped || rest === "") return undefined;
      // A quote before a lone CR at the end would not count as closed.
      if (newline === "\n" && rest.endsWith("\r")) rest = rest.slice(0, -1);
      return rest === "" ? undefined : take(true);
    },
  };
}

const cellTooLong = (line: number): TableRefusal =>
  refuse(
    "cell-too-long",
    `A cell in line ${countText(line)} is longer than ${countText(CELL_CHARS_MAX)} characters. Probably a quotation mark there is never closed: correct it, or choose “no quotes”.`,
  );

const quoteNotClosed = (line: number): TableRefusal =>
  refuse(
    "quote-not-closed",
    `A quotation mark in line ${countText(line)} is never closed, so the rest of the file would be one cell. Correct that line, or choose “no quotes”.`,
  );
