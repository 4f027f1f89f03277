// From a dataset to the graph of a correlation job: tiles of the upper triangle.
import type { DatasetId } from "../ids.ts";
import type { JsonValue } from "../graph/task.ts";

export type Precision = "f64" | "f32";

export interface CorrelationOptions {
  /** Pairs with fewer common observations give NaN. At least 1 (pandas' default). */
  readonly minPeriods: number;
  readonly precision: Precision;
  /** Series along one side of a tile, or "auto". */
  readonly tile: number | "auto";
}

/** What a correlation job carries as `meta`: enough to rebuild its plan from the dataset's record. */
export interface CorrelationMeta {
  readonly dataset: DatasetId;
  readonly seriesCount: number;
  readonly dateCount: number;
  readonly minPeriods: number;
  readonly precision: Precision;
  readonly tile: number;
}

/** One tile of the upper triangle: rows × columns of the matrix, by series index. */
export interface Tile {
  readonly rowStart: number;
  readonly rowCount: number;
  readonly colStart: number;
  readonly colCount: number;
}

/** Parameters of the kernel "pearson-tile@1". */
export interface PearsonTileParams {
  readonly minPeriods: number;
  readonly precision: Precision;
  /** The first `panels` inputs, put end to end, hold the rows; use `count` series from `start`. */
  readonly rows: { readonly panels: number; readonly start: number; readonly count: number };
  /** The remaining inputs likewise; null for a diagonal tile, whose columns are its rows. */
  readonly cols: { readonly panels: number; readonly start: number; readonly count: number } | null;
}

export type PearsonTileParamsJson = PearsonTileParams & JsonValue;
