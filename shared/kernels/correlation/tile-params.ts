// What the tile kernels share: their parameters, the checks of their panels, and the run over an engine.
import type { PearsonTileParams, Precision } from "../../correlation/plan.ts";
import type { NdArray } from "../../codecs/npy.ts";
import type { JsonValue } from "../../graph/task.ts";
import { type KernelInput, KernelInputError } from "../kernel.ts";
import { parseObject } from "../kernel-params.ts";
import type { PanelShape, SeriesSelection, TileRequest } from "./pearson-engine.ts";

/** All tile kernels take the same parameters; the plan writes them. */
export type TileParams = PearsonTileParams;

/** NPY headers are padded to 64 bytes and need two such lines for a two-dimensional shape. */
const NPY_HEADER_BYTES = 128;

type Range = TileParams["rows"];

/** What a tile kernel needs of its engine. */
interface TileEngine {
  load(inputs: readonly KernelInput[]): readonly PanelShape[];
  correlate(tile: TileRequest): {
    readonly r: Float64Array | Float32Array;
    readonly n: Uint16Array | Uint32Array;
  };
}

/** Makes the panels resident, checks them and gives r and n, each rows × cols. */
export function runTile(
  engine: TileEngine,
  params: TileParams,
  inputs: readonly KernelInput[],
): readonly NdArray[] {
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
}

/** Pairs of a tile, those of a diagonal one counted once, and the bytes of its outputs as NPY. */
export function measureTile(
  params: TileParams,
  dates: number,
): { readonly pairs: number; readonly outputBytes: number } {
  const cols = (params.cols ?? params.rows).count;
  const places = params.rows.count * cols;
  const valueBytes = (params.precision === "f64" ? 8 : 4) + (dates <= 0xffff ? 2 : 4);
  return {
    pairs: params.cols === null ? (places + cols) / 2 : places,
    outputBytes: places * valueBytes + 2 * NPY_HEADER_BYTES,
  };
}

/** Checks and narrows the parameters. Throws KernelInputError. */
export function parseTileParams(params: JsonValue): TileParams {
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

const selection = (range: Range, inputs: readonly KernelInput[]): SeriesSelection => ({
  blocks: inputs.map((input) => input.block),
  start: range.start,
  count: range.count,
});

function checkInputCount(params: TileParams, inputs: number): void {
  const expected = params.rows.panels + (params.cols?.panels ?? 0);
  if (inputs !== expected) {
    throw new KernelInputError(`The tile needs ${expected} panels but got ${inputs}.`);
  }
}

/** The panels' common number of dates. Throws when they differ or a range exceeds its panels. */
function checkPanels(params: TileParams, panels: readonly PanelShape[]): number {
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
