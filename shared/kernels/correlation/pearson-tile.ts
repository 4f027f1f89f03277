// The kernel "pearson-tile@1": a tile of the correlation matrix, behind a checked front door.
import type { PearsonTileParams, Precision } from "../../correlation/plan.ts";
import type { JsonValue, TaskCost } from "../../graph/task.ts";
import { type Kernel, type KernelInput, KernelInputError, type Shape } from "../kernel.ts";
import type { PanelShape, PearsonEngine, SeriesSelection } from "./pearson-engine.ts";

const PEARSON_TILE_ID = "pearson-tile@1";

/** NPY headers are padded to 64 bytes and need two such lines for a two-dimensional shape. */
const NPY_HEADER_BYTES = 128;

type Range = PearsonTileParams["rows"];

/**
 * Inputs: panels (series × dates, float64, NaN or ±inf where missing), those of the rows first, then
 * those of the columns (none for a diagonal tile). Outputs: r (rows × cols, float64 or float32 by
 * `precision`, NaN where undefined) and n (rows × cols, uint16, or uint32 above 65,535 dates).
 * The bits of r and n for a pair depend on its two series, their order and the precision alone.
 */
export function createPearsonTile(engine: PearsonEngine): Kernel<PearsonTileParams> {
  return {
    id: PEARSON_TILE_ID,
    formula:
      "r = Σ(x-x̄)(y-ȳ) / √(Σ(x-x̄)² Σ(y-ȳ)²) over the n dates that both series have; " +
      "NaN for n < minPeriods or a series constant on them; within [-1, 1]",
    determinism: "exact",
    parseParams: parsePearsonTileParams,
    cost: pearsonTileCost,
    run(params, inputs) {
      const split = params.rows.panels;
      checkInputCount(params, inputs.length);
      const panels = engine.load(inputs);
      const dates = checkPanels(params, panels);
      const { r, n } = engine.correlate({
        rows: selection(params.rows, inputs.slice(0, split)),
        cols: params.cols === null ? null : selection(params.cols, inputs.slice(split)),
        dates,
        minPeriods: params.minPeriods,
        precision: params.precision,
      });
      const shape = [params.rows.count, (params.cols ?? params.rows).count];
      return [
        { shape, data: r },
        { shape, data: n },
      ];
    },
  };
}

const selection = (range: Range, inputs: readonly KernelInput[]): SeriesSelection => ({
  blocks: inputs.map((input) => input.block),
  start: range.start,
  count: range.count,
});

/** Checks and narrows the parameters. Throws KernelInputError. */
function parsePearsonTileParams(params: JsonValue): PearsonTileParams {
  const fields = parseObject(params, "parameters");
  const precision = fields["precision"];
  if (!isPrecision(precision)) {
    throw new KernelInputError(
      `precision must be "f64" or "f32", not ${JSON.stringify(precision)}.`,
    );
  }
  const cols = fields["cols"] ?? null;
  return {
    minPeriods: parseInteger(fields["minPeriods"], "minPeriods", 1),
    precision,
    rows: parseRange(fields["rows"], "rows"),
    cols: cols === null ? null : parseRange(cols, "cols"),
  };
}

/** 2 operations a pair and date in double precision, counted as 1 in single, which is twice as fast. */
function pearsonTileCost(params: PearsonTileParams, shapes: readonly Shape[]): TaskCost {
  const dates = shapes[0]?.[1] ?? 0;
  const cols = (params.cols ?? params.rows).count;
  const pairs = params.rows.count * cols;
  const computed = params.cols === null ? (pairs + cols) / 2 : pairs;
  const valueBytes = (params.precision === "f64" ? 8 : 4) + (dates <= 0xffff ? 2 : 4);
  return {
    operations: Math.ceil(computed * dates * (params.precision === "f64" ? 2 : 1)),
    outputBytes: pairs * valueBytes + 2 * NPY_HEADER_BYTES,
  };
}

function checkInputCount(params: PearsonTileParams, inputs: number): void {
  const expected = params.rows.panels + (params.cols?.panels ?? 0);
  if (inputs !== expected) {
    throw new KernelInputError(`The tile needs ${expected} panels but got ${inputs}.`);
  }
}

/** The panels' common number of dates. Throws when they differ or a range exceeds its panels. */
function checkPanels(params: PearsonTileParams, panels: readonly PanelShape[]): number {
  const dates = panels[0]?.dates ?? 0;
  const other = panels.find((panel) => panel.dates !== dates);
  if (other !== undefined) {
    throw new KernelInputError(
      `All panels of a tile must have the same dates, but one has ${dates} and another ${other.dates}.`,
    );
  }
  checkRange(params.rows, panels.slice(0, params.rows.panels), "rows");
  if (params.cols !== null) checkRange(params.cols, panels.slice(params.rows.panels), "cols");
  return dates;
}

function checkRange(range: Range, panels: readonly PanelShape[], name: string): void {
  const series = panels.reduce((sum, panel) => sum + panel.series, 0);
  if (range.start + range.count > series) {
    throw new KernelInputError(
      `The tile's ${name} are series ${range.start} to ${range.start + range.count - 1}, but its panels have only ${series}.`,
    );
  }
}

function parseRange(value: JsonValue | undefined, name: string): Range {
  const fields = parseObject(value, name);
  return {
    panels: parseInteger(fields["panels"], `${name}.panels`, 1),
    start: parseInteger(fields["start"], `${name}.start`, 0),
    count: parseInteger(fields["count"], `${name}.count`, 1),
  };
}

function parseObject(
  value: JsonValue | undefined,
  name: string,
): { readonly [field: string]: JsonValue | undefined } {
  if (typeof value !== "object" || value === null || isList(value)) {
    throw new KernelInputError(`${name} must be an object, not ${JSON.stringify(value)}.`);
  }
  return value;
}

/** Array.isArray does not narrow readonly arrays. */
const isList = (value: object): value is readonly JsonValue[] => Array.isArray(value);

function parseInteger(value: JsonValue | undefined, name: string, least: number): number {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < least) {
    throw new KernelInputError(
      `${name} must be a whole number of at least ${least}, not ${JSON.stringify(value)}.`,
    );
  }
  return value;
}

const isPrecision = (value: JsonValue | undefined): value is Precision =>
  value === "f64" || value === "f32";
