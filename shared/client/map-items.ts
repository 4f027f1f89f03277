// A function over many items: how they are put together into tasks.
import type { FunctionRef } from "./callable.ts";
import type { ClusterCore, Lane } from "./cluster-core.ts";
import { Future } from "./future.ts";
import type { Target } from "./target.ts";
import type { TaskSettings } from "./task-builder.ts";

/** Enough tasks that slow and fast machines end together, and few enough that none is mostly overhead. */
const BATCHES_PER_THREAD = 64;
const BATCH_MAX = 1_000;
/** So many items are tasks of their own: their number costs nothing, and each is told of at once. */
const FEW_ITEMS = 256;
/** While nobody has joined yet. */
const THREADS_EXPECTED = 4;

export interface MapSettings {
  readonly batch?: number;
  /** Of the whole cluster, now. */
  readonly threads: number;
  readonly settings: TaskSettings;
  readonly lane: Lane;
}

/** Items in a task when the user does not say. */
function defaultBatch(items: number, threads: number): number {
  if (items <= FEW_ITEMS) return 1;
  const tasks = (threads === 0 ? THREADS_EXPECTED : threads) * BATCHES_PER_THREAD;
  return Math.min(BATCH_MAX, Math.max(1, Math.ceil(items / tasks)));
}

/** Throws RangeError for a batch that is none, and ValueError for items that cannot travel. */
export function mapItems(
  core: ClusterCore,
  fn: FunctionRef,
  items: readonly unknown[],
  { batch, threads, settings, lane }: MapSettings,
): Future[] {
  const size = batch ?? defaultBatch(items.length, threads);
  if (!Number.isInteger(size) || size < 1) {
    throw new RangeError(`A batch of ${size} items is not possible; give a whole number from 1.`);
  }
  const futures: Future[] = [];
  const single = (item: unknown): Target =>
    core.wantTarget(core.builder.call(fn, [item], settings), lane);
  const add = (part: readonly unknown[]): void => {
    const node = part.length > 1 ? core.builder.batch(fn, part, settings) : null;
    if (node !== null) {
      part.forEach((item, index) => {
        const target = core.wantTarget(node, lane);
        const { reader } = core;
        futures.push(new Future({ target, reader, item: { index, rerun: () => single(item) } }));
      });
    } else if (part.length === 1) {
      futures.push(new Future({ target: single(part[0]), reader: core.reader }));
    } else {
      // They refer to other results, or are too large together.
      add(part.slice(0, part.length >> 1));
      add(part.slice(part.length >> 1));
    }
  };
  for (let from = 0; from < items.length; from += size) add(items.slice(from, from + size));
  return futures;
}
