// Downloads of correlation jobs: the shared exports over results that are read from the store.
import { decodeNpy, type NdArray } from "../shared/codecs/npy.ts";
import { exportCorrelation } from "../shared/correlation/export.ts";
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
import { ResultExportError, type ExportableJob, type ResultExporter } from "./result-exporters.ts";

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
      );
    }
    const read: Read = async (ref) => decodeNpy(await readBlock(ref.block));
    const readTile = async (tile: Tile) => {
      const [r, n] = outputs.ofTile(tile) ?? [];
      if (r === undefined || n === undefined) throw lost();
      return { r: (await read(r)).data, n: (await read(n)).data };
    };
    const shrinkage = await shrinkageOf(laidOut, read);
    const chunks = exportCorrelation(format, {
      series: record.series,
      tile: meta.tile,
      precision: meta.precision,
      encode: tools.encode,
      shrinkage,
      readTile,
    });
    return { filename: filenameOf(record, format), contentType: typeOf(format), chunks };
  };
}

const lost = (): ResultExportError =>
  new ResultExportError("A part of this result is missing. Run the job again.");

function filenameOf(record: DatasetRecord, format: ResultFormat): string {
  const stem = record.name.replace(/\.[^.]*$/, "").replaceAll(/[\\/"]/g, "_");
  const [what = "", extension = ""] = format.split(".");
  return `${stem}-${what === "pairs" ? "correlations" : what}.${extension}`;
}

const typeOf = (format: ResultFormat): string =>
  format.endsWith(".csv") ? "text/csv; charset=utf-8" : "application/octet-stream";

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
      throw new ResultExportError(error.message, { cause: error });
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
    if (error instanceof PlanError) throw new ResultExportError(error.message, { cause: error });
    throw error;
  }
}
