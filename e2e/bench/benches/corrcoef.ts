// Complete data by the kernels on two threads, against np.corrcoef, which has all cores and a tuned BLAS.
import { defineBench } from "../bench.ts";
import { startBrowserLanes } from "../lanes/browser-lanes.ts";
import { buildsIn } from "../lanes/places.ts";
import { sendToPeer } from "../peers/peer-tables.ts";
import { startPython } from "../peers/python.ts";
import { raceOn } from "../stage.ts";
import { secondsText, tableText } from "../words.ts";
import { sharedTiles, slowestOf } from "./shared-tiles.ts";

interface Size {
  readonly series: number;
  readonly dates: number;
  readonly rounds: number;
  readonly limitSeconds: number;
}

const THREADS = 2;
/** np.corrcoef as everybody calls it computes in f64; both of ours are compared with that. */
const GOALS = { f64: 4, f32: 2 } as const;

export const corrcoef = defineBench<Size>({
  name: "corrcoef",
  sizes: {
    full: { series: 3_000, dates: 5_284, rounds: 5, limitSeconds: 400 },
    quick: { series: 1_000, dates: 2_000, rounds: 3, limitSeconds: 20 },
    toy: { series: 40, dates: 100, rounds: 1, limitSeconds: 60 },
  },
  run: async (stage, { series, dates, rounds }) => {
    if (stage.python === null) {
      stage.leaveOut("np.corrcoef", "there is no Python with NumPy");
      return;
    }
    const table = { seed: 3, series, dates, missing: 0 };
    const lanes = await startBrowserLanes(stage, THREADS);
    const [first] = lanes;
    const builds = first === undefined ? [] : await buildsIn(stage, "the browser", first);
    const peer = await sendToPeer(stage, startPython(stage, stage.python, "tables.py"), table);
    for (const precision of ["f64", "f32"] as const) {
      const kernels = builds.map((build) =>
        sharedTiles(`${precision} ${build}`, lanes, { table, precision, build }, slowestOf),
      );
      const numpy = ([...new Set(["f64", precision])] as const).map((own) => {
        const name = own === "f64" ? "np.corrcoef" : "np.corrcoef in float32";
        return peer.contender(name, { do: "numpy", precision: own === "f64" ? "f64" : "f32" });
      });
      const result = await raceOn(stage, [...kernels, ...numpy], rounds);
      for (const { name: ours } of kernels) {
        for (const { name: theirs } of numpy) {
          stage.add({
            work: `${ours} kernel on ${THREADS} threads in the browser, ${tableText(table)}`,
            measured: secondsText(result.median(ours)),
            against: `${theirs}, ${secondsText(result.median(theirs))}`,
            figure: { value: result.ratio(ours, theirs), unit: "times" },
            goal: theirs === "np.corrcoef" ? { bound: "at most", value: GOALS[precision] } : null,
          });
        }
      }
    }
  },
});
