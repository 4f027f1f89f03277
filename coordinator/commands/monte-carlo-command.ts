// `tabswarm monte-carlo`: an option in, its price with its error out.
import type { AsianOption, Control } from "../../shared/monte-carlo/asian-option.ts";
import {
  checkMonteCarlo,
  MonteCarloError,
  type MonteCarloOptions,
  pathsForTarget,
  SCENARIOS_MAX,
} from "../../shared/monte-carlo/plan.ts";
import { clusterOf } from "../node-cluster.ts";
import { createNodeTools } from "../node-client.ts";
import { createCleanups } from "./cleanups.ts";
import { startHeadlessCluster } from "./cluster-options.ts";
import { CommandError } from "./command-error.ts";
import { connect, remoteCoordinator } from "./connect.ts";
import { createProgress } from "./progress.ts";
import { seconds } from "./run-correlation.ts";
import { type MonteCarloSummary, runMonteCarlo, withError } from "./run-monte-carlo.ts";
import { listenForStop } from "./stop-signal.ts";

/** As the command line's parser gives them: four of them are lists, whose combinations are priced. */
export interface MonteCarloCommandOptions {
  readonly paths?: number;
  readonly s0: readonly number[];
  readonly mu: readonly number[];
  readonly sigma: readonly number[];
  readonly strike: readonly number[];
  readonly points: number;
  readonly stepsPerYear: number;
  readonly put?: boolean;
  readonly discount?: boolean;
  readonly control: Control;
  readonly seed: number;
  readonly targetSe?: number;
  readonly coordinator?: string;
  readonly token?: string;
  readonly ca?: string;
  readonly workers: number;
  readonly json?: boolean;
}

const PATHS_DEFAULT = 1_000_000;

export async function monteCarlo(options: MonteCarloCommandOptions): Promise<void> {
  const simulation = simulationOf(options);
  const remote = await remoteCoordinator(options);
  const cleanups = createCleanups();
  const stop = listenForStop();
  cleanups.add(() => stop.release());
  const progress = createProgress(process.stderr);
  cleanups.add(() => progress.stop());
  const lost = new AbortController();
  const signal = AbortSignal.any([stop.signal, lost.signal]);
  try {
    const address =
      remote ??
      (await startHeadlessCluster({ workers: options.workers, cleanups, lost, say: progress.say }));
    signal.throwIfAborted();
    const tools = await createNodeTools();
    const cluster = clusterOf(await connect(address, tools), tools);
    cleanups.add(() => cluster.close());
    if (cluster.workers().length === 0) {
      progress.say("No worker has joined yet; the job waits for the first one.");
    }
    const run = await runMonteCarlo(cluster, tools, { ...simulation, progress, signal });
    progress.stop();
    // Its origin is the start of the process, so that nothing is left out.
    const total = seconds(performance.now());
    report({ ...run, seconds: { ...run.seconds, total } }, options);
  } catch (error) {
    signal.throwIfAborted();
    throw error;
  } finally {
    await cleanups.run();
  }
}

/** Every combination of the lists, first price outermost. Throws CommandError (2). */
export function simulationOf(options: MonteCarloCommandOptions): MonteCarloOptions {
  const { points, stepsPerYear, control, seed } = options;
  const targetStandardError = options.targetSe ?? null;
  const lists = [options.s0, options.mu, options.sigma, options.strike];
  const size = lists.reduce((product, list) => product * list.length, 1);
  if (size > SCENARIOS_MAX) {
    throw new CommandError(
      `These lists make ${size} combinations; at most ${SCENARIOS_MAX} are possible.`,
      2,
    );
  }
  const type = options.put === true ? "put" : "call";
  const same = { points, stepsPerYear, type, discounted: options.discount === true } as const;
  const scenarios: readonly AsianOption[] = options.s0.flatMap((s0) =>
    options.mu.flatMap((mu) =>
      options.sigma.flatMap((sigma) =>
        options.strike.map((strike) => ({ s0, mu, sigma, strike, ...same })),
      ),
    ),
  );
  const withPaths = (paths: number): MonteCarloOptions => {
    const made = { scenarios, paths, control, seed, targetStandardError };
    checkMonteCarlo(made);
    return made;
  };
  try {
    const checked = withPaths(options.paths ?? PATHS_DEFAULT);
    if (options.paths !== undefined || targetStandardError === null) return checked;
    return withPaths(pathsForTarget(scenarios, targetStandardError));
  } catch (error) {
    if (error instanceof MonteCarloError) {
      throw new CommandError(error.message, 2, { cause: error });
    }
    throw error;
  }
}

/** The result goes to stdout, what it took to stderr. */
function report(summary: MonteCarloSummary, options: MonteCarloCommandOptions): void {
  if (options.json === true) {
    process.stdout.write(`${JSON.stringify(summary)}\n`);
    return;
  }
  const scenarios = summary.scenarios ?? [summary];
  for (const { option, estimate, standardError, confidence } of scenarios) {
    const { s0, mu, sigma, strike, type } = option;
    const [low, high] = confidence;
    process.stdout.write(
      `Asian ${type}, s0 ${s0}, mu ${mu}, sigma ${sigma}, strike ${strike}: ` +
        `${withError(estimate, standardError)} (95 %: ${low.toPrecision(7)} to ${high.toPrecision(7)})\n`,
    );
  }
  const { paths, steps, workers, seconds: times, targetReached } = summary;
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  if (targetReached === false) {
    say(`All paths were run without reaching a standard error of ${options.targetSe}.`);
  }
  say(
    `${paths.toLocaleString("en")} paths, ${steps.toLocaleString("en")} steps in all, on ${workers} ` +
      `${workers === 1 ? "worker" : "workers"}, in ${times.total.toFixed(1)} s (computing ` +
      `${times.compute.toFixed(1)}, transfer ${times.transfer.toFixed(1)}).`,
  );
}
