// A GPU in use: the claim to it, its device, checked, and the panels that it holds between tiles.
import { encodeNpy } from "../../../shared/codecs/npy.ts";
import { createPanelCache } from "../../../shared/kernels/correlation/panel-cache.ts";
import type { KernelOutcome } from "../../../shared/kernels/run-task.ts";
import { type GpuEntry, type GpuName, isFallback, nameAdapter } from "./adapter.ts";
import type { ClaimGpu } from "./claim-gpu.ts";
import { checkDevice } from "./self-check.ts";
import { type TileDevice, openTileDevice, panelBytes } from "./tile-device.ts";
import type { DevicePanel } from "./tile-sums.ts";
import { type TileTask, cutParts } from "./tile-task.ts";

export interface SessionOptions {
  readonly gpu: GpuEntry;
  readonly claim: ClaimGpu;
  readonly allowSoftware: boolean;
  readonly panelBytesMax: number;
}

export interface GpuSession {
  readonly name: GpuName;
  /** Settles when the device is gone, for whatever reason. */
  readonly lost: Promise<unknown>;
  /**
   * The outputs, or the blocks that it lacks the bytes of; null when too many pairs are doubtful.
   * Rejects with GpuError, and with what `isTaskFault` knows.
   */
  compute(task: TileTask): Promise<KernelOutcome | null>;
  /** Gives back the device, all of its memory, and the claim. */
  end(): void;
}

export type Opening =
  | { readonly session: GpuSession }
  /** There is no GPU to compute on, and there will be none; `why` is in plain words. */
  | { readonly why: string }
  /** Another thread has it. */
  | null;

/** Rejects with GpuError where a GPU is, but does not work. */
export async function openSession(options: SessionOptions): Promise<Opening> {
  const release = await options.claim();
  if (release === null) return null;
  try {
    const opened = await openDevice(options);
    if ("device" in opened) return { session: createSession(opened.device, release, options) };
    release();
    return opened;
  } catch (error) {
    release();
    throw error;
  }
}

async function openDevice({
  gpu,
  allowSoftware,
}: SessionOptions): Promise<{ readonly device: TileDevice } | { readonly why: string }> {
  const adapter = await gpu.requestAdapter({ powerPreference: "high-performance" });
  if (adapter === null) return { why: "This browser gives no GPU." };
  const { label, isSoftware } = nameAdapter(adapter.info, isFallback(adapter));
  if (isSoftware && !allowSoftware) {
    return { why: `${label} is no GPU: the processor computes faster by itself.` };
  }
  const device = await openTileDevice(adapter);
  try {
    await device.guard(() => checkDevice(device));
    return { device };
  } catch (error) {
    device.destroy();
    throw error;
  }
}

function createSession(
  device: TileDevice,
  release: () => void,
  { panelBytesMax }: SessionOptions,
): GpuSession {
  // A GPU does not tell its memory; half of its largest buffer leaves room for all else.
  const bytesMax = Math.min(panelBytesMax, device.bufferBytesMax / 2);
  let usedBytes = 0;
  const cache = createPanelCache<DevicePanel>({
    prepare({ series, dates, values }) {
      const bytes = panelBytes(series, dates);
      if (usedBytes + bytes > bytesMax) return null;
      const panel = device.upload(values, series, dates);
      usedBytes += bytes;
      return panel;
    },
    release(panel) {
      device.release(panel);
      usedBytes -= panel.sizeBytes;
    },
  });

  return {
    name: device.name,
    lost: device.lost,
    compute: (task) =>
      device.guard(async () => {
        const missing = [...task.without].filter((block) => !cache.holds(block));
        if (missing.length > 0) return { ok: false, reason: "missing-inputs", missing };
        const tile = cutParts(task.params, cache.load(task.inputs));
        const result = await device.correlate(tile, task.params.minPeriods);
        if (result === null) return null;
        const { rows, cols } = task.params;
        const shape = [rows.count, (cols ?? rows).count];
        return {
          ok: true,
          outputs: [result.r, result.n].map((data) => encodeNpy({ shape, data })),
        };
      }),
    end() {
      device.destroy();
      release();
    },
  };
}
