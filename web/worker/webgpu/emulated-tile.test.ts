// The whole way of a tile with the GPU's part emulated, rounding for rounding: accuracy, and undefined cases.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { correlateAll } from "../../../shared/kernels/correlation/pearson-reference.ts";
import { createPrng, nextFloat, nextInteger } from "../../../shared/prng.ts";
import { finishStripe, recomputePairs } from "./finish-core.ts";
import { type PackedPanel, packPanel } from "./pack-panel-core.ts";
import {
  COUNT_PLANE,
  HIGH_UNITS,
  ITEM_NUMBERS,
  LOW_UNITS,
  PLANES,
  SUM_SLOTS,
  colsPerThread,
  listWork,
  paddedDates,
} from "./tile-layout.ts";

const { fround } = Math;

interface Table {
  readonly series: number;
  readonly dates: number;
  readonly values: Float64Array;
}

/** What the shader does for one item, pair and sum. */
function sumItem(x: Float32Array, y: Float32Array): number {
  let sum = 0;
  for (let group = 0; group < x.length; group += 32) {
    let groupSum = 0;
    for (let t = group; t < group + 32; t += 4) {
      let dot = fround((x[t] ?? 0) * (y[t] ?? 0));
      for (let k = t + 1; k < t + 4; k += 1) dot = fround(dot + fround((x[k] ?? 0) * (y[k] ?? 0)));
      groupSum = fround(groupSum + dot);
    }
    sum = fround(sum + groupSum);
  }
  return sum;
}

/** The planes of the diagonal tile of a whole panel. */
function emulate({ series, values, masks }: PackedPanel, dates: number): Int32Array {
  const size = series.length;
  const pairs = size * size;
  const stride = paddedDates(dates);
  const planes = new Int32Array(PLANES * pairs);
  const add = (plane: number, pair: number, units: number): void => {
    planes[plane * pairs + pair] = ((planes[plane * pairs + pair] ?? 0) + units) | 0;
  };
  const addSum = (slot: number, pair: number, value: number): void => {
    const high = Math.round(value * HIGH_UNITS);
    add(2 * slot, pair, high);
    add(2 * slot + 1, pair, Math.round((value - high / HIGH_UNITS) * LOW_UNITS));
  };
  const isPresent = (line: number, t: number): number =>
    ((masks[line * (stride / 32) + (t >>> 5)] ?? 0) >>> (t & 31)) & 1;
  for (const { kind, items } of listWork(series, series, { top: 0, end: size, diagonal: true })) {
    for (let at = 0; at < items.length; at += ITEM_NUMBERS) {
      const [row = 0, col = 0, step = 0, steps = 0] = items.slice(at);
      const line = (i: number): Float32Array =>
        values.subarray(i * stride + step * 16, i * stride + (step + steps) * 16);
      const mask = (i: number): Float32Array => line(i).map((_, t) => isPresent(i, step * 16 + t));
      const square = (z: Float32Array): Float32Array => z.map((value) => value * value);
      for (let i = row; i < Math.min(row + 64, size); i += 1) {
        for (let j = col; j < Math.min(col + 16 * colsPerThread(kind), size); j += 1) {
          const pair = i * size + j;
          const [x, y] = [line(i), line(j)];
          addSum(SUM_SLOTS.xy, pair, sumItem(x, y));
          if (kind === "complete") continue;
          const [mx, my] = [mask(i), mask(j)];
          addSum(SUM_SLOTS.x, pair, sumItem(x, my));
          addSum(SUM_SLOTS.xx, pair, sumItem(square(x), my));
          addSum(SUM_SLOTS.y, pair, sumItem(mx, y));
          addSum(SUM_SLOTS.yy, pair, sumItem(mx, square(y)));
          mx.forEach((bit, t) => add(COUNT_PLANE, pair, bit * (my[t] ?? 0)));
        }
      }
    }
  }
  return planes;
}

/** The diagonal tile of a table by the emulated GPU, against the reference; gives what was recomputed. */
function expectRight({ series, dates, values }: Table, minPeriods = 1): number[] {
  const panel = packPanel(values, series, dates);
  const sides = { rows: panel.series, cols: panel.series, diagonal: true, minPeriods };
  const out = { r: new Float32Array(series * series), n: new Uint32Array(series * series) };
  const planes = emulate(panel, dates);
  const stripe = { planes, pairs: series * series, top: 0, end: series };
  const doubtful = finishStripe(sides, stripe, out);
  recomputePairs(sides, doubtful, out);

  const columns = panel.series.map((facts) => facts.values);
  const expected = correlateAll(columns, minPeriods);
  expect([...out.n]).toEqual([...expected.n]);
  out.r.forEach((r, at) => {
    const want = expected.r[at] ?? 0;
    if (Number.isNaN(want)) expect(r).toBeNaN();
    else expect(Math.abs(r - want)).toBeLessThan(1e-6);
  });
  return doubtful;
}

/** Tables of every awkward kind: gaps, runs, constants, infinities, levels far from zero. */
const tableArbitrary: fc.Arbitrary<Table> = fc
  .record({
    series: fc.integer({ min: 1, max: 9 }),
    dates: fc.integer({ min: 1, max: 600 }),
    level: fc.constantFrom(0, 1, 100, 1e6),
    missing: fc.constantFrom(0, 0.05, 0.5, 0.9),
    late: fc.boolean(),
    seed: fc.nat(),
  })
  .map(({ series, dates, level, missing, late, seed }) => {
    const prng = createPrng(seed);
    const values = Float64Array.from({ length: series * dates }, (_, at) => {
      const i = Math.floor(at / dates);
      const isLate = late && at - i * dates < (dates * i) / series;
      if (isLate || nextFloat(prng) < missing) return NaN;
      if (i === 3) return 2.5;
      if (nextFloat(prng) < 0.002) return Infinity;
      return level + nextFloat(prng) + nextFloat(prng) - 1;
    });
    return { series, dates, values };
  });

describe("a tile", () => {
  it("agrees with the reference on any table", () => {
    fc.assert(
      fc.property(tableArbitrary, fc.integer({ min: 1, max: 40 }), (table, minPeriods) => {
        expectRight(table, minPeriods);
      }),
      { numRuns: 200 },
    );
  });

  it("stays within its tolerance where all roundings go the same way", () => {
    for (let seed = 0; seed < 300; seed += 1) {
      const prng = createPrng(seed);
      const dates = [64, 130, 300, 1000][nextInteger(prng, 4)] ?? 0;
      // Two values only, whose products are always the same, after outliers that made the sums large.
      const steps = [nextFloat(prng), nextFloat(prng)];
      const outliers = [10 ** (4 * nextFloat(prng)), 10 ** (4 * nextFloat(prng))];
      const outlierAt = 256 * nextInteger(prng, Math.ceil(dates / 256));
      const missing = (seed % 2) * 0.3 * nextFloat(prng);
      const values = Float64Array.from({ length: 2 * dates }, (_, at) => {
        const i = at < dates ? 0 : 1;
        const t = at - i * dates;
        if (nextFloat(prng) < missing) return NaN;
        return t === outlierAt ? (outliers[i] ?? 0) : 1 + (t % 2) * (steps[i] ?? 0);
      });
      expectRight({ series: 2, dates, values });
    }
  });

  it("recomputes pairs whose common dates are unlike a series' others, and none besides", () => {
    const prng = createPrng(5);
    const dates = 900;
    // Before series 1 begins, series 0 rises and series 4 is wild; series 2 is constant.
    const values = Float64Array.from({ length: 5 * dates }, (_, at) => {
      const series = Math.floor(at / dates);
      const t = at - series * dates;
      const noise = nextFloat(prng) + nextFloat(prng);
      if (series === 0) return 0.02 * t + noise;
      if (series === 1 && t < 600) return NaN;
      if (series === 2) return 7;
      return series === 4 && t < 600 ? 1e4 * ((t % 2) - 0.5) : noise - 1;
    });
    const pair = (i: number, j: number): number => i * 5 + j;
    expect(expectRight({ series: 5, dates, values })).toEqual([pair(0, 1), pair(1, 4)]);
  });

  it("recomputes every pair of fewer than 32 dates, and none of 32", () => {
    const noise = (dates: number): Table => {
      const prng = createPrng(dates);
      const values = Float64Array.from({ length: 3 * dates }, () => nextFloat(prng));
      return { series: 3, dates, values };
    };
    expect(expectRight(noise(31))).toEqual([1, 2, 5]);
    expect(expectRight(noise(32))).toEqual([]);
  });
});
