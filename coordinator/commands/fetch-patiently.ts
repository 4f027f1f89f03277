// Fetches a result's block, over the restart of a coordinator.
import { setTimeout as delay } from "node:timers/promises";
import type { ClusterClient } from "../../shared/client/cluster-client.ts";
import type { LocatedBlock } from "../../shared/protocol/messages.ts";

/** A coordinator that restarts is back within this many tries. */
const TRIES = 6;
const RETRY_MS = 1_000;

export type ResultSource = Pick<ClusterClient, "connection" | "fetchBlock">;

/** Finished results are in the coordinator's store, so that trying again is worth while. */
export async function fetchPatiently(
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
