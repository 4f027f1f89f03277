// Steps a second of the Monte Carlo kernel on one thread, against NumPy, vectorised in two ways.
import { ARTICLE_OPTION } from "../../../shared/monte-carlo/asian-option.ts";
import { defineBench } from "../bench.ts";
import type { Lane } from "../lanes/lane-work.ts";
import { PLACES, startLanes } from "../lanes/places.ts";
import { type PythonPeer, startPython } from "../peers/python.ts";
import type { Contender } from "../race.ts";
import { raceOn } from "../stage.ts";
import { stepsText } from "../words.ts";
import { requireEstimate } from "./option-value.ts";

interface Size {
  readonly paths: number;
  readonly rounds: number;
  readonly limitSeconds: number;
}

/** Blocks of paths as large as each way is fastest with: about 20 MB of steps, or 80 KB of prices. */
const LAYOUTS = [
  { layout: "whole paths", block: 4_000 },
  { layout: "step by step", block: 20_000 },
] as const;

export const monteCarlo = defineBench<Size>({
  name: "monte-carlo",
  sizes: {
    full: { paths: 200_000, rounds: 5, limitSeconds: 300 },
    quick: { paths: 20_000, rounds: 3, limitSeconds: 20 },
    toy: { paths: 200, rounds: 1, limitSeconds: 60 },
  },
  run: async (stage, { paths, rounds }) => {
    if (stage.python === null) {
      stage.leaveOut("NumPy's Monte Carlo", "there is no Python with NumPy");
      return;
    }
    const python = startPython(stage, stage.python, "walks.py");
    const peers = LAYOUTS.map((layout) => numpyContender(python, layout, paths));
    for (const place of PLACES) {
      const [lane] = await startLanes(stage, place, 1);
      if (lane === undefined) continue;
      const kernel = kernelContender(lane, `Monte Carlo kernel in ${place}`, paths);
      const result = await raceOn(stage, [kernel, ...peers], rounds);
      for (const { name } of peers) {
        stage.add({
          work: `${kernel.name}, one thread`,
          measured: stepsText(result.median(kernel.name)),
          against: `${name}, ${stepsText(result.median(name))}`,
          figure: { value: result.ratio(kernel.name, name), unit: "times faster" },
          goal: { bound: "at least", value: 12 },
        });
      }
    }
  },
});

function kernelContender({ work }: Lane, name: string, paths: number): Contender {
  return {
    name,
    verify: async () => requireEstimate(name, await work.simulate({ seed: 1, paths })),
    measure: async (round) => {
      const { steps, seconds } = await work.simulate({ seed: 1 + round, paths });
      return steps / seconds;
    },
  };
}

interface NumpyAnswer {
  readonly seconds: number;
  readonly estimate: number;
  readonly standardError: number;
}

function numpyContender(
  python: PythonPeer,
  { layout, block }: (typeof LAYOUTS)[number],
  paths: number,
): Contender {
  const name = `NumPy, ${layout}`;
  const simulate = (seed: number): Promise<NumpyAnswer> =>
    python.ask({ do: "simulate", option: ARTICLE_OPTION, layout, paths, block, seed });
  return {
    name,
    verify: async () => requireEstimate(name, await simulate(1)),
    measure: async (round) => {
      const { seconds } = await simulate(1 + round);
      return (paths * (ARTICLE_OPTION.points - 1)) / seconds;
    },
  };
}
