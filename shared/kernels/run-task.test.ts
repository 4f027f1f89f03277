// Tasks as a thread runs them: bytes in, bytes out, and every failure as a value.
import { describe, expect, it } from "vitest";
import { type NdArray, decodeNpy, encodeNpy } from "../codecs/npy.ts";
import type { JsonValue } from "../graph/task.ts";
import { asBlockId } from "../ids.ts";
import { loadPearson } from "../testing/pearson-variants.ts";
import { type KernelModules, createKernelRegistry } from "./registry.ts";
import { type TaskInputBytes, runKernel } from "./run-task.ts";

const KERNEL = "pearson-tile@3";
const DATES = 40;
/** 1 MiB each: a few fit into the smaller budget below, beside the kernel's own 4.5 MiB. */
const BULK: readonly [number, number] = [64, 2048];

const panel = (block: string, array: NdArray = makePanel(3, DATES)): TaskInputBytes => ({
  block: asBlockId(block),
  bytes: encodeNpy(array),
});
const held = (block: string): TaskInputBytes => ({ block: asBlockId(block), bytes: null });

function makePanel(series: number, dates: number): NdArray {
  const data = Float64Array.from({ length: series * dates }, (_, at) => Math.sin(at * at));
  return { shape: [series, dates], data };
}

const diagonal = (changes: { readonly [name: string]: JsonValue } = {}): JsonValue => ({
  minPeriods: 1,
  precision: "f64",
  rows: { panels: 1, start: 0, count: 2 },
  cols: null,
  ...changes,
});
const offDiagonal: JsonValue = diagonal({ cols: { panels: 1, start: 1, count: 2 } });

const modules: readonly { name: string; load: () => Promise<KernelModules> }[] = [
  { name: "wasm", load: async () => ({ pearson: await loadPearson() }) },
  { name: "typescript", load: async () => ({}) },
];

describe.each(modules)("tasks on $name", ({ load }) => {
  it("gives r and n as NPY bytes", async () => {
    const registry = createKernelRegistry(await load());
    const outcome = runKernel(registry, KERNEL, offDiagonal, [panel("a"), panel("b")]);
    expect(outcome.ok).toBe(true);
    const outputs = outcome.ok ? outcome.outputs.map(decodeNpy) : [];
    expect(outputs.map((output) => output.shape)).toEqual([
      [2, 2],
      [2, 2],
    ]);
    // Both panels hold the same values, so row 1 and column 0 are one series.
    expect(outputs[0]?.data[2]).toBe(1);
    expect(outputs[1]?.data).toEqual(Uint16Array.of(DATES, DATES, DATES, DATES));
  });

  it("gives float32 for f32, and wider counts for more dates than 16 bits count", async () => {
    const registry = createKernelRegistry(await load());
    const long = panel("long", makePanel(2, 65_536));
    const outcome = runKernel(registry, KERNEL, diagonal({ precision: "f32" }), [long]);
    const outputs = outcome.ok ? outcome.outputs.map(decodeNpy) : [];
    expect(outputs[0]?.data).toBeInstanceOf(Float32Array);
    expect(outputs[1]?.data).toEqual(new Uint32Array(4).fill(65_536));
  });

  it("predicts the size of the outputs exactly", async () => {
    const registry = createKernelRegistry(await load());
    const kernel = registry.get(KERNEL);
    for (const precision of ["f64", "f32"]) {
      const params = diagonal({ precision, rows: { panels: 1, start: 1, count: 2 } });
      const outcome = runKernel(registry, KERNEL, params, [panel("a")]);
      const bytes = outcome.ok
        ? outcome.outputs.reduce((sum, output) => sum + output.length, 0)
        : 0;
      const cost = kernel?.cost(kernel.parseParams(params), [[3, DATES]]);
      expect(cost?.outputBytes).toBe(bytes);
    }
  });

  it("keeps panels, so that a second task needs no bytes", async () => {
    const registry = createKernelRegistry(await load());
    const blocks = [asBlockId("a"), asBlockId("b"), asBlockId("a")];
    expect(registry.missingInputs(KERNEL, blocks)).toEqual(["a", "b"]);
    const first = runKernel(registry, KERNEL, offDiagonal, [panel("a"), panel("b")]);
    expect(registry.missingInputs(KERNEL, blocks)).toEqual([]);
    const second = runKernel(registry, KERNEL, offDiagonal, [held("a"), held("b")]);
    expect(first.ok).toBe(true);
    expect(second).toEqual(first);
  });

  it("asks for the blocks that it does not hold, and computes nothing", async () => {
    const registry = createKernelRegistry(await load());
    const outcome = runKernel(registry, KERNEL, offDiagonal, [panel("a"), held("b")]);
    expect(outcome).toEqual({ ok: false, reason: "missing-inputs", missing: ["b"] });
    expect(registry.missingInputs(KERNEL, [asBlockId("a")])).toEqual(["a"]);
  });

  it("drops panels when room runs out, never those of the tile itself", async () => {
    const registry = createKernelRegistry(await load(), { memoryBudgetBytes: 9 * 2 ** 20 });
    const bulk = makePanel(...BULK);
    const use = (input: TaskInputBytes) => {
      expect(runKernel(registry, KERNEL, diagonal(), [input]).ok).toBe(true);
    };
    const dropped = (names: readonly string[]) =>
      registry.missingInputs(KERNEL, names.map(asBlockId));
    use(panel("a", bulk));
    use(panel("b", bulk));
    const names = ["a", "b"];
    while (dropped(names).length === 0) {
      names.push(`more ${names.length}`);
      use(panel(names.at(-1) ?? "", bulk));
      expect(dropped(names.slice(-1))).toEqual([]);
      expect(names.length).toBeLessThan(10);
    }
    expect(dropped(names)).toHaveLength(1);
    // Whatever is dropped for the second of a tile's panels, the first must outlive its coming.
    for (let round = 0; round < 20; round += 1) {
      const [gone = ""] = dropped(names);
      const stays = names.find((name) => name !== gone) ?? "";
      const inputs = [held(stays), panel(gone, bulk)];
      expect(runKernel(registry, KERNEL, offDiagonal, inputs).ok).toBe(true);
      expect(dropped([stays, gone])).toEqual([]);
    }
  });

  it("says out-of-memory for a tile that cannot fit, and goes on with smaller ones", async () => {
    const registry = createKernelRegistry(await load(), { memoryBudgetBytes: 9 * 2 ** 20 });
    const params = diagonal({ rows: { panels: 16, start: 0, count: 2 } });
    const bulk = makePanel(...BULK);
    const inputs = Array.from({ length: 16 }, (_, i) => panel(`bulk ${i}`, bulk));
    const outcome = runKernel(registry, KERNEL, params, inputs);
    expect(outcome).toMatchObject({ ok: false, reason: "out-of-memory" });
    expect(outcome).toHaveProperty("message", expect.stringContaining("smaller tiles"));
    expect(runKernel(registry, KERNEL, diagonal(), [panel("small")]).ok).toBe(true);
  });
});

describe("bad tasks", async () => {
  const registry = createKernelRegistry({ pearson: await loadPearson() });
  const one = [panel("p")];

  it.each<[string, string, JsonValue, TaskInputBytes[], string]>([
    ["an unknown kernel", "sum@1", diagonal(), one, "does not know the kernel sum@1"],
    ["no parameters", KERNEL, null, one, "parameters must be an object"],
    ["a list for parameters", KERNEL, [], one, "parameters must be an object"],
    ["no precision", KERNEL, diagonal({ precision: "f16" }), one, 'precision must be "f64"'],
    [
      "no minPeriods",
      KERNEL,
      diagonal({ minPeriods: 0 }),
      one,
      "minPeriods must be a whole number",
    ],
    ["a fraction", KERNEL, diagonal({ minPeriods: 1.5 }), one, "minPeriods must be a whole number"],
    ["bad rows", KERNEL, diagonal({ rows: 4 }), one, "rows must be an object"],
    [
      "a negative start",
      KERNEL,
      diagonal({ rows: { panels: 1, start: -1, count: 1 } }),
      one,
      "rows.start must be a whole number of at least 0",
    ],
    [
      "a range beyond the panels",
      KERNEL,
      diagonal({ rows: { panels: 1, start: 2, count: 2 } }),
      one,
      "are series 2 to 3, but its panels have only 3",
    ],
    ["too few panels", KERNEL, offDiagonal, one, "needs 2 panels but got 1"],
    ["too many panels", KERNEL, diagonal(), [...one, panel("q")], "needs 1 panels but got 2"],
    [
      "panels of different dates",
      KERNEL,
      offDiagonal,
      [...one, panel("r", makePanel(3, DATES + 1))],
      "one has 40 and another 41",
    ],
    [
      "whole numbers",
      KERNEL,
      diagonal(),
      [panel("int", { shape: [3, 2], data: new Int32Array(6) })],
      "must be a float64 array",
    ],
    [
      "a vector",
      KERNEL,
      diagonal(),
      [panel("flat", { shape: [6], data: new Float64Array(6) })],
      "must be a float64 array of series × dates",
    ],
    [
      "an empty panel",
      KERNEL,
      diagonal(),
      [panel("none", { shape: [3, 0], data: new Float64Array(0) })],
      "at least one series and one date",
    ],
    [
      "bytes that are no NPY",
      KERNEL,
      diagonal(),
      [{ block: asBlockId("junk"), bytes: new Uint8Array(100) }],
      "not in NPY format",
    ],
  ])("refuses %s", (_, kernel, params, inputs, message) => {
    const outcome = runKernel(registry, kernel, params, inputs);
    expect(outcome).toMatchObject({ ok: false, reason: "bad-input" });
    expect(outcome).toHaveProperty("message", expect.stringContaining(message));
  });
});
