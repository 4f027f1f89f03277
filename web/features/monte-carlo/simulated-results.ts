// Outputs of simulation tasks for tests, made from a seed without walking any path.
import type { NdArray } from "../../../shared/codecs/npy.ts";
import { BATCH_PATHS, STATISTICS } from "../../../shared/monte-carlo/asian-option.ts";
import { HISTOGRAM_BINS, type Chunk } from "../../../shared/monte-carlo/plan.ts";
import { createPrng, nextFloat } from "../../../shared/prng.ts";

/** The payoff that the made-up paths are about, and their spread. */
export const MADE_UP = { mean: 11.6, sd: 18 } as const;

/** What a worker would send for a chunk without variance reduction. */
export function madeUpOutputs({ scenario, firstBatch, paths }: Chunk): readonly NdArray[] {
  const batches = Math.ceil(paths / BATCH_PATHS);
  const rows = new Float64Array(batches * STATISTICS.length);
  for (let i = 0; i < batches; i += 1) {
    const count = Math.min(BATCH_PATHS, paths - i * BATCH_PATHS);
    const prng = createPrng(firstBatch + i, scenario);
    // The mean of twelve uniform numbers scatters nearly like that of a batch.
    const luck = Array.from({ length: 12 }, () => nextFloat(prng)).reduce((a, b) => a + b, -6);
    const mean = MADE_UP.mean + (luck * MADE_UP.sd) / Math.sqrt(count);
    const m2 = (count - 1) * MADE_UP.sd ** 2;
    rows.set([count, mean, m2, 0, 0, 0, count, mean + 92.5, m2], i * STATISTICS.length);
  }
  const counts = new Uint32Array(HISTOGRAM_BINS + 2);
  counts[0] = Math.floor(paths / 2);
  counts[1] = paths - Math.floor(paths / 2);
  return [
    { shape: [batches, STATISTICS.length], data: rows },
    { shape: [counts.length], data: counts },
  ];
}
