// A parsed table as the blocks that the cluster works on, and as the description of its dataset.
import { npyHeader } from "../codecs/npy.ts";
import { BLOCK_BYTES_MAX, PANEL_BYTES_TARGET } from "../limits.ts";
import type { Dataset } from "../protocol/http.ts";
import type { ParsedTable } from "./finish-table.ts";

const VALUE_BYTES = 8;
/** Multiples of this fill SIMD registers of every width. */
const SERIES_STEP = 8;
const SERIES_PER_PANEL_MIN = 16;
const SERIES_PER_PANEL_MAX = 512;
/** Room for the NPY header. */
const HEADER_BYTES_MAX = 256;
const NAME_CHARS_MAX = 200;

/** Series in a panel of so many dates: about 4 MiB, between 16 and 512, a multiple of 8. */
export function panelSeriesFor(dateCount: number): number {
  const seriesBytes = VALUE_BYTES * dateCount;
  const fitting = (bytes: number): number =>
    Math.floor(bytes / seriesBytes / SERIES_STEP) * SERIES_STEP;
  const wanted = Math.max(SERIES_PER_PANEL_MIN, fitting(PANEL_BYTES_TARGET));
  const possible = Math.max(SERIES_STEP, fitting(BLOCK_BYTES_MAX - HEADER_BYTES_MAX));
  return Math.min(SERIES_PER_PANEL_MAX, wanted, possible);
}

/**
 * The table's panels in order: NPY float64 of shape (series, dates), NaN where missing. Each
 * series' memory is given back once its panel is made, so the table can be walked only once.
 */
export function* panelsOf(
  table: ParsedTable,
  panelSeries: number,
): Generator<Uint8Array<ArrayBuffer>, void, undefined> {
  const dateCount = table.dates.length;
  for (let start = 0; start < table.series.length; start += panelSeries) {
    const count = Math.min(panelSeries, table.series.length - start);
    const header = npyHeader("<f8", [count, dateCount]);
    const bytes = new Uint8Array(header.length + count * dateCount * VALUE_BYTES);
    bytes.set(header);
    for (let i = 0; i < count; i += 1) {
      const offset = header.length + i * dateCount * VALUE_BYTES;
      table.read(start + i, new Float64Array(bytes.buffer, offset, dateCount));
      table.release(start + i);
    }
    yield bytes;
  }
}

/** The dataset's description without its panels. `name` is usually the file's name. */
export function describe(table: ParsedTable, name: string): Omit<Dataset, "panels"> {
  return {
    name: name.trim().slice(0, NAME_CHARS_MAX) || "table",
    series: [...table.series],
    dates: [...table.dates],
    missingShare: table.missingShare,
    dropped: [...table.dropped],
    panelSeries: panelSeriesFor(table.dates.length),
  };
}
