// Reads a file as a table, slice by slice: the work of the ingest thread, free of threads itself.
import type { ParsedTable } from "../../../shared/ingest/finish-table.ts";
import { createTableParser } from "../../../shared/ingest/parse-table.ts";
import { noticesOf } from "../../../shared/ingest/report.ts";
import { SNIFF_BYTES, sniffTable, type TableGuess } from "../../../shared/ingest/sniff.ts";
import { columnTitle } from "../../../shared/ingest/sniff-header.ts";
import type { Encoding, LayoutCorrections } from "../../../shared/ingest/table-layout.ts";
import { COLUMN_TITLES_MAX, type TableSummary } from "./table-summary.ts";

/** Large enough that a slice's overhead vanishes, small enough for smooth progress. */
const SLICE_BYTES = 2 ** 21;

/** The part of File that reading needs. */
export interface FileLike {
  readonly name: string;
  readonly size: number;
  slice(start: number, end: number): { arrayBuffer(): Promise<ArrayBuffer> };
}

export interface ReadOptions {
  readonly corrections: LayoutCorrections;
  readonly onProgress: (bytesDone: number) => void;
  /** Asked between slices: true ends the read. */
  readonly isSuperseded: () => boolean;
}

export type ReadResult =
  | { readonly kind: "read"; readonly summary: TableSummary; readonly table: ParsedTable }
  | { readonly kind: "refused"; readonly message: string }
  | { readonly kind: "superseded" };

const decoder = (encoding: Encoding) => new TextDecoder(encoding);

const UNREADABLE =
  "The file cannot be read any more: it was changed, moved or deleted since it was chosen. " +
  "Choose it again once nothing writes to it.";

export async function readTable(file: FileLike, options: ReadOptions): Promise<ReadResult> {
  try {
    return await readSlices(file, options);
  } catch (error) {
    // Browsers take a snapshot of size and time when a file is chosen, and refuse to read others.
    if (error instanceof DOMException) return { kind: "refused", message: UNREADABLE };
    if (error instanceof RangeError) return { kind: "refused", message: tooLarge(file) };
    throw error;
  }
}

const tooLarge = (file: FileLike): string =>
  `${file.name} needs more memory than this browser gives a page. Use tabswarm correlate in a ` +
  "terminal, or a file with fewer series.";

async function readSlices(file: FileLike, options: ReadOptions): Promise<ReadResult> {
  const sample = new Uint8Array(await file.slice(0, SNIFF_BYTES).arrayBuffer());
  const guess = sniffTable(sample, {
    decoder,
    isWholeFile: file.size <= SNIFF_BYTES,
    corrections: options.corrections,
  });
  if (guess.kind === "refused") return guess;
  const parser = createTableParser(guess.layout, { decoder, sizeBytes: file.size });
  for (let start = 0; start < file.size; start += SLICE_BYTES) {
    if (options.isSuperseded()) return { kind: "superseded" };
    const slice = await file.slice(start, start + SLICE_BYTES).arrayBuffer();
    const refusal = parser.push(new Uint8Array(slice));
    if (refusal !== undefined) return refusal;
    options.onProgress(parser.bytesRead);
  }
  const table = parser.finish();
  if (table.kind === "refused") return table;
  return { kind: "read", table, summary: summaryOf(file, guess, table) };
}

function summaryOf(file: FileLike, guess: TableGuess, table: ParsedTable): TableSummary {
  return {
    name: file.name,
    sizeBytes: file.size,
    layout: guess.layout,
    columns: guess.columns
      .slice(0, COLUMN_TITLES_MAX)
      .map((column, index) => columnTitle(column.name, index)),
    columnCount: guess.columns.length,
    firstRows: guess.preview.rows,
    seriesCount: table.series.length,
    dateCount: table.dates.length,
    firstDate: table.dates[0] ?? "",
    lastDate: table.dates.at(-1) ?? "",
    missingShare: table.missingShare,
    notices: noticesOf(table.report),
  };
}
