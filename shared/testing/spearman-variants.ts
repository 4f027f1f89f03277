// For tests: both engines of "spearman-tile@1", and the matrix of a table put together from tiles.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { createSpearmanTile } from "../kernels/spearman/spearman-tile.ts";
import type { SpearmanEngine } from "../kernels/spearman/spearman-engine.ts";
import { createSpearmanTypescriptEngine } from "../kernels/spearman/typescript-engine.ts";
import { type SpearmanExports, createSpearmanWasmEngine } from "../kernels/spearman/wasm-engine.ts";
import { type Table, cutPanels } from "./pearson-variants.ts";

const BUDGET_BYTES = 256 * 2 ** 20;

export interface SpearmanVariant {
  readonly name: "wasm" | "typescript";
  /** An engine with memory of its own. */
  readonly createEngine: (budgetBytes?: number) => SpearmanEngine;
}

export async function createSpearmanVariants(): Promise<SpearmanVariant[]> {
  const file = join(import.meta.dirname, "../../dist/kernels/spearman.wasm");
  const module = await WebAssembly.compile(await readFile(file));
  return [
    {
      name: "wasm",
      createEngine: (budgetBytes = BUDGET_BYTES) => {
        const { exports } = new WebAssembly.Instance(module);
        return createSpearmanWasmEngine(exports as unknown as SpearmanExports, budgetBytes);
      },
    },
    {
      name: "typescript",
      createEngine: (budgetBytes = BUDGET_BYTES) => createSpearmanTypescriptEngine(budgetBytes),
    },
  ];
}

interface Layout {
  readonly panelSeries: number;
  readonly tile: number;
  readonly minPeriods?: number;
}

/** The whole matrix from tiles of the upper triangle, the lower one mirrored. */
export function rankCorrelateByTiles(
  engine: SpearmanEngine,
  table: Table,
  { panelSeries, tile, minPeriods = 1 }: Layout,
): { r: Float64Array; n: Float64Array } {
  const kernel = createSpearmanTile(engine);
  const panels = cutPanels(table, panelSeries);
  const size = table.series;
  const r = new Float64Array(size * size).fill(-99);
  const n = new Float64Array(size * size).fill(-99);
  const range = (first: number) => {
    const count = Math.min(tile, size - first);
    const from = Math.floor(first / panelSeries);
    const used = panels.slice(from, Math.ceil((first + count) / panelSeries));
    return { used, part: { panels: used.length, start: first - from * panelSeries, count } };
  };
  for (let top = 0; top < size; top += tile) {
    for (let left = top; left < size; left += tile) {
      const rows = range(top);
      const cols = left === top ? null : range(left);
      const [tileR, tileN] = kernel.run(
        { minPeriods, precision: "f64", rows: rows.part, cols: cols?.part ?? null },
        [...rows.used, ...(cols?.used ?? [])],
      );
      const width = (cols ?? rows).part.count;
      tileR?.data.forEach((value, at) => {
        const i = top + Math.floor(at / width);
        const j = left + (at % width);
        for (const place of [i * size + j, j * size + i]) {
          r[place] = value;
          n[place] = tileN?.data[at] ?? -99;
        }
      });
    }
  }
  return { r, n };
}
