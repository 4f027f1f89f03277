// One tile of complete data by the kernel, against the peak of the same build: multiply-adds in registers.
import type { Precision } from "../../../shared/correlation/plan.ts";
import { defineBench } from "../bench.ts";
import type { Build, Lane, Work } from "../lanes/lane-work.ts";
import { buildsIn, PLACES, startLanes } from "../lanes/places.ts";
import type { Contender } from "../race.ts";
import { raceOn } from "../stage.ts";
import { requireClose } from "../tile-check.ts";
import { grouped, rateText } from "../words.ts";

interface Size {
  readonly tile: number;
  readonly dates: number;
  readonly rounds: number;
  readonly limitSeconds: number;
}

const CHECKS = 200;

export const tileKernel = defineBench<Size>({
  name: "tile-kernel",
  sizes: {
    full: { tile: 480, dates: 5_284, rounds: 15, limitSeconds: 180 },
    quick: { tile: 480, dates: 2_000, rounds: 5, limitSeconds: 20 },
    toy: { tile: 32, dates: 100, rounds: 1, limitSeconds: 60 },
  },
  run: async (stage, size) => {
    for (const place of PLACES) {
      const [lane] = await startLanes(stage, place, 1);
      if (lane === undefined) continue;
      const builds = await buildsIn(stage, place, lane);
      const variants = (["f64", "f32"] as const).flatMap((precision) =>
        builds.map((build) => ({ precision, build })),
      );
      const contenders = variants.flatMap((variant) => [
        kernelContender(lane, size, variant),
        peakContender(lane, size, variant),
      ]);
      const result = await raceOn(stage, contenders, size.rounds);
      for (const variant of variants) {
        const kernel = nameOf("kernel", variant);
        const peak = nameOf("peak", variant);
        const { tile } = size;
        stage.add({
          work: `${kernel} in ${place}, ${tile} × ${tile} pairs × ${grouped(size.dates)} dates, complete`,
          measured: rateText(result.median(kernel)),
          against: `its SIMD peak, ${rateText(result.median(peak))}`,
          figure: { value: result.ratio(kernel, peak), unit: "share" },
          goal: { bound: "at least", value: 0.8 },
        });
      }
    }
  },
});

interface Variant {
  readonly precision: Precision;
  readonly build: Build;
}

const nameOf = (what: string, { precision, build }: Variant): string =>
  `${precision} ${build} ${what}`;

export const rateOf = ({ operations, seconds }: Work): number => operations / seconds / 1e9;

/** GFLOP/s of one square tile whose panels are in the lane's memory. */
export function kernelContender(
  lane: Lane,
  size: { readonly tile: number; readonly dates: number },
  { precision, build }: Variant,
): Contender {
  const name = nameOf("kernel", { precision, build });
  const correlate = (checksPerTile: number) =>
    lane.work.correlate({
      table: { seed: 1, series: 2 * size.tile, dates: size.dates, missing: 0 },
      precision,
      build,
      tile: size.tile,
      isSquareOnly: true,
      lanes: 1,
      lane: 0,
      generation: 0,
      checksPerTile,
    });
  return {
    name,
    verify: async () => requireClose(name, (await correlate(CHECKS)).worst, precision),
    measure: async () => rateOf(await correlate(0)),
  };
}

function peakContender(lane: Lane, { tile, dates }: Size, variant: Variant): Contender {
  const operations = 2 * tile * tile * dates;
  const measure = async (): Promise<number> =>
    rateOf(await lane.work.peak({ ...variant, operations }));
  return {
    name: nameOf("peak", variant),
    // The loop has no output to check, but the first run of it is not optimised yet.
    verify: async () => void (await measure()),
    measure,
  };
}
