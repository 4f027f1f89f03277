// Every engine and precision against pandas' own results, and against the TypeScript reference.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Table,
  type Variant,
  createVariants,
  correlateByTiles,
  cutPanels,
  seriesOf,
} from "../../testing/pearson-variants.ts";
import { decodeNpy } from "../../codecs/npy.ts";
import { createPrng, nextFloat } from "../../prng.ts";
import { correlateAll } from "./pearson-reference.ts";

const folder = join(import.meta.dirname, "../../../e2e/fixtures/kernels");

interface FixtureCase {
  readonly name: string;
  readonly minPeriods: number;
  readonly kind: "returns" | "prices" | "edges";
}

const cases = JSON.parse(readFileSync(join(folder, "cases.json"), "utf8")) as FixtureCase[];
const read = (name: string) => decodeNpy(readFileSync(join(folder, `${name}.npy`)));
const readTable = (name: string): Table => {
  const { shape, data } = read(`${name}.values`);
  return { series: shape[0] ?? 0, dates: shape[1] ?? 0, values: Float64Array.from(data) };
};

/** The promises of the README: absolute differences from pandas. */
const tolerances = {
  f64: { returns: 1e-12, prices: 1e-9, edges: 1e-12 },
  f32: { returns: 1e-6, prices: 1e-6, edges: 1e-6 },
};

/** The largest absolute difference; infinite where only one of the two is NaN. */
function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  return Array.from(expected).reduce((largest, want, i) => {
    const got = actual[i] ?? 0;
    const apart = Number.isNaN(got) !== Number.isNaN(want);
    return apart ? Infinity : Math.max(largest, Math.abs(got - want) || 0);
  }, 0);
}

const variants = await createVariants();

describe("against pandas", () => {
  it.each(cases)("the reference agrees: $name", ({ name, minPeriods }) => {
    const result = correlateAll(seriesOf(readTable(name)), minPeriods);
    expect(largestDifference(result.r, read(`${name}.r`).data)).toBeLessThan(1e-13);
    expect([...result.n]).toEqual([...read(`${name}.n`).data]);
  });

  describe.each(variants)("$name", (variant) => {
    it.each(cases)("$name", ({ name, minPeriods, kind }) => {
      const result = correlateByTiles(variant, readTable(name), {
        panelSeries: 4,
        tile: 5,
        minPeriods,
      });
      const limit = tolerances[variant.precision][kind];
      expect(largestDifference(result.r, read(`${name}.r`).data)).toBeLessThan(limit);
      expect([...result.n]).toEqual([...read(`${name}.n`).data]);
    });
  });
});

describe.each(variants)("$name", (variant) => {
  it("stays within its tolerance after an outlier, when all roundings go the same way", () => {
    for (const dates of [32, 62, 200, 1000]) {
      // One spike on the first date; then two values only, whose products are always the same.
      const values = Float64Array.from({ length: 2 * dates }, (_, at) => {
        const t = at % dates;
        return t === 0 ? 1000 : 1 + (t % 2) * (at < dates ? 1e-3 : 0.37);
      });
      const table: Table = { series: 2, dates, values };
      const actual = correlateByTiles(variant, table, { panelSeries: 2, tile: 2 });
      const expected = correlateAll(seriesOf(table), 1);
      const limit = variant.precision === "f64" ? 1e-12 : 1e-6;
      expect(largestDifference(actual.r, expected.r)).toBeLessThan(limit);
    }
  });
});

describe.each(variants)("$name recomputes", (variant) => {
  it.each([
    ["returns-complete", 0],
    ["returns-gaps", 0],
    ["nearly-equal", 0],
  ])("no pair of %s", (name, expected) => {
    expect(countRecomputed(variant, readTable(name))).toBe(expected);
  });

  it("a pair whose common dates lie far from a series' own mean, and agrees with the reference", () => {
    // Series 0 steps up by 3,000 standard deviations when series 1 begins.
    const prng = createPrng(3);
    const values = Float64Array.from({ length: 1200 }, (_, at) => {
      const noise = nextFloat(prng) + nextFloat(prng) + (at % 7);
      const isLate = at % 600 >= 300;
      if (at < 600) return isLate ? 5000 + noise : noise;
      return isLate ? noise : NaN;
    });
    const table: Table = { series: 2, dates: 600, values };
    expect(countRecomputed(variant, table)).toBe(1);
    const actual = correlateByTiles(variant, table, { panelSeries: 2, tile: 2 });
    const expected = correlateAll(seriesOf(table), 1);
    const limit = variant.precision === "f64" ? 1e-12 : 1e-6;
    expect(largestDifference(actual.r, expected.r)).toBeLessThan(limit);
  });
});

function countRecomputed(variant: Variant, table: Table): number {
  const panels = cutPanels(table, table.series);
  variant.engine.load(panels);
  return variant.engine.correlate({
    rows: { blocks: panels.map((panel) => panel.block), start: 0, count: table.series },
    cols: null,
    dates: table.dates,
    minPeriods: 1,
    precision: variant.precision,
  }).recomputed;
}

/** Tables of every awkward kind: gaps, runs, constants, infinities, levels far from zero. */
const tableArbitrary: fc.Arbitrary<Table> = fc
  .record({
    series: fc.integer({ min: 1, max: 9 }),
    dates: fc.integer({ min: 1, max: 600 }),
    level: fc.constantFrom(0, 1, 100),
    missing: fc.constantFrom(0, 0.05, 0.5, 0.9),
    late: fc.boolean(),
    seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  })
  .map(({ series, dates, level, missing, late, seed }) => {
    let state = seed;
    // Lehmer's generator: enough for noise, and reproducible from the seed that fast-check prints.
    const next = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const values = Float64Array.from({ length: series * dates }, (_, at) => {
      const i = Math.floor(at / dates);
      if (next() < missing || (late && at - i * dates < (dates * i) / series)) return NaN;
      if (i === 3) return 2.5;
      if (next() < 0.002) return Infinity;
      return level + next() + next() - 1;
    });
    return { series, dates, values };
  });

describe.each(variants)("$name against the reference", (variant) => {
  it("agrees on any table", () => {
    fc.assert(
      fc.property(
        tableArbitrary,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 5 }),
        (table, minPeriods, tile) => {
          const expected = correlateAll(seriesOf(table), minPeriods);
          const actual = correlateByTiles(variant, table, { panelSeries: 3, tile, minPeriods });
          const limit = variant.precision === "f64" ? 1e-12 : 1e-6;
          expect(largestDifference(actual.r, expected.r)).toBeLessThan(limit);
          expect([...actual.n]).toEqual([...expected.n]);
        },
      ),
      { numRuns: 150 },
    );
  });
});
