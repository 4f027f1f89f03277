// Outputs as the kernel would give them, of made-up samples that tests know one by one.
import type { NdArray } from "../codecs/npy.ts";
import { createPrng, nextFloat } from "../prng.ts";
import { BATCH_PATHS, type Control, STATISTICS } from "./asian-option.ts";
import { batchCount, type Chunk, HISTOGRAM_BINS } from "./plan.ts";

/** One sample: its payoff, its control's, and the averages of its paths (two where antithetic). */
export interface Sample {
  readonly y: number;
  readonly x: number;
  readonly averages: readonly number[];
}

/** Of one batch of one scenario; fixed by its arguments. */
export type MakeSample = (random: () => number, scenario: number, sample: number) => Sample;

/** Payoffs about 10 with a spread of about 3, half of which their control explains. */
const usualOf =
  (control: Control): MakeSample =>
  (random) => {
    const shared = random();
    const y = 5 + 7 * shared + 5 * random();
    const averages = [100 + 20 * shared, ...(control === "antithetic" ? [118 - 17 * shared] : [])];
    return { y, x: control === "geometric" ? 4 + 6 * shared + random() : 0, averages };
  };

export const usualSamples: Readonly<Record<Control, MakeSample>> = {
  none: usualOf("none"),
  antithetic: usualOf("antithetic"),
  geometric: usualOf("geometric"),
};

export function samplesOf(
  make: MakeSample,
  control: Control,
  scenario: number,
  batch: number,
  paths: number,
): readonly Sample[] {
  const prng = createPrng(scenario + 1, batch);
  const count = control === "antithetic" ? paths / 2 : paths;
  return Array.from({ length: count }, (_, i) => make(() => nextFloat(prng), scenario, i));
}

interface MadeBatch {
  readonly row: readonly number[];
  readonly paysNothing: number;
}

/** Batches made before: tests ask for the same ones many times. */
const made = new WeakMap<MakeSample, Map<string, MadeBatch>>();

function batchOf(
  make: MakeSample,
  control: Control,
  scenario: number,
  batch: number,
  paths: number,
): MadeBatch {
  const known = made.get(make) ?? new Map<string, MadeBatch>();
  made.set(make, known);
  const name = `${control} ${scenario} ${batch} ${paths}`;
  const old = known.get(name);
  if (old !== undefined) return old;
  const samples = samplesOf(make, control, scenario, batch, paths);
  const without = samples.filter(({ y }) => y === 0).flatMap(({ averages }) => averages);
  const fresh = { row: rowOf(samples), paysNothing: without.length };
  known.set(name, fresh);
  return fresh;
}

/** The two outputs of a task; all payoffs of a batch above 0 are counted in one bin. */
export function outputsOf(chunk: Chunk, control: Control, make: MakeSample): readonly NdArray[] {
  const batches = batchCount(chunk.paths);
  const rows = new Float64Array(batches * STATISTICS.length);
  const counts = new Uint32Array(HISTOGRAM_BINS + 2);
  const count = (bin: number, more: number): void => {
    counts[bin] = (counts[bin] ?? 0) + more;
  };
  for (let i = 0; i < batches; i += 1) {
    const paths = Math.min(BATCH_PATHS, chunk.paths - i * BATCH_PATHS);
    const batch = chunk.firstBatch + i;
    const { row, paysNothing } = batchOf(make, control, chunk.scenario, batch, paths);
    rows.set(row, i * STATISTICS.length);
    count(0, paysNothing);
    count(1 + (batch % HISTOGRAM_BINS), paths - paysNothing);
  }
  return [
    { shape: [batches, STATISTICS.length], data: rows },
    { shape: [HISTOGRAM_BINS + 2], data: counts },
  ];
}

/** By the textbook: means first, then deviations from them. */
export function rowOf(samples: readonly Sample[]): readonly number[] {
  const ys = samples.map(({ y }) => y);
  const xs = samples.map(({ x }) => x);
  const as = samples.flatMap(({ averages }) => averages);
  return [
    samples.length,
    meanOf(ys),
    products(ys, ys),
    meanOf(xs),
    products(xs, xs),
    products(xs, ys),
    as.length,
    meanOf(as),
    products(as, as),
  ];
}

const meanOf = (values: readonly number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / values.length;

function products(a: readonly number[], b: readonly number[]): number {
  const [meanA, meanB] = [meanOf(a), meanOf(b)];
  return a.reduce((sum, value, i) => sum + (value - meanA) * ((b[i] ?? NaN) - meanB), 0);
}
