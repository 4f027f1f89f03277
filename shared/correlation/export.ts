// Writes a correlation matrix as files, tile band by tile band: pairs CSV, matrix CSV, matrix NPY.
import { assert, present } from "../assert.ts";
import { npyHeader, type NdData } from "../codecs/npy.ts";
import type { EncodeText } from "../graph/task-key.ts";
import type { ResultFormat } from "../protocol/http.ts";
import { tileGrid, type Precision, type Tile } from "./plan.ts";
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
  /** Called once a tile for pairs, and once more a tile off the diagonal for a matrix. */
  readonly readTile: (tile: Tile) => Promise<TileValues>;
  readonly encode: EncodeText;
}

/** Text is handed on in pieces of about this many characters, so that no file is held whole. */
const CHUNK_CHARACTERS = 1 << 19;

/** The file of this format, as chunks of bytes. Holds one band of tiles at a time. */
export function exportCorrelation(
  format: ResultFormat,
  source: CorrelationSource,
): AsyncGenerator<Uint8Array, void, undefined> {
  const writers = {
    "pairs.csv": exportPairsCsv,
    "matrix.csv": exportMatrixCsv,
    "matrix.npy": exportMatrixNpy,
  };
  return writers[format](source);
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
  for (const band of bandsOf(source)) {
    const tiles = await readAll(source, band.right);
    for (let row = band.start; row < band.end; row += 1) {
      const prefix = `${present(names[row], "a name")},`;
      for (const { tile, values } of tiles) {
        const { r, n } = values;
        const first = Math.max(tile.colStart, row + 1);
        const end = tile.colStart + tile.colCount;
        const offset = (row - tile.rowStart) * tile.colCount - tile.colStart;
        for (let col = first; col < end; col += 1) {
          text += `${prefix}${names[col]},${number(r[offset + col] ?? NaN)},${n[offset + col]}\n`;
        }
        if (text.length >= CHUNK_CHARACTERS) {
          yield source.encode(text);
          text = "";
        }
      }
    }
  }
  yield source.encode(text);
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

interface Band {
  readonly start: number;
  readonly end: number;
  /** Tiles whose rows are the band's, by column, from the diagonal on. */
  readonly right: readonly Tile[];
  /** Tiles whose columns are the band's, by row: by symmetry the band's part left of the diagonal. */
  readonly left: readonly Tile[];
}

function bandsOf(source: CorrelationSource): readonly Band[] {
  const bands: (Band & { right: Tile[]; left: Tile[] })[] = [];
  for (let start = 0; start < source.series.length; start += source.tile) {
    const end = Math.min(start + source.tile, source.series.length);
    bands.push({ start, end, right: [], left: [] });
  }
  for (const tile of tileGrid(source.series.length, source.tile)) {
    bands[tile.rowStart / source.tile]?.right.push(tile);
    if (tile.rowStart < tile.colStart) bands[tile.colStart / source.tile]?.left.push(tile);
  }
  for (const band of bands) band.right.sort((a, b) => a.colStart - b.colStart);
  return bands;
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
  for (const band of bandsOf(source)) {
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
