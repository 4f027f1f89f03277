// A tile with a known answer: a GPU whose driver computes wrongly is found out before it computes a job.
import { correlatePairwise } from "../../../shared/kernels/correlation/pearson-reference.ts";
import { createPrng, nextFloat } from "../../../shared/prng.ts";
import { GpuError } from "./gpu-guard.ts";
import type { TileDevice } from "./tile-device.ts";

/** What "pearson-tile-fast@1" promises. */
const TOLERANCE = 1e-6;
/** One block of complete series and one with gaps on either side: both shaders run … */
const SERIES = 72;
const COMPLETE_SERIES = 64;
/** … over two slices, a whole one and a part of one. */
const DATES = 300;

/** Rejects with GpuError when any coefficient or count is wrong. */
export async function checkDevice(device: TileDevice): Promise<void> {
  const sides = [checkTable(1), checkTable(2)] as const;
  const [rows, cols] = sides.map((values) => device.upload(values, SERIES, DATES));
  if (rows === undefined || cols === undefined) return;
  const whole = { first: 0, count: SERIES };
  const tile = { rows: [{ panel: rows, ...whole }], cols: [{ panel: cols, ...whole }] };
  const result = await device.correlate({ ...tile, dates: DATES }, 1);
  device.release(rows);
  device.release(cols);
  if (result === null) throw new GpuError("failed", "The GPU's sums make no sense.");
  const series = (values: Float64Array, i: number): Float64Array =>
    values.subarray(i * DATES, (i + 1) * DATES);
  for (let at = 0; at < SERIES * SERIES; at += 1) {
    const x = series(sides[0], Math.floor(at / SERIES));
    const y = series(sides[1], at % SERIES);
    const expected = correlatePairwise(x, y, 1);
    const difference = Math.abs((result.r[at] ?? NaN) - expected.r);
    // Written so that NaN also counts as wrong.
    if (!(difference < TOLERANCE) || result.n[at] !== expected.n) {
      throw new GpuError(
        "failed",
        `The GPU computes ${result.r[at]} over ${result.n[at]} dates instead of ${expected.r} over ${expected.n}.`,
      );
    }
  }
}

/** A common factor and noise; outliers, after which all roundings go one way; gaps in the last series. */
function checkTable(seed: number): Float64Array {
  const prng = createPrng(seed);
  const uniform = (): number => nextFloat(prng) - 0.5;
  return Float64Array.from({ length: SERIES * DATES }, (_, at) => {
    const series = Math.floor(at / DATES);
    const date = at % DATES;
    if (series >= COMPLETE_SERIES && (uniform() < -0.4 || date < 8 * (series % 8))) return NaN;
    if (series % 8 === 3) return date === 64 ? 1000 : 1 + (date % 2) * seed * 1e-3;
    return Math.sin(date * 12.9) * (series % 4) + uniform();
  });
}
