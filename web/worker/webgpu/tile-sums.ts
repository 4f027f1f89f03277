// The sums of a tile on the GPU, a stripe of rows at a time: buffers, dispatches and the way back.
import { present } from "../../../shared/assert.ts";
import type { StripeSums } from "./finish-core.ts";
import { GpuError } from "./gpu-guard.ts";
import type { SeriesFacts } from "./pack-panel-core.ts";
import {
  BLOCK_KINDS,
  BLOCK_SERIES,
  type BlockKind,
  type BlockWork,
  COMPLETE_PLANES,
  ITEM_NUMBERS,
  PLANES,
  listWork,
  maskWords,
  multiplyAddsPerItem,
  paddedDates,
} from "./tile-layout.ts";
import { tileShader } from "./tile-shader.ts";

// Flags of the WebGPU standard, which the compiler's library has no names for.
const USAGE = {
  mapRead: 0x01,
  copySource: 0x04,
  copyTarget: 0x08,
  uniform: 0x40,
  storage: 0x80,
} as const;
const VISIBLE_TO_COMPUTE = 0x04;
const MAP_MODE_READ = 0x01;

/** What panels need, so that tiles can be gathered from them. */
export const PANEL_USAGE = USAGE.copySource | USAGE.copyTarget;

/** Sums of a stripe: of 2,048 columns it has 320 rows, which is work enough for any GPU. */
const SUMS_BYTES_MAX = 32 * 2 ** 20;
/** 0.05 s at 100 GFLOP/s: systems end dispatches of seconds, and the screen waits for each. */
const MULTIPLY_ADDS_PER_DISPATCH = 2 ** 31;
/** Uniforms of a dispatch: six numbers, at multiples of the largest alignment that a GPU may ask for. */
const PARAMS_BYTES = 32;
const PARAMS_STRIDE_BYTES = 256;

/** A panel on the GPU: lines of values and of mask bits, one a series. */
export interface DevicePanel {
  readonly series: readonly SeriesFacts[];
  readonly dates: number;
  readonly values: GPUBuffer;
  readonly masks: GPUBuffer;
  readonly sizeBytes: number;
}

/** `count` series of a panel from its `first`-th; several such are the rows or columns of a tile. */
export interface PanelPart {
  readonly panel: DevicePanel;
  readonly first: number;
  readonly count: number;
}

/** The parts of a tile, all of the same number of dates; `cols` is null for a diagonal tile. */
export interface TileParts {
  readonly rows: readonly PanelPart[];
  readonly cols: readonly PanelPart[] | null;
  readonly dates: number;
}

/** `visit` sees the sums of each stripe in turn, only until it returns. */
export type SumTile = (tile: TileParts, visit: (stripe: StripeSums) => void) => Promise<void>;

export const partSeries = (parts: readonly PanelPart[]): SeriesFacts[] =>
  parts.flatMap(({ panel, first, count }) => panel.series.slice(first, first + count));

/** The kernel, compiled for every kind of block. */
export interface TileProgram {
  readonly layout: GPUBindGroupLayout;
  readonly pipelines: ReadonlyMap<BlockKind, GPUComputePipeline>;
}

export async function compileTileProgram(device: GPUDevice): Promise<TileProgram> {
  const buffer = (binding: number, type: GPUBufferBindingType): GPUBindGroupLayoutEntry => ({
    binding,
    visibility: VISIBLE_TO_COMPUTE,
    buffer: { type, hasDynamicOffset: type === "uniform" },
  });
  const readOnly = [1, 2, 3, 4, 5].map((binding) => buffer(binding, "read-only-storage"));
  const layout = device.createBindGroupLayout({
    entries: [buffer(0, "uniform"), ...readOnly, buffer(6, "storage")],
  });
  const pipelineLayout = device.createPipelineLayout({ bindGroupLayouts: [layout] });
  const pipelines = BLOCK_KINDS.map(async (kind) => {
    const module = device.createShaderModule({ code: tileShader(kind) });
    const compute = { module, entryPoint: "main" };
    const pipeline = await device.createComputePipelineAsync({ layout: pipelineLayout, compute });
    return [kind, pipeline] as const;
  });
  return { layout, pipelines: new Map(await Promise.all(pipelines)) };
}

/** Its buffers are reused from tile to tile; they go with the device. */
export function createSumTile(device: GPUDevice, program: TileProgram): SumTile {
  const buffers = createBuffers(device);
  return async ({ rows: rowParts, cols: colParts, dates }, visit) => {
    const rows = gather(device, buffers, "row", rowParts, dates);
    const cols = colParts === null ? rows : gather(device, buffers, "col", colParts, dates);
    const height = stripeRows(cols.series.length);
    for (let top = 0; top < rows.series.length; top += height) {
      const end = Math.min(top + height, rows.series.length);
      const stripe = { rows, cols, dates, top, end, diagonal: colParts === null };
      await sumStripe(device, program, buffers, stripe, visit);
    }
  };
}

interface Operand {
  readonly series: readonly SeriesFacts[];
  readonly values: GPUBuffer;
  readonly masks: GPUBuffer;
}

interface Stripe {
  readonly rows: Operand;
  readonly cols: Operand;
  readonly dates: number;
  readonly top: number;
  readonly end: number;
  readonly diagonal: boolean;
}

type GetBuffer = (name: string, bytes: number, usage: number) => GPUBuffer;

/** Buffers by name; one that has become too small gives way to a larger one. */
function createBuffers(device: GPUDevice): GetBuffer {
  const held = new Map<string, GPUBuffer>();
  const { maxBufferSize, maxStorageBufferBindingSize } = device.limits;
  const bytesMax = Math.min(maxBufferSize, maxStorageBufferBindingSize);
  return (name, bytes, usage) => {
    if (bytes > bytesMax) {
      throw new GpuError("too-large", `A tile's ${name} need ${bytes} bytes; ${bytesMax} fit.`);
    }
    const before = held.get(name);
    if (before !== undefined && before.size >= bytes) return before;
    before?.destroy();
    const buffer = device.createBuffer({ label: name, size: bytes, usage });
    held.set(name, buffer);
    return buffer;
  };
}

/** Copies the parts' lines one after the other into buffers that the shader reads. */
function gather(
  device: GPUDevice,
  buffers: GetBuffer,
  side: "row" | "col",
  parts: readonly PanelPart[],
  dates: number,
): Operand {
  const series = partSeries(parts);
  const encoder = device.createCommandEncoder();
  const copy = (what: "values" | "masks", lineBytes: number): GPUBuffer => {
    const usage = USAGE.storage | USAGE.copyTarget;
    const target = buffers(`${side} ${what}`, series.length * lineBytes, usage);
    let at = 0;
    for (const { panel, first, count } of parts) {
      const [from, bytes] = [first * lineBytes, count * lineBytes];
      encoder.copyBufferToBuffer(panel[what], from, target, at, bytes);
      at += bytes;
    }
    return target;
  };
  const values = copy("values", paddedDates(dates) * Float32Array.BYTES_PER_ELEMENT);
  const masks = copy("masks", maskWords(dates) * Uint32Array.BYTES_PER_ELEMENT);
  device.queue.submit([encoder.finish()]);
  return { series, values, masks };
}

async function sumStripe(
  device: GPUDevice,
  program: TileProgram,
  buffers: GetBuffer,
  stripe: Stripe,
  visit: (sums: StripeSums) => void,
): Promise<void> {
  const { rows, cols, top, end } = stripe;
  const work = listWork(rows.series, cols.series, stripe);
  const hasGaps = work.some(({ kind }) => kind === "gaps");
  const pairs = (end - top) * cols.series.length;
  const planeBytes = pairs * Int32Array.BYTES_PER_ELEMENT;
  const sumsBytes = planeBytes * (hasGaps ? PLANES : COMPLETE_PLANES);
  const sums = buffers("sums", sumsBytes, USAGE.storage | USAGE.copySource | USAGE.copyTarget);
  const staging = buffers("results", sumsBytes, USAGE.mapRead | USAGE.copyTarget);

  const clearing = device.createCommandEncoder();
  clearing.clearBuffer(sums, 0, sumsBytes);
  device.queue.submit([clearing.finish()]);
  dispatchWork(device, program, buffers, { stripe, work, pairs, sums });
  const reading = device.createCommandEncoder();
  reading.copyBufferToBuffer(sums, 0, staging, 0, sumsBytes);
  device.queue.submit([reading.finish()]);

  await staging.mapAsync(MAP_MODE_READ, 0, sumsBytes);
  try {
    visit({ planes: new Int32Array(staging.getMappedRange(0, sumsBytes)), pairs, top, end });
  } finally {
    staging.unmap();
  }
}

function dispatchWork(
  device: GPUDevice,
  { layout, pipelines }: TileProgram,
  buffers: GetBuffer,
  { stripe, work, pairs, sums }: StripeWork,
): void {
  const dispatches = cutDispatches(work);
  if (dispatches.length === 0) return;
  const { rows, cols, dates, top } = stripe;
  const itemNumbers = joinItems(work);
  const items = buffers("items", itemNumbers.byteLength, USAGE.storage | USAGE.copyTarget);
  device.queue.writeBuffer(items, 0, itemNumbers);
  const params = buffers(
    "parameters",
    dispatches.length * PARAMS_STRIDE_BYTES,
    USAGE.uniform | USAGE.copyTarget,
  );
  const shape = [rows.series.length, cols.series.length, paddedDates(dates) / 4, pairs, top];
  const entries = [rows.values, rows.masks, cols.values, cols.masks, items, sums].map(
    (buffer, i): GPUBindGroupEntry => ({ binding: i + 1, resource: { buffer } }),
  );
  entries.push({ binding: 0, resource: { buffer: params, size: PARAMS_BYTES } });
  const group = device.createBindGroup({ layout, entries });
  dispatches.forEach(({ kind, firstItem, items: count }, i) => {
    const numbers = Uint32Array.from([...shape, firstItem]);
    device.queue.writeBuffer(params, i * PARAMS_STRIDE_BYTES, numbers);
    const encoder = device.createCommandEncoder();
    const pass = encoder.beginComputePass();
    pass.setPipeline(present(pipelines.get(kind), "the shader for a kind of block"));
    pass.setBindGroup(0, group, [i * PARAMS_STRIDE_BYTES]);
    pass.dispatchWorkgroups(count);
    pass.end();
    device.queue.submit([encoder.finish()]);
  });
}

interface StripeWork {
  readonly stripe: Stripe;
  readonly work: readonly BlockWork[];
  readonly pairs: number;
  readonly sums: GPUBuffer;
}

function stripeRows(cols: number): number {
  const blockBytes = BLOCK_SERIES * cols * PLANES * Int32Array.BYTES_PER_ELEMENT;
  if (blockBytes > SUMS_BYTES_MAX) {
    throw new GpuError("too-large", `A tile of ${cols} columns is too wide for the GPU kernel.`);
  }
  return Math.floor(SUMS_BYTES_MAX / blockBytes) * BLOCK_SERIES;
}

interface Dispatch {
  readonly kind: BlockKind;
  /** Among the items of all kinds put end to end. */
  readonly firstItem: number;
  readonly items: number;
}

function cutDispatches(work: readonly BlockWork[]): Dispatch[] {
  const dispatches: Dispatch[] = [];
  let before = 0;
  for (const { kind, items } of work) {
    const count = items.length / ITEM_NUMBERS;
    const most = Math.floor(MULTIPLY_ADDS_PER_DISPATCH / multiplyAddsPerItem(kind));
    for (let at = 0; at < count; at += most) {
      dispatches.push({ kind, firstItem: before + at, items: Math.min(most, count - at) });
    }
    before += count;
  }
  return dispatches;
}

function joinItems(work: readonly BlockWork[]): Uint32Array<ArrayBuffer> {
  const joined = new Uint32Array(work.reduce((length, { items }) => length + items.length, 0));
  let at = 0;
  for (const { items } of work) {
    joined.set(items, at);
    at += items.length;
  }
  return joined;
}
