// Downloads of correlation jobs: the shared exports over results that are read from the store.
import { unreachable } from "../shared/assert.ts";
import { decodeNpy, type NdArray } from "../shared/codecs/npy.ts";
import {
  exportCorrelation,
  exportPairsJson,
  JSON_PAIRS_MAX,
  pairRuns,
  type CorrelationSource,
} from "../shared/correlation/export.ts";
import { ledoitWolf, ShrinkageError, type Shrinkage } from "../shared/correlation/ledoit-wolf.ts";
import { createPlacedOutputs, type PlacedOutputs } from "../shared/correlation/placed-outputs.ts";
import {
  parseCorrelationMeta,
  PlanError,
  replanCorrelation,
  type CorrelationMeta,
  type PlanTools,
  type Tile,
} from "../shared/correlation/plan.ts";
import type { BlockRef } from "../shared/graph/task.ts";
import type { DatasetRecord, ResultFormat } from "../shared/protocol/http.ts";
import { type ArrowColumn, encodeArrow } from "./arrow-stream.ts";
import {
  contentTypeOf,
  ResultExportError,
  type ExportableJob,
  type ResultExporter,
} from "./result-exporters.ts";

interface LaidOut {
  readonly meta: CorrelationMeta;
  readonly record: DatasetRecord;
  readonly outputs: PlacedOutputs<BlockRef>;
}

type Read = (ref: BlockRef) => Promise<NdArray>;

/** `tools` are those that the planner used: BLAKE3 and UTF-8. */
export function createCorrelationExporter(tools: PlanTools): ResultExporter {
  return async (job, format, readBlock) => {
    const laidOut = layOut(job, tools);
    const { record, meta, outputs } = laidOut;
    if (format === "covariance.npy" && meta.shrinkage === "none") {
      throw new ResultExportError(
        "This job has correlations only. A covariance comes with Ledoit–Wolf shrinkage: run it with that.",
        406,
      );
    }
    checkSize(record, format);
    const read: Read = async (ref) => decodeNpy(await readBlock(ref.block));
    const readTile = async (tile: Tile) => {
      const [r, n] = outputs.ofTile(tile) ?? [];
      if (r === undefined || n === undefined) throw lost();
      return { r: (await read(r)).data, n: (await read(n)).data };
    };
    const source = {
      series: record.series,
      tile: meta.tile,
      precision: meta.precision,
      encode: tools.encode,
      shrinkage: await shrinkageOf(laidOut, read),
      readTile,
    };
    return {
      filename: filenameOf(record, format),
      contentType: contentTypeOf(format),
      chunks: chunksOf(format, source),
    };
  };
}

/** The file that a format is of a correlation. */
function chunksOf(format: ResultFormat, source: CorrelationSource): AsyncIterable<Uint8Array> {
  switch (format) {
    case "csv":
      return exportCorrelation("pairs.csv", source);
    case "npy":
      return exportCorrelation("matrix.npy", source);
    case "json":
      return exportPairsJson(source);
    case "arrow":
      return pairsArrow(source);
    case "pairs.csv":
    case "matrix.csv":
    case "matrix.npy":
    case "covariance.npy":
      return exportCorrelation(format, source);
    default:
      return unreachable(format);
  }
}

function checkSize({ series }: DatasetRecord, format: ResultFormat): void {
  const pairs = (series.length * (series.length - 1)) / 2;
  if (format !== "json" || pairs <= JSON_PAIRS_MAX) return;
  throw new ResultExportError(
    `These are ${pairs} pairs, and JSON is limited to ${JSON_PAIRS_MAX}. Take arrow, npy or csv.`,
    406,
  );
}

/** Pairs in one record batch: some megabytes. */
const PAIRS_PER_BATCH = 1 << 17;

/** The table of pairs; undefined correlations are NaN. */
function pairsArrow(source: CorrelationSource): AsyncIterable<Uint8Array> {
  return encodeArrow(["series_1", "series_2", "correlation", "observations"], batches());

  async function* batches(): AsyncGenerator<readonly ArrowColumn[], void> {
    const { series, precision } = source;
    const first = new Int32Array(PAIRS_PER_BATCH);
    const second = new Int32Array(PAIRS_PER_BATCH);
    const r = new (precision === "f64" ? Float64Array : Float32Array)(PAIRS_PER_BATCH);
    const n = new Int32Array(PAIRS_PER_BATCH);
    let filled = 0;
    // Copies: the encoder hands on what it is given without copying, and the arrays are filled anew.
    const batch = (): ArrowColumn[] => [
      { names: series, codes: first.slice(0, filled) },
      { names: series, codes: second.slice(0, filled) },
      r.slice(0, filled),
      n.slice(0, filled),
    ];
    for await (const run of pairRuns(source)) {
      if (filled + run.r.length > PAIRS_PER_BATCH) {
        yield batch();
        filled = 0;
      }
      r.set(run.r, filled);
      n.set(run.n, filled);
      first.fill(run.row, filled, filled + run.r.length);
      for (let i = 0; i < run.r.length; i += 1) second[filled + i] = run.firstCol + i;
      filled += run.r.length;
    }
    yield batch();
  }
}

const lost = (): ResultExportError =>
  new ResultExportError("A part of this result is missing. Run the job again.");

function filenameOf(record: DatasetRecord, format: ResultFormat): string {
  const stem = record.name.replace(/\.[^.]*$/, "").replaceAll(/[\\/"]/g, "_");
  const [what = "", extension] = format.split(".");
  if (extension !== undefined) {
    return `${stem}-${what === "pairs" ? "correlations" : what}.${extension}`;
  }
  return `${stem}-${format === "npy" ? "matrix" : "correlations"}.${format}`;
}

/** Reads every tile once where the job is to be shrunk; null where it is not. */
async function shrinkageOf(laidOut: LaidOut, read: Read): Promise<Shrinkage | null> {
  const { meta, record, outputs } = laidOut;
  if (meta.shrinkage === "none") return null;
  const blocks = outputs.ofPanels(record.panels.length);
  if (blocks === undefined) throw lost();
  const panels = await Promise.all(blocks.map((panel) => Promise.all(panel.map(read))));
  try {
    return await ledoitWolf(meta, panels, async (tile) => {
      const [r] = outputs.ofTile(tile) ?? [];
      if (r === undefined) throw lost();
      return (await read(r)).data;
    });
  } catch (error) {
    if (error instanceof ShrinkageError) {
      throw new ResultExportError(error.message, 409, { cause: error });
    }
    throw error;
  }
}

/** Which blocks hold what: the plan made again, as task keys depend on nothing else. */
function layOut(job: ExportableJob, tools: PlanTools): LaidOut {
  try {
    const meta = parseCorrelationMeta(job.meta);
    const record = job.dataset(meta.dataset);
    if (record === undefined) {
      throw new ResultExportError("The table of this job was deleted, and with it its names.");
    }
    const targets = replanCorrelation(record, meta, tools);
    const outputs = createPlacedOutputs<BlockRef>(targets);
    for (const result of job.results) outputs.add(result);
    return { meta, record, outputs };
  } catch (error) {
    if (error instanceof PlanError)
      throw new ResultExportError(error.message, 409, { cause: error });
    throw error;
  }
}
