// WebAssembly and TypeScript give the same bits, for every control, length of path and number of paths.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import {
  ARTICLE_OPTION,
  type AsianOptionParams,
  type WalkOption,
} from "../../monte-carlo/asian-option.ts";
import type { Kernel } from "../kernel.ts";
import { createAsianOption } from "./asian-option.ts";
import type { AsianOptionExports } from "./wasm-engine.ts";

const file = join(import.meta.dirname, "../../../dist/kernels/asian-option.wasm");
const { instance } = await WebAssembly.instantiate(await readFile(file), {});
const wasm = createAsianOption(instance.exports as unknown as AsianOptionExports);
const typescript = createAsianOption(undefined);

const bytesOf = (kernel: Kernel<AsianOptionParams>, params: AsianOptionParams): string[] =>
  kernel
    .run(params, [])
    .map(({ data }) =>
      Buffer.from(data.buffer, data.byteOffset, data.byteLength).toString("base64"),
    );

function expectEqualBits(changes: Partial<AsianOptionParams>, option: Partial<WalkOption> = {}) {
  const { discounted: _, ...article } = ARTICLE_OPTION;
  const params: AsianOptionParams = {
    option: { ...article, points: 60, ...option },
    control: "none",
    seed: 7,
    firstBatch: 0,
    paths: 64,
    histogram: { high: 50, bins: 16 },
    ...changes,
  };
  expect(bytesOf(wasm, params)).toEqual(bytesOf(typescript, params));
}

describe.each(["none", "antithetic", "geometric"] as const)("control %s", (control) => {
  it.each([
    { type: "call" },
    { type: "put", strike: 103.5 },
    { mu: -0.3, sigma: 0.9, stepsPerYear: 12 },
    { s0: 0.001, strike: 0, mu: 5, sigma: 0.01 },
    { s0: 5e8, strike: 1e9, sigma: 10, stepsPerYear: 1 },
    { sigma: 0 },
    { sigma: 1e-200 },
  ] as const)("with the option %j", (option) => {
    expectEqualBits({ control }, option);
  });

  // Around the ends of a block, of two blocks, of a chunk and of two.
  it.each([1, 2, 3, 4, 5, 6, 8, 9, 10, 127, 128, 129, 130, 133, 257, 258, 1460])(
    "with %i points",
    (points) => {
      expectEqualBits({ control }, { points });
    },
  );

  it.each([2, 4, 6, 10, 4094, 4096, 4098, 8200])("with %i paths", (paths) => {
    expectEqualBits({ control, paths }, { points: 13 });
  });

  it.each([1, 2 ** 20 - 1, 2 ** 20, 2 ** 21 - 1, 2 ** 21, 2 ** 40])(
    "from batch %i",
    (firstBatch) => {
      expectEqualBits({ control, firstBatch, paths: 4200 }, { points: 9 });
    },
  );

  it.each([0, 2 ** 31, 2 ** 32 + 5, 2 ** 53 - 1])("with the seed %i", (seed) => {
    expectEqualBits({ control, seed });
  });
});

it("agrees for odd numbers of paths", () => {
  for (const paths of [1, 3, 5, 4095, 4097]) {
    expectEqualBits({ paths }, { points: 13 });
    expectEqualBits({ paths, control: "geometric" }, { points: 13 });
  }
});
