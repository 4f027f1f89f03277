// The Spearman engine without WebAssembly: the same bits, pair by pair, many times slower.
import { present } from "../../assert.ts";
import { createPanelCache } from "../correlation/panel-cache.ts";
import {
  type PanelShape,
  type SeriesSelection,
  createTileArrays,
  selectSeries,
} from "../correlation/pearson-engine.ts";
import {
  RANKED_BYTES_PER_DATE,
  type RankedSeries,
  correlateRanked,
  countCommonDates,
  rankSeries,
} from "./spearman-core.ts";
import type { SpearmanEngine } from "./spearman-engine.ts";

interface RankedPanel extends PanelShape {
  readonly ranked: readonly RankedSeries[];
  readonly sizeBytes: number;
}

export function createSpearmanTypescriptEngine(memoryBudgetBytes: number): SpearmanEngine {
  let usedBytes = 0;
  const cache = createPanelCache<RankedPanel>({
    prepare({ series, dates, values }) {
      const sizeBytes = RANKED_BYTES_PER_DATE * values.length;
      if (usedBytes + sizeBytes > memoryBudgetBytes) return null;
      usedBytes += sizeBytes;
      const ranked = Array.from({ length: series }, (_, i) =>
        rankSeries(values.subarray(i * dates, (i + 1) * dates)),
      );
      return { series, dates, ranked, sizeBytes };
    },
    release(panel) {
      usedBytes -= panel.sizeBytes;
    },
  });

  const select = (selection: SeriesSelection): RankedSeries[] => {
    const panels = selection.blocks.map((block) => present(cache.get(block), "a loaded panel"));
    return [...selectSeries(panels, selection.start, selection.count)].map(({ panel, index }) =>
      present(panel.ranked[index], "a selected series"),
    );
  };

  return {
    holds: (block) => cache.holds(block),
    load: (inputs) => cache.load(inputs),
    correlate(tile) {
      const rows = select(tile.rows);
      const cols = tile.cols === null ? rows : select(tile.cols);
      const { r, n } = createTileArrays(rows.length * cols.length, tile);
      const room = { x: new Int32Array(tile.dates), y: new Int32Array(tile.dates) };
      rows.forEach((x, i) => {
        cols.forEach((y, j) => {
          const at = i * cols.length + j;
          if (tile.cols === null && j < i) {
            r[at] = r[j * cols.length + i] ?? NaN;
            n[at] = n[j * cols.length + i] ?? 0;
          } else {
            const count = countCommonDates(x, y);
            r[at] = count < tile.minPeriods ? NaN : correlateRanked(x, y, count, room);
            n[at] = count;
          }
        });
      });
      return { r, n };
    },
  };
}
