// Both engines against pandas' own results, and against the TypeScript reference.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { decodeNpy } from "../../codecs/npy.ts";
import { type Table, seriesOf } from "../../testing/pearson-variants.ts";
import { createSpearmanVariants, rankCorrelateByTiles } from "../../testing/spearman-variants.ts";
import { correlateAllRanks } from "./spearman-reference.ts";

const folder = join(import.meta.dirname, "../../../e2e/fixtures/kernels");

interface FixtureCase {
  readonly name: string;
  readonly minPeriods: number;
}

const cases = JSON.parse(
  readFileSync(join(folder, "spearman-cases.json"), "utf8"),
) as FixtureCase[];
const read = (name: string) => decodeNpy(readFileSync(join(folder, `${name}.npy`)));
const readTable = (name: string): Table => {
  const { shape, data } = read(`${name}.values`);
  return { series: shape[0] ?? 0, dates: shape[1] ?? 0, values: Float64Array.from(data) };
};

const variants = await createSpearmanVariants();

describe("against pandas", () => {
  // pandas' own sums are exact as well, as ranks are halves of whole numbers: so nothing may differ.
  it.each(cases)("the reference is equal: $name", ({ name, minPeriods }) => {
    const result = correlateAllRanks(seriesOf(readTable(name)), minPeriods);
    expect([...result.r]).toEqual([...read(`${name}.r`).data]);
    expect([...result.n]).toEqual([...read(`${name}.n`).data]);
  });

  describe.each(variants)("$name", ({ createEngine }) => {
    it.each(cases)("is equal: $name", ({ name, minPeriods }) => {
      const table = readTable(name);
      for (const layout of [
        { panelSeries: 4, tile: 5 },
        { panelSeries: 20, tile: 20 },
      ]) {
        const result = rankCorrelateByTiles(createEngine(), table, { ...layout, minPeriods });
        expect([...result.r]).toEqual([...read(`${name}.r`).data]);
        expect([...result.n]).toEqual([...read(`${name}.n`).data]);
      }
    });
  });
});

/** Tables of every awkward kind: gaps, shared calendars, runs, ties, constants, infinities. */
const tableArbitrary: fc.Arbitrary<Table> = fc
  .record({
    series: fc.integer({ min: 1, max: 20 }),
    dates: fc.integer({ min: 1, max: 150 }),
    /** Distinct values, about; 0 for no ties. */
    levels: fc.constantFrom(0, 2, 40),
    missing: fc.constantFrom(0, 0.05, 0.6),
    /** Series with the same gaps as others. */
    calendars: fc.constantFrom(0, 1, 2, 5),
    late: fc.boolean(),
    seed: fc.integer({ min: 1, max: 2 ** 31 - 1 }),
  })
  .map(({ series, dates, levels, missing, calendars, late, seed }) => {
    let state = seed;
    // Lehmer's generator: enough for noise, and reproducible from the seed that fast-check prints.
    const next = () => (state = (state * 48_271) % 2_147_483_647) / 2_147_483_647;
    const closed = Array.from({ length: calendars * dates }, () => next() < 0.1);
    const values = Float64Array.from({ length: series * dates }, (_, at) => {
      const i = Math.floor(at / dates);
      const t = at % dates;
      // Every third series is complete.
      if (i % 3 > 0 && (next() < missing || (late && t < (dates * i) / series))) return NaN;
      if (i % 3 > 0 && closed[(i % calendars) * dates + t] === true) return NaN;
      if (i === 4) return 2.5;
      if (i % 3 > 0 && next() < 0.002) return Infinity;
      const value = next() + next() - 1;
      return levels === 0 ? value : Math.round(value * levels) / levels;
    });
    return { series, dates, values };
  });

describe.each(variants)("$name against the reference", ({ createEngine }) => {
  it("is equal on any table", () => {
    fc.assert(
      fc.property(
        tableArbitrary,
        fc.integer({ min: 1, max: 40 }),
        fc.integer({ min: 1, max: 20 }),
        (table, minPeriods, tile) => {
          const expected = correlateAllRanks(seriesOf(table), minPeriods);
          const layout = { panelSeries: 7, tile, minPeriods };
          const actual = rankCorrelateByTiles(createEngine(), table, layout);
          expect([...actual.r]).toEqual([...expected.r]);
          expect([...actual.n]).toEqual([...expected.n]);
        },
      ),
      { numRuns: 60 },
    );
  });

  it("takes infinite values as missing", () => {
    const table = readTable("spearman-ticks-gaps");
    const infinite = table.values.map((value, at) =>
      Number.isNaN(value) ? (at % 2 === 0 ? -Infinity : Infinity) : value,
    );
    const layout = { panelSeries: 10, tile: 10 };
    const actual = rankCorrelateByTiles(createEngine(), { ...table, values: infinite }, layout);
    const expected = rankCorrelateByTiles(createEngine(), table, layout);
    expect(actual).toEqual(expected);
  });

  it("gives exactly ±1 for series that rise and fall together, whatever their gaps", () => {
    const { dates, values } = readTable("spearman-gaps");
    const x = values.slice(0, dates);
    const rows = [x, x.map((v) => Math.exp(40 * v)), x.map((v) => -(v ** 3)), values.slice(dates)];
    const table: Table = { series: 3, dates, values: new Float64Array(3 * dates) };
    rows.slice(0, 3).forEach((row, i) => table.values.set(row, i * dates));
    // The second lacks some dates more, so that its ranks are taken anew.
    for (let t = 0; t < dates; t += 7) table.values[dates + t] = NaN;
    const { r } = rankCorrelateByTiles(createEngine(), table, { panelSeries: 3, tile: 3 });
    expect([...r]).toEqual([1, 1, -1, 1, 1, -1, -1, -1, 1]);
  });
});
