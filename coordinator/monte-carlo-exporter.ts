// Downloads of simulations: the table of scenarios, reduced from the results in the store.
import { decodeNpy } from "../shared/codecs/npy.ts";
import { MonteCarloResult } from "../shared/monte-carlo/estimate.ts";
import {
  MonteCarloError,
  type MonteCarloMeta,
  parseMonteCarloMeta,
  type PlanTools,
  replanMonteCarlo,
} from "../shared/monte-carlo/plan.ts";
import { scenariosCsv, scenariosTable } from "../shared/monte-carlo/scenarios-csv.ts";
import { type ArrowColumn, encodeArrow } from "./arrow-stream.ts";
import {
  contentTypeOf,
  type ExportableJob,
  filenameOfTitle,
  type ReadBlock,
  ResultExportError,
  type ResultExporter,
} from "./result-exporters.ts";

/** `tools` are those that the planner used: BLAKE3 and UTF-8. */
export function createMonteCarloExporter(tools: PlanTools): ResultExporter {
  return async (job, format, readBlock) => {
    if (format !== "csv" && format !== "json" && format !== "arrow") {
      throw new ResultExportError("A simulation can be had as csv, json or arrow.", 406);
    }
    const { meta, scenarios } = await reduce(job, tools, readBlock);
    const file = {
      filename: filenameOfTitle(job.title, format),
      contentType: contentTypeOf(format),
    };
    if (format === "csv") {
      return { ...file, chunks: [tools.encode(scenariosCsv(meta, scenarios))] };
    }
    if (format === "json") {
      const { control, seed } = meta;
      const { kind, title } = job;
      const text = JSON.stringify({ job: job.job, kind, title, control, seed, scenarios });
      return { ...file, chunks: [tools.encode(`${text}\n`)] };
    }
    const { names, rows } = scenariosTable(meta, scenarios);
    const columns: ArrowColumn[] = names.map((_, at) => rows.map((row) => row[at] ?? null));
    return { ...file, chunks: encodeArrow(names, [columns]) };
  };
}

async function reduce(
  { meta: json, results }: ExportableJob,
  tools: PlanTools,
  readBlock: ReadBlock,
): Promise<{ meta: MonteCarloMeta; scenarios: ReturnType<typeof scenariosOf> }> {
  try {
    const meta = parseMonteCarloMeta(json);
    const chunks = replanMonteCarlo(meta, tools);
    const result = new MonteCarloResult(meta);
    for (const { task, outputs } of results) {
      const places = chunks.get(task);
      if (places === undefined || result.isComplete) continue;
      const arrays = [];
      for (const { block } of outputs) arrays.push(decodeNpy(await readBlock(block)));
      for (const chunk of places) result.add(chunk, arrays);
    }
    return { meta, scenarios: scenariosOf(result, meta) };
  } catch (error) {
    if (!(error instanceof MonteCarloError)) throw error;
    throw new ResultExportError(error.message, 409, { cause: error });
  }
}

function scenariosOf(result: MonteCarloResult, meta: MonteCarloMeta) {
  return meta.scenarios.map((_, index) => {
    const scenario = result.scenario(index);
    if (scenario === null) throw new ResultExportError("This simulation has no complete result.");
    return scenario;
  });
}
