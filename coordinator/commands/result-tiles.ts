// The results of a correlation job: fetched as they come, kept within a budget, read by tile or panel.
import type { Future } from "../../shared/client/future.ts";
import { decodeNpy, type NdArray } from "../../shared/codecs/npy.ts";
import type { TileValues } from "../../shared/correlation/export.ts";
import { createPlacedOutputs } from "../../shared/correlation/placed-outputs.ts";
import type { CorrelationTargets, Tile } from "../../shared/correlation/plan.ts";
import { CommandError } from "./command-error.ts";
import { unlessAborted } from "./unless-aborted.ts";

/** Enough for 7,000 series; larger results are fetched again from the store when they are written. */
const KEPT_BYTES_MAX = 512 * 2 ** 20;
/** Results under way at once. */
const FETCHES_MAX = 2;

/** A target's future, once it is done. */
export type DoneFuture = Pick<Future, "key" | "sizes" | "blocks">;

interface Output {
  readonly future: DoneFuture;
  readonly index: number;
}

export interface ResultTiles {
  /** Takes notice of a finished target and begins to fetch its outputs. */
  add(future: DoneFuture): void;
  /** Resolves when everything that fits the budget has come; rejects when a block cannot be had. */
  settled(): Promise<void>;
  readTile(tile: Tile): Promise<TileValues>;
  /** The moments of every panel, in panel order; in jobs with shrinkage. */
  readMoments(panelCount: number): Promise<readonly (readonly NdArray[])[]>;
}

export function createResultTiles(targets: CorrelationTargets, signal: AbortSignal): ResultTiles {
  const outputs = createPlacedOutputs<Output>(targets);
  const kept = new Map<DoneFuture, Promise<readonly Uint8Array[]>>();
  const queue: DoneFuture[] = [];
  let keptBytes = 0;
  let active = 0;
  let failure: Error | undefined;
  let onSettled: (() => void)[] = [];

  const fetch = (future: DoneFuture): Promise<readonly Uint8Array[]> =>
    unlessAborted(future.blocks(), signal);

  function pump(): void {
    while (active < FETCHES_MAX) {
      const future = failure === undefined ? queue.shift() : undefined;
      if (future === undefined) break;
      active += 1;
      const fetching = fetch(future);
      kept.set(future, fetching);
      fetching
        .catch((error: unknown) => {
          failure ??= error instanceof Error ? error : new Error(String(error));
        })
        .finally(() => {
          active -= 1;
          pump();
        });
    }
    if (active > 0) return;
    for (const resolve of onSettled) resolve();
    onSettled = [];
  }

  async function read({ future, index }: Output): Promise<NdArray> {
    const bytes = (await (kept.get(future) ?? fetch(future)))[index];
    if (bytes === undefined) throw new CommandError("A result of the job has too few outputs.");
    return decodeNpy(bytes);
  }

  return {
    add: (future) => {
      const { sizes } = future;
      const isOurs = outputs.add({
        task: future.key,
        outputs: sizes.map((_, index) => ({ future, index })),
      });
      const bytes = sizes.reduce((sum, size) => sum + size, 0);
      if (isOurs && keptBytes + bytes <= KEPT_BYTES_MAX) {
        keptBytes += bytes;
        queue.push(future);
      }
      pump();
    },
    settled: async () => {
      await new Promise<void>((resolve) => {
        onSettled.push(resolve);
        pump();
      });
      if (failure !== undefined) throw failure;
    },
    readTile: async (tile) => {
      const [r, n] = outputs.ofTile(tile) ?? [];
      if (r === undefined || n === undefined) {
        throw new CommandError("The job ended without one of its tiles. Run it again.");
      }
      return { r: (await read(r)).data, n: (await read(n)).data };
    },
    readMoments: async (panelCount) => {
      const panels = outputs.ofPanels(panelCount);
      if (panels === undefined) {
        throw new CommandError("The job ended without the moments of a panel. Run it again.");
      }
      return Promise.all(panels.map((blocks) => Promise.all(blocks.map(read))));
    },
  };
}
