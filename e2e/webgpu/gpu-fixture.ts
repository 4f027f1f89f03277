// What the GPU tests need: a built page of threads, tables cut into tiles, and the answer to compare with.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Page, expect, test as base } from "@playwright/test";
import { build, preview } from "vite";
import { decodeNpy, encodeNpy } from "../../shared/codecs/npy.ts";
import { correlateAll } from "../../shared/kernels/correlation/pearson-reference.ts";
import type { GpuState } from "../../web/worker/webgpu/gpu-pearson.ts";
import { createPrng, nextFloat } from "../../shared/prng.ts";
import type { Fault } from "./faults.ts";
import type { HarnessTask } from "./page.ts";
import type { HarnessOptions, Tally } from "./thread.ts";

export const KERNEL = "pearson-tile-fast@1";
/** The promise of the fast kernel, and of single precision. */
export const TOLERANCE = 1e-6;
export const SOFTWARE: HarnessOptions = { allowSoftware: true };

const vite = {
  root: import.meta.dirname,
  configFile: false,
  logLevel: "warn",
  worker: { format: "es" },
} as const;

export const test = base.extend<{ page: Page }, { address: string }>({
  launchOptions: [
    async ({ launchOptions }, lend) => {
      // Chromium's software adapter, on machines with a GPU too.
      const flags = ["--enable-unsafe-webgpu", "--use-webgpu-adapter=swiftshader"];
      await lend({ ...launchOptions, args: [...(launchOptions.args ?? []), ...flags] });
    },
    { scope: "worker" },
  ],
  address: [
    // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixture's needs from the pattern.
    async ({}, lend) => {
      const outDir = await mkdtemp(join(tmpdir(), "tabswarm-webgpu-"));
      const target = ["chrome111", "firefox114", "safari16.4"];
      await build({ ...vite, build: { outDir, target, emptyOutDir: false } });
      // Isolated as our pages are, so that the pool shares bytes with its threads.
      const headers = {
        "cross-origin-opener-policy": "same-origin",
        "cross-origin-embedder-policy": "require-corp",
      };
      const server = await preview({
        ...vite,
        build: { outDir },
        preview: { host: "127.0.0.1", port: 0, headers },
      });
      await lend(server.resolvedUrls?.local[0] ?? "");
      await server.close();
      await rm(outDir, { recursive: true, force: true });
    },
    { scope: "worker" },
  ],
  page: async ({ page, address }, lend) => {
    await page.goto(address);
    await page.waitForFunction(() => globalThis.harness !== undefined);
    await lend(page);
  },
});

/** A table, series-major. */
export interface Table {
  readonly series: number;
  readonly dates: number;
  readonly values: Float64Array;
}

export interface Layout {
  readonly panelSeries: number;
  readonly tile: number;
  readonly minPeriods?: number;
}

type Matrix = ReturnType<typeof correlateAll>;

const seriesOf = ({ series, dates, values }: Table): Float64Array[] =>
  Array.from({ length: series }, (_, i) => values.slice(i * dates, (i + 1) * dates));

let tables = 0;

/** Gives the table's panels to the page under names not used before. */
export async function putPanels(page: Page, table: Table, panelSeries: number): Promise<string[]> {
  tables += 1;
  const names: string[] = [];
  for (let start = 0; start < table.series; start += panelSeries) {
    const count = Math.min(panelSeries, table.series - start);
    const data = table.values.slice(start * table.dates, (start + count) * table.dates);
    const bytes = encodeNpy({ shape: [count, table.dates], data });
    const name = `table ${tables} from ${start}`;
    await page.evaluate(([block, content]) => globalThis.harness.putBlock(block, content), [
      name,
      bytes,
    ] as const);
    names.push(name);
  }
  return names;
}

export const run = (page: Page, task: HarnessTask): Promise<Uint8Array[] | string> =>
  page.evaluate((asked) => globalThis.harness.run(JSON.parse(asked)), JSON.stringify(task));

/** The whole matrix from tiles of the upper triangle, the lower one mirrored, as jobs compute it. */
export async function correlateByTiles(page: Page, table: Table, layout: Layout): Promise<Matrix> {
  const panels = await putPanels(page, table, layout.panelSeries);
  const size = table.series;
  const matrix = { r: new Float64Array(size * size), n: new Uint32Array(size * size) };
  const range = (first: number) => {
    const count = Math.min(layout.tile, size - first);
    const from = Math.floor(first / layout.panelSeries);
    const used = panels.slice(from, Math.ceil((first + count) / layout.panelSeries));
    return { used, part: { panels: used.length, start: first - from * layout.panelSeries, count } };
  };
  for (let top = 0; top < size; top += layout.tile) {
    for (let left = top; left < size; left += layout.tile) {
      const rows = range(top);
      const cols = range(left);
      const isDiagonal = left === top;
      const params = {
        minPeriods: layout.minPeriods ?? 1,
        precision: "f32",
        rows: rows.part,
        cols: isDiagonal ? null : cols.part,
      };
      const blocks = isDiagonal ? rows.used : [...rows.used, ...cols.used];
      const task = { kernel: KERNEL, params, blocks };
      const outputs = await run(page, task);
      const shape = { rows: rows.part.count, cols: cols.part.count, dates: table.dates };
      place(outputs, { top, left, ...shape }, size, matrix);
    }
  }
  return matrix;
}

interface Place {
  readonly top: number;
  readonly left: number;
  readonly rows: number;
  readonly cols: number;
  readonly dates: number;
}

/** Checks the types and shapes that the kernel promises, and puts the tile into the matrix. */
function place(outputs: Uint8Array[] | string, at: Place, size: number, matrix: Matrix): void {
  if (typeof outputs === "string") throw new Error(outputs);
  const [r, n] = outputs.map((bytes) => decodeNpy(bytes));
  expect(r?.data).toBeInstanceOf(Float32Array);
  expect(n?.data).toBeInstanceOf(at.dates <= 0xffff ? Uint16Array : Uint32Array);
  expect([r?.shape, n?.shape]).toEqual([
    [at.rows, at.cols],
    [at.rows, at.cols],
  ]);
  for (let i = 0; i < at.rows; i += 1) {
    for (let j = 0; j < at.cols; j += 1) {
      const from = i * at.cols + j;
      const to = (at.top + i) * size + at.left + j;
      const mirrored = (at.left + j) * size + at.top + i;
      matrix.r[to] = matrix.r[mirrored] = r?.data[from] ?? -99;
      matrix.n[to] = matrix.n[mirrored] = n?.data[from] ?? 0;
    }
  }
}

/** The largest absolute difference; infinite where only one of the two is NaN. */
export function largestDifference(actual: ArrayLike<number>, expected: ArrayLike<number>): number {
  expect(actual.length).toBe(expected.length);
  return Array.from(expected).reduce((largest, want, i) => {
    const got = actual[i] ?? 0;
    const apart = Number.isNaN(got) !== Number.isNaN(want);
    return apart ? Infinity : Math.max(largest, Math.abs(got - want) || 0);
  }, 0);
}

/** Computes the matrix by tiles and compares it with the reference, pair by pair. */
export async function expectRight(page: Page, table: Table, layout: Layout): Promise<void> {
  const actual = await correlateByTiles(page, table, layout);
  const expected = correlateAll(seriesOf(table), layout.minPeriods ?? 1);
  expect(largestDifference(actual.n, expected.n)).toBe(0);
  expect(largestDifference(actual.r, expected.r)).toBeLessThan(TOLERANCE);
}

export const start = (page: Page, ...options: readonly HarnessOptions[]): Promise<void> =>
  page.evaluate((each) => globalThis.harness.start(each), options);
export const stateOf = (page: Page): Promise<GpuState | undefined> =>
  page.evaluate(() => globalThis.harness.state());
export const tallyOf = (page: Page, thread = 0): Promise<Tally> =>
  page.evaluate((index) => globalThis.harness.tally(index), thread);
export const setFault = (page: Page, fault: Fault): Promise<void> =>
  page.evaluate((asked) => globalThis.harness.setFault(asked), fault);

/** Values by series and date; the generator is the same on each run. */
export function createTable(
  series: number,
  dates: number,
  value: (series: number, date: number, random: () => number) => number,
): Table {
  const prng = createPrng(series * 1000 + dates);
  const random = (): number => nextFloat(prng);
  const values = Float64Array.from({ length: series * dates }, (_, at) =>
    value(Math.floor(at / dates), at % dates, random),
  );
  return { series, dates, values };
}

export { expect } from "@playwright/test";
