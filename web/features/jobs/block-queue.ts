// Fetches the result blocks of a job, a few at a time, and tries again what failed.
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import { decodeNpy, type NdArray } from "../../../shared/codecs/npy.ts";
import type { TaskKey } from "../../../shared/ids.ts";
import type { JobResult, LocatedBlock } from "../../../shared/protocol/messages.ts";

/** Enough to hide the round trips, few enough that fetched blocks never pile up. */
const FETCHES_AT_ONCE = 5;
const RETRY_FIRST_MS = 500;
const RETRY_MOST_MS = 15_000;
/** After this many failures the watcher asks anew where the blocks are. */
const FAILURES_TO_LOCATE = 3;

export interface BlockQueueOptions {
  readonly client: Pick<ClusterClient, "fetchBlock">;
  /** Takes the decoded blocks of a result, once a task. Throwing counts as a failed fetch. */
  readonly onArrays: (task: TaskKey, arrays: readonly NdArray[]) => void;
  /** The locations known are of no use; ask for the results again. */
  readonly onLost: () => void;
  readonly onChange: () => void;
  /** Calls once after the delay; the answer takes the call back. */
  readonly after: (delayMs: number, call: () => void) => () => void;
}

interface Entry {
  outputs: readonly LocatedBlock[];
  state: "queued" | "fetching" | "resting" | "done";
  failures: number;
}

export class BlockQueue {
  readonly #options: BlockQueueOptions;
  readonly #entries = new Map<TaskKey, Entry>();
  readonly #queue: TaskKey[] = [];
  readonly #timers = new Set<() => void>();
  readonly #closing = new AbortController();
  #fetching = 0;
  #isClosed = false;

  constructor(options: BlockQueueOptions) {
    this.#options = options;
  }

  /** Results whose last fetch failed and that wait for their next turn. */
  get troubled(): number {
    let count = 0;
    for (const entry of this.#entries.values()) {
      if (entry.failures > 0 && entry.state !== "done") count += 1;
    }
    return count;
  }

  /** Results that are announced but not yet here. */
  get pending(): number {
    let count = 0;
    for (const entry of this.#entries.values()) if (entry.state !== "done") count += 1;
    return count;
  }

  /** Queues results; those already here are left alone, others take the new locations. */
  add(results: readonly JobResult[]): void {
    for (const { task, outputs } of results) {
      const known = this.#entries.get(task);
      if (known !== undefined) {
        if (known.state !== "done") known.outputs = outputs;
        continue;
      }
      this.#entries.set(task, { outputs, state: "queued", failures: 0 });
      this.#queue.push(task);
    }
    this.#pump();
  }

  /** Stops every fetch and timer. */
  close(): void {
    this.#isClosed = true;
    this.#closing.abort();
    for (const cancel of this.#timers) cancel();
    this.#timers.clear();
    this.#queue.length = 0;
    this.#entries.clear();
  }

  #pump(): void {
    while (!this.#isClosed && this.#fetching < FETCHES_AT_ONCE) {
      const task = this.#queue.shift();
      const entry = task === undefined ? undefined : this.#entries.get(task);
      if (task === undefined || entry === undefined) return;
      this.#fetching += 1;
      entry.state = "fetching";
      void this.#fetch(task, entry);
    }
  }

  async #fetch(task: TaskKey, entry: Entry): Promise<void> {
    try {
      const { client } = this.#options;
      // The coordinator can get every block from whoever holds it: it is asked after a failure.
      const outputs = entry.outputs.map((located) =>
        entry.failures === 0 ? located : { ...located, stored: true },
      );
      const arrays = await Promise.all(
        outputs.map(async (located) =>
          decodeNpy(await client.fetchBlock(located, this.#closing.signal)),
        ),
      );
      if (this.#isClosed) return;
      this.#options.onArrays(task, arrays);
      entry.state = "done";
      entry.failures = 0;
      entry.outputs = [];
    } catch {
      // Why does not matter here: a source that fails is no longer asked, and the person sees how
      // many results are late. The transport keeps the reasons of its links.
      if (!this.#isClosed) this.#restAfterFailure(task, entry);
    } finally {
      this.#fetching -= 1;
      if (!this.#isClosed) {
        this.#options.onChange();
        this.#pump();
      }
    }
  }

  #restAfterFailure(task: TaskKey, entry: Entry): void {
    entry.state = "resting";
    entry.failures += 1;
    const delayMs = Math.min(RETRY_MOST_MS, RETRY_FIRST_MS * 2 ** (entry.failures - 1));
    const cancel = this.#options.after(delayMs, () => {
      this.#timers.delete(cancel);
      entry.state = "queued";
      this.#queue.push(task);
      if (entry.failures % FAILURES_TO_LOCATE === 0) this.#options.onLost();
      this.#pump();
    });
    this.#timers.add(cancel);
  }
}
