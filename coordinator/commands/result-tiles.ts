// The results of a correlation job: fetched as they come, kept within a budget, read by tile or panel.
import { decodeNpy, type NdArray } from "../../shared/codecs/npy.ts";
import type { TileValues } from "../../shared/correlation/export.ts";
import { createPlacedOutputs } from "../../shared/correlation/placed-outputs.ts";
import type { CorrelationTargets, Tile } from "../../shared/correlation/plan.ts";
import type { BlockId } from "../../shared/ids.ts";
import type { JobResult, LocatedBlock } from "../../shared/protocol/messages.ts";
import { CommandError } from "./command-error.ts";
import { fetchPatiently, type ResultSource } from "./fetch-patiently.ts";

/** Enough for 7,000 series; larger results are fetched again from the store when they are written. */
const KEPT_BYTES_MAX = 512 * 2 ** 20;
/** Blocks under way at once. */
const FETCHES_MAX = 4;

export interface ResultTiles {
  /** Takes notice of finished targets and begins to fetch their outputs. */
  add(results: readonly JobResult[]): void;
  /** Resolves when everything that fits the budget has come; rejects when a block cannot be had. */
  settled(): Promise<void>;
  readTile(tile: Tile): Promise<TileValues>;
  /** The moments of every panel, in panel order; in jobs with shrinkage. */
  readMoments(panelCount: number): Promise<readonly (readonly NdArray[])[]>;
}

export function createResultTiles(
  client: ResultSource,
  targets: CorrelationTargets,
  signal: AbortSignal,
): ResultTiles {
  const outputs = createPlacedOutputs<LocatedBlock>(targets);
  const kept = new Map<BlockId, Promise<Uint8Array>>();
  const queue: LocatedBlock[] = [];
  let keptBytes = 0;
  let active = 0;
  let failure: Error | undefined;
  let onSettled: (() => void)[] = [];

  function pump(): void {
    while (active < FETCHES_MAX) {
      const located = failure === undefined ? queue.shift() : undefined;
      if (located === undefined) break;
      active += 1;
      const fetching = fetchPatiently(client, located, signal);
      kept.set(located.block, fetching);
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

  const read = async (located: LocatedBlock): Promise<NdArray> =>
    decodeNpy(await (kept.get(located.block) ?? fetchPatiently(client, located, signal)));

  return {
    add: (results) => {
      for (const result of results) {
        if (!outputs.add(result)) continue;
        for (const located of result.outputs) {
          if (keptBytes + located.sizeBytes > KEPT_BYTES_MAX) continue;
          keptBytes += located.sizeBytes;
          queue.push(located);
        }
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
