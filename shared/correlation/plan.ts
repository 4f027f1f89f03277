// From a dataset to the graph of a correlation job: tiles of the upper triangle, and what shrinkage needs.
import { assert } from "../assert.ts";
import { kernel } from "../client/callable.ts";
import type { PlannedJob } from "../client/cluster.ts";
import { type Lazy, lazy } from "../client/lazy.ts";
import type { JsonValue, TaskCost, TaskWork } from "../graph/task.ts";
import { taskKey, type EncodeText, type Hash } from "../graph/task-key.ts";
import { asDatasetId, type DatasetId, type TaskKey } from "../ids.ts";
import {
  BLOCK_BYTES_MAX,
  INPUTS_PER_TASK_MAX,
  JOB_BODY_BYTES_MAX,
  TASKS_PER_JOB_MAX,
} from "../limits.ts";
import type { Dataset, DatasetRecord, Transport } from "../protocol/http.ts";
import { autoTile, TILE_MAX, TILE_MIN, tileCount, tileGrid, tileOutputBytes } from "./tile-grid.ts";

/** What tiles are computed in and stored as. */
export type Precision = "f64" | "f32";

type Method = "pearson" | "spearman";

type ShrinkageMethod = "none" | "ledoit-wolf";

export interface CorrelationOptions {
  readonly method: Method;
  /** Pairs with fewer common observations give NaN. At least 1 (pandas' default). */
  readonly minPeriods: number;
  /**
   * "f16" sends the table in half precision and computes in f32: its dataset must have been uploaded
   * with the transport "f16" (`transportFor`), and only such options can use it then.
   */
  readonly precision: Precision | "f16";
  /** Fused multiplications and additions where a machine has them: bits may differ between machines. */
  readonly isFast: boolean;
  readonly shrinkage: ShrinkageMethod;
  /** Series along one side of a tile, or "auto". */
  readonly tile: number | "auto";
}

/** What a correlation job carries as `meta`: enough to rebuild its plan from the dataset's record. */
export interface CorrelationMeta {
  readonly dataset: DatasetId;
  readonly seriesCount: number;
  readonly dateCount: number;
  readonly method: Method;
  readonly minPeriods: number;
  /** Of the computation and of its results: "f32" under the transport "f16". */
  readonly precision: Precision;
  readonly transport: Transport;
  readonly isFast: boolean;
  readonly shrinkage: ShrinkageMethod;
  readonly tile: number;
}

/** One tile of the upper triangle: rows × columns of the matrix, by series index. */
export interface Tile {
  readonly rowStart: number;
  readonly rowCount: number;
  readonly colStart: number;
  readonly colCount: number;
}

/** Parameters of every kernel that makes tiles: "pearson-tile@3", its fast sibling, "spearman-tile@1". */
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
  /** One a target, in their order; `cluster.compute(calls, job)` runs them. */
  readonly calls: readonly Lazy[];
  readonly job: PlannedJob;
  readonly meta: CorrelationMeta;
  readonly targets: CorrelationTargets;
}

/**
 * What a target's outputs are: correlations and observations of tiles, or the moments of panels.
 * There are several places where panels are bit for bit the same: equal work has an equal key, and is
 * done once.
 */
type ResultPlace =
  | { readonly kind: "tiles"; readonly tiles: readonly Tile[] }
  /** By number; only in jobs with shrinkage. See ledoit-wolf.ts. */
  | { readonly kind: "moments"; readonly panels: readonly number[] };

/** Where each target's outputs belong: `targets.get(task)` is the one question about a result. */
export type CorrelationTargets = ReadonlyMap<TaskKey, ResultPlace>;

export const CORRELATION_KIND = "correlation";
const PEARSON_KERNEL = "pearson-tile@3";
const FAST_PEARSON_KERNEL = "pearson-tile-fast@1";
const SPEARMAN_KERNEL = "spearman-tile@1";
const MOMENTS_KERNEL = "series-moments@1";

/** Retries forgive a kernel's exception, not a worker's death. */
const RETRIES = 2;
/** Typical JSON of a task without inputs, and of one input: for the bound on the submission. */
const TASK_JSON_BYTES = 420;
const INPUT_JSON_BYTES = 104;

/** The transport that a table must be sent with for these options. */
export const transportFor = (options: Pick<CorrelationOptions, "precision">): Transport =>
  options.precision === "f16" ? "f16" : "f64";

/** How a dataset's values are kept; records of earlier versions do not say, and hold float64. */
export const transportOf = (dataset: Pick<Dataset, "transport">): Transport =>
  dataset.transport ?? "f64";

/** Why these options cannot go together, in plain words; null when they can. */
export function conflictOf(
  options: Pick<CorrelationOptions, "method" | "precision" | "isFast" | "shrinkage">,
): string | null {
  const { method, precision, isFast, shrinkage } = options;
  if (method === "spearman" && precision === "f16") {
    return "Spearman cannot use f16: values that round to the same half would become ties. Choose f64 or f32.";
  }
  if (method === "spearman" && isFast) {
    return "The fast kernel computes Pearson only. Choose Pearson, or leave fast out.";
  }
  if (method === "spearman" && shrinkage !== "none") {
    return "Ledoit–Wolf shrinks a covariance, which Spearman has none of. Choose Pearson, or no shrinkage.";
  }
  if (precision === "f16" && shrinkage !== "none") {
    return "Shrinkage needs the variance of each series, which f16 does not send. Choose f64 or f32, or no shrinkage.";
  }
  return null;
}

/**
 * The graph of a correlation job over `record`. `threads` is the cluster's number of threads now
 * (0 is fine); only "auto" tiles depend on it. Throws PlanError.
 */
export function planCorrelation(
  record: DatasetRecord,
  options: CorrelationOptions,
  tools: PlanTools & { readonly threads: number },
): CorrelationPlan {
  const { method, minPeriods, precision, isFast, shrinkage } = options;
  const seriesCount = record.series.length;
  const meta: CorrelationMeta = {
    dataset: record.dataset,
    seriesCount,
    dateCount: record.dates.length,
    method,
    minPeriods,
    precision: precision === "f16" ? "f32" : precision,
    transport: transportFor(options),
    isFast,
    shrinkage,
    tile:
      options.tile === "auto"
        ? autoTile(seriesCount, record.dates.length, record.panelSeries, tools.threads)
        : options.tile,
  };
  validate(record, meta);
  const { calls, targets } = planTargets(record, meta, tools);
  return {
    meta,
    calls,
    targets,
    job: {
      kind: CORRELATION_KIND,
      title: `Correlate ${record.name}`.slice(0, 200),
      meta: { ...meta },
      onFailure: "end",
    },
  };
}

/** The same targets as when the job of `meta` was planned: task keys depend on nothing else. */
export function replanCorrelation(
  record: DatasetRecord,
  meta: CorrelationMeta,
  tools: PlanTools,
): CorrelationTargets {
  validate(record, meta);
  return planTargets(record, meta, tools).targets;
}

/**
 * Checks and narrows a job's `meta`. What jobs of earlier versions do not say had one value only then.
 * Throws PlanError when it is not of a correlation job.
 */
export function parseCorrelationMeta(meta: JsonValue): CorrelationMeta {
  const fields = meta as Partial<Record<keyof CorrelationMeta, JsonValue>> | null;
  if (typeof fields === "object" && fields !== null) {
    const { dataset, seriesCount, dateCount, minPeriods, precision, tile } = fields;
    const { method = "pearson", transport = "f64", isFast = false, shrinkage = "none" } = fields;
    if (
      typeof dataset === "string" &&
      isCount(seriesCount) &&
      isCount(dateCount) &&
      isCount(minPeriods) &&
      isCount(tile) &&
      (precision === "f64" || precision === "f32") &&
      (method === "pearson" || method === "spearman") &&
      (transport === "f64" || transport === "f16") &&
      typeof isFast === "boolean" &&
      (shrinkage === "none" || shrinkage === "ledoit-wolf")
    ) {
      return {
        dataset: asDatasetId(dataset),
        seriesCount,
        dateCount,
        method,
        minPeriods,
        precision,
        transport,
        isFast,
        shrinkage,
        tile,
      };
    }
  }
  throw new PlanError("This job does not describe a correlation matrix.");
}

const isCount = (value: JsonValue | undefined): value is number =>
  typeof value === "number" && Number.isInteger(value) && value > 0;

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
  const precision = meta.transport === "f16" ? "f16" : meta.precision;
  const conflict = conflictOf({ ...meta, precision });
  if (conflict !== null) throw new PlanError(conflict);
  validateRecord(record, meta);
  validateSize(record, meta);
}

/** The record is of the table that the job is about, and its values serve the job's options. */
function validateRecord(record: DatasetRecord, meta: CorrelationMeta): void {
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
  const transport = transportOf(record);
  if (transport !== meta.transport) {
    throw new PlanError(
      transport === "f16"
        ? `The table “${record.name}” was sent in half precision. Choose f16, or send the file again.`
        : `The table “${record.name}” is there in full precision already. Choose f32, or send the file again with f16.`,
    );
  }
  if (meta.shrinkage === "none") return;
  if (record.missingShare > 0) {
    const percent = (100 * record.missingShare).toPrecision(2);
    throw new PlanError(
      `Shrinkage needs a table without gaps, but ${percent} % of this one’s values are missing. ` +
        "Keep only the dates that all series have, or leave shrinkage out.",
    );
  }
  if (meta.minPeriods > meta.dateCount) {
    throw new PlanError(
      `Shrinkage needs every pair, but ${meta.minPeriods} common observations cannot be had from ` +
        `${meta.dateCount} dates. Choose a smaller minimum.`,
    );
  }
}

/** The submission is one that a coordinator accepts. */
function validateSize(record: DatasetRecord, meta: CorrelationMeta): void {
  const panels = record.panels.length;
  const sidePanels = Math.min(panels, Math.ceil(meta.tile / record.panelSeries) + 1);
  const tiles = tileCount(meta.seriesCount, meta.tile);
  if (2 * sidePanels > INPUTS_PER_TASK_MAX) {
    throw new PlanError(`A tile of ${meta.tile} series is too large for ${meta.dateCount} dates.`);
  }
  const tasks = tiles + (meta.shrinkage === "none" ? 0 : panels);
  const jsonBytes = tasks * (TASK_JSON_BYTES + 2 * sidePanels * INPUT_JSON_BYTES);
  if (tasks > TASKS_PER_JOB_MAX || jsonBytes > JOB_BODY_BYTES_MAX) {
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

interface PlannedTargets {
  readonly calls: readonly Lazy[];
  readonly targets: CorrelationTargets;
}

const callOf = ({ kernel: name, params, inputs }: TaskWork, cost: TaskCost): Lazy =>
  lazy(kernel(name), { cost, retries: RETRIES })(params, ...inputs);

function planTargets(
  record: DatasetRecord,
  meta: CorrelationMeta,
  tools: PlanTools,
): PlannedTargets {
  const tiles = planTiles(record, meta, tools);
  if (meta.shrinkage === "none") return tiles;
  // The tiles come first: by the time of the moments, every panel is at some worker.
  const moments = planMoments(record, tools);
  return {
    calls: [...tiles.calls, ...moments.calls],
    targets: new Map([...tiles.targets, ...moments.targets]),
  };
}

function kernelOf({ method, isFast }: CorrelationMeta): string {
  if (method === "spearman") return SPEARMAN_KERNEL;
  return isFast ? FAST_PEARSON_KERNEL : PEARSON_KERNEL;
}

function planTiles(record: DatasetRecord, meta: CorrelationMeta, tools: PlanTools): PlannedTargets {
  const side = (start: number, count: number) => {
    const first = Math.floor(start / record.panelSeries);
    const last = Math.floor((start + count - 1) / record.panelSeries);
    const panels = record.panels.slice(first, last + 1);
    const range = { panels: panels.length, start: start - first * record.panelSeries, count };
    return { panels, range };
  };
  const calls: Lazy[] = [];
  const targets = new Map<TaskKey, { readonly kind: "tiles"; readonly tiles: Tile[] }>();
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
    const work = { kernel: kernelOf(meta), params, inputs };
    const key = taskKey(work, tools.hash, tools.encode);
    const same = targets.get(key);
    if (same !== undefined) {
      same.tiles.push(tile);
      continue;
    }
    targets.set(key, { kind: "tiles", tiles: [tile] });
    const pairs = (tile.rowCount * tile.colCount) / (isDiagonal ? 2 : 1);
    const cost = {
      operations: 2 * pairs * meta.dateCount,
      outputBytes: tileOutputBytes(tile, meta.dateCount, meta.precision),
    };
    calls.push(callOf(work, cost));
  }
  return { calls, targets };
}

function planMoments(record: DatasetRecord, tools: PlanTools): PlannedTargets {
  const calls: Lazy[] = [];
  const targets = new Map<TaskKey, { readonly kind: "moments"; readonly panels: number[] }>();
  record.panels.forEach((panel, index) => {
    const work: TaskWork = { kernel: MOMENTS_KERNEL, params: {}, inputs: [panel] };
    const key = taskKey(work, tools.hash, tools.encode);
    const same = targets.get(key);
    if (same !== undefined) {
      same.panels.push(index);
      return;
    }
    targets.set(key, { kind: "moments", panels: [index] });
    const series = Math.min(record.panelSeries, record.series.length - index * record.panelSeries);
    const dates = record.dates.length;
    const cost = {
      operations: 5 * series * dates,
      outputBytes: 8 * (2 * series + dates) + 2 * 128,
    };
    calls.push(callOf(work, cost));
  });
  return { calls, targets };
}
