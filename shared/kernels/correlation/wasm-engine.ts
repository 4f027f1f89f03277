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
  stride: number,
  minPeriods: number,
  diagonal: number,
  scratch: number,
  outR: number,
  outN: number,
) => number;

/** The exports of dist/kernels/pearson.wasm, which has no imports. Addresses are byte offsets. */
export interface PearsonExports {
  readonly memory: GrowableMemory;
  heapBase(): number;
  scratchBytes(): number;
  recordBytes(): number;
  preparePanel(
    records: number,
    values: number,
    masks: number,
    series: number,
    dates: number,
    stride: number,
    maskBytes: number,
  ): void;
  readonly correlateBlockF64: CorrelateBlock;
  readonly correlateBlockF32: CorrelateBlock;
}

/** Series along one side of a block, as BLOCK_SERIES in assembly/pearson/layout.ts. */
const BLOCK_SERIES = 256;
/** minPeriods above any number of dates; the kernel takes 32-bit integers. */
const INT32_MAX = 2 ** 31 - 1;

interface ResidentPanel extends PanelShape {
  readonly address: number;
  readonly records: number;
}

/** Where one block's lists, sums and results lie; the same for all blocks. */
interface Workspace {
  readonly rowList: number;
  readonly colList: number;
  readonly outR: number;
  readonly outN: number;
  readonly scratch: number;
}

/** Panels may take the budget less one workspace of about 5 MB. */
export function createWasmEngine(kernel: PearsonExports, memoryBudgetBytes: number): PearsonEngine {
  const { memory } = kernel;
  const arena = createMemoryArena(memory, kernel.heapBase(), memoryBudgetBytes);
  const recordBytes = kernel.recordBytes();
  let workspace: Workspace | null = null;

  const openWorkspace = (): Workspace => {
    if (workspace !== null) return workspace;
    const listBytes = BLOCK_SERIES * 4;
    const pairs = BLOCK_SERIES * BLOCK_SERIES;
    const rowList = arena.allocate(2 * listBytes + 12 * pairs + kernel.scratchBytes());
    if (rowList === null) {
      throw new KernelMemoryError("This thread has no memory for the correlation kernel.");
    }
    const outR = rowList + 2 * listBytes;
    const outN = outR + 8 * pairs;
    const scratch = outN + 4 * pairs;
    workspace = { rowList, colList: rowList + listBytes, outR, outN, scratch };
    return workspace;
  };

  const preparePanel = ({ series, dates, values }: PanelValues): ResidentPanel | null => {
    const stride = strideOf(dates);
    const maskBytes = Math.ceil(dates / 64) * 8;
    const valuesBytes = series * stride * 8;
    const address = arena.allocate(valuesBytes + series * (maskBytes + recordBytes));
    if (address === null) return null;
    const target = new Float64Array(memory.buffer, address, series * stride);
    if (stride === dates) target.set(values);
    else {
      for (let i = 0; i < series; i += 1) {
        target.set(values.subarray(i * dates, (i + 1) * dates), i * stride);
      }
    }
    const masks = address + valuesBytes;
    const records = masks + series * maskBytes;
    kernel.preparePanel(records, address, masks, series, dates, stride, maskBytes);
    return { series, dates, address, records };
  };

  const cache = createPanelCache<ResidentPanel>({
    prepare: preparePanel,
    release: (panel) => arena.free(panel.address),
  });

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

  return {
    holds: (block) => cache.holds(block),

    load(inputs) {
      openWorkspace();
      return cache.load(inputs);
    },

    correlate(tile) {
      const space = openWorkspace();
      const rows = select(tile.rows);
      const cols = tile.cols === null ? rows : select(tile.cols);
      const diagonal = tile.cols === null;
      const out = createTileArrays(rows.length * cols.length, tile);
      let recomputed = 0;
      for (let top = 0; top < rows.length; top += BLOCK_SERIES) {
        const rowRecords = rows.subarray(top, top + BLOCK_SERIES);
        for (let left = diagonal ? top : 0; left < cols.length; left += BLOCK_SERIES) {
          const colRecords = cols.subarray(left, left + BLOCK_SERIES);
          const onDiagonal = diagonal && left === top;
          recomputed += runBlock(kernel, space, rowRecords, colRecords, tile, onDiagonal);
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
  };
}

/** Lines of panels are padded to whole pairs of vectors. */
const strideOf = (dates: number): number => Math.ceil(dates / 4) * 4;

function runBlock(
  kernel: PearsonExports,
  space: Workspace,
  rows: Uint32Array,
  cols: Uint32Array,
  tile: TileRequest,
  diagonal: boolean,
): number {
  new Uint32Array(kernel.memory.buffer, space.rowList, rows.length).set(rows);
  new Uint32Array(kernel.memory.buffer, space.colList, cols.length).set(cols);
  const correlate = tile.precision === "f64" ? kernel.correlateBlockF64 : kernel.correlateBlockF32;
  return correlate(
    space.rowList,
    rows.length,
    space.colList,
    cols.length,
    tile.dates,
    strideOf(tile.dates),
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
