// The tiles of a table shared among lanes that work at the same time, as a contender in races.
import type { CheckedWork, CorrelateRequest, Lane } from "../lanes/lane-work.ts";
import type { Contender } from "../race.ts";
import { requireClose } from "../tile-check.ts";

const CHECKS_PER_TILE = 10;

/** Every run is a new job to its lanes: preparing panels counts, whoever used the lanes before. */
let generations = 0;

export type SharedTiles = Pick<CorrelateRequest, "table" | "precision" | "build">;

/** `secondsOf` makes one time of those of the lanes: their sum, or that of the slowest. */
export function sharedTiles(
  name: string,
  lanes: readonly Lane[],
  work: SharedTiles,
  secondsOf: (seconds: readonly number[]) => number,
): Contender {
  const run = (checksPerTile: number): Promise<readonly CheckedWork[]> => {
    generations += 1;
    const generation = generations;
    return Promise.all(
      lanes.map(({ work: lane }, index) =>
        lane.correlate({
          ...work,
          tile: "auto",
          isSquareOnly: false,
          lanes: lanes.length,
          lane: index,
          generation,
          checksPerTile,
        }),
      ),
    );
  };
  return {
    name,
    verify: async () => {
      for (const { worst } of await run(CHECKS_PER_TILE)) {
        requireClose(name, worst, work.precision);
      }
    },
    measure: async () => secondsOf((await run(0)).map(({ seconds }) => seconds)),
  };
}

export const sumOf = (seconds: readonly number[]): number =>
  seconds.reduce((sum, value) => sum + value, 0);

export const slowestOf = (seconds: readonly number[]): number => Math.max(...seconds);
