// What a worker needs from the place it runs in; bound to the browser in web/worker.
import type { AbortSignalLike } from "../client/cluster-client.ts";
import type { BlockRef, JsonValue, RemoteError } from "../graph/task.ts";
import type { AttemptId, BlockId, JobId } from "../ids.ts";
import type { LinkReport, LocatedBlock } from "../protocol/messages.ts";

/** Blocks in and out, over whatever way is fastest. */
export interface DataPlane {
  /**
   * The verified bytes of a block; shared with others, not to be written to. Rejects with
   * FetchError, and always settles.
   */
  fetch(located: LocatedBlock, signal?: AbortSignalLike): Promise<Uint8Array<ArrayBuffer>>;
  /** Puts a block into the coordinator's store. Rejects with ClusterError. */
  upload(block: BlockId, bytes: Uint8Array, signal?: AbortSignalLike): Promise<void>;
  links(): LinkReport[];
  readonly bytesReceived: { readonly direct: number; readonly coordinator: number };
  /** Blocks on their way to us now. */
  readonly activeTransfers: number;
  /** A transfer began or ended, or a link changed. */
  onChange(listener: () => void): () => void;
  close(): void;
}

/** Blocks that outlive the page. Never throws: without storage it holds nothing. */
export interface BlockCache {
  readonly state: CacheState;
  /** Blocks held at the start, the most recently used first. */
  readonly heldAtStart: readonly BlockRef[];
  /** Bytes held now. */
  readonly sizeBytes: number;
  /** The verified bytes, or null; what turns out to be damaged is deleted. */
  get(block: BlockId): Promise<Uint8Array<ArrayBuffer> | null>;
  /** Keeps a block; tells whether it did, and which others had to go for it. */
  put(block: BlockId, bytes: Uint8Array): Promise<CachePut>;
  delete(blocks: readonly BlockId[]): Promise<void>;
  close(): void;
}

export interface CachePut {
  readonly isKept: boolean;
  readonly evicted: readonly BlockId[];
}

export type CacheState =
  | { readonly state: "ready"; readonly budgetBytes: number }
  /** Storage is refused (private window) or full: the worker works, a reload fetches again. */
  | { readonly state: "unavailable"; readonly why: string };

export interface RunRequest {
  readonly attempt: AttemptId;
  /** Functions of different jobs do not share a thread. */
  readonly job: JobId;
  readonly kernel: string;
  readonly params: JsonValue;
  readonly inputs: readonly { readonly block: BlockId; readonly bytes: Uint8Array }[];
  /** When the caller will cancel it, from its turn on; null for never. */
  readonly limitMs: number | null;
}

export type RunFailure =
  | "kernel-error"
  | "bad-input"
  | "out-of-memory"
  | "thread-died"
  /** It ran longer than its task allows. */
  | "timed-out"
  /** Its thread ended under one before it: it did not begin, or how it ended was not said yet. */
  | "unbegun"
  /** `cancel` was called, or the pool closed. */
  | "cancelled";

export interface RunSuccess {
  readonly ok: true;
  readonly outputs: readonly {
    readonly block: BlockId;
    readonly bytes: Uint8Array<ArrayBuffer>;
  }[];
  /** Time in the kernel, without starting and messages. */
  readonly computeMs: number;
  /** The place of its thread; absent when it did not come to one. */
  readonly thread?: number;
}

export type RunOutcome =
  | RunSuccess
  | {
      readonly ok: false;
      readonly reason: RunFailure;
      readonly message: string;
      readonly error?: RemoteError;
      readonly thread?: number;
    };

/** The threads of this machine. */
export interface ThreadPool {
  /** How many threads may compute; those above it end when idle or cancelled. */
  resize(threads: number): void;
  /** The same bytes where every thread can read them without a copy, if this place has that. */
  share(bytes: Uint8Array): Uint8Array;
  /**
   * Runs attempts in a free thread, one after the other; there must be one. Several are functions of
   * one job. Each has its outcome as soon as it ended, or a moment later with others; none rejects, all
   * settle, in order.
   */
  run(requests: readonly RunRequest[]): readonly Promise<RunOutcome>[];
  /**
   * Ends the attempt that a thread computes, and the thread with it, at once: it settles as "cancelled",
   * those behind it as "unbegun". One that has not begun is ended unless it is over soon after it began.
   */
  cancel(attempt: AttemptId): void;
  /** Which attempt each thread computes now; null for a free one. */
  readonly threads: readonly (AttemptId | null)[];
  /** What the threads hold of memory beside the blocks, as far as that is known. */
  readonly memoryBytes: number;
  close(): void;
}
