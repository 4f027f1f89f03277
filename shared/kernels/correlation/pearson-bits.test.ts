// The bits of a coefficient depend on its two series alone: not on tiles, panels, places or engines.
import { describe, expect, it } from "vitest";
import { createPrng, nextFloat } from "../../prng.ts";
import {
  type Table,
  type Variant,
  createVariants,
  correlateByTiles,
} from "../../testing/pearson-variants.ts";

/** Complete, gapped, late, sparse, constant and level series mixed, so that every path is taken. */
function makeTable(series: number, dates: number, seed: number): Table {
  const prng = createPrng(seed);
  const market = Array.from({ length: dates }, () => nextFloat(prng) - 0.5);
  const values = new Float64Array(series * dates);
  for (let i = 0; i < series; i += 1) {
    const share = [0, 0.05, 0.02, 0.7, 0][i % 5] ?? 0;
    const start = i % 5 === 2 ? Math.floor(nextFloat(prng) * dates) : 0;
    let level = 100;
    for (let t = 0; t < dates; t += 1) {
      level += (market[t] ?? 0) + nextFloat(prng) - 0.5;
      const value = i % 11 === 10 ? 7 : i % 7 === 6 ? level : (market[t] ?? 0) + nextFloat(prng);
      values[i * dates + t] = t < start || nextFloat(prng) < share ? NaN : value;
    }
  }
  return { series, dates, values };
}

const bitsOf = (values: Float64Array) => Buffer.from(values.buffer).toString("base64");

const variants = await createVariants();
const find = (name: string): Variant => {
  const variant = variants.find((candidate) => candidate.name === name);
  if (variant === undefined) throw new Error(`no variant ${name}`);
  return variant;
};

describe.each(variants)("$name", (variant) => {
  const table = makeTable(61, 700, 1);
  const whole = correlateByTiles(variant, table, { panelSeries: 61, tile: 61 });

  it.each([
    { panelSeries: 61, tile: 1 },
    { panelSeries: 8, tile: 7 },
    { panelSeries: 5, tile: 13 },
    { panelSeries: 1, tile: 32 },
    { panelSeries: 60, tile: 60 },
  ])("gives the same bits for tiles of $tile and panels of $panelSeries", (layout) => {
    const split = correlateByTiles(variant, table, layout);
    expect(bitsOf(split.r)).toBe(bitsOf(whole.r));
    expect(bitsOf(split.n)).toBe(bitsOf(whole.n));
  });

  it("gives the same bits when the tile is larger than a block of the kernel", () => {
    const large = makeTable(259, 40, 2);
    const one = correlateByTiles(variant, large, { panelSeries: 100, tile: 259 });
    const many = correlateByTiles(variant, large, { panelSeries: 64, tile: 64 });
    expect(bitsOf(one.r)).toBe(bitsOf(many.r));
    expect(bitsOf(one.n)).toBe(bitsOf(many.n));
  });
});

describe("WebAssembly and TypeScript", () => {
  it.each([
    [1, 1],
    [1, 7],
    [2, 2],
    [13, 5],
    [4, 31],
    [9, 32],
    [9, 64],
    [8, 191],
    [8, 192],
    [9, 205],
    [17, 257],
    [12, 513],
    [13, 959],
    [10, 1030],
    [20, 2100],
  ])("agree to the bit for %i series and %i dates", (series, dates) => {
    const table = makeTable(series, dates, series * 1000 + dates);
    for (const precision of ["f64", "f32"]) {
      const layout = { panelSeries: 6, tile: 9 };
      const wasm = correlateByTiles(find(`wasm ${precision}`), table, layout);
      const typescript = correlateByTiles(find(`typescript ${precision}`), table, layout);
      expect(bitsOf(wasm.r)).toBe(bitsOf(typescript.r));
      expect(bitsOf(wasm.n)).toBe(bitsOf(typescript.n));
    }
  });
});
