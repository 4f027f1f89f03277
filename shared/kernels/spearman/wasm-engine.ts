// The Spearman engine on WebAssembly: ranked panels resident in its memory, tiles cut into its blocks.
import { present } from "../../assert.ts";
import { type PanelValues, createPanelCache } from "../correlation/panel-cache.ts";
import {
  type PanelShape,
  type SeriesSelection,
  type TileRequest,
  createTileArrays,
  selectSeries,
} from "../correlation/pearson-engine.ts";
import { type GrowableMemory, KernelMemoryError, createMemoryArena } from "../memory-arena.ts";
import type { SpearmanEngine } from "./spearman-engine.ts";

/** The exports of dist/kernels/spearman.wasm, which has no imports. Addresses are byte offsets. */
export interface SpearmanExports {
  readonly memory: GrowableMemory;
  heapBase(): number;
  recordBytes(): number;
  /** Series along one side of a block. */
  blockSeries(): number;
  /** Bytes of a prepared series besides its record. */
  seriesBytes(dates: number): number;
  /** Bytes that the two functions below need for series of up to `dates` dates. */
  scratchBytes(dates: number): number;
  prepareSeries(record: number, room: number, values: number, dates: number, scratch: number): void;
  correlateBlock(
    rows: number,
    rowCount: number,
    cols: number,
    colCount: number,
    dates: number,
    minPeriods: number,
    diagonal: number,
    scratch: number,
    outR: number,
    outN: number,
  ): void;
}

/** minPeriods above any number of dates; the kernel takes 32-bit integers. */
const INT32_MAX = 2 ** 31 - 1;
/** As the arena: enough for every vector load. */
const ALIGNMENT_BYTES = 64;

interface ResidentPanel extends PanelShape {
  /** Records first, then what they point to. */
  readonly address: number;
}

/** Where one series' values, one block's lists and results, and the kernel's scratch area lie. */
interface Workspace {
  readonly dates: number;
  readonly rowList: number;
  readonly colList: number;
  readonly outR: number;
  readonly outN: number;
  readonly values: number;
  readonly scratch: number;
}

/** Panels may take the budget less one workspace, of 1.6 MB at 2,500 dates. */
export function createSpearmanWasmEngine(
  kernel: SpearmanExports,
  memoryBudgetBytes: number,
): SpearmanEngine {
  const { memory } = kernel;
  const arena = createMemoryArena(memory, kernel.heapBase(), memoryBudgetBytes);
  const recordBytes = kernel.recordBytes();
  const blockSeries = kernel.blockSeries();
  let workspace: Workspace | null = null;

  /** The workspace, made larger for more dates; null when there is no room. */
  const openWorkspace = (dates: number): Workspace | null => {
    if (workspace !== null && workspace.dates >= dates) return workspace;
    if (workspace !== null) arena.free(workspace.rowList);
    workspace = null;
    const layout = layOut([
      blockSeries * 4,
      blockSeries * 4,
      blockSeries ** 2 * 8,
      blockSeries ** 2 * 4,
      dates * 8,
      kernel.scratchBytes(dates),
    ]);
    const address = arena.allocate(layout.sizeBytes);
    if (address === null) return null;
    const [rowList = 0, colList = 0, outR = 0, outN = 0, values = 0, scratch = 0] =
      layout.offsets.map((offset) => address + offset);
    workspace = { dates, rowList, colList, outR, outN, values, scratch };
    return workspace;
  };

  const cache = createPanelCache<ResidentPanel>({
    prepare({ series, dates, values }: PanelValues): ResidentPanel | null {
      const space = openWorkspace(dates);
      if (space === null) return null;
      const seriesBytes = kernel.seriesBytes(dates);
      const { offsets, sizeBytes } = layOut([series * recordBytes, series * seriesBytes]);
      const address = arena.allocate(sizeBytes);
      if (address === null) return null;
      const rooms = address + (offsets[1] ?? 0);
      const staged = new Float64Array(memory.buffer, space.values, dates);
      for (let i = 0; i < series; i += 1) {
        staged.set(values.subarray(i * dates, (i + 1) * dates));
        const record = address + i * recordBytes;
        kernel.prepareSeries(record, rooms + i * seriesBytes, space.values, dates, space.scratch);
      }
      return { series, dates, address };
    },
    release: (panel) => arena.free(panel.address),
  });

  const select = (selection: SeriesSelection): Uint32Array => {
    const panels = selection.blocks.map((block) => present(cache.get(block), "a loaded panel"));
    const records = new Uint32Array(selection.count);
    let at = 0;
    for (const { panel, index } of selectSeries(panels, selection.start, selection.count)) {
      records[at] = panel.address + index * recordBytes;
      at += 1;
    }
    return records;
  };

  return {
    holds: (block) => cache.holds(block),
    load: (inputs) => cache.load(inputs),

    correlate(tile) {
      const space = openWorkspace(tile.dates);
      if (space === null) {
        throw new KernelMemoryError("This thread has no memory for the rank correlation kernel.");
      }
      const rows = select(tile.rows);
      const diagonal = tile.cols === null;
      const cols = tile.cols === null ? rows : select(tile.cols);
      const out = createTileArrays(rows.length * cols.length, tile);
      for (let top = 0; top < rows.length; top += blockSeries) {
        const rowRecords = rows.subarray(top, top + blockSeries);
        for (let left = diagonal ? top : 0; left < cols.length; left += blockSeries) {
          const colRecords = cols.subarray(left, left + blockSeries);
          const onDiagonal = diagonal && left === top;
          runBlock(kernel, space, rowRecords, colRecords, tile, onDiagonal);
          copyBlock(memory, space, rowRecords.length, colRecords.length, out, {
            top,
            left,
            width: cols.length,
            mirrored: diagonal && !onDiagonal,
          });
        }
      }
      return out;
    },
  };
}

/** Parts one after the other, each aligned. */
function layOut(partBytes: readonly number[]): { offsets: number[]; sizeBytes: number } {
  let sizeBytes = 0;
  const offsets = partBytes.map((bytes) => {
    const offset = sizeBytes;
    sizeBytes += Math.ceil(bytes / ALIGNMENT_BYTES) * ALIGNMENT_BYTES;
    return offset;
  });
  return { offsets, sizeBytes };
}

function runBlock(
  kernel: SpearmanExports,
  space: Workspace,
  rows: Uint32Array,
  cols: Uint32Array,
  tile: TileRequest,
  diagonal: boolean,
): void {
  new Uint32Array(kernel.memory.buffer, space.rowList, rows.length).set(rows);
  new Uint32Array(kernel.memory.buffer, space.colList, cols.length).set(cols);
  kernel.correlateBlock(
    space.rowList,
    rows.length,
    space.colList,
    cols.length,
    tile.dates,
    Math.min(tile.minPeriods, INT32_MAX),
    diagonal ? 1 : 0,
    space.scratch,
    space.outR,
    space.outN,
  );
}

/** Copies a block's results to their place in the tile, and mirrored below its diagonal. */
function copyBlock(
  memory: GrowableMemory,
  space: Workspace,
  rows: number,
  cols: number,
  out: { r: Float64Array | Float32Array; n: Uint16Array | Uint32Array },
  place: { top: number; left: number; width: number; mirrored: boolean },
): void {
  const r = new Float64Array(memory.buffer, space.outR, rows * cols);
  const n = new Uint32Array(memory.buffer, space.outN, rows * cols);
  for (let i = 0; i < rows; i += 1) {
    const at = (place.top + i) * place.width + place.left;
    out.r.set(r.subarray(i * cols, (i + 1) * cols), at);
    out.n.set(n.subarray(i * cols, (i + 1) * cols), at);
    if (!place.mirrored) continue;
    for (let j = 0; j < cols; j += 1) {
      const below = (place.left + j) * place.width + place.top + i;
      out.r[below] = r[i * cols + j] ?? NaN;
      out.n[below] = n[i * cols + j] ?? 0;
    }
  }
}
