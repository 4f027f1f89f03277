// Futures in the order in which they settle, and how many have.
import type { Future } from "./future.ts";

/** How many of a set of futures there are in each state; the last four make up `total`. */
export interface ProgressCounts {
  readonly total: number;
  readonly pending: number;
  readonly done: number;
  readonly failed: number;
  readonly cancelled: number;
}

/** Yields each future as it settles: done, failed or cancelled. */
export async function* asCompleted<T>(
  futures: Iterable<Future<T>>,
): AsyncGenerator<Future<T>, void> {
  const settled: Future<T>[] = [];
  let wake = (): void => undefined;
  let total = 0;
  for (const future of futures) {
    total += 1;
    void future.settled().then(() => {
      settled.push(future);
      wake();
    });
  }
  for (let i = 0; i < total; i += 1) {
    let next = settled[i];
    while (next === undefined) {
      await new Promise<void>((resolve) => void (wake = resolve));
      next = settled[i];
    }
    yield next;
  }
}

/** Yields the counts now, and whenever they have changed; ends when no future is pending. */
export async function* progress(futures: Iterable<Future>): AsyncGenerator<ProgressCounts, void> {
  const all = [...futures];
  const counts = { total: all.length, pending: all.length, done: 0, failed: 0, cancelled: 0 };
  let told = -1;
  let wake = (): void => undefined;
  for (const future of all) {
    void future.settled().then(() => {
      counts.pending -= 1;
      // One that was tried again meanwhile counts as what it was.
      counts[future.status === "pending" ? "failed" : future.status] += 1;
      wake();
    });
  }
  for (;;) {
    // What settles in one message is one change.
    await Promise.resolve();
    if (counts.pending === told) await new Promise<void>((resolve) => void (wake = resolve));
    told = counts.pending;
    yield { ...counts };
    if (told === 0) return;
  }
}
