// Whole jobs on two workers, against the same jobs on one: correlation and Monte Carlo.
import { runMonteCarlo } from "../../../coordinator/commands/run-monte-carlo.ts";
import type { Progress } from "../../../coordinator/commands/progress.ts";
import { ARTICLE_OPTION } from "../../../shared/monte-carlo/asian-option.ts";
import { defineBench } from "../bench.ts";
import { jobContender } from "../correlation-job.ts";
import type { Contender } from "../race.ts";
import { raceOn } from "../stage.ts";
import { startSwarm, type Swarm } from "../swarm.ts";
import { grouped, secondsText, tableText } from "../words.ts";
import { requireEstimate } from "./option-value.ts";

interface Size {
  readonly series: number;
  readonly dates: number;
  readonly paths: number;
  readonly rounds: number;
  readonly limitSeconds: number;
}

const SEED = 7_000;
const ONE = "one worker";
const TWO = "two workers";

export const twoWorkers = defineBench<Size>({
  name: "two-workers",
  sizes: {
    full: { series: 7_000, dates: 5_284, paths: 8_000_000, rounds: 3, limitSeconds: 900 },
    quick: { series: 1_500, dates: 2_000, paths: 100_000, rounds: 2, limitSeconds: 30 },
    toy: { series: 40, dates: 60, paths: 200, rounds: 1, limitSeconds: 60 },
  },
  run: async (stage, { series, dates, paths, rounds }) => {
    const one = await startSwarm(stage, { workers: 1, threadsPerWorker: 1 });
    const two = await startSwarm(stage, { workers: 2, threadsPerWorker: 1 });
    const shape = { seed: SEED, series, dates, missing: 0.05 };
    const jobs = [
      {
        work: `Whole job on ${TWO}, ${tableText(shape)}, f64`,
        contenders: [jobContender(ONE, one, shape), jobContender(TWO, two, shape)],
      },
      {
        work: `Monte Carlo on ${TWO}, ${grouped(paths)} paths`,
        contenders: [simulating(ONE, one, paths), simulating(TWO, two, paths)],
      },
    ];
    for (const { work, contenders } of jobs) {
      const result = await raceOn(stage, contenders, rounds);
      stage.add({
        work,
        measured: secondsText(result.median(TWO)),
        against: `${ONE}, ${secondsText(result.median(ONE))}`,
        figure: { value: result.ratio(ONE, TWO), unit: "times faster" },
        goal: { bound: "at least", value: 1.9 },
      });
    }
  },
});

function simulating(name: string, { cluster, tools, signal }: Swarm, paths: number): Contender {
  const simulate = (seed: number) =>
    runMonteCarlo(cluster, tools, {
      scenarios: [ARTICLE_OPTION],
      paths,
      control: "none",
      seed,
      targetStandardError: null,
      progress: SILENT,
      signal,
    });
  return {
    name,
    verify: async () => requireEstimate(name, await simulate(SEED)),
    measure: async (round) => {
      const startMs = performance.now();
      await simulate(SEED + round);
      return (performance.now() - startMs) / 1_000;
    },
  };
}

const SILENT: Progress = {
  show: () => undefined,
  say: () => undefined,
  stop: () => undefined,
};
