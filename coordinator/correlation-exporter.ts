// Downloads of correlation jobs: the shared exports over tiles that are read from the store.
import { decodeNpy } from "../shared/codecs/npy.ts";
import { exportCorrelation } from "../shared/correlation/export.ts";
import {
  parseCorrelationMeta,
  PlanError,
  replanCorrelation,
  type PlanTools,
  type Tile,
} from "../shared/correlation/plan.ts";
import type { BlockRef } from "../shared/graph/task.ts";
import { ResultExportError, type ExportableJob, type ResultExporter } from "./result-exporters.ts";

/** `tools` are those that the planner used: BLAKE3 and UTF-8. */
export function createCorrelationExporter(tools: PlanTools): ResultExporter {
  return (job, format, readBlock) => {
    const { record, meta, outputs } = layOut(job, tools);
    const read = async (ref: BlockRef) => decodeNpy(await readBlock(ref.block)).data;
    const chunks = exportCorrelation(format, {
      series: record.series,
      tile: meta.tile,
      precision: meta.precision,
      encode: tools.encode,
      readTile: async (tile) => {
        const [r, n] = outputs.get(placeOf(tile)) ?? [];
        if (r === undefined || n === undefined) {
          throw new ResultExportError("A tile of this result is missing. Run the job again.");
        }
        return { r: await read(r), n: await read(n) };
      },
    });
    const stem = record.name.replace(/\.[^.]*$/, "").replaceAll(/[\\/"]/g, "_");
    const [what = "", extension = ""] = format.split(".");
    return {
      filename: `${stem}-${what === "pairs" ? "correlations" : what}.${extension}`,
      contentType: extension === "csv" ? "text/csv; charset=utf-8" : "application/octet-stream",
      chunks,
    };
  };
}

const placeOf = (tile: Tile): string => `${tile.rowStart},${tile.colStart}`;

/** Which blocks hold which tile: the plan made again, as task keys depend on nothing else. */
function layOut(job: ExportableJob, tools: PlanTools) {
  try {
    const meta = parseCorrelationMeta(job.meta);
    const record = job.dataset(meta.dataset);
    if (record === undefined) {
      throw new ResultExportError("The table of this job was deleted, and with it its names.");
    }
    const tiles = replanCorrelation(record, meta, tools);
    const outputs = new Map<string, readonly BlockRef[]>();
    for (const result of job.results) {
      for (const tile of tiles.get(result.task) ?? []) outputs.set(placeOf(tile), result.outputs);
    }
    return { meta, record, outputs };
  } catch (error) {
    if (error instanceof PlanError) throw new ResultExportError(error.message, { cause: error });
    throw error;
  }
}
