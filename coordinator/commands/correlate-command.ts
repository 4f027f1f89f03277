// `tabswarm correlate`: a CSV file in, the correlations of all pairs out.
import { resolve } from "node:path";
import { conflictOf, type CorrelationOptions } from "../../shared/correlation/plan.ts";
import { clusterOf } from "../node-cluster.ts";
import { createNodeTools } from "../node-client.ts";
import { createCleanups } from "./cleanups.ts";
import { startHeadlessCluster } from "./cluster-options.ts";
import { CommandError } from "./command-error.ts";
import { closeGaps } from "./close-gaps.ts";
import { connect, remoteCoordinator } from "./connect.ts";
import { createProgress } from "./progress.ts";
import { openTable, type LayoutOptions } from "./read-table.ts";
import { runCorrelation, seconds, type CorrelationSummary } from "./run-correlation.ts";
import { listenForStop } from "./stop-signal.ts";
import { checkWritable } from "./write-file.ts";

export interface CorrelateOptions extends LayoutOptions {
  readonly out: string;
  readonly matrix?: string;
  readonly covariance?: string;
  readonly coordinator?: string;
  readonly token?: string;
  readonly ca?: string;
  readonly workers: number;
  readonly minPeriods: number;
  readonly method: CorrelationOptions["method"];
  readonly precision: CorrelationOptions["precision"];
  readonly fast?: boolean;
  readonly shrink?: boolean;
  readonly commonDates?: boolean;
  readonly tile?: number;
  readonly json?: boolean;
}

export async function correlate(file: string, options: CorrelateOptions): Promise<void> {
  const cleanups = createCleanups();
  const stop = listenForStop();
  cleanups.add(() => stop.release());
  const progress = createProgress(process.stderr);
  cleanups.add(() => progress.stop());
  const lost = new AbortController();
  const signal = AbortSignal.any([stop.signal, lost.signal]);
  try {
    const choices = choicesOf(options);
    const remote = await remoteCoordinator(options);
    for (const path of filesOf(options)) await checkWritable(resolve(path));
    const open = await openTable(file, options);
    cleanups.add(() => open.close());

    // Workers start while the table is read; whichever fails first ends the command.
    const starting =
      remote ??
      startHeadlessCluster({ workers: options.workers, cleanups, lost, say: progress.say });
    const readMs = performance.now();
    let parseMs = 0;
    const reading = open
      .read((bytes) => progress.show("Reading", bytes, open.sizeBytes), signal)
      .then((table) => closeGaps(table, options))
      .finally(() => {
        parseMs = performance.now() - readMs;
      });
    const [{ table, notices }, address] = await settleBoth(reading, Promise.resolve(starting));

    signal.throwIfAborted();
    const tools = await createNodeTools();
    const cluster = clusterOf(await connect(address, tools), tools);
    cleanups.add(() => cluster.close());
    if (cluster.workers().length === 0) {
      progress.say("No worker has joined yet; the job waits for the first one.");
    }
    const run = await runCorrelation(cluster, table, tools, {
      name: open.name,
      pairsPath: resolve(options.out),
      ...(options.matrix === undefined ? {} : { matrixPath: resolve(options.matrix) }),
      ...(options.covariance === undefined ? {} : { covariancePath: resolve(options.covariance) }),
      ...choices,
      progress,
      signal,
    });
    progress.stop();
    // Its origin is the start of the process, so that nothing is left out.
    const total = seconds(performance.now());
    const times = { ...run.seconds, parse: seconds(parseMs), total };
    report({ ...run, notices: [...run.notices, ...notices], seconds: times }, options);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    await cleanups.run();
  }
}

/** What is to be computed. Throws CommandError (2) for choices that do not go together. */
function choicesOf(options: CorrelateOptions): CorrelationOptions {
  const { method, minPeriods, precision, fast = false, shrink = false, tile = "auto" } = options;
  const shrinkage = shrink ? "ledoit-wolf" : "none";
  const choices = { method, minPeriods, precision, isFast: fast, shrinkage, tile } as const;
  const conflict = conflictOf(choices);
  if (conflict !== null) throw new CommandError(conflict, 2);
  if (options.covariance !== undefined && !shrink) {
    throw new CommandError("--covariance writes the shrunk covariance; add --shrink.", 2);
  }
  return choices;
}

const filesOf = ({ out, matrix, covariance }: CorrelateOptions): readonly string[] =>
  [out, matrix, covariance].filter((path) => path !== undefined);

/** Both outcomes, waiting for the second even when the first fails: it may start what must be ended. */
async function settleBoth<A, B>(first: Promise<A>, second: Promise<B>): Promise<[A, B]> {
  const [a, b] = await Promise.allSettled([first, second]);
  if (a.status === "rejected") throw a.reason;
  if (b.status === "rejected") throw b.reason;
  return [a.value, b.value];
}

function report(summary: CorrelationSummary, options: CorrelateOptions): void {
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(summary)}\n`);
    return;
  }
  const { series, dates, pairs, workers, notices, shrinkage } = summary;
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  for (const notice of notices) say(notice);
  const times = summary.seconds;
  say(
    `${pairs.toLocaleString("en")} pairs of ${series.toLocaleString("en")} series over ` +
      `${dates.toLocaleString("en")} dates, on ${workers} ${workers === 1 ? "worker" : "workers"}, ` +
      `in ${times.total.toFixed(1)} s (reading ${times.parse.toFixed(1)}, computing ` +
      `${times.compute.toFixed(1)}, transfer ${times.transfer.toFixed(1)}, writing ` +
      `${times.write.toFixed(1)}).`,
  );
  if (shrinkage !== null) {
    say(
      `Ledoit–Wolf shrinkage ${shrinkage.intensity.toPrecision(6)} towards the mean variance ` +
        `${shrinkage.meanVariance.toPrecision(6)}.`,
    );
  }
  say(`Wrote ${listed(filesOf(options))}.`);
}

/** "a", "a and b", "a, b and c". */
const listed = (names: readonly string[]): string =>
  names.length < 2 ? names.join("") : `${names.slice(0, -1).join(", ")} and ${names.at(-1) ?? ""}`;
