// Correlations of a square tile by a matrix library: the product of standardised series.
import type { Precision, Tile } from "../../../shared/correlation/plan.ts";
import { makeTable, type TableShape } from "../made-table.ts";
import { createTileCheck } from "../tile-check.ts";
import type { CheckedWork, LaneWork, Library, MultiplyRequest } from "./lane-work.ts";

/** Two matrices as the library likes them best; making them so is not timed. */
interface Factors {
  /** rows × dates, row-major. */
  readonly left: Float64Array | Float32Array;
  /** dates × cols, row-major. */
  readonly right: Float64Array | Float32Array;
  readonly rows: number;
  readonly dates: number;
  readonly cols: number;
}

interface Product {
  multiply(): void;
  /** What the last multiplication gave, rows × cols. */
  read(): Float64Array | Float32Array;
  release(): void;
}

export interface Multiplier {
  readonly precisions: readonly Precision[];
  prepare(factors: Factors, precision: Precision): Product;
}

export function createMultiplying(
  libraries: Readonly<Partial<Record<Library, () => Promise<Multiplier>>>>,
): LaneWork["multiply"] {
  /** One product at a time. */
  let last: { readonly name: string; readonly product: Product } | null = null;

  const prepare = async (request: MultiplyRequest): Promise<Product> => {
    const { library, table, precision } = request;
    const name = JSON.stringify({ library, table, precision });
    if (last?.name === name) return last.product;
    last?.product.release();
    last = null;
    const multiplier = await libraries[library]?.();
    if (multiplier === undefined) throw new Error(`${library} does not run in this lane.`);
    if (!multiplier.precisions.includes(precision)) {
      throw new Error(`${library} does not multiply in ${precision}.`);
    }
    const product = multiplier.prepare(makeFactors(table, precision), precision);
    last = { name, product };
    return product;
  };

  return async (request): Promise<CheckedWork> => {
    const { table, checks } = request;
    const product = await prepare(request);
    const startMs = performance.now();
    product.multiply();
    const seconds = (performance.now() - startMs) / 1_000;
    const tile = squareTile(table);
    const operations = 2 * tile.rowCount * tile.colCount * table.dates;
    if (checks === 0) return { seconds, operations, worst: 0 };
    const output = { r: product.read(), n: null };
    return { seconds, operations, worst: createTileCheck(table)(tile, output, checks) };
  };
}

/** The first half of the series by the second. */
function squareTile({ series }: TableShape): Tile {
  const rowCount = series >> 1;
  return { rowStart: 0, rowCount, colStart: rowCount, colCount: series - rowCount };
}

function makeFactors(shape: TableShape, precision: Precision): Factors {
  const table = makeTable(shape);
  const { rowCount: rows, colCount: cols } = squareTile(shape);
  const { dates } = shape;
  const create = precision === "f64" ? Float64Array : Float32Array;
  const left = new create(rows * dates);
  const right = new create(dates * cols);
  for (let i = 0; i < rows; i += 1) left.set(standardised(table.at(i)), i * dates);
  for (let j = 0; j < cols; j += 1) {
    standardised(table.at(rows + j)).forEach((value, date) => {
      right[date * cols + j] = value;
    });
  }
  return { left, right, rows, dates, cols };
}

/** With mean 0 and squares that sum to 1: the product of two such series is their correlation. */
function standardised(values: Float64Array): Float64Array {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  const norm = Math.sqrt(values.reduce((sum, value) => sum + (value - mean) ** 2, 0));
  return values.map((value) => (value - mean) / norm);
}
