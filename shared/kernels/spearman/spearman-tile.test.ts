// The kernel's front door: what it refuses, keeps, predicts and cannot hold.
import { describe, expect, it } from "vitest";
import { encodeNpy } from "../../codecs/npy.ts";
import { asBlockId } from "../../ids.ts";
import { createSpearmanVariants } from "../../testing/spearman-variants.ts";
import type { TileParams } from "../correlation/tile-params.ts";
import { type KernelInput, KernelInputError } from "../kernel.ts";
import { KernelMemoryError } from "../memory-arena.ts";
import { createSpearmanTile } from "./spearman-tile.ts";

const panel = (name: string, series = 3, dates = 40): KernelInput => {
  const data = Float64Array.from({ length: series * dates }, (_, at) => Math.sin(at * at));
  return { block: asBlockId(name), array: { shape: [series, dates], data } };
};

/** A block that the kernel must have kept: its bytes are not there. */
const held = (name: string): KernelInput => ({
  block: asBlockId(name),
  get array(): never {
    throw new Error(`${name} was read again`);
  },
});

const diagonal: TileParams = {
  minPeriods: 1,
  precision: "f64",
  rows: { panels: 1, start: 0, count: 3 },
  cols: null,
};
const offDiagonal: TileParams = { ...diagonal, cols: { panels: 1, start: 1, count: 2 } };

const variants = await createSpearmanVariants();

describe.each(variants)("spearman-tile@1 on $name", ({ createEngine }) => {
  it("keeps panels between tiles", () => {
    const engine = createEngine();
    const kernel = createSpearmanTile(engine);
    expect(engine.holds(asBlockId("a"))).toBe(false);
    const first = kernel.run(offDiagonal, [panel("a"), panel("b")]);
    expect(engine.holds(asBlockId("a"))).toBe(true);
    expect(kernel.run(offDiagonal, [held("a"), held("b")])).toEqual(first);
  });

  it("rounds to single precision when asked to, and to nothing less", () => {
    const kernel = createSpearmanTile(createEngine());
    const [exact] = kernel.run(diagonal, [panel("a")]);
    const [rounded] = kernel.run({ ...diagonal, precision: "f32" }, [panel("a")]);
    expect(rounded?.data).toEqual(Float32Array.from(exact?.data ?? []));
  });

  it.each([40, 65_536])("predicts the size of the outputs exactly, for %i dates", (dates) => {
    const kernel = createSpearmanTile(createEngine());
    for (const precision of ["f64", "f32"] as const) {
      const outputs = kernel.run({ ...diagonal, precision }, [panel("a", 3, dates)]);
      const bytes = outputs.reduce((sum, output) => sum + encodeNpy(output).length, 0);
      const cost = kernel.cost({ ...diagonal, precision }, [[3, dates]]);
      expect(cost.outputBytes).toBe(bytes);
      expect(cost.operations).toBe(2 * 6 * dates);
    }
  });

  it("holds panels of few dates and of many side by side", () => {
    const kernel = createSpearmanTile(createEngine());
    const few = kernel.run(diagonal, [panel("few")]);
    const many = kernel.run(diagonal, [panel("many", 3, 20_000)]);
    expect(kernel.run(diagonal, [held("few")])).toEqual(few);
    expect(kernel.run(diagonal, [held("many")])).toEqual(many);
    expect(many[0]?.data[1]).not.toBe(few[0]?.data[1]);
  });

  it("makes room for more and more dates in the same memory", () => {
    const kernel = createSpearmanTile(createEngine(4 * 2 ** 20));
    for (let dates = 400; dates <= 2_000; dates += 100) {
      const [, n] = kernel.run(diagonal, [panel(`${dates} dates`, 3, dates)]);
      expect(n?.data[0]).toBe(dates);
    }
  });

  it("drops panels when room runs out, and goes on", () => {
    const engine = createEngine(2 * 2 ** 20);
    const kernel = createSpearmanTile(engine);
    const names = Array.from({ length: 40 }, (_, k) => `panel ${k}`);
    for (const name of names) kernel.run(diagonal, [panel(name, 64, 200)]);
    const kept = names.map((name) => engine.holds(asBlockId(name)));
    expect(kept).toContain(false);
    expect(kept.at(-1)).toBe(true);
    const last = kernel.run(diagonal, [held("panel 39")]);
    expect(last).toEqual(createSpearmanTile(createEngine()).run(diagonal, [panel("x", 64, 200)]));
  });

  it("says so when a tile's panels cannot fit, and goes on with smaller ones", () => {
    const kernel = createSpearmanTile(createEngine(2 ** 20));
    const before = kernel.run(diagonal, [panel("before")]);
    const huge = Array.from({ length: 6 }, (_, k) => panel(`huge ${k}`, 200, 200));
    const params = { ...diagonal, rows: { panels: 6, start: 0, count: 2 } };
    expect(() => kernel.run(params, huge)).toThrow(KernelMemoryError);
    expect(kernel.run(diagonal, [panel("before")])).toEqual(before);
  });

  it("gives NaN everywhere when minPeriods exceeds what 32 bits count", () => {
    const kernel = createSpearmanTile(createEngine());
    const [r] = kernel.run({ ...diagonal, minPeriods: 2 ** 40 }, [panel("a")]);
    expect([...(r?.data ?? [])]).toEqual(Array.from({ length: 9 }, () => NaN));
  });

  it("refuses panels that do not go together", () => {
    const kernel = createSpearmanTile(createEngine());
    const run = (params: TileParams, inputs: KernelInput[]) => () => kernel.run(params, inputs);
    expect(run(offDiagonal, [panel("a")])).toThrow("needs 2 panels but got 1");
    expect(run(offDiagonal, [panel("a"), panel("b", 3, 41)])).toThrow("one has 40 and another 41");
    const beyond = { ...diagonal, rows: { panels: 1, start: 2, count: 2 } };
    expect(run(beyond, [panel("a")])).toThrow("its panels have only 3");
  });

  it("refuses parameters that it does not know", () => {
    const kernel = createSpearmanTile(createEngine());
    expect(() => kernel.parseParams({ ...diagonal, precision: "f16" })).toThrow(KernelInputError);
    expect(kernel.parseParams(JSON.parse(JSON.stringify(offDiagonal)))).toEqual(offDiagonal);
  });
});
