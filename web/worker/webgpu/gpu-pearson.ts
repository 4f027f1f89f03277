// Tiles on the GPU where there is one; whatever goes wrong with it, the processor does the task.
import type { JsonValue } from "../../../shared/graph/task.ts";
import type { KernelOutcome, TaskInputBytes } from "../../../shared/kernels/run-task.ts";
import type { GpuEntry, GpuName } from "./adapter.ts";
import type { ClaimGpu } from "./claim-gpu.ts";
import { GpuError } from "./gpu-guard.ts";
import { type GpuSession, openSession } from "./gpu-session.ts";
import { type TileTask, isTaskFault, readTask } from "./tile-task.ts";

/**
 * Panels on the GPU: 12,000 series of 20 years. Their original values stay in memory beside them, twice
 * as many bytes, which then are within what a thread may hold for kernels.
 */
const PANEL_BYTES_MAX = 256 * 2 ** 20;
/** Memory that is too small for this is too small for any tile. */
const PANEL_BYTES_MIN = 8 * 2 ** 20;
/** A device may be lost to a sleeping machine or a driver's update; one lost again and again is ill … */
const FAILURES_MAX = 3;
/** … but so many tiles later it counts as well. */
const TILES_TO_FORGIVE = 100;
/** Far more than a tile takes: a GPU that does not answer by then hangs. */
const TILE_TIMEOUT_MS = 30_000;
/** After doubtful tiles in a row the next 1, 3, 7 … 63 are left to the processor at once. */
const REST_DOUBLINGS_MAX = 6;

export interface GpuPearsonOptions {
  /** `navigator.gpu`: undefined in browsers without it, and on pages that are no secure context. */
  readonly gpu: GpuEntry | undefined;
  readonly claim: ClaimGpu;
  /** For tests: computes also where software plays the GPU, which is slower than the processor's kernel. */
  readonly allowSoftware?: boolean;
  readonly panelBytesMax?: number;
  readonly tileTimeoutMs?: number;
}

export type GpuState =
  /** No task has asked for it yet, or another thread has it, or it was lost and will be asked for again. */
  | { readonly kind: "idle" }
  | { readonly kind: "ready"; readonly name: GpuName }
  /** For good; `why` is in plain words. */
  | { readonly kind: "unavailable"; readonly why: string };

export interface GpuPearson {
  readonly state: GpuState;
  /**
   * The outputs, or which blocks' bytes it lacks; null when this is no task for the GPU, or it did not
   * do it: the kernel on the processor then gives the result, or the error. Never rejects.
   */
  run(
    kernel: string,
    params: JsonValue,
    inputs: readonly TaskInputBytes[],
  ): Promise<KernelOutcome | null>;
  /** Gives back the device and its memory; no later task uses it. */
  close(): void;
}

export function createGpuPearson(options: GpuPearsonOptions): GpuPearson {
  const { gpu, claim, allowSoftware = false, tileTimeoutMs = TILE_TIMEOUT_MS } = options;
  let state: GpuState =
    gpu === undefined
      ? { kind: "unavailable", why: "This browser gives no GPU." }
      : { kind: "idle" };
  let session: GpuSession | null = null;
  let panelBytesMax = options.panelBytesMax ?? PANEL_BYTES_MAX;
  let isBusy = false;
  let failures = 0;
  let tilesSinceFailure = 0;
  /** Doubtful tiles in a row, and how many more are left out for them. */
  let doubtful = 0;
  let resting = 0;

  const isUnavailable = (): boolean => state.kind === "unavailable";

  const endSession = (next: GpuState): void => {
    const ended = session;
    session = null;
    state = next;
    ended?.end();
  };

  /** Ends the session unless the task alone is at fault; for good when it happens too often. */
  const fail = (error: unknown): void => {
    const reason = error instanceof GpuError ? error.reason : "failed";
    if (isTaskFault(error) || reason === "too-large" || isUnavailable()) return;
    if (reason === "out-of-memory") panelBytesMax /= 2;
    else failures += 1;
    tilesSinceFailure = 0;
    const isOver = failures >= FAILURES_MAX || panelBytesMax < PANEL_BYTES_MIN;
    const why = error instanceof Error ? error.message : String(error);
    endSession(isOver ? { kind: "unavailable", why } : { kind: "idle" });
  };

  const open = async (entry: GpuEntry): Promise<GpuSession | null> => {
    const opening = await openSession({ gpu: entry, claim, allowSoftware, panelBytesMax });
    if (opening === null) return null;
    if ("why" in opening) {
      state = { kind: "unavailable", why: opening.why };
      return null;
    }
    const opened = opening.session;
    // Meanwhile the page was closed, or the GPU given up.
    if (isUnavailable()) {
      opened.end();
      return null;
    }
    session = opened;
    state = { kind: "ready", name: opened.name };
    void opened.lost.then(() => {
      if (session === opened) fail(new GpuError("failed", "The GPU was lost."));
    });
    return opened;
  };

  const compute = async (entry: GpuEntry, task: TileTask): Promise<KernelOutcome | null> => {
    const current = session ?? (await open(entry));
    if (current === null) return null;
    try {
      const outcome = await current.compute(task);
      if (outcome === null) {
        doubtful += 1;
        resting = 2 ** Math.min(doubtful, REST_DOUBLINGS_MAX) - 1;
      } else if (outcome.ok) {
        doubtful = 0;
        tilesSinceFailure += 1;
        if (tilesSinceFailure >= TILES_TO_FORGIVE) failures = 0;
      }
      return outcome;
    } catch (error) {
      // Otherwise its end was the cause, and is counted.
      if (session === current) fail(error);
      return null;
    }
  };

  /** Answers in time. What hangs stays busy, so that nothing else begins on a GPU that hangs. */
  const computeInTime = (entry: GpuEntry, task: TileTask): Promise<KernelOutcome | null> =>
    new Promise((resolve) => {
      const timer = setTimeout(() => {
        fail(new GpuError("failed", "The GPU did not answer."));
        resolve(null);
      }, tileTimeoutMs);
      isBusy = true;
      void compute(entry, task)
        .catch((error: unknown) => {
          fail(error);
          return null;
        })
        .then((outcome) => {
          isBusy = false;
          clearTimeout(timer);
          resolve(outcome);
        });
    });

  return {
    get state() {
      return state;
    },
    async run(kernel, params, inputs) {
      if (gpu === undefined || isBusy || isUnavailable()) return null;
      const task = readTask(kernel, params, inputs);
      if (task === null) return null;
      if (resting > 0) {
        resting -= 1;
        return null;
      }
      return computeInTime(gpu, task);
    },
    close() {
      endSession({ kind: "unavailable", why: "The page is leaving." });
    },
  };
}
