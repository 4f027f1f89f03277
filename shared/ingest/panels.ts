// A parsed table as the blocks that the cluster works on, and as the description of its dataset.
import { encodeHalves } from "../codecs/half-core.ts";
import { HALF_DESCR, npyHeader } from "../codecs/npy.ts";
import { BLOCK_BYTES_MAX, PANEL_BYTES_TARGET } from "../limits.ts";
import type { Dataset, Transport } from "../protocol/http.ts";
import type { ParsedTable } from "./finish-table.ts";
import { standardise } from "./standardise-core.ts";

/** In a worker's memory, whatever they were on the way. */
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

/** Bytes of one value on the way, for telling progress and size. */
export const transportBytes = (transport: Transport): number => (transport === "f16" ? 2 : 8);

/**
 * The table's panels in order: NPY of shape (series, dates), NaN where missing. With "f64" they are
 * float64 and hold the values; with "f16" halves of each series less its mean, over its standard
 * deviation, both of its own valid values: no correlation changes by that, and halves would keep
 * three digits of a price, but keep as many of its changes. Each series' memory is given back once
 * its panel is made, so the table can be walked only once.
 */
export function* panelsOf(
  table: ParsedTable,
  panelSeries: number,
  transport: Transport,
): Generator<Uint8Array<ArrayBuffer>, void, undefined> {
  const dateCount = table.dates.length;
  const standard = new Float64Array(transport === "f16" ? dateCount : 0);
  const valueBytes = transportBytes(transport);
  for (let start = 0; start < table.series.length; start += panelSeries) {
    const count = Math.min(panelSeries, table.series.length - start);
    const header = npyHeader(transport === "f16" ? HALF_DESCR : "<f8", [count, dateCount]);
    const bytes = new Uint8Array(header.length + count * dateCount * valueBytes);
    bytes.set(header);
    for (let i = 0; i < count; i += 1) {
      const offset = header.length + i * dateCount * valueBytes;
      if (transport === "f16") {
        table.read(start + i, standard);
        standardise(standard);
        encodeHalves(standard, new Uint16Array(bytes.buffer, offset, dateCount));
      } else {
        table.read(start + i, new Float64Array(bytes.buffer, offset, dateCount));
      }
      table.release(start + i);
    }
    yield bytes;
  }
}

/** The dataset's description without its panels. `name` is usually the file's name. */
export function describe(
  table: ParsedTable,
  name: string,
  transport: Transport,
): Omit<Dataset, "panels"> {
  return {
    name: name.trim().slice(0, NAME_CHARS_MAX) || "table",
    series: [...table.series],
    dates: [...table.dates],
    missingShare: table.missingShare,
    dropped: [...table.dropped],
    panelSeries: panelSeriesFor(table.dates.length),
    transport,
  };
}
