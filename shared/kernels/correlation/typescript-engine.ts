// The engine without WebAssembly: the same bits, pair by pair, many times slower.
import { present } from "../../assert.ts";
import { createPanelCache } from "./panel-cache.ts";
import {
  type PreparedSeries,
  type StandardSeries,
  countCommonDates,
  correlateStandard,
  prepareSeries,
  standardiseSeries,
} from "./pearson-core.ts";
import {
  type PanelShape,
  type PearsonEngine,
  type SeriesSelection,
  type TileRequest,
  createTileArrays,
  selectSeries,
} from "./pearson-engine.ts";

interface PreparedPanel extends PanelShape {
  readonly prepared: readonly PreparedSeries[];
  readonly sizeBytes: number;
}

export function createTypescriptEngine(memoryBudgetBytes: number): PearsonEngine {
  let usedBytes = 0;
  const cache = createPanelCache<PreparedPanel>({
    prepare({ series, dates, values }) {
      // The lists of missing dates take at most as much again as the values.
      const sizeBytes = 2 * values.byteLength;
      if (usedBytes + sizeBytes > memoryBudgetBytes) return null;
      usedBytes += sizeBytes;
      const prepared = Array.from({ length: series }, (_, i) =>
        prepareSeries(values.slice(i * dates, (i + 1) * dates)),
      );
      return { series, dates, prepared, sizeBytes };
    },
    release(panel) {
      usedBytes -= panel.sizeBytes;
    },
  });

  const select = (selection: SeriesSelection, tile: TileRequest): StandardSeries[] => {
    const panels = selection.blocks.map((block) => present(cache.get(block), "a loaded panel"));
    return [...selectSeries(panels, selection.start, selection.count)].map(({ panel, index }) =>
      standardiseSeries(present(panel.prepared[index], "a selected series"), tile.precision),
    );
  };

  return {
    holds: (block) => cache.holds(block),
    load: (inputs) => cache.load(inputs),
    correlate(tile) {
      const rows = select(tile.rows, tile);
      const cols = tile.cols === null ? rows : select(tile.cols, tile);
      const { r, n } = createTileArrays(rows.length * cols.length, tile);
      let recomputed = 0;
      rows.forEach((x, i) => {
        cols.forEach((y, j) => {
          const at = i * cols.length + j;
          if (tile.cols === null && j < i) {
            r[at] = r[j * cols.length + i] ?? NaN;
            n[at] = n[j * cols.length + i] ?? 0;
          } else if (tile.cols === null && j === i) {
            const defined = x.of.count >= tile.minPeriods && !x.of.constant && !x.of.overflow;
            r[at] = defined ? 1 : NaN;
            n[at] = x.of.count;
          } else {
            const count = countCommonDates(x.of, y.of);
            const pair = correlateStandard(x, y, count, tile.minPeriods, tile.precision);
            r[at] = pair.r;
            n[at] = count;
            if (pair.recomputed) recomputed += 1;
          }
        });
      });
      return { r, n, recomputed };
    },
  };
}
