// For tests: every engine of "pearson-tile@3", and tables cut into panels and tiles.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import type { Precision } from "../correlation/plan.ts";
import { asBlockId } from "../ids.ts";
import { createPearsonTile } from "../kernels/correlation/pearson-tile.ts";
import type { PearsonEngine } from "../kernels/correlation/pearson-engine.ts";
import { createTypescriptEngine } from "../kernels/correlation/typescript-engine.ts";
import { type PearsonExports, createWasmEngine } from "../kernels/correlation/wasm-engine.ts";
import type { KernelInput } from "../kernels/kernel.ts";

const BUDGET_BYTES = 64 * 2 ** 20;

/** A fresh instance of the kernel, with its own memory. */
export async function loadPearson(): Promise<PearsonExports> {
  const file = join(import.meta.dirname, "../../dist/kernels/pearson.wasm");
  const { instance } = await WebAssembly.instantiate(await readFile(file), {});
  return instance.exports as unknown as PearsonExports;
}

export interface Variant {
  readonly name: string;
  readonly precision: Precision;
  readonly engine: PearsonEngine;
}

export async function createVariants(): Promise<Variant[]> {
  const wasm = createWasmEngine(await loadPearson(), BUDGET_BYTES);
  const typescript = createTypescriptEngine(BUDGET_BYTES);
  return [
    { name: "wasm f64", precision: "f64", engine: wasm },
    { name: "wasm f32", precision: "f32", engine: wasm },
    { name: "typescript f64", precision: "f64", engine: typescript },
    { name: "typescript f32", precision: "f32", engine: typescript },
  ];
}

/** A table, series-major. */
export interface Table {
  readonly series: number;
  readonly dates: number;
  readonly values: Float64Array;
}

export const seriesOf = (table: Table): Float64Array[] =>
  Array.from({ length: table.series }, (_, i) =>
    table.values.slice(i * table.dates, (i + 1) * table.dates),
  );

let tables = 0;

/** The table as panels of up to `panelSeries` series, under block ids not used before. */
export function cutPanels(table: Table, panelSeries: number): KernelInput[] {
  tables += 1;
  const panels: KernelInput[] = [];
  for (let start = 0; start < table.series; start += panelSeries) {
    const count = Math.min(panelSeries, table.series - start);
    const data = table.values.slice(start * table.dates, (start + count) * table.dates);
    const block = asBlockId(`table ${tables} from ${start} by ${panelSeries}`);
    panels.push({ block, array: { shape: [count, table.dates], data } });
  }
  return panels;
}

/** The whole matrix from tiles of the upper triangle, the lower one mirrored. */
export function correlateByTiles(
  variant: Variant,
  table: Table,
  layout: { readonly panelSeries: number; readonly tile: number; readonly minPeriods?: number },
): { r: Float64Array; n: Float64Array } {
  const kernel = createPearsonTile(variant.engine);
  const panels = cutPanels(table, layout.panelSeries);
  const size = table.series;
  const r = new Float64Array(size * size);
  const n = new Float64Array(size * size);
  const range = (first: number) => {
    const count = Math.min(layout.tile, size - first);
    const from = Math.floor(first / layout.panelSeries);
    const to = Math.ceil((first + count) / layout.panelSeries);
    const used = panels.slice(from, to);
    return { used, part: { panels: used.length, start: first - from * layout.panelSeries, count } };
  };
  for (let top = 0; top < size; top += layout.tile) {
    for (let left = top; left < size; left += layout.tile) {
      const rows = range(top);
      const cols = range(left);
      const [tileR, tileN] = kernel.run(
        {
          minPeriods: layout.minPeriods ?? 1,
          precision: variant.precision,
          rows: rows.part,
          cols: left === top ? null : cols.part,
        },
        left === top ? rows.used : [...rows.used, ...cols.used],
      );
      for (let i = 0; i < rows.part.count; i += 1) {
        for (let j = 0; j < cols.part.count; j += 1) {
          const at = i * cols.part.count + j;
          for (const place of [(top + i) * size + left + j, (left + j) * size + top + i]) {
            r[place] = tileR?.data[at] ?? -99;
            n[place] = tileN?.data[at] ?? -99;
          }
        }
      }
    }
  }
  return { r, n };
}
