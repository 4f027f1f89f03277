// What kind of bytes a file starts with: a text in which encoding, or no text at all.
import { refuse, type Encoding, type TableRefusal } from "./table-layout.ts";

interface Signature {
  readonly bytes: readonly number[] | string;
  readonly what: string;
  readonly advice: string;
}

const SAVE_AS_CSV = "Open it in the program that made it and save it as CSV.";
const UNPACK = "Unpack it and use the CSV file inside.";

const SIGNATURES: readonly Signature[] = [
  { bytes: [0x89, 0x50, 0x4e, 0x47], what: "a PNG picture", advice: "Choose a CSV file." },
  { bytes: [0xff, 0xd8, 0xff], what: "a JPEG picture", advice: "Choose a CSV file." },
  { bytes: "GIF8", what: "a GIF picture", advice: "Choose a CSV file." },
  { bytes: "%PDF", what: "a PDF document", advice: "Choose a CSV file." },
  {
    bytes: [0x50, 0x4b, 3, 4],
    what: "a ZIP archive or an Excel workbook",
    advice: `${SAVE_AS_CSV} If it is an archive, unpack it first.`,
  },
  { bytes: [0xd0, 0xcf, 0x11, 0xe0], what: "an old Excel or Office file", advice: SAVE_AS_CSV },
  { bytes: [0x1f, 0x8b], what: "a gzip archive", advice: UNPACK },
  { bytes: "BZh", what: "a bzip2 archive", advice: UNPACK },
  { bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], what: "an xz archive", advice: UNPACK },
  { bytes: [0x28, 0xb5, 0x2f, 0xfd], what: "a Zstandard archive", advice: UNPACK },
  { bytes: "7z\xbc\xaf", what: "a 7-Zip archive", advice: UNPACK },
  {
    bytes: "PAR1",
    what: "a Parquet file",
    advice: "Convert it to CSV first, for example with pandas.",
  },
  {
    bytes: "ARROW1",
    what: "an Arrow file",
    advice: "Convert it to CSV first, for example with pandas.",
  },
  {
    bytes: "SQLite format 3",
    what: "an SQLite database",
    advice: "Export one of its tables as CSV.",
  },
  {
    bytes: [0x89, 0x48, 0x44, 0x46],
    what: "an HDF5 or NetCDF-4 file",
    advice: "Export the table as CSV.",
  },
  { bytes: "CDF\x01", what: "a NetCDF file", advice: "Export the table as CSV." },
  { bytes: "CDF\x02", what: "a NetCDF file", advice: "Export the table as CSV." },
  {
    bytes: [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59],
    what: "a NumPy file",
    advice: "Save it as CSV with a column of dates and a header.",
  },
];

function startsWith(bytes: Uint8Array, start: readonly number[] | string): boolean {
  for (let i = 0; i < start.length; i += 1) {
    const wanted = typeof start === "string" ? start.charCodeAt(i) : start[i];
    if (bytes[i] !== wanted) return false;
  }
  return true;
}

const binary = (what: string, advice: string): TableRefusal =>
  refuse("binary", `This file is ${what}, not a text table. ${advice}`);

/** True when the bytes are UTF-8; a character cut off at the end is forgiven. */
export function isUtf8(bytes: Uint8Array): boolean {
  for (let i = 0; i < bytes.length;) {
    const byte = bytes[i] ?? 0;
    const length =
      byte < 0x80 ? 1 : byte < 0xc2 ? 0 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : byte < 0xf5 ? 4 : 0;
    if (length === 0) return false;
    for (let k = 1; k < length; k += 1) {
      const next = bytes[i + k];
      if (next === undefined) return true;
      if ((next & 0xc0) !== 0x80) return false;
    }
    i += length;
  }
  return true;
}

/** UTF-16 without a mark: nearly every second byte is 0 in a table, which is mostly digits. */
function guessUtf16(bytes: Uint8Array): Encoding | undefined {
  const pairs = Math.min(bytes.length, 4_096) >> 1;
  let evenZeros = 0;
  let oddZeros = 0;
  for (let i = 0; i < pairs; i += 1) {
    if (bytes[2 * i] === 0) evenZeros += 1;
    if (bytes[2 * i + 1] === 0) oddZeros += 1;
  }
  if (pairs > 1 && oddZeros > 0.7 * pairs && evenZeros === 0) return "utf-16le";
  if (pairs > 1 && evenZeros > 0.7 * pairs && oddZeros === 0) return "utf-16be";
  return undefined;
}

/** The encoding of a text that starts with `bytes`, or why they are no text. */
export function detectEncoding(bytes: Uint8Array): Encoding | TableRefusal {
  for (const { bytes: start, what, advice } of SIGNATURES) {
    if (startsWith(bytes, start)) return binary(what, advice);
  }
  if (startsWith(bytes, [0xff, 0xfe, 0, 0]) || startsWith(bytes, [0, 0, 0xfe, 0xff])) {
    return binary("a text in UTF-32", "Save it again in the encoding UTF-8.");
  }
  if (startsWith(bytes, [0xef, 0xbb, 0xbf])) return "utf-8";
  if (startsWith(bytes, [0xff, 0xfe])) return "utf-16le";
  if (startsWith(bytes, [0xfe, 0xff])) return "utf-16be";
  const utf16 = guessUtf16(bytes);
  if (utf16 !== undefined) return utf16;
  if (bytes.includes(0)) return binary("binary", "Choose a CSV file, or export your data as CSV.");
  return isUtf8(bytes) ? "utf-8" : "windows-1252";
}
