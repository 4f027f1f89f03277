// The order of a matrix by similarity: copies the pairs, clusters them in a thread, reads the leaves.
import { transfer, wrap } from "comlink";
import type { CorrelationMatrix } from "../../../shared/correlation/matrix.ts";
import { leafOrder, type Linkage } from "../../../shared/correlation/order.ts";
import type { OrderWorker } from "./order-worker.ts";

/** Tiles copied before the page gets a turn: about 3 MB each, a few milliseconds together. */
const TILES_A_TURN = 4;

/** Rejects when aborted, or when the thread fails (as when memory runs out). */
export async function similarityOrder(
  matrix: CorrelationMatrix,
  signal: AbortSignal,
): Promise<Uint32Array> {
  const n = matrix.seriesCount;
  const condensed = new Float32Array(matrix.pairsTotal);
  let copied = 0;
  for (const _ of matrix.copyCondensed(condensed)) {
    copied += 1;
    if (copied % TILES_A_TURN === 0) await new Promise((resolve) => setTimeout(resolve, 0));
    signal.throwIfAborted();
  }
  const linkage = await clusterInThread(condensed, n, signal);
  return leafOrder(linkage, n, (i, j) => {
    const value = matrix.value(i, j) ?? 0;
    return Number.isNaN(value) ? 0 : value;
  });
}

async function clusterInThread(
  condensed: Float32Array,
  n: number,
  signal: AbortSignal,
): Promise<Linkage> {
  const worker = new Worker(new URL("./order-worker.ts", import.meta.url), { type: "module" });
  const ended = new AbortController();
  try {
    // comlink's promises never settle when a thread dies or is terminated.
    const failed = new Promise<never>((_, reject) => {
      const options = { signal: ended.signal };
      worker.addEventListener(
        "error",
        (event) => reject(new Error(event.message || "The ordering thread could not start.")),
        options,
      );
      signal.addEventListener("abort", () => reject(signal.reason as Error), options);
      if (signal.aborted) reject(signal.reason as Error);
    });
    const remote = wrap<OrderWorker>(worker);
    return await Promise.race([remote.cluster(transfer(condensed, [condensed.buffer]), n), failed]);
  } finally {
    ended.abort();
    worker.terminate();
  }
}
