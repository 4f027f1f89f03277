// From a dataset to the graph of a correlation job: tiles of the upper triangle.
import { assert } from "../assert.ts";
import type { JobSubmission, JsonValue, Task } from "../graph/task.ts";
import { taskKey, type EncodeText, type Hash } from "../graph/task-key.ts";
import { asDatasetId, type DatasetId, type TaskKey } from "../ids.ts";
import {
  BLOCK_BYTES_MAX,
  INPUTS_PER_TASK_MAX,
  JOB_BODY_BYTES_MAX,
  TASKS_PER_JOB_MAX,
} from "../limits.ts";
import type { DatasetRecord } from "../protocol/http.ts";

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

type PearsonTileParamsJson = PearsonTileParams & JsonValue;

/** Options that no plan can be made for: says what was asked and what is possible. */
export class PlanError extends Error {
  override name = "PlanError";
}

export interface PlanTools {
  readonly hash: Hash;
  readonly encode: EncodeText;
}

export interface CorrelationPlan {
  readonly submission: JobSubmission;
  readonly meta: CorrelationMeta;
  readonly tiles: TilesByTask;
}

/**
 * Every place of the matrix that a task's result belongs to. There are several where panels are
 * bit for bit the same: equal work has an equal key, and is done once.
 */
export type TilesByTask = ReadonlyMap<TaskKey, readonly Tile[]>;

export const CORRELATION_KIND = "correlation";
const PEARSON_KERNEL = "pearson-tile@1";

/** Below 8 series a task's overhead exceeds its work; above 2,048 its output leaves a block. */
export const TILE_MIN = 8;
export const TILE_MAX = 2_048;
/** "auto" stays where panels are reused well and a lost attempt costs little. */
const AUTO_TILE_MIN = 64;
const AUTO_TILE_MAX = 512;
/** Enough tiles that unequal workers finish together, and that even a small job is shared. */
const TILES_PER_THREAD = 4;
const TILES_MIN = 12;
/** Inputs of one task, as float64: a thread holds them all at once. */
const TASK_INPUT_BYTES_MAX = 128 * 2 ** 20;
/** Retries forgive a kernel's exception, not a worker's death. */
const RETRIES = 2;
/** Typical JSON of a task without inputs, and of one input: for the bound on the submission. */
const TASK_JSON_BYTES = 420;
const INPUT_JSON_BYTES = 104;

/**
 * The graph of a correlation job over `record`. `threads` is the cluster's number of threads now
 * (0 is fine); only "auto" tiles depend on it. Throws PlanError.
 */
export function planCorrelation(
  record: DatasetRecord,
  options: CorrelationOptions,
  tools: PlanTools & { readonly threads: number },
): CorrelationPlan {
  const seriesCount = record.series.length;
  const tile =
    options.tile === "auto"
      ? autoTile(seriesCount, record.dates.length, record.panelSeries, tools.threads)
      : options.tile;
  const meta: CorrelationMeta = {
    dataset: record.dataset,
    seriesCount,
    dateCount: record.dates.length,
    minPeriods: options.minPeriods,
    precision: options.precision,
    tile,
  };
  validate(record, meta);
  const { tasks, tiles } = planTasks(record, meta, tools);
  return {
    meta,
    tiles,
    submission: {
      kind: CORRELATION_KIND,
      title: `Correlate ${record.name}`.slice(0, 200),
      meta: { ...meta },
      priority: 0,
      tasks,
      targets: [...tiles.keys()],
    },
  };
}

/** The same tiles as when the job of `meta` was planned: task keys depend on nothing else. */
export function replanCorrelation(
  record: DatasetRecord,
  meta: CorrelationMeta,
  tools: PlanTools,
): TilesByTask {
  validate(record, meta);
  return planTasks(record, meta, tools).tiles;
}

/** Checks and narrows a job's `meta`. Throws PlanError when it is not of a correlation job. */
export function parseCorrelationMeta(meta: JsonValue): CorrelationMeta {
  const fields = meta as Partial<Record<keyof CorrelationMeta, JsonValue>> | null;
  const isCount = (value: JsonValue | undefined): value is number =>
    typeof value === "number" && Number.isInteger(value) && value > 0;
  if (
    typeof fields === "object" &&
    fields !== null &&
    typeof fields.dataset === "string" &&
    isCount(fields.seriesCount) &&
    isCount(fields.dateCount) &&
    isCount(fields.minPeriods) &&
    isCount(fields.tile) &&
    (fields.precision === "f64" || fields.precision === "f32")
  ) {
    const { seriesCount, dateCount, minPeriods, precision, tile } = fields;
    const dataset = asDatasetId(fields.dataset);
    return { dataset, seriesCount, dateCount, minPeriods, precision, tile };
  }
  throw new PlanError("This job does not describe a correlation matrix.");
}

/** The tiles of an upper triangle of `seriesCount` series, in the order in which they are run. */
export function tileGrid(seriesCount: number, tile: number): readonly Tile[] {
  const blocks = Math.ceil(seriesCount / tile);
  const places: { row: number; col: number; order: number }[] = [];
  for (let row = 0; row < blocks; row += 1) {
    for (let col = row; col < blocks; col += 1) places.push({ row, col, order: zOrder(row, col) });
  }
  places.sort((a, b) => a.order - b.order);
  const count = (start: number): number => Math.min(tile, seriesCount - start);
  return places.map(({ row, col }) => ({
    rowStart: row * tile,
    rowCount: count(row * tile),
    colStart: col * tile,
    colCount: count(col * tile),
  }));
}

/** Bytes of the two outputs of a tile (correlations and counts), headers included. */
export function tileOutputBytes(tile: Tile, dateCount: number, precision: Precision): number {
  const valueBytes = (precision === "f64" ? 8 : 4) + (dateCount <= 65_535 ? 2 : 4);
  return tile.rowCount * tile.colCount * valueBytes + 2 * 128;
}

/**
 * The largest tile that still gives enough tiles and fits a thread's memory. Sizes that divide
 * panels evenly are preferred when they are not much smaller, as their tasks need fewer panels.
 */
export function autoTile(
  seriesCount: number,
  dateCount: number,
  panelSeries: number,
  threads: number,
): number {
  const memoryMax = Math.floor(TASK_INPUT_BYTES_MAX / (2 * 8 * dateCount));
  const panelsMax = (INPUTS_PER_TASK_MAX / 2 - 1) * panelSeries;
  const high = Math.max(TILE_MIN, Math.min(AUTO_TILE_MAX, memoryMax, panelsMax));
  // Few series make small tiles, so that a small job is shared as well: five parts make 15 tiles.
  const small = Math.max(TILE_MIN, Math.ceil(seriesCount / 5 / 8) * 8);
  const low = Math.min(AUTO_TILE_MIN, high, small);
  const wanted = Math.max(TILES_MIN, TILES_PER_THREAD * threads);
  const tilesAt = (tile: number): number => triangle(Math.ceil(seriesCount / tile));
  let largest = low;
  let aligned = 0;
  for (let tile = low; tile <= high; tile += 1) {
    if (tilesAt(tile) < wanted) break;
    if (tile % 8 === 0) largest = tile;
    if (tile % panelSeries === 0 || panelSeries % tile === 0) aligned = tile;
  }
  if (aligned >= largest * 0.6) return aligned;
  // The same number of tiles a side, but without a sliver at the end.
  const blocks = Math.ceil(seriesCount / largest);
  return Math.max(low, Math.min(largest, Math.ceil(seriesCount / blocks / 8) * 8));
}

const triangle = (side: number): number => (side * (side + 1)) / 2;

/** Morton order: interleaves the bits of both places, so that neighbours in the list share panels. */
function zOrder(row: number, col: number): number {
  let order = 0;
  // 13 bits each: SERIES_MAX / TILE_MIN is below 2^13, and 26 bits are exact in a double.
  for (let bit = 12; bit >= 0; bit -= 1) {
    order = order * 4 + ((row >> bit) & 1) * 2 + ((col >> bit) & 1);
  }
  return order;
}

function validate(record: DatasetRecord, meta: CorrelationMeta): void {
  if (!Number.isInteger(meta.minPeriods) || meta.minPeriods < 1) {
    throw new PlanError(
      `The minimum of common observations is ${meta.minPeriods}; give a whole number from 1.`,
    );
  }
  if (!Number.isInteger(meta.tile) || meta.tile < TILE_MIN || meta.tile > TILE_MAX) {
    throw new PlanError(
      `A tile of ${meta.tile} series is not possible; give a whole number from ${TILE_MIN} to ${TILE_MAX}.`,
    );
  }
  if (meta.seriesCount !== record.series.length || meta.dateCount !== record.dates.length) {
    throw new PlanError(
      `The job is about ${meta.seriesCount} series × ${meta.dateCount} dates, but the dataset has ` +
        `${record.series.length} × ${record.dates.length}.`,
    );
  }
  const panelsExpected = Math.ceil(record.series.length / record.panelSeries);
  if (record.panels.length !== panelsExpected) {
    throw new PlanError(
      `The dataset lists ${record.panels.length} panels where ${panelsExpected} are needed.`,
    );
  }
  const sidePanels = Math.min(panelsExpected, Math.ceil(meta.tile / record.panelSeries) + 1);
  const tiles = triangle(Math.ceil(meta.seriesCount / meta.tile));
  if (2 * sidePanels > INPUTS_PER_TASK_MAX) {
    throw new PlanError(`A tile of ${meta.tile} series is too large for ${meta.dateCount} dates.`);
  }
  const jsonBytes = tiles * (TASK_JSON_BYTES + 2 * sidePanels * INPUT_JSON_BYTES);
  if (tiles > TASKS_PER_JOB_MAX || jsonBytes > JOB_BODY_BYTES_MAX) {
    throw new PlanError(
      `Tiles of ${meta.tile} series would make ${tiles} tasks, which is too many; choose larger tiles.`,
    );
  }
  const full = { rowStart: 0, rowCount: meta.tile, colStart: 0, colCount: meta.tile };
  assert(
    tileOutputBytes(full, meta.dateCount, meta.precision) <= BLOCK_BYTES_MAX,
    "the largest tile fits a block",
  );
}

function planTasks(
  record: DatasetRecord,
  meta: CorrelationMeta,
  tools: PlanTools,
): { readonly tasks: readonly Task[]; readonly tiles: TilesByTask } {
  const side = (start: number, count: number) => {
    const first = Math.floor(start / record.panelSeries);
    const last = Math.floor((start + count - 1) / record.panelSeries);
    const panels = record.panels.slice(first, last + 1);
    const range = { panels: panels.length, start: start - first * record.panelSeries, count };
    return { panels, range };
  };
  const tasks: Task[] = [];
  const tiles = new Map<TaskKey, Tile[]>();
  for (const tile of tileGrid(meta.seriesCount, meta.tile)) {
    const isDiagonal = tile.rowStart === tile.colStart;
    const rows = side(tile.rowStart, tile.rowCount);
    const cols = isDiagonal ? null : side(tile.colStart, tile.colCount);
    const params: PearsonTileParamsJson = {
      minPeriods: meta.minPeriods,
      precision: meta.precision,
      rows: rows.range,
      cols: cols === null ? null : cols.range,
    };
    const inputs = [...rows.panels, ...(cols?.panels ?? [])];
    const work = { kernel: PEARSON_KERNEL, params, inputs };
    const key = taskKey(work, tools.hash, tools.encode);
    const same = tiles.get(key);
    if (same !== undefined) {
      same.push(tile);
      continue;
    }
    tiles.set(key, [tile]);
    const pairs = (tile.rowCount * tile.colCount) / (isDiagonal ? 2 : 1);
    const cost = {
      operations: 2 * pairs * meta.dateCount,
      outputBytes: tileOutputBytes(tile, meta.dateCount, meta.precision),
    };
    tasks.push({ ...work, key, cost, retries: RETRIES });
  }
  return { tasks, tiles };
}
