// A GPU device with the tile kernel on it, which panels are uploaded to and tiles correlated on.
import { type GpuName, isFallback, nameAdapter } from "./adapter.ts";
import { type TileArrays, finishStripe, recomputePairs } from "./finish-core.ts";
import { GpuError, guardDevice } from "./gpu-guard.ts";
import { packPanel } from "./pack-panel-core.ts";
import { DATES_MAX, maskWords, paddedDates } from "./tile-layout.ts";
import {
  type DevicePanel,
  PANEL_USAGE,
  type SumTile,
  type TileParts,
  compileTileProgram,
  createSumTile,
  partSeries,
} from "./tile-sums.ts";

/** More than any tile needs. A limit is not a reservation, but asking for less is never refused. */
const BUFFER_BYTES_MAX = 2 ** 30;

/**
 * Doubtful pairs take 10 to 100 µs each here. Where more than one in 64 of a tile is doubtful the
 * processor's own kernel does it all sooner.
 */
const RECOMPUTED_SHARE = 1 / 64;
const RECOMPUTED_MIN = 256;

export interface TileDevice {
  readonly name: GpuName;
  /** The largest buffer that it gives: all that it tells of its memory. */
  readonly bufferBytesMax: number;
  /** `values` is series × dates. Throws GpuError for a panel that is too large. */
  upload(values: Float64Array, series: number, dates: number): DevicePanel;
  release(panel: DevicePanel): void;
  /** Settles when the device is gone, for whatever reason. */
  readonly lost: Promise<unknown>;
  /** The tile's r and n; null when too many pairs are doubtful. */
  correlate(tile: TileParts, minPeriods: number): Promise<TileArrays | null>;
  /** Runs `work` on this device; rejects with GpuError for whatever the GPU says against it. */
  guard<T>(work: () => Promise<T>): Promise<T>;
  destroy(): void;
}

/** Rejects with GpuError where no device comes, or the kernel does not compile on it. */
export async function openTileDevice(adapter: GPUAdapter): Promise<TileDevice> {
  const { limits } = adapter;
  const most = (limit: number): number => Math.min(limit, BUFFER_BYTES_MAX);
  const requiredLimits = {
    maxBufferSize: most(limits.maxBufferSize),
    maxStorageBufferBindingSize: most(limits.maxStorageBufferBindingSize),
  };
  const device = await adapter.requestDevice({ requiredLimits }).catch((error: unknown) => {
    throw new GpuError("failed", `The GPU gives no device: ${String(error)}`);
  });
  try {
    const program = await guardDevice(device, () => compileTileProgram(device));
    const sumTile = createSumTile(device, program);
    return {
      name: nameAdapter(adapter.info, isFallback(adapter)),
      bufferBytesMax: requiredLimits.maxBufferSize,
      upload: (values, series, dates) => uploadPanel(device, values, series, dates),
      release(panel) {
        panel.values.destroy();
        panel.masks.destroy();
      },
      correlate: (tile, minPeriods) => correlate(sumTile, tile, minPeriods),
      lost: device.lost,
      guard: (work) => guardDevice(device, work),
      destroy: () => device.destroy(),
    };
  } catch (error) {
    device.destroy();
    throw error;
  }
}

/** What a panel takes on the GPU: four bytes a value, and a bit. */
export const panelBytes = (series: number, dates: number): number =>
  series * 4 * (paddedDates(dates) + maskWords(dates));

function uploadPanel(
  device: GPUDevice,
  values: Float64Array,
  series: number,
  dates: number,
): DevicePanel {
  if (dates > DATES_MAX) {
    throw new GpuError("too-large", `The GPU kernel sums up to ${DATES_MAX} dates, not ${dates}.`);
  }
  const lineBytes = paddedDates(dates) * Float32Array.BYTES_PER_ELEMENT;
  if (series * lineBytes > device.limits.maxBufferSize) {
    throw new GpuError("too-large", "A panel is larger than any buffer of this GPU.");
  }
  const packed = packPanel(values, series, dates);
  const store = (content: Float32Array<ArrayBuffer> | Uint32Array<ArrayBuffer>): GPUBuffer => {
    const buffer = device.createBuffer({ size: content.byteLength, usage: PANEL_USAGE });
    device.queue.writeBuffer(buffer, 0, content);
    return buffer;
  };
  return {
    series: packed.series,
    dates,
    values: store(packed.values),
    masks: store(packed.masks),
    sizeBytes: panelBytes(series, dates),
  };
}

async function correlate(
  sumTile: SumTile,
  tile: TileParts,
  minPeriods: number,
): Promise<TileArrays | null> {
  const rows = partSeries(tile.rows);
  const cols = tile.cols === null ? rows : partSeries(tile.cols);
  const sides = { rows, cols, diagonal: tile.cols === null, minPeriods };
  const pairs = rows.length * cols.length;
  const out: TileArrays = {
    r: new Float32Array(pairs),
    n: tile.dates <= 0xffff ? new Uint16Array(pairs) : new Uint32Array(pairs),
  };
  const doubtful: number[] = [];
  await sumTile(tile, (stripe) => {
    for (const place of finishStripe(sides, stripe, out)) doubtful.push(place);
  });
  if (doubtful.length > Math.max(RECOMPUTED_MIN, pairs * RECOMPUTED_SHARE)) return null;
  recomputePairs(sides, doubtful, out);
  return out;
}
