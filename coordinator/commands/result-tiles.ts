// The finished tiles of a correlation job: fetched as they come, kept within a budget, read by tile.
import { setTimeout as delay } from "node:timers/promises";
import type { ClusterClient } from "../../shared/client/cluster-client.ts";
import { decodeNpy } from "../../shared/codecs/npy.ts";
import type { TileValues } from "../../shared/correlation/export.ts";
import type { Tile, TilesByTask } from "../../shared/correlation/plan.ts";
import type { BlockId } from "../../shared/ids.ts";
import type { JobResult, LocatedBlock } from "../../shared/protocol/messages.ts";
import { CommandError } from "./command-error.ts";

/** Enough for 7,000 series; larger results are fetched again from the store when they are written. */
const KEPT_BYTES_MAX = 512 * 2 ** 20;
/** Blocks under way at once. */
const FETCHES_MAX = 4;
/** A coordinator that restarts is back within this many tries. */
const TRIES = 6;
const RETRY_MS = 1_000;

type ResultSource = Pick<ClusterClient, "connection" | "fetchBlock">;

export interface ResultTiles {
  /** Takes notice of finished tiles and begins to fetch them. */
  add(results: readonly JobResult[]): void;
  /** Resolves when everything that fits the budget has come; rejects when a block cannot be had. */
  settled(): Promise<void>;
  readTile(tile: Tile): Promise<TileValues>;
}

export function createResultTiles(
  client: ResultSource,
  tiles: TilesByTask,
  signal: AbortSignal,
): ResultTiles {
  const outputs = new Map<string, readonly LocatedBlock[]>();
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

  return {
    add: (results) => {
      for (const result of results) {
        const places = tiles.get(result.task);
        if (places === undefined) continue;
        for (const tile of places) outputs.set(placeOf(tile), result.outputs);
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
      const [r, n] = outputs.get(placeOf(tile)) ?? [];
      if (r === undefined || n === undefined) {
        throw new CommandError("The job ended without one of its tiles. Run it again.");
      }
      const read = async (located: LocatedBlock) =>
        decodeNpy(await (kept.get(located.block) ?? fetchPatiently(client, located, signal))).data;
      return { r: await read(r), n: await read(n) };
    },
  };
}

const placeOf = (tile: Tile): string => `${tile.rowStart},${tile.colStart}`;

/** Finished results are in the coordinator's store, so that trying again is worth while. */
async function fetchPatiently(
  client: ResultSource,
  located: LocatedBlock,
  signal: AbortSignal,
): Promise<Uint8Array> {
  for (let tried = 1; ; tried += 1) {
    try {
      return await client.fetchBlock(located, signal);
    } catch (error) {
      if (tried === TRIES || client.connection.state === "refused" || signal.aborted) throw error;
      await delay(RETRY_MS, undefined, { signal });
    }
  }
}
