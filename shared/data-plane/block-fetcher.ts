// Fetches blocks from whoever delivers them fastest, verifies them, and tries elsewhere on failure.
import type { AbortSignalLike } from "../client/cluster-client.ts";
import type { BlockId, PeerId } from "../ids.ts";
import { STORE_WAIT_MS, TRANSFER_STALL_MS } from "../limits.ts";
import type { LocatedBlock } from "../protocol/messages.ts";
import type { Hash } from "../graph/task-key.ts";
import { type Abort, createAbort } from "./abort.ts";
import type { TransferOptions } from "./channel-session.ts";
import type { Clock } from "./clock.ts";
import { chooseSource, type DirectState, type Source } from "./source-choice.ts";
import { createSourceMeter, type SourceMeter } from "./source-meter.ts";
import { asTransferError, TransferError, type TransferFailure } from "./transfer-error.ts";

/** Bytes under way at once, over all sources: what the receive buffers may take. */
const BYTES_IN_FLIGHT_MAX = 64 * 2 ** 20;
/** Different blocks wanted at once; every lease's inputs fit many times over. */
const FETCHES_MAX = 10_000;
/** Sources remembered with their rates. */
const METERS_MAX = 512;
const LOCATE_TIMEOUT_MS = 5_000;

/** Direct channels to peers. */
export interface DirectPath {
  state(peer: PeerId): DirectState;
  /** Opens a channel; always settles, within DIRECT_CHANNEL_TIMEOUT_MS. Never rejects. */
  dial(peer: PeerId): Promise<void>;
  /** Rejects with TransferError; settles when nothing comes for TRANSFER_STALL_MS. */
  request(peer: PeerId, block: BlockId, options: TransferOptions): Promise<Uint8Array<ArrayBuffer>>;
}

/** The coordinator's block store over HTTP. */
export interface CoordinatorPath {
  /** Rejects with TransferError; settles when nothing comes for `stallMs`. */
  request(
    block: BlockId,
    options: TransferOptions & { readonly stallMs: number },
  ): Promise<Uint8Array<ArrayBuffer>>;
}

export interface SourceFailure {
  readonly source: Source;
  readonly code: TransferFailure;
  readonly message: string;
}

/** A block that did not come, with the story of each source. */
export class FetchError extends Error {
  override name = "FetchError";
  readonly code: "unavailable" | "cancelled" | "too-many" | "closed";
  readonly block: BlockId;
  readonly failures: readonly SourceFailure[];
  constructor(
    code: FetchError["code"],
    block: BlockId,
    message: string,
    failures: readonly SourceFailure[] = [],
  ) {
    super(message);
    this.code = code;
    this.block = block;
    this.failures = failures;
  }
}

export interface BlockFetcher {
  /**
   * The verified bytes of a block. Concurrent calls for one block share one transfer and one
   * buffer: do not write into it. Rejects with FetchError; always settles.
   */
  fetch(located: LocatedBlock, signal?: AbortSignalLike): Promise<Uint8Array<ArrayBuffer>>;
  readonly bytesReceived: { readonly direct: number; readonly coordinator: number };
  /** Transfers under way now. */
  readonly activeTransfers: number;
  /** What is known of each source that was ever used. */
  meters(): ReadonlyMap<Source, SourceMeter>;
  /** Rejects everything that is under way with "closed". */
  close(): void;
}

export interface BlockFetcherOptions {
  readonly clock: Clock;
  readonly hash: Hash;
  readonly direct: DirectPath;
  readonly coordinator: CoordinatorPath;
  /** Asks the coordinator again who holds a block; null when it does not answer. */
  readonly locate: (block: BlockId) => Promise<LocatedBlock | null>;
  /** Our own peer id, which is no source for us. */
  readonly ownPeer: () => PeerId | null;
  /** In [0, 1). */
  readonly random: () => number;
  /** A transfer began or ended. */
  readonly onTransfer?: () => void;
}

interface Waiter {
  resolve(bytes: Uint8Array<ArrayBuffer>): void;
  reject(error: FetchError): void;
}

interface Entry {
  located: LocatedBlock;
  readonly waiters: Set<Waiter>;
  readonly abort: Abort;
  readonly tried: Set<Source>;
  readonly failures: SourceFailure[];
  /** Set while the entry waits for a source to be free. */
  assign: ((source: Source | undefined) => void) | null;
}

export function createBlockFetcher(options: BlockFetcherOptions): BlockFetcher {
  const { clock, hash, direct, coordinator, locate, ownPeer, random, onTransfer } = options;
  const entries = new Map<BlockId, Entry>();
  const meters = new Map<Source, SourceMeter>();
  const bytesReceived = { direct: 0, coordinator: 0 };
  let bytesInFlight = 0;
  let activeTransfers = 0;
  let isClosed = false;

  function meter(source: Source): SourceMeter {
    let known = meters.get(source);
    if (known === undefined) {
      known = createSourceMeter(clock);
      meters.set(source, known);
      for (const [old, { activeTransfers: active }] of meters) {
        if (meters.size <= METERS_MAX) break;
        if (active === 0 && old !== source) meters.delete(old);
      }
    }
    return known;
  }

  const withoutSelf = (located: LocatedBlock): LocatedBlock => ({
    ...located,
    peers: shuffled(
      located.peers.filter((peer) => peer !== ownPeer()),
      random,
    ),
  });

  /** Gives sources to the entries that wait for one, in the order of their coming. */
  function assignSources(): void {
    for (const entry of entries.values()) {
      if (entry.assign === null) continue;
      if (bytesInFlight > 0 && bytesInFlight + entry.located.sizeBytes > BYTES_IN_FLIGHT_MAX) break;
      const choice = chooseSource({
        located: entry.located,
        tried: entry.tried,
        meter,
        directState: (peer) => direct.state(peer),
        dial: (peer) => void direct.dial(peer).then(assignSources),
        random,
      });
      if (choice.kind === "wait") continue;
      const { assign } = entry;
      entry.assign = null;
      if (choice.kind === "take") {
        meter(choice.source).started(entry.located.sizeBytes);
        bytesInFlight += entry.located.sizeBytes;
        activeTransfers += 1;
        assign(choice.source);
      } else assign(undefined);
    }
  }

  /** One transfer from `source`, whose slot assignSources has taken. Rejects with TransferError. */
  async function transfer(entry: Entry, source: Source): Promise<Uint8Array<ArrayBuffer>> {
    const { block, sizeBytes, stored } = entry.located;
    const path = source === null ? "coordinator" : "direct";
    let missingBytes = sizeBytes;
    const transferOptions = {
      sizeBytes,
      signal: entry.abort.signal,
      onProgress: (bytes: number) => {
        missingBytes -= bytes;
        bytesReceived[path] += bytes;
        meter(source).progressed(bytes);
      },
    };
    // A coordinator that lacks the block first waits for a holder to upload it.
    const stallMs = stored ? TRANSFER_STALL_MS : STORE_WAIT_MS + TRANSFER_STALL_MS;
    let hasFailed = true;
    onTransfer?.();
    try {
      const bytes = await (source === null
        ? coordinator.request(block, { ...transferOptions, stallMs })
        : direct.request(source, block, transferOptions));
      if (hash(bytes) !== block) {
        throw new TransferError("wrong-hash", "The bytes that came are not those of the block.");
      }
      hasFailed = false;
      return bytes;
    } finally {
      meter(source).ended(missingBytes, hasFailed && !entry.abort.signal.aborted);
      bytesInFlight -= sizeBytes;
      activeTransfers -= 1;
      onTransfer?.();
    }
  }

  /** Tries every source that `entry` knows, the best first. Null when all failed. */
  async function trySources(entry: Entry): Promise<Uint8Array<ArrayBuffer> | null> {
    for (;;) {
      if (entry.abort.signal.aborted) return null;
      const assigned = new Promise<Source | undefined>((resolve) => {
        entry.assign = resolve;
      });
      assignSources();
      const source = await assigned;
      if (source === undefined) return null;
      try {
        return await transfer(entry, source);
      } catch (error) {
        const { code, message } = asTransferError(error);
        entry.tried.add(source);
        entry.failures.push({ source, code, message });
      } finally {
        assignSources();
      }
    }
  }

  async function locateAgain(entry: Entry): Promise<boolean> {
    const { block } = entry.located;
    const located = await new Promise<LocatedBlock | null>((resolve) => {
      const stopTimer = clock.after(LOCATE_TIMEOUT_MS, () => resolve(null));
      const finish = (answer: LocatedBlock | null): void => {
        stopTimer();
        resolve(answer);
      };
      locate(block).then(finish, () => finish(null));
    });
    if (located === null || (located.peers.length === 0 && !located.stored)) return false;
    entry.located = withoutSelf({ ...located, sizeBytes: entry.located.sizeBytes });
    // Whoever sent wrong bytes is not asked for this block again; the others may have recovered.
    entry.tried.clear();
    for (const { source, code } of entry.failures) {
      if (code === "wrong-hash" || code === "wrong-size") entry.tried.add(source);
    }
    return true;
  }

  async function run(entry: Entry): Promise<void> {
    const { block } = entry.located;
    let bytes = await trySources(entry);
    if (bytes === null && !entry.abort.signal.aborted && (await locateAgain(entry))) {
      bytes = await trySources(entry);
    }
    if (entries.get(block) === entry) entries.delete(block);
    for (const waiter of entry.waiters) {
      if (bytes !== null) waiter.resolve(bytes);
      else waiter.reject(new FetchError("unavailable", block, story(entry), entry.failures));
    }
  }

  function cancel(entry: Entry): void {
    entries.delete(entry.located.block);
    entry.abort.abort();
    entry.assign?.(undefined);
    entry.assign = null;
  }

  function join(
    entry: Entry,
    signal: AbortSignalLike | undefined,
  ): Promise<Uint8Array<ArrayBuffer>> {
    return new Promise((resolve, reject) => {
      const { block } = entry.located;
      const leave = (): void => {
        entry.waiters.delete(waiter);
        signal?.removeEventListener("abort", onAbort);
      };
      const onAbort = (): void => {
        waiter.reject(new FetchError("cancelled", block, "The fetch was cancelled."));
        if (entry.waiters.size === 0) cancel(entry);
      };
      const waiter: Waiter = {
        resolve: (bytes) => {
          leave();
          resolve(bytes);
        },
        reject: (error) => {
          leave();
          reject(error);
        },
      };
      entry.waiters.add(waiter);
      signal?.addEventListener("abort", onAbort);
    });
  }

  return {
    fetch(located, signal) {
      const { block } = located;
      const refuse = (code: FetchError["code"], message: string): Promise<never> =>
        Promise.reject(new FetchError(code, block, message));
      if (isClosed) return refuse("closed", "The data plane is closed.");
      if (signal?.aborted === true) return refuse("cancelled", "The fetch was cancelled.");
      const running = entries.get(block);
      if (running !== undefined) return join(running, signal);
      if (entries.size >= FETCHES_MAX)
        return refuse("too-many", "Too many blocks are wanted at once.");
      const entry: Entry = {
        located: withoutSelf(located),
        waiters: new Set(),
        abort: createAbort(),
        tried: new Set(),
        failures: [],
        assign: null,
      };
      entries.set(block, entry);
      const joined = join(entry, signal);
      void run(entry);
      return joined;
    },
    bytesReceived,
    get activeTransfers() {
      return activeTransfers;
    },
    meters: () => meters,
    close() {
      isClosed = true;
      for (const entry of entries.values()) {
        const { block } = entry.located;
        for (const waiter of entry.waiters) {
          waiter.reject(new FetchError("closed", block, "The data plane is closed."));
        }
        cancel(entry);
      }
    },
  };
}

/** In plain words: which block, and what each source did. */
function story(entry: Entry): string {
  const { block } = entry.located;
  const parts = entry.failures.map(
    ({ source, message }) =>
      `${source === null ? "the coordinator" : `peer ${source}`}: ${message}`,
  );
  const detail = parts.length === 0 ? "Nobody holds it." : parts.join(" ");
  return `Block ${block.slice(0, 12)}… could not be fetched. ${detail}`;
}

/** Peers in random order, so that a crowd does not all ask the same one first. */
function shuffled<T>(items: readonly T[], random: () => number): T[] {
  return items
    .map((item) => ({ item, order: random() }))
    .toSorted((a, b) => a.order - b.order)
    .map(({ item }) => item);
}
