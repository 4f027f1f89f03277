// A correlation job through a cluster: its table is sent first, then its time runs until the result is here.
import { createResultTiles, type ResultTiles } from "../../coordinator/commands/result-tiles.ts";
import { untilDone } from "../../coordinator/commands/until-done.ts";
import { unlessAborted } from "../../coordinator/commands/unless-aborted.ts";
import {
  planCorrelation,
  type CorrelationPlan,
  type Precision,
  type Tile,
} from "../../shared/correlation/plan.ts";
import type { Job } from "../../shared/client/job.ts";
import { describe, panelsOf } from "../../shared/ingest/panels.ts";
import type { JobView } from "../../shared/protocol/messages.ts";
import { makeTable, type TableShape } from "./made-table.ts";
import type { Contender } from "./race.ts";
import type { Swarm } from "./swarm.ts";
import { createTileCheck, requireClose } from "./tile-check.ts";

/** Pairs of each tile that are compared with the reference. */
const CHECKS_PER_TILE = 20;

export interface FinishedJob {
  /** Not let go yet: results that were not kept are read by it. */
  readonly job: Job;
  readonly shape: TableShape;
  readonly plan: CorrelationPlan;
  /** From the submission until every tile is at the client. */
  readonly seconds: number;
  readonly view: JobView;
  readonly results: ResultTiles;
}

export interface SentTable {
  readonly shape: TableShape;
  readonly plan: CorrelationPlan;
}

/** Uploads the table's panels and plans its job; nothing of this is timed. */
export async function sendTable(
  { cluster, tools, threads, signal }: Swarm,
  shape: TableShape,
  precision: Precision,
): Promise<SentTable> {
  const table = makeTable(shape);
  const description = describe(table, `Bench ${shape.seed}`, "f64");
  const record = await cluster.uploadDataset({
    description,
    panels: panelsOf(table, description.panelSeries, "f64"),
    signal,
  });
  const options = {
    method: "pearson",
    minPeriods: 1,
    precision,
    isFast: false,
    shrinkage: "none",
    tile: "auto",
  } as const;
  return { shape, plan: planCorrelation(record, options, { ...tools, threads }) };
}

/** Runs the whole job; the caller forgets it when it has read what it wants. */
export async function runJob(
  { cluster, signal }: Swarm,
  { shape, plan }: SentTable,
): Promise<FinishedJob> {
  const results = createResultTiles(plan.targets, signal);
  const startMs = performance.now();
  const job = await cluster.compute(plan.calls, plan.job);
  const followed = untilDone(job, signal, {
    onResult: (future) => results.add(future),
    onProgress: () => undefined,
  });
  await followed.complete;
  await unlessAborted(results.settled(), signal);
  const seconds = (performance.now() - startMs) / 1_000;
  return { job, shape, plan, seconds, view: await followed.finalView, results };
}

/** Sends a table, runs its job and deletes it: seconds. */
async function timeJob(swarm: Swarm, shape: TableShape): Promise<number> {
  const { seconds, job } = await runJob(swarm, await sendTable(swarm, shape, "f64"));
  await job.forget();
  return seconds;
}

export const tilesOf = (plan: CorrelationPlan): readonly Tile[] =>
  [...plan.targets.values()].flatMap((place) => (place.kind === "tiles" ? place.tiles : []));

/** Compares pairs of every tile with the reference. Throws WrongOutputError. */
export async function checkJob({ shape, plan, results }: FinishedJob): Promise<void> {
  const check = createTileCheck(shape);
  let worst = 0;
  for (const tile of tilesOf(plan)) {
    worst = Math.max(worst, check(tile, await results.readTile(tile), CHECKS_PER_TILE));
  }
  requireClose("The cluster's matrix", worst, plan.meta.precision);
}

/** A job whose table is new in every round: a known result would be found again by its key. */
export function jobContender(name: string, swarm: Swarm, shape: TableShape): Contender {
  return {
    name,
    verify: async () => {
      const finished = await runJob(swarm, await sendTable(swarm, shape, "f64"));
      await checkJob(finished);
      await finished.job.forget();
    },
    measure: (round) => timeJob(swarm, { ...shape, seed: shape.seed + round }),
  };
}
