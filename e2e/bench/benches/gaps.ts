// What missing values cost: the kernels' time for a table with gaps, against the same table complete.
import { defineBench } from "../bench.ts";
import { startBrowserLanes } from "../lanes/browser-lanes.ts";
import { raceOn } from "../stage.ts";
import { secondsText, tableText } from "../words.ts";
import { sharedTiles, sumOf } from "./shared-tiles.ts";

interface Size {
  readonly series: number;
  readonly dates: number;
  readonly rounds: number;
  readonly limitSeconds: number;
}

const THREADS = 2;

export const gaps = defineBench<Size>({
  name: "gaps",
  sizes: {
    full: { series: 7_000, dates: 5_284, rounds: 3, limitSeconds: 900 },
    quick: { series: 1_000, dates: 2_000, rounds: 3, limitSeconds: 20 },
    toy: { series: 40, dates: 100, rounds: 1, limitSeconds: 60 },
  },
  run: async (stage, { series, dates, rounds }) => {
    const complete = { seed: 2, series, dates, missing: 0 };
    const table = { ...complete, missing: 0.05 };
    // Each table has lanes of its own, where its panels are made only once.
    const laned = await Promise.all(
      [complete, table].map(async (table) => ({
        table,
        name: tableText(table),
        lanes: await startBrowserLanes(stage, THREADS),
      })),
    );
    for (const precision of ["f64", "f32"] as const) {
      const contenders = laned.map(({ table, name, lanes }) =>
        sharedTiles(name, lanes, { table, precision, build: "exact" }, sumOf),
      );
      const result = await raceOn(stage, contenders, rounds);
      const [without, withGaps] = [tableText(complete), tableText(table)];
      stage.add({
        work: `${precision} kernel time of ${withGaps}, summed over ${THREADS} threads in the browser`,
        measured: secondsText(result.median(withGaps)),
        against: `the same table complete, ${secondsText(result.median(without))}`,
        figure: { value: result.ratio(withGaps, without), unit: "times" },
        goal: { bound: "at most", value: 1.5 },
      });
    }
  },
});
