// Writes a correlation matrix as files, tile band by tile band: pairs CSV, matrix CSV, matrices NPY.
import { assert, present, unreachable } from "../assert.ts";
import { npyHeader, type NdData } from "../codecs/npy.ts";
import type { EncodeText } from "../graph/task-key.ts";
import type { CorrelationFormat } from "../protocol/http.ts";
import { createTileShrinker, type Shrinkage } from "./ledoit-wolf.ts";
import type { Precision, Tile } from "./plan.ts";
import { bandsOf } from "./tile-grid.ts";
import { quoteField, shortestFloat32 } from "./text-core.ts";

/** The two outputs of a tile, both rowCount × colCount in C order. */
export interface TileValues {
  /** Correlations, NaN where undefined. */
  readonly r: NdData;
  /** Common observations. */
  readonly n: NdData;
}

export interface CorrelationSource {
  /** Names of the series, in the matrix' order. */
  readonly series: readonly string[];
  /** Series along one side of a tile, as planned. */
  readonly tile: number;
  readonly precision: Precision;
  /** When given, files hold the shrunk correlations; null for those of the sample. */
  readonly shrinkage: Shrinkage | null;
  /** Called once a tile for pairs, and once more a tile off the diagonal for a matrix. */
  readonly readTile: (tile: Tile) => Promise<TileValues>;
  readonly encode: EncodeText;
}

/** Text is handed on in pieces of about this many characters, so that no file is held whole. */
const CHUNK_CHARACTERS = 1 << 19;

/**
 * The file of this format, as chunks of bytes. Holds one band of tiles at a time. "covariance.npy"
 * can only be had of a source with shrinkage.
 */
export function exportCorrelation(
  format: CorrelationFormat,
  source: CorrelationSource,
): AsyncGenerator<Uint8Array, void, undefined> {
  switch (format) {
    case "pairs.csv":
      return exportPairsCsv(source);
    case "matrix.csv":
      return exportMatrixCsv(shrunk(source));
    case "matrix.npy":
      return exportMatrixNpy(shrunk(source));
    case "covariance.npy":
      return exportMatrixNpy(covariances(source));
    default:
      return unreachable(format);
  }
}

/** The source with its correlations after shrinkage, if there is any. */
function shrunk(source: CorrelationSource): CorrelationSource {
  const { shrinkage, readTile } = source;
  if (shrinkage === null) return source;
  const shrinker = createTileShrinker(shrinkage);
  return {
    ...source,
    readTile: async (tile) => {
      const { r, n } = await readTile(tile);
      return { r: shrinker.correlations(tile, r), n };
    },
  };
}

/**
 * The source with covariances in place of its correlations, always float64: the variances are, and
 * those of small values would leave the range of float32.
 */
function covariances(source: CorrelationSource): CorrelationSource {
  const { shrinkage, readTile } = source;
  assert(shrinkage !== null, "a covariance is exported of a job with shrinkage");
  const shrinker = createTileShrinker(shrinkage);
  return {
    ...source,
    precision: "f64",
    readTile: async (tile) => {
      const { r, n } = await readTile(tile);
      return { r: shrinker.covariances(tile, r), n };
    },
  };
}

/** A part of one row of pairs: `row` with series `firstCol`, `firstCol` + 1 and so on. */
export interface PairRun {
  readonly row: number;
  readonly firstCol: number;
  /** Correlations, NaN where undefined; a view that is good until the next run is asked for. */
  readonly r: NdData;
  /** Common observations. */
  readonly n: NdData;
}

/** The upper triangle without its diagonal, row by row in the order of the series. */
export async function* pairRuns(
  unshrunk: CorrelationSource,
): AsyncGenerator<PairRun, void, undefined> {
  const source = shrunk(unshrunk);
  for (const band of bandsOf(source.series.length, source.tile)) {
    const tiles = await readAll(source, band.right);
    for (let row = band.start; row < band.end; row += 1) {
      for (const { tile, values } of tiles) {
        const firstCol = Math.max(tile.colStart, row + 1);
        const end = tile.colStart + tile.colCount;
        if (firstCol >= end) continue;
        const offset = (row - tile.rowStart) * tile.colCount - tile.colStart;
        yield {
          row,
          firstCol,
          r: values.r.subarray(offset + firstCol, offset + end),
          n: values.n.subarray(offset + firstCol, offset + end),
        };
      }
    }
  }
}

/**
 * `series_1,series_2,correlation,observations`: the upper triangle without its diagonal, row by row
 * in the order of the series. Numbers are the shortest text that reads back as the same value; an
 * undefined correlation is an empty field, as pandas writes it.
 */
async function* exportPairsCsv(source: CorrelationSource): AsyncGenerator<Uint8Array, void> {
  const names = source.series.map(quoteField);
  const number = numberText(source.precision);
  let text = "series_1,series_2,correlation,observations\n";
  for await (const { row, firstCol, r, n } of pairRuns(source)) {
    const prefix = `${present(names[row], "a name")},`;
    for (let i = 0; i < r.length; i += 1) {
      text += `${prefix}${names[firstCol + i]},${number(r[i] ?? NaN)},${n[i]}\n`;
    }
    if (text.length >= CHUNK_CHARACTERS) {
      yield source.encode(text);
      text = "";
    }
  }
  yield source.encode(text);
}

/** Pairs in JSON, at most: about 150 MB of text, which few programs read whole. */
export const JSON_PAIRS_MAX = 5_000_000;

/**
 * `{"series": […names], "columns": […], "pairs": [[0, 1, correlation, observations], …]}`, where pairs
 * name series by their place. An undefined correlation is null.
 */
export async function* exportPairsJson(
  source: CorrelationSource,
): AsyncGenerator<Uint8Array, void, undefined> {
  const number = numberText(source.precision);
  const columns = ["series_1", "series_2", "correlation", "observations"];
  let text =
    `{"series":${JSON.stringify(source.series)},"columns":${JSON.stringify(columns)},` +
    '"pairs":[';
  let separator = "\n";
  for await (const { row, firstCol, r, n } of pairRuns(source)) {
    for (let i = 0; i < r.length; i += 1) {
      text += `${separator}[${row},${firstCol + i},${number(r[i] ?? NaN) || "null"},${n[i]}]`;
      separator = ",\n";
    }
    if (text.length >= CHUNK_CHARACTERS) {
      yield source.encode(text);
      text = "";
    }
  }
  yield source.encode(`${text}\n]}\n`);
}

/** The square matrix with names along the top and the left, as `DataFrame.to_csv` writes it. */
async function* exportMatrixCsv(source: CorrelationSource): AsyncGenerator<Uint8Array, void> {
  const names = source.series.map(quoteField);
  const number = numberText(source.precision);
  let text = `,${names.join(",")}\n`;
  for await (const { row, values } of matrixRows(source)) {
    text += names[row];
    for (const value of values) text += `,${number(value)}`;
    text += "\n";
    if (text.length >= CHUNK_CHARACTERS) {
      yield source.encode(text);
      text = "";
    }
  }
  yield source.encode(text);
}

/** The square matrix as one NPY 1.0 array, float64 or float32 by the job's precision. */
async function* exportMatrixNpy(source: CorrelationSource): AsyncGenerator<Uint8Array, void> {
  const side = source.series.length;
  yield npyHeader(source.precision === "f64" ? "<f8" : "<f4", [side, side]);
  for await (const { values } of matrixRows(source)) {
    yield new Uint8Array(values.buffer, values.byteOffset, values.byteLength).slice();
  }
}

/** Reads tiles one after the other: the source may fetch each over a network. */
async function readAll(
  source: CorrelationSource,
  tiles: readonly Tile[],
): Promise<readonly { readonly tile: Tile; readonly values: TileValues }[]> {
  const read: { tile: Tile; values: TileValues }[] = [];
  for (const tile of tiles) {
    const values = await source.readTile(tile);
    const length = tile.rowCount * tile.colCount;
    assert(values.r.length === length && values.n.length === length, "a tile has its planned size");
    read.push({ tile, values });
  }
  return read;
}

/** Full rows of the symmetric matrix. The array is used again for the next row. */
async function* matrixRows(source: CorrelationSource): AsyncGenerator<{
  readonly row: number;
  readonly values: Float64Array<ArrayBuffer> | Float32Array<ArrayBuffer>;
}> {
  const side = source.series.length;
  const make = source.precision === "f64" ? Float64Array : Float32Array;
  const values = new make(side);
  for (const band of bandsOf(source.series.length, source.tile)) {
    const left = await readAll(source, band.left);
    const right = await readAll(source, band.right);
    for (let row = band.start; row < band.end; row += 1) {
      for (const { tile, values: part } of left) {
        const column = row - tile.colStart;
        for (let i = 0; i < tile.rowCount; i += 1) {
          values[tile.rowStart + i] = part.r[i * tile.colCount + column] ?? NaN;
        }
      }
      for (const { tile, values: part } of right) {
        const offset = (row - tile.rowStart) * tile.colCount;
        values.set(part.r.subarray(offset, offset + tile.colCount), tile.colStart);
      }
      yield { row, values };
    }
  }
}

function numberText(precision: Precision): (value: number) => string {
  return precision === "f64"
    ? (value) => (value === value ? String(value) : "")
    : (value) => (value === value ? shortestFloat32(value) : "");
}
