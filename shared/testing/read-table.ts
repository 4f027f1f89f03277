// For tests: reads a whole table from text or bytes, as the dashboard and the command line do.
import { createTableParser } from "../ingest/parse-table.ts";
import type { ParsedTable } from "../ingest/finish-table.ts";
import { sniffTable, type TableGuess } from "../ingest/sniff.ts";
import type { DecoderFactory, LayoutCorrections, TableRefusal } from "../ingest/table-layout.ts";

export const decoder: DecoderFactory = (encoding) => new TextDecoder(encoding);

export const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

export const sniff = (
  input: string | Uint8Array,
  corrections: LayoutCorrections = {},
): TableGuess | TableRefusal =>
  sniffTable(typeof input === "string" ? bytesOf(input) : input, {
    decoder,
    isWholeFile: true,
    corrections,
  });

/** Guesses the layout, then parses in pieces of `pieceBytes`. */
export function readTable(
  input: string | Uint8Array,
  corrections: LayoutCorrections = {},
  pieceBytes = 7,
): ParsedTable | TableRefusal {
  const bytes = typeof input === "string" ? bytesOf(input) : input;
  const guess = sniff(bytes, corrections);
  if (guess.kind === "refused") return guess;
  const parser = createTableParser(guess.layout, { decoder, sizeBytes: bytes.length });
  for (let at = 0; at < bytes.length; at += pieceBytes) {
    const refusal = parser.push(bytes.subarray(at, at + pieceBytes));
    if (refusal !== undefined) return refusal;
  }
  return parser.finish();
}

/** The table, or a failed test that says why there is none. */
export function mustRead(
  input: string | Uint8Array,
  corrections: LayoutCorrections = {},
  pieceBytes = 7,
): ParsedTable {
  const table = readTable(input, corrections, pieceBytes);
  if (table.kind === "refused") throw new Error(`Refused: ${table.message}`);
  return table;
}

export function mustGuess(
  input: string | Uint8Array,
  corrections: LayoutCorrections = {},
): TableGuess {
  const guess = sniff(input, corrections);
  if (guess.kind === "refused") throw new Error(`Refused: ${guess.message}`);
  return guess;
}

/** Series' names to their values, as plain arrays. */
export const contents = (table: ParsedTable): Record<string, number[]> =>
  Object.fromEntries(table.series.map((name, i) => [name, Array.from(table.at(i))]));
