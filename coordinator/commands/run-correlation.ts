// One correlation job through the library, from a parsed table to files, with its timings.
import type { Cluster } from "../../shared/client/cluster.ts";
import { ClusterError } from "../../shared/client/cluster-client.ts";
import { exportCorrelation, type CorrelationSource } from "../../shared/correlation/export.ts";
import { measureHalfError, type HalfError } from "../../shared/correlation/half-error.ts";
import {
  ledoitWolf,
  ShrinkageError,
  type Shrinkage,
} from "../../shared/correlation/ledoit-wolf.ts";
import {
  planCorrelation,
  PlanError,
  transportFor,
  type CorrelationOptions,
  type CorrelationPlan,
} from "../../shared/correlation/plan.ts";
import type { ParsedTable } from "../../shared/ingest/finish-table.ts";
import { describe, panelsOf, transportBytes } from "../../shared/ingest/panels.ts";
import { noticesOf } from "../../shared/ingest/report.ts";
import type { DatasetRecord } from "../../shared/protocol/http.ts";
import type { JobView } from "../../shared/protocol/messages.ts";
import type { NodeTools } from "../node-client.ts";
import { CommandError } from "./command-error.ts";
import type { Progress } from "./progress.ts";
import { createResultTiles, type ResultTiles } from "./result-tiles.ts";
import { untilDone } from "./until-done.ts";
import { writeFileAtomically } from "./write-file.ts";

export interface RunOptions extends CorrelationOptions {
  /** The file's name, for the job's title. */
  readonly name: string;
  readonly pairsPath: string;
  readonly matrixPath?: string;
  /** Only with shrinkage. */
  readonly covariancePath?: string;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

export interface CorrelationSummary {
  readonly series: number;
  readonly dates: number;
  readonly pairs: number;
  readonly method: CorrelationOptions["method"];
  readonly precision: CorrelationOptions["precision"];
  /** Of Ledoit and Wolf; null when it was not asked for. */
  readonly shrinkage: Pick<Shrinkage, "intensity" | "meanVariance"> | null;
  /** What half precision costs, measured before the table was sent; null with other precisions. */
  readonly halfError: HalfError | null;
  readonly workers: number;
  readonly seconds: {
    readonly parse: number;
    /** By the workers, and the reduction to the shrinkage here. */
    readonly compute: number;
    /** Sending the panels, and fetching what results had not come while computing went on. */
    readonly transfer: number;
    readonly write: number;
    readonly total: number;
  };
  /** Bytes of blocks over the network: dataset up, panels to workers, results down. */
  readonly bytesMoved: number;
  readonly dropped: readonly string[];
  readonly notices: readonly string[];
}

/** Everything but parse and total, which the caller measures. Throws CommandError. */
export async function runCorrelation(
  cluster: Cluster,
  table: ParsedTable,
  tools: NodeTools,
  options: RunOptions,
): Promise<CorrelationSummary> {
  const { progress, signal } = options;
  const notices = noticesOf(table.report);
  const halfError = options.precision === "f16" ? tellHalfError(table, options) : null;
  const startMs = performance.now();
  const record = await upload(cluster, table, options);
  const plan = makePlan(cluster, record, tools, options);
  const results = createResultTiles(plan.targets, signal);

  const submitMs = performance.now();
  const job = await cluster.compute(plan.calls, plan.job);
  let workersSeen = 0;
  const followed = untilDone(job, signal, {
    onResult: (future) => results.add(future),
    onProgress: (view) => {
      workersSeen = Math.max(workersSeen, cluster.workers().length);
      progress.show("Correlating", view.targetsDone, view.targetsTotal, rateOf(view, submitMs));
    },
  });
  try {
    await followed.complete;
    const computedMs = performance.now();
    await results.settled();
    const fetchedMs = performance.now();
    const shrinkage = await shrinkageOf(plan, record, results);
    const reducedMs = performance.now();
    const source: CorrelationSource = {
      series: record.series,
      tile: plan.meta.tile,
      precision: plan.meta.precision,
      shrinkage,
      readTile: (tile) => results.readTile(tile),
      encode: tools.encode,
    };
    await writeFiles(source, options);
    const writtenMs = performance.now();
    const view = await followed.finalView;
    const uploadedBytes = record.panels.reduce((sum, panel) => sum + panel.sizeBytes, 0);
    const received = cluster.bytesReceived;
    const pairs = (record.series.length * (record.series.length - 1)) / 2;
    return {
      series: record.series.length,
      dates: record.dates.length,
      pairs,
      method: options.method,
      precision: options.precision,
      shrinkage:
        shrinkage === null
          ? null
          : { intensity: shrinkage.intensity, meanVariance: shrinkage.meanVariance },
      halfError,
      workers: Math.max(workersSeen, view.timing.workers.length),
      seconds: {
        parse: 0,
        compute: seconds(computedMs - submitMs + (reducedMs - fetchedMs)),
        transfer: seconds(submitMs - startMs + (fetchedMs - computedMs)),
        write: seconds(writtenMs - reducedMs),
        total: 0,
      },
      bytesMoved: uploadedBytes + view.timing.bytesMoved + received.direct + received.coordinator,
      dropped: record.dropped,
      notices,
    };
  } catch (error) {
    // Nobody waits for this job any more; a coordinator that is gone needs no telling.
    await job.cancel().catch(() => undefined);
    throw error;
  } finally {
    job.leave();
  }
}

export const seconds = (durationMs: number): number => Math.round(durationMs) / 1_000;

async function upload(
  cluster: Cluster,
  table: ParsedTable,
  options: RunOptions,
): Promise<DatasetRecord> {
  const transport = transportFor(options);
  const description = describe(table, options.name, transport);
  const values = description.series.length * description.dates.length;
  const totalBytes = values * transportBytes(transport);
  try {
    return await cluster.uploadDataset({
      description,
      panels: panelsOf(table, description.panelSeries, transport),
      onProgress: (bytes) => options.progress.show("Sending", bytes, totalBytes),
      signal: options.signal,
    });
  } catch (error) {
    if (error instanceof ClusterError) {
      throw new CommandError(`The table could not be sent. ${error.message}`, 1, { cause: error });
    }
    throw error;
  }
}

function makePlan(
  cluster: Cluster,
  record: DatasetRecord,
  tools: NodeTools,
  options: RunOptions,
): CorrelationPlan {
  const { threads } = cluster;
  try {
    return planCorrelation(record, options, { ...tools, threads });
  } catch (error) {
    if (error instanceof PlanError) throw new CommandError(error.message, 2, { cause: error });
    throw error;
  }
}

/** Says what half precision will cost, before anything is sent. */
function tellHalfError(table: ParsedTable, options: RunOptions): HalfError {
  const error = measureHalfError(table, options.minPeriods);
  const { pairs, largest, typical, lost } = error;
  const digits = (value: number): string => String(Number(value.toPrecision(2)));
  options.progress.say(
    `f16 changes correlations by up to ${digits(largest)}, typically by ${digits(typical)}, as measured on ` +
      `${pairs.toLocaleString("en")} pairs` +
      (lost === 0 ? "." : `, of which ${lost} lose theirs: too few different values are left.`),
  );
  return error;
}

/** From the tiles and the moments, which are all there; null when shrinkage was not asked for. */
async function shrinkageOf(
  plan: CorrelationPlan,
  record: DatasetRecord,
  results: ResultTiles,
): Promise<Shrinkage | null> {
  if (plan.meta.shrinkage === "none") return null;
  const panels = await results.readMoments(record.panels.length);
  try {
    return await ledoitWolf(plan.meta, panels, async (tile) => (await results.readTile(tile)).r);
  } catch (error) {
    if (error instanceof ShrinkageError) throw new CommandError(error.message, 2, { cause: error });
    throw error;
  }
}

async function writeFiles(source: CorrelationSource, options: RunOptions): Promise<void> {
  const { progress, signal, pairsPath, matrixPath, covariancePath } = options;
  progress.show("Writing", 0, 1);
  for (const [format, path] of [
    ["pairs.csv", pairsPath],
    ["matrix.npy", matrixPath],
    ["covariance.npy", covariancePath],
  ] as const) {
    if (path !== undefined) {
      await writeFileAtomically(path, exportCorrelation(format, source), signal);
    }
  }
  progress.show("Writing", 1, 1);
}

function rateOf(view: JobView, submitMs: number): string {
  const elapsedMs = performance.now() - submitMs;
  if (view.targetsDone === 0) return "";
  const leftMs = (elapsedMs / view.targetsDone) * (view.targetsTotal - view.targetsDone);
  return `${view.targetsDone}/${view.targetsTotal} tiles, ${Math.ceil(leftMs / 1_000)} s left`;
}
