// A table's bytes, chunk by chunk, to sorted series: the streaming parser behind every import.
import { createCsvTokenizer, type CsvTokenizer } from "./csv-tokenizer.ts";
import { finishTable, type ParsedTable } from "./finish-table.ts";
import { createReport } from "./report.ts";
import {
  createLongReader,
  createWideReader,
  type RowReader,
  type TableDraft,
} from "./row-readers.ts";
import { createSeriesStore } from "./series-store-core.ts";
import { headerNames } from "./sniff-header.ts";
import {
  countText,
  refuse,
  type DecoderFactory,
  type TableLayout,
  type TableRefusal,
} from "./table-layout.ts";

export interface ParserOptions {
  readonly decoder: DecoderFactory;
  /** The size that the file had when it was chosen; a file that differs has changed meanwhile. */
  readonly sizeBytes?: number;
}

export interface TableParser {
  /** Takes the next bytes. A refusal ends it: further calls return the same one. */
  push(bytes: Uint8Array): TableRefusal | undefined;
  /** Takes the end of the file. */
  finish(): ParsedTable | TableRefusal;
  /** Bytes and rows of data taken so far, for a progress bar. */
  readonly bytesRead: number;
  readonly rowsRead: number;
}

/** What decoders put in place of bytes that mean nothing in their encoding. */
const REPLACEMENT = "\uFFFD";
/** Pieces that are decoded at once: a caller may push a whole file. */
const DECODED_BYTES = 2 ** 20;

/** Creates a parser for one file of the given layout. Memory stays near the size of the values. */
export function createTableParser(layout: TableLayout, options: ParserOptions): TableParser {
  const draft: TableDraft = {
    layout,
    store: createSeriesStore(),
    report: createReport(layout.encoding),
    names: [],
    dateTexts: [],
    dateLines: [],
    dateRows: [],
  };
  const decoder = options.decoder(layout.encoding);
  const { sizeBytes } = options;
  let bytesRead = 0;
  let refusal: TableRefusal | undefined;
  let isFinished = false;

  const readRow = createRecordReader(draft, (reason) => {
    refusal = reason;
  });
  const tokenizer: CsvTokenizer = createCsvTokenizer(layout, readRow);

  const takeText = (text: string): void => {
    if (text === "") return;
    if (text.includes(REPLACEMENT)) draft.report.hasReplacedCharacters = true;
    refusal ??= tokenizer.push(text) ?? refusal;
  };

  function end(): ParsedTable | TableRefusal {
    if (sizeBytes !== undefined && bytesRead !== sizeBytes)
      return fileChanged(sizeBytes, bytesRead);
    if (bytesRead === 0) {
      return refuse(
        "empty",
        "This file is empty. Choose a file with a header and rows of numbers.",
      );
    }
    takeText(decoder.decode());
    refusal ??= tokenizer.finish() ?? refusal;
    if (refusal !== undefined) return refusal;
    draft.report.malformedQuoteLines = tokenizer.malformedQuoteLines;
    return finishTable(draft);
  }

  return {
    get bytesRead() {
      return bytesRead;
    },
    get rowsRead() {
      return draft.report.rows;
    },
    push(bytes) {
      for (let start = 0; start < bytes.length && refusal === undefined; start += DECODED_BYTES) {
        const piece = bytes.subarray(start, start + DECODED_BYTES);
        bytesRead += piece.length;
        if (sizeBytes !== undefined && bytesRead > sizeBytes) {
          refusal = fileChanged(sizeBytes, bytesRead);
        } else takeText(decoder.decode(piece, { stream: true }));
      }
      return refusal;
    },
    finish() {
      if (isFinished) throw new Error("finish() was called twice.");
      isFinished = true;
      return refusal ?? end();
    },
  };
}

const fileChanged = (expected: number, actual: number): TableRefusal =>
  refuse(
    "file-changed",
    `The file changed while it was being read: it had ${countText(expected)} bytes, now ${actual > expected ? "more" : countText(actual)}. Wait until nothing writes to it, then choose it again.`,
  );

/** Skips what comes before the table, reads the header, then hands each record to its reader. */
function createRecordReader(
  draft: TableDraft,
  onRefusal: (refusal: TableRefusal) => void,
): (cells: string[], line: number) => boolean {
  const { layout, report } = draft;
  let skipped = 0;
  let reader: RowReader | undefined;

  function open(cells: readonly string[]): RowReader | TableRefusal {
    const { names, renamed } = headerNames(cells, layout.header, cells.length);
    report.columnCount = names.length;
    if (layout.layout === "long") return createLongReader(draft, names);
    report.renamedColumns = renamed;
    return createWideReader(draft, names);
  }

  return (cells, line) => {
    if (reader === undefined) {
      if (skipped < layout.skipRecords) {
        skipped += 1;
        return true;
      }
      const opened = open(cells);
      if (typeof opened !== "function") {
        onRefusal(opened);
        return false;
      }
      reader = opened;
      if (layout.header !== "absent") return true;
    }
    // Spreadsheets often end in lines of delimiters only.
    if (cells[0] === "" && cells.every((cell) => cell.trim() === "")) return true;
    const refusal = reader(cells, line);
    if (refusal === undefined) return true;
    onRefusal(refusal);
    return false;
  };
}
