// Reads a CSV file of this machine through the shared parser, as a stream.
import { open, type FileHandle } from "node:fs/promises";
import { basename } from "node:path";
import type { ParsedTable } from "../../shared/ingest/finish-table.ts";
import { createTableParser } from "../../shared/ingest/parse-table.ts";
import { SNIFF_BYTES, sniffTable } from "../../shared/ingest/sniff.ts";
import type {
  DecoderFactory,
  LayoutCorrections,
  TableLayout,
  TableRefusal,
} from "../../shared/ingest/table-layout.ts";
import { CommandError } from "./command-error.ts";

export interface LayoutOptions {
  readonly layout?: "auto" | "long" | "wide";
  readonly date?: string;
  readonly series?: string;
  readonly value?: string;
}

/** A file whose layout is known and whose rows are not yet read. */
export interface OpenTable {
  readonly name: string;
  readonly sizeBytes: number;
  /** Reads it to the end. Throws CommandError (2) for a file that is no table. */
  read(onProgress: (bytesRead: number) => void, signal: AbortSignal): Promise<ParsedTable>;
  close(): Promise<void>;
}

const READ_BYTES = 2 ** 20;
const decoder: DecoderFactory = (encoding) => new TextDecoder(encoding);

/** Opens a file and guesses its layout from its beginning. Throws CommandError (2). */
export async function openTable(path: string, options: LayoutOptions): Promise<OpenTable> {
  const file = await openFile(path);
  try {
    const { size: sizeBytes, mtimeMs } = await file.stat();
    const sample = await readSample(file);
    const guess = sniffTable(sample, {
      decoder,
      isWholeFile: sample.length >= sizeBytes,
      corrections: correctionsOf(options),
    });
    if (guess.kind === "refused") throw refused(path, guess);
    return {
      name: basename(path),
      sizeBytes,
      read: async (onProgress, signal) => {
        const table = await parse(path, file, guess.layout, sizeBytes, onProgress, signal);
        if ((await file.stat()).mtimeMs === mtimeMs) return table;
        throw new CommandError(
          `${path}: the file changed while it was being read. Wait until nothing writes to it, then try again.`,
          2,
        );
      },
      close: () => file.close(),
    };
  } catch (error) {
    await file.close();
    throw error;
  }
}

async function openFile(path: string): Promise<FileHandle> {
  let file: FileHandle;
  try {
    file = await open(path, "r");
  } catch (cause) {
    const reasons: Readonly<Record<string, string>> = {
      ENOENT: "does not exist",
      EACCES: "may not be read",
      EPERM: "may not be read",
    };
    const code = cause instanceof Error && "code" in cause ? String(cause.code) : "";
    throw new CommandError(
      `The file ${path} ${reasons[code] ?? `cannot be opened (${code})`}.`,
      2,
      {
        cause,
      },
    );
  }
  if ((await file.stat()).isFile()) return file;
  await file.close();
  throw new CommandError(`${path} is no file. Give the name of a CSV file.`, 2);
}

async function readSample(file: FileHandle): Promise<Uint8Array> {
  const sample = new Uint8Array(SNIFF_BYTES);
  let length = 0;
  while (length < sample.length) {
    const { bytesRead } = await file.read(sample, length, sample.length - length, length);
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return sample.subarray(0, length);
}

async function parse(
  path: string,
  file: FileHandle,
  layout: TableLayout,
  sizeBytes: number,
  onProgress: (bytesRead: number) => void,
  signal: AbortSignal,
): Promise<ParsedTable> {
  const parser = createTableParser(layout, { decoder, sizeBytes });
  const chunk = new Uint8Array(READ_BYTES);
  for (let position = 0; ;) {
    signal.throwIfAborted();
    const { bytesRead } = await file.read(chunk, 0, chunk.length, position);
    if (bytesRead === 0) break;
    position += bytesRead;
    const refusal = parser.push(chunk.subarray(0, bytesRead));
    if (refusal !== undefined) throw refused(path, refusal);
    onProgress(position);
  }
  const table = parser.finish();
  if (table.kind === "refused") throw refused(path, table);
  return table;
}

const refused = (path: string, refusal: TableRefusal): CommandError =>
  new CommandError(`${path}: ${refusal.message}`, 2);

function correctionsOf(options: LayoutOptions): LayoutCorrections {
  const { layout = "auto", date, series, value } = options;
  // Columns of a long table are only named where there is one.
  const isLong = layout === "long" || series !== undefined || value !== undefined;
  if (layout === "wide" && (series !== undefined || value !== undefined)) {
    throw new CommandError(
      "--series and --value name columns of a long table; leave them out with --layout wide.",
      2,
    );
  }
  return {
    ...(isLong ? { layout: "long" as const } : {}),
    ...(layout === "wide" ? { layout } : {}),
    ...(date === undefined ? {} : { dateColumn: date }),
    ...(series === undefined ? {} : { seriesColumn: series }),
    ...(value === undefined ? {} : { valueColumn: value }),
  };
}
