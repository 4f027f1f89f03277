// `tabswarm demo`: the main job on one machine, from a dropped file to downloaded results.
import { mkdir } from "node:fs/promises";
import { join, resolve } from "node:path";
import type { ClusterClient } from "../../shared/client/cluster-client.ts";
import type { JobView } from "../../shared/protocol/messages.ts";
import { createNodeTools } from "../node-client.ts";
import { createCleanups } from "./cleanups.ts";
import { CommandError } from "./command-error.ts";
import { connect } from "./connect.ts";
import { openDemoDashboard } from "./demo-dashboard.ts";
import { readExtremePairs, type Pair } from "./extreme-pairs.ts";
import { startLocalCluster } from "./local-cluster.ts";
import { createProgress, type Progress } from "./progress.ts";
import { listenForStop } from "./stop-signal.ts";
import { unlessAborted } from "./unless-aborted.ts";

export interface DemoOptions {
  readonly keep?: boolean;
}

const TABLE = resolve(import.meta.dirname, "../../e2e/fixtures/tables/stock-prices.csv");
const WORKERS = 2;
const PAIRS_SHOWN = 10;

export async function demo(options: DemoOptions): Promise<void> {
  const cleanups = createCleanups();
  const stop = listenForStop();
  cleanups.add(() => stop.release());
  const progress = createProgress(process.stderr);
  cleanups.add(() => progress.stop());
  const lost = new AbortController();
  const signal = AbortSignal.any([stop.signal, lost.signal]);
  try {
    progress.say(`Starting a coordinator, ${WORKERS} headless workers and a headless dashboard …`);
    const local = await startLocalCluster({
      workers: WORKERS,
      name: "demo worker",
      // Kept running, it is there for other machines too.
      host: options.keep === true ? "0.0.0.0" : "127.0.0.1",
      cleanups,
      lost,
      say: progress.say,
    });
    const client = await connect(local.address, await createNodeTools());
    cleanups.add(() => client.close());
    const dashboard = await openDemoDashboard(
      local.dashboardUrl,
      local.executablePath,
      progress.say,
    );
    cleanups.add(() => dashboard.close());

    progress.say("Dropping stock-prices.csv into the dashboard and pressing Correlate …");
    const finished = waitForJob(client, progress);
    await unlessAborted(Promise.all([finished, dashboard.correlate(TABLE)]), signal);
    const job = await finished;
    const folder = resolve("demo-output");
    await mkdir(folder, { recursive: true });
    const paths = await unlessAborted(dashboard.download(folder), signal);
    progress.stop();
    await printReport(join(folder, "correlations.csv"), job, paths);
    if (options.keep === true) {
      process.stdout.write(
        `\nStill running.\n  Dashboard   ${local.dashboardUrl}\n  Join        ${local.joinUrls.join("\n              ")}\nPress Ctrl-C to stop.\n`,
      );
      await unlessAborted(stop.stopped, lost.signal);
    }
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    await cleanups.run();
  }
}

/** The first job that anybody submits, once it is done. Rejects with CommandError when it fails. */
function waitForJob(client: ClusterClient, progress: Progress): Promise<JobView> {
  return new Promise((done, fail) => {
    const stop = client.onView(({ jobs: [job] }) => {
      if (job === undefined) return;
      progress.show("Correlating", job.targetsDone, job.targetsTotal);
      if (job.state === "running" || job.state === "paused") return;
      stop();
      if (job.state === "done") done(job);
      else fail(new CommandError(`The job ${job.state}. ${job.failure?.message ?? ""}`));
    });
  });
}

async function printReport(
  pairsPath: string,
  job: JobView,
  paths: readonly string[],
): Promise<void> {
  const { strongest, weakest } = await readExtremePairs(pairsPath, PAIRS_SHOWN);
  const { timing } = job;
  const wallMs = (job.finishedAtMs ?? job.submittedAtMs) - job.submittedAtMs;
  const shares = timing.workers.map(
    ({ name, tasks, computeMs }) => `  ${name}: ${tasks} tasks, ${inSeconds(computeMs)} computing`,
  );
  const lines = [
    "",
    "The ten strongest pairs (highest correlation)",
    ...strongest.map(pairLine),
    "",
    "The ten weakest pairs (lowest correlation)",
    ...weakest.map(pairLine),
    "",
    `Job: ${inSeconds(wallMs)} from submission to the last stored tile, ${job.tasksTotal} tasks.`,
    `Threads: ${inSeconds(timing.computeMs)} computing, ${inSeconds(timing.fetchMs)} fetching, ` +
      `${inSeconds(timing.waitMs)} waiting; ${(timing.bytesMoved / 2 ** 20).toFixed(1)} MiB moved.`,
    ...shares,
    "",
    "Downloaded through the dashboard:",
    ...paths.map((path) => `  ${path}`),
    "",
  ];
  process.stdout.write(lines.join("\n"));
}

const inSeconds = (durationMs: number): string => `${(durationMs / 1_000).toFixed(2)} s`;

const pairLine = ({ first, second, correlation, observations }: Pair, index: number): string =>
  `  ${String(index + 1).padStart(2)}. ${correlation.toFixed(4).padStart(7)}  ${first} × ${second}` +
  `  (${observations.toLocaleString("en")} days)`;
