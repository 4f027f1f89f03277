// The bits of a coefficient depend on its two series alone: not on tiles, panels, ways or engines.
import { describe, expect, it } from "vitest";
import { present } from "../../assert.ts";
import { createPrng, nextFloat } from "../../prng.ts";
import type { Table } from "../../testing/pearson-variants.ts";
import {
  type SpearmanVariant,
  createSpearmanVariants,
  rankCorrelateByTiles,
} from "../../testing/spearman-variants.ts";
import type { SpearmanEngine } from "./spearman-engine.ts";

/** Complete, gapped, late, sparse, constant, tied and calendar series mixed: every way is taken. */
function makeTable(series: number, dates: number, seed: number): Table {
  const prng = createPrng(seed);
  const market = Array.from({ length: dates }, () => nextFloat(prng) - 0.5);
  const calendars = Array.from({ length: 2 * dates }, () => nextFloat(prng) < 0.08);
  const values = new Float64Array(series * dates);
  for (let i = 0; i < series; i += 1) {
    const share = [0, 0.05, 0, 0, 0, 0.7, 0][i % 7] ?? 0;
    const start = i % 7 === 2 ? Math.floor(nextFloat(prng) * dates) : 0;
    const calendar = i % 7 === 3 ? 0 : i % 7 === 4 ? 1 : null;
    const levels = [1e9, 1e9, 50, 4][i % 4] ?? 1;
    for (let t = 0; t < dates; t += 1) {
      const value = Math.round(((market[t] ?? 0) + nextFloat(prng)) * levels);
      const isClosed = calendar !== null && calendars[calendar * dates + t];
      const isMissing = t < start || isClosed || nextFloat(prng) < share;
      values[i * dates + t] = isMissing ? NaN : i % 29 === 28 ? 7 : value;
    }
  }
  return { series, dates, values };
}

const bitsOf = (values: Float64Array) => Buffer.from(values.buffer).toString("base64");

const variants = await createSpearmanVariants();
const createEngine = (name: SpearmanVariant["name"]): SpearmanEngine =>
  present(
    variants.find((variant) => variant.name === name),
    name,
  ).createEngine();

describe.each(variants)("$name", (variant) => {
  const table = makeTable(61, 200, 1);
  const whole = rankCorrelateByTiles(variant.createEngine(), table, { panelSeries: 61, tile: 61 });

  it.each([
    { panelSeries: 61, tile: 1 },
    { panelSeries: 8, tile: 7 },
    { panelSeries: 5, tile: 13 },
    { panelSeries: 1, tile: 32 },
    { panelSeries: 60, tile: 60 },
  ])("gives the same bits for tiles of $tile and panels of $panelSeries", (layout) => {
    const split = rankCorrelateByTiles(variant.createEngine(), table, layout);
    expect(bitsOf(split.r)).toBe(bitsOf(whole.r));
    expect(bitsOf(split.n)).toBe(bitsOf(whole.n));
  });

  it("gives the same bits when the tile is larger than a block of the kernel", () => {
    const large = makeTable(259, 40, 2);
    const one = rankCorrelateByTiles(variant.createEngine(), large, {
      panelSeries: 100,
      tile: 259,
    });
    const many = rankCorrelateByTiles(variant.createEngine(), large, { panelSeries: 64, tile: 64 });
    expect(bitsOf(one.r)).toBe(bitsOf(many.r));
    expect(bitsOf(one.n)).toBe(bitsOf(many.n));
  });
});

/** Compares both engines on one table. */
function expectEqual(table: Table, layout: { panelSeries: number; tile: number }): void {
  const a = rankCorrelateByTiles(createEngine("wasm"), table, layout);
  const b = rankCorrelateByTiles(createEngine("typescript"), table, layout);
  expect(bitsOf(a.r)).toBe(bitsOf(b.r));
  expect(bitsOf(a.n)).toBe(bitsOf(b.n));
}

describe("WebAssembly and TypeScript", () => {
  it.each([
    [1, 1],
    [1, 7],
    [2, 2],
    [13, 5],
    [4, 8],
    [40, 33],
    [9, 63],
    [9, 64],
    [24, 65],
    [64, 129],
    [131, 150],
    [25, 2_600],
  ])("agree to the bit for %i series and %i dates", (series, dates) => {
    const table = makeTable(series, dates, series * 1000 + dates);
    expectEqual(table, { panelSeries: 30, tile: series });
    expectEqual(table, { panelSeries: 6, tile: 11 });
  });

  it.each([
    ["the most dates of 16-bit ranks", 16_383],
    ["the least of 32-bit ranks", 16_384],
    ["more than could be doubled in 16 bits", 20_000],
    ["more than 16 bits count", 65_536],
  ])("agree to the bit for %s", (_, dates) => {
    const table = makeTable(10, dates, dates);
    expectEqual(table, { panelSeries: 10, tile: 10 });
  });

  it("agree to the bit where sums exceed 2^53", () => {
    const dates = 330_000;
    const prng = createPrng(4);
    const values = Float64Array.from({ length: 3 * dates }, (_, at) => {
      const t = at % dates;
      if (at < dates) return t;
      // The second nearly follows the first; the third, with gaps and ties, nearly opposes it.
      if (at < 2 * dates) return t + 900 * nextFloat(prng);
      return t % 1000 === 0 ? NaN : -Math.round(t / 3 + 500 * nextFloat(prng));
    });
    expectEqual({ series: 3, dates, values }, { panelSeries: 3, tile: 3 });
  });
});

describe("16-bit ranks", () => {
  /** Perfect agreement makes the largest sums: all that 32 bits must hold at a time. */
  it.each([100, 181, 5_000, 16_383])("hold the largest sums, at %i dates", (dates) => {
    const values = Float64Array.from({ length: 4 * dates }, (_, at) => {
      const t = at % dates;
      const isGap = (at >= 2 * dates && t % 50 === 3) || (at >= 3 * dates && t % 60 === 7);
      if (isGap) return NaN;
      return at >= dates && at < 2 * dates ? -t : t;
    });
    const table: Table = { series: 4, dates, values };
    const { r } = rankCorrelateByTiles(createEngine("wasm"), table, { panelSeries: 4, tile: 4 });
    expect([...r]).toEqual([1, -1, 1, 1, -1, 1, -1, -1, 1, -1, 1, 1, 1, -1, 1, 1]);
  });
});

describe("sorting", () => {
  const spread = (count: number, valueAt: (k: number) => number): Float64Array => {
    // 7 is prime to all counts below: a permutation.
    const order = Array.from({ length: count }, (_, k) => (k * 7 + 3) % count);
    return Float64Array.from(order, valueAt);
  };
  const kinds: readonly [name: string, values: Float64Array][] = [
    ["values that agree in their first 32 bits", spread(300, (k) => 1e9 + k * 1e-6)],
    ["a few such values, beside others", spread(300, (k) => (k < 20 ? 1 + k * 1e-12 : k))],
    ["many such values, beside others", spread(300, (k) => (k < 200 ? 1 + k * 1e-12 : -k))],
    ["neighbours in the last bit", spread(300, (k) => 1 + k * Number.EPSILON)],
    [
      "all magnitudes, both signs",
      spread(300, (k) => (k % 2 === 0 ? 1 : -1) * 10 ** (k * 2 - 300)),
    ],
    ["the smallest numbers", spread(300, (k) => (k - 150) * Number.MIN_VALUE)],
    ["both zeros", spread(300, (k) => (k < 100 ? -0 : k < 200 ? 0 : k - 250))],
    ["whole numbers", spread(300, (k) => k - 100)],
    ["one value", spread(300, () => 3)],
  ];
  it.each(kinds)("orders %s", (_, values) => {
    const dates = values.length;
    const prng = createPrng(9);
    const table: Table = { series: 3, dates, values: new Float64Array(3 * dates) };
    table.values.set(values);
    for (let t = 0; t < 2 * dates; t += 1) {
      table.values[dates + t] = t % 11 === 5 ? NaN : Math.round(40 * nextFloat(prng)) + t / 20;
    }
    expectEqual(table, { panelSeries: 3, tile: 3 });
  });
});
