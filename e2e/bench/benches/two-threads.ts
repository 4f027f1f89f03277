// The kernels alone on two threads, against one: what the memory that both share leaves of twice the speed.
import { defineBench } from "../bench.ts";
import type { Lane } from "../lanes/lane-work.ts";
import { PLACES, startLanes } from "../lanes/places.ts";
import type { Contender } from "../race.ts";
import { raceOn } from "../stage.ts";
import { secondsText, stepsText, tableText } from "../words.ts";
import { sharedTiles, slowestOf } from "./shared-tiles.ts";
import { requireEstimate } from "./option-value.ts";

interface Size {
  readonly series: number;
  readonly dates: number;
  readonly paths: number;
  readonly rounds: number;
  readonly limitSeconds: number;
}

export const twoThreads = defineBench<Size>({
  name: "two-threads",
  sizes: {
    full: { series: 3_000, dates: 5_284, paths: 400_000, rounds: 5, limitSeconds: 600 },
    quick: { series: 1_000, dates: 2_000, paths: 40_000, rounds: 3, limitSeconds: 20 },
    toy: { series: 40, dates: 100, paths: 200, rounds: 1, limitSeconds: 60 },
  },
  run: async (stage, { series, dates, paths, rounds }) => {
    const table = { seed: 4, series, dates, missing: 0.05 };
    for (const place of PLACES) {
      const lanes = await startLanes(stage, place, 2);
      const counts = [1, 2].map((count) => lanes.slice(0, count));
      const work = { table, precision: "f64", build: "exact" } as const;
      const kernels = counts.map((some) => sharedTiles(nameOf(some), some, work, slowestOf));
      const walks = counts.map((some) => walkers(nameOf(some), some, paths));
      const correlated = await raceOn(stage, kernels, rounds);
      const [one, two] = counts.map(nameOf) as [string, string];
      stage.add({
        work: `f64 kernel on two threads in ${place}, ${tableText(table)}`,
        measured: secondsText(correlated.median(two)),
        against: `one thread, ${secondsText(correlated.median(one))}`,
        figure: { value: correlated.ratio(one, two), unit: "times faster" },
        goal: null,
      });
      const walked = await raceOn(stage, walks, rounds);
      stage.add({
        work: `Monte Carlo kernel on two threads in ${place}`,
        measured: stepsText(walked.median(two)),
        against: `one thread, ${stepsText(walked.median(one))}`,
        figure: { value: walked.ratio(two, one), unit: "times faster" },
        goal: null,
      });
    }
  },
});

const nameOf = (lanes: readonly Lane[]): string =>
  lanes.length === 1 ? "one thread" : "two threads";

/** Steps a second of lanes that share the paths, each with a seed of its own. */
function walkers(name: string, lanes: readonly Lane[], paths: number): Contender {
  const run = (round: number) =>
    Promise.all(
      lanes.map(({ work }, lane) =>
        work.simulate({ seed: 2 * round + lane, paths: Math.ceil(paths / lanes.length) }),
      ),
    );
  return {
    name,
    verify: async () => {
      for (const simulated of await run(0)) requireEstimate(name, simulated);
    },
    measure: async (round) => {
      const all = await run(round);
      const steps = all.reduce((sum, simulated) => sum + simulated.steps, 0);
      return steps / slowestOf(all.map(({ seconds }) => seconds));
    },
  };
}
