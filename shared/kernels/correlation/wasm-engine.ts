// The engine on the WebAssembly kernel: panels resident in its memory, tiles cut into its blocks.
import { present } from "../../assert.ts";
import { type GrowableMemory, KernelMemoryError, createMemoryArena } from "../memory-arena.ts";
import { type PanelValues, createPanelCache } from "./panel-cache.ts";
import {
  type PanelShape,
  type PearsonEngine,
  type SeriesSelection,
  type TileRequest,
  createTileArrays,
  selectSeries,
} from "./pearson-engine.ts";

type CorrelateBlock = (
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
) => number;

/** What both builds of the kernel export: blocks over prepared panels. */
export interface PearsonBlocks {
  readonly correlateBlockF64: CorrelateBlock;
  readonly correlateBlockF32: CorrelateBlock;
}

/** The exports of dist/kernels/pearson.wasm, which has no imports. Addresses are byte offsets. */
export interface PearsonExports extends PearsonBlocks {
  readonly memory: GrowableMemory;
  heapBase(): number;
  /** Series along one side of a block, at most. */
  blockSeries(): number;
  panelBytes(series: number, dates: number): number;
  recordsOffset(series: number, dates: number): number;
  recordBytes(): number;
  /** Values from the beginning of one series to that of the next. */
  strideOf(dates: number): number;
  preparePanel(panel: number, series: number, dates: number): void;
  scratchBytes(rows: number, cols: number, dates: number): number;
}

/** minPeriods above any number of dates; the kernel takes 32-bit integers. */
const INT32_MAX = 2 ** 31 - 1;
const CACHE_LINE_BYTES = 64;

interface ResidentPanel extends PanelShape {
  readonly address: number;
  readonly records: number;
}

/** Where a block's lists, results and intermediate sums lie, for blocks of up to so many. */
interface Workspace {
  readonly rows: number;
  readonly cols: number;
  readonly dates: number;
  readonly rowList: number;
  readonly colList: number;
  readonly outR: number;
  readonly outN: number;
  readonly scratch: number;
}

/**
 * Panels, one workspace (about 45 MB for tiles of 512 series, less for smaller ones) and nothing else
 * take the budget. Packed panels are not kept: packing costs a tile of 512 series 1 to 3 % of its time,
 * and keeping them would double a thread's memory, since repairs need the original values, too.
 *
 * `fastKernel` is the build with fused multiply-adds, an instance on the same memory; without it the
 * fast engine is as exact as the other.
 */
export function createWasmEngine(
  kernel: PearsonExports,
  memoryBudgetBytes: number,
  fastKernel: PearsonBlocks = kernel,
): PearsonEngine & { readonly fast: PearsonEngine } {
  const { memory } = kernel;
  const arena = createMemoryArena(memory, kernel.heapBase(), memoryBudgetBytes);
  const recordBytes = kernel.recordBytes();
  const blockSeries = kernel.blockSeries();
  let workspace: Workspace | null = null;

  const preparePanel = ({ series, dates, values }: PanelValues): ResidentPanel | null => {
    const address = arena.allocate(kernel.panelBytes(series, dates));
    if (address === null) return null;
    const stride = kernel.strideOf(dates);
    const target = new Float64Array(memory.buffer, address, series * stride);
    if (stride === dates) target.set(values);
    else {
      for (let i = 0; i < series; i += 1) {
        target.set(values.subarray(i * dates, (i + 1) * dates), i * stride);
      }
    }
    kernel.preparePanel(address, series, dates);
    return { series, dates, address, records: address + kernel.recordsOffset(series, dates) };
  };

  const cache = createPanelCache<ResidentPanel>({
    prepare: preparePanel,
    release: (panel) => arena.free(panel.address),
  });

  /** Null when there is no room; the last workspace is gone then. */
  const tryWorkspace = (rows: number, cols: number, dates: number): Workspace | null => {
    if (workspace !== null) arena.free(workspace.rowList);
    workspace = null;
    const rowBytes = alignUp(rows * 4);
    const rBytes = alignUp((rows * cols + 1) * 8);
    const nBytes = alignUp((rows * cols + 1) * 4);
    const listBytes = rowBytes + alignUp(cols * 4);
    const scratchBytes = kernel.scratchBytes(rows, cols, dates);
    const rowList = arena.allocate(listBytes + rBytes + nBytes + scratchBytes);
    if (rowList === null) return null;
    const colList = rowList + rowBytes;
    const outR = rowList + listBytes;
    const outN = outR + rBytes;
    workspace = { rows, cols, dates, rowList, colList, outR, outN, scratch: outN + nBytes };
    return workspace;
  };

  /** A workspace for the blocks of a tile, whose panels stay. Throws KernelMemoryError. */
  const openWorkspace = (tile: TileRequest): Workspace => {
    const rows = Math.min(tile.rows.count, blockSeries);
    const cols = Math.min((tile.cols ?? tile.rows).count, blockSeries);
    const { dates } = tile;
    if (workspace !== null && covers(workspace, rows, cols, dates)) return workspace;
    const kept = new Set([...tile.rows.blocks, ...(tile.cols?.blocks ?? [])]);
    // One that serves the tiles so far, too, unless that is too much to ask.
    const most = [
      Math.max(rows, workspace?.rows ?? 0),
      Math.max(cols, workspace?.cols ?? 0),
      Math.max(dates, workspace?.dates ?? 0),
    ] as const;
    for (;;) {
      const opened = tryWorkspace(...most) ?? tryWorkspace(rows, cols, dates);
      if (opened !== null) return opened;
      if (cache.dropOne(kept)) continue;
      throw new KernelMemoryError(
        `Beside its panels a tile of ${rows} × ${cols} series has no room to work in this thread's ` +
          "memory. Choose smaller tiles, or a larger memory budget.",
      );
    }
  };

  const select = (selection: SeriesSelection): Uint32Array => {
    const panels = selection.blocks.map((block) => present(cache.get(block), "a loaded panel"));
    const records = new Uint32Array(selection.count);
    let at = 0;
    for (const { panel, index } of selectSeries(panels, selection.start, selection.count)) {
      records[at] = panel.records + index * recordBytes;
      at += 1;
    }
    return records;
  };

  const createEngine = (blocks: PearsonBlocks): PearsonEngine => ({
    holds: (block) => cache.holds(block),
    load: (inputs) => cache.load(inputs),
    correlate(tile) {
      const space = openWorkspace(tile);
      const rows = select(tile.rows);
      const cols = tile.cols === null ? rows : select(tile.cols);
      const diagonal = tile.cols === null;
      const out = createTileArrays(rows.length * cols.length, tile);
      let recomputed = 0;
      for (let top = 0; top < rows.length; top += blockSeries) {
        const rowRecords = rows.subarray(top, top + blockSeries);
        for (let left = diagonal ? top : 0; left < cols.length; left += blockSeries) {
          const colRecords = cols.subarray(left, left + blockSeries);
          const onDiagonal = diagonal && left === top;
          recomputed += runBlock(memory, blocks, space, rowRecords, colRecords, tile, onDiagonal);
          copyBlock(memory, space, rowRecords.length, colRecords.length, out, {
            top,
            left,
            width: cols.length,
            mirrored: diagonal && !onDiagonal,
          });
        }
      }
      return { ...out, recomputed };
    },
  });

  return { ...createEngine(kernel), fast: createEngine(fastKernel) };
}

const covers = (space: Workspace, rows: number, cols: number, dates: number): boolean =>
  space.rows >= rows && space.cols >= cols && space.dates >= dates;

const alignUp = (bytes: number): number => Math.ceil(bytes / CACHE_LINE_BYTES) * CACHE_LINE_BYTES;

function runBlock(
  memory: GrowableMemory,
  kernel: PearsonBlocks,
  space: Workspace,
  rows: Uint32Array,
  cols: Uint32Array,
  tile: TileRequest,
  diagonal: boolean,
): number {
  new Uint32Array(memory.buffer, space.rowList, rows.length).set(rows);
  new Uint32Array(memory.buffer, space.colList, cols.length).set(cols);
  const correlate = tile.precision === "f64" ? kernel.correlateBlockF64 : kernel.correlateBlockF32;
  return correlate(
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
  const size = rows * cols;
  const r =
    out.r instanceof Float64Array
      ? new Float64Array(memory.buffer, space.outR, size)
      : new Float32Array(memory.buffer, space.outR, size);
  const n =
    out.n instanceof Uint16Array
      ? new Uint16Array(memory.buffer, space.outN, size)
      : new Uint32Array(memory.buffer, space.outN, size);
  if (cols === place.width) {
    out.r.set(r, place.top * cols);
    out.n.set(n, place.top * cols);
    return;
  }
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
