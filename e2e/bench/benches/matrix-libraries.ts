// A square tile by the kernel, against the bare matrix product of libraries that run where we do.
import { defineBench } from "../bench.ts";
import type { Lane, Library } from "../lanes/lane-work.ts";
import { buildsIn, type Place, PLACES, startLanes } from "../lanes/places.ts";
import type { Contender } from "../race.ts";
import { raceOn, type Stage } from "../stage.ts";
import { requireClose } from "../tile-check.ts";
import { grouped, rateText } from "../words.ts";
import { kernelContender, rateOf } from "./tile-kernel.ts";

interface Size {
  readonly tile: number;
  readonly dates: number;
  readonly rounds: number;
  readonly limitSeconds: number;
}

const CHECKS = 200;

/** What multiplies where: TensorFlow.js has no double precision, and its wasm is for browsers. */
const LIBRARIES: Readonly<Record<Place, Readonly<Record<"f64" | "f32", readonly Library[]>>>> = {
  Node: { f64: ["numpy-ts"], f32: ["numpy-ts"] },
  "the browser": { f64: ["numpy-ts"], f32: ["numpy-ts", "tfjs-wasm"] },
};

export const matrixLibraries = defineBench<Size>({
  name: "matrix-libraries",
  sizes: {
    full: { tile: 480, dates: 5_284, rounds: 9, limitSeconds: 300 },
    quick: { tile: 480, dates: 2_000, rounds: 3, limitSeconds: 25 },
    toy: { tile: 32, dates: 100, rounds: 1, limitSeconds: 60 },
  },
  run: async (stage, size) => {
    for (const place of PLACES) {
      const [lane] = await startLanes(stage, place, 1);
      if (lane !== undefined) await compareIn(stage, place, lane, size);
    }
  },
});

async function compareIn(stage: Stage, place: Place, lane: Lane, size: Size): Promise<void> {
  const builds = await buildsIn(stage, place, lane);
  for (const precision of ["f64", "f32"] as const) {
    const kernels = builds.map((build) => kernelContender(lane, size, { precision, build }));
    const libraries = LIBRARIES[place][precision].map((library) =>
      libraryContender(lane, size, library, precision),
    );
    const result = await raceOn(stage, [...kernels, ...libraries], size.rounds);
    for (const { name: ours } of kernels) {
      for (const { name: theirs } of libraries) {
        stage.add({
          work: `${ours} in ${place}, ${size.tile} × ${size.tile} pairs × ${grouped(size.dates)} dates, complete`,
          measured: rateText(result.median(ours)),
          against: `${theirs}, ${rateText(result.median(theirs))}`,
          figure: { value: result.ratio(ours, theirs), unit: "times faster" },
          goal: null,
        });
      }
    }
  }
}

function libraryContender(
  lane: Lane,
  { tile, dates }: Size,
  library: Library,
  precision: "f64" | "f32",
): Contender {
  const name = `${library} matmul`;
  const table = { seed: 1, series: 2 * tile, dates, missing: 0 };
  const multiply = (checks: number) => lane.work.multiply({ library, table, precision, checks });
  return {
    name,
    verify: async () => requireClose(name, (await multiply(CHECKS)).worst, precision, "library"),
    measure: async () => rateOf(await multiply(0)),
  };
}
