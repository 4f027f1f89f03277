// The finished tasks of a Monte Carlo job: fetched as they come, a few at a time, and reduced at once.
import { decodeNpy } from "../../shared/codecs/npy.ts";
import type { MonteCarloResult } from "../../shared/monte-carlo/estimate.ts";
import type { ChunksByTask } from "../../shared/monte-carlo/plan.ts";
import type { DoneFuture } from "./result-tiles.ts";
import { unlessAborted } from "./unless-aborted.ts";

/** Tasks whose outputs are under way at once. */
const FETCHES_MAX = 4;

export interface SimulationResults {
  /** Takes notice of a finished task and begins to fetch it. */
  add(future: DoneFuture): void;
  /** Resolves when the result is complete. Rejects when outputs cannot be had or are not sound. */
  readonly complete: Promise<void>;
  /** Resolves when everything added so far has come. Rejects likewise. */
  settled(): Promise<void>;
}

/** `onAdvance` is called when `result` has more paths than before. */
export function createSimulationResults(
  chunks: ChunksByTask,
  result: MonteCarloResult,
  signal: AbortSignal,
  onAdvance: () => void,
): SimulationResults {
  const queue: DoneFuture[] = [];
  let active = 0;
  let failure: Error | undefined;
  const waiting = new Set<() => void>();
  let onComplete = (): void => undefined;
  let onFailure = (_error: Error): void => undefined;
  const complete = new Promise<void>((resolve, reject) => {
    onComplete = resolve;
    onFailure = reject;
  });
  // Whoever awaits it hears of a failure; it must not be unhandled where only settled() is awaited.
  complete.catch(() => undefined);

  async function take(future: DoneFuture): Promise<void> {
    const places = chunks.get(future.key);
    if (places === undefined) return;
    const arrays = (await unlessAborted(future.blocks(), signal)).map(decodeNpy);
    const before = result.pathsDone;
    for (const chunk of places) result.add(chunk, arrays);
    if (result.pathsDone > before) onAdvance();
    if (result.isComplete) onComplete();
  }

  function pump(): void {
    while (active < FETCHES_MAX) {
      const next = failure === undefined && !result.isComplete ? queue.shift() : undefined;
      if (next === undefined) break;
      active += 1;
      take(next)
        .catch((error: unknown) => {
          failure ??= error instanceof Error ? error : new Error(String(error));
          onFailure(failure);
        })
        .finally(() => {
          active -= 1;
          pump();
        });
    }
    if (active > 0) return;
    for (const wake of waiting) wake();
    waiting.clear();
  }

  return {
    complete,
    add: (future) => {
      queue.push(future);
      pump();
    },
    settled: async () => {
      await new Promise<void>((resolve) => {
        waiting.add(resolve);
        pump();
      });
      if (failure !== undefined) throw failure;
    },
  };
}
