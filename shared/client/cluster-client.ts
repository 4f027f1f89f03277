// The client's side of the cluster, as dashboards, the command line and libraries see it.
import type { BlockId, DatasetId, JobId } from "../ids.ts";
import type { JobSubmission } from "../graph/task.ts";
import type { Dataset, DatasetRecord, ResultFormat } from "../protocol/http.ts";
import type {
  JobResult,
  JobView,
  LocatedBlock,
  RefusalReason,
  WorkerView,
} from "../protocol/messages.ts";

export type ConnectionState =
  | { readonly state: "connecting" }
  | { readonly state: "connected" }
  /** The coordinator does not answer; trying again by itself. */
  | { readonly state: "lost"; readonly retryAtMs: number }
  /** The coordinator will not have us; trying again would not help. */
  | { readonly state: "refused"; readonly reason: RefusalReason; readonly message: string };

export interface ClusterView {
  readonly workers: readonly WorkerView[];
  readonly jobs: readonly JobView[];
}

/** An HTTP request that the coordinator answered with a problem, or that could not be made. */
export class ClusterError extends Error {
  override name = "ClusterError";
  readonly status: number;
  constructor(message: string, status: number, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** NPY bytes with their hash: from a thread that has both, so that this one need not hash them. */
export interface HashedPanel {
  readonly block: BlockId;
  readonly bytes: Uint8Array;
}

/** A dataset whose panels are produced one by one; each is stored and announced as it comes. */
export interface DatasetUpload {
  readonly description: Omit<Dataset, "panels">;
  /** NPY bytes of the panels, in order. */
  readonly panels: AsyncIterable<Uint8Array | HashedPanel> | Iterable<Uint8Array | HashedPanel>;
  readonly onProgress?: (bytesDone: number) => void;
  readonly signal?: AbortSignalLike;
}

/** The part of AbortSignal that shared code relies on. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

export interface ClusterClient {
  readonly connection: ConnectionState;
  /** The newest view of workers and jobs; empty until the first message. */
  readonly view: ClusterView;
  /** Bytes received as blocks so far, by path. */
  readonly bytesReceived: { readonly direct: number; readonly coordinator: number };
  onConnection(listener: (connection: ConnectionState) => void): () => void;
  onView(listener: (view: ClusterView) => void): () => void;

  /** Stores the panels and the description. Rejects with ClusterError. */
  uploadDataset(upload: DatasetUpload): Promise<DatasetRecord>;
  dataset(dataset: DatasetId): Promise<DatasetRecord>;
  datasets(): Promise<readonly DatasetRecord[]>;

  submit(submission: JobSubmission): Promise<JobId>;
  cancel(job: JobId): Promise<void>;
  /** Ends a job with the targets that it has by now; one that has none is cancelled. */
  finish(job: JobId): Promise<void>;
  pause(job: JobId): Promise<void>;
  resume(job: JobId): Promise<void>;
  /** Deletes the job's record and results. */
  forget(job: JobId): Promise<void>;

  /**
   * Follows a job's targets: those already there first, then each as it arrives, over reconnects,
   * never one twice. `onResults` gets isLast = true exactly once, when the job is complete.
   */
  watch(
    job: JobId,
    onResults: (results: readonly JobResult[], isLast: boolean) => void,
  ): () => void;

  /** The verified bytes of a block, from the fastest source. Rejects when no source has it. */
  fetchBlock(located: LocatedBlock, signal?: AbortSignalLike): Promise<Uint8Array>;

  /** A link that downloads the result once, within a minute, for the browser's own download. */
  downloadPath(job: JobId, format: ResultFormat): Promise<string>;

  /** Ends the connection and every request; idempotent. */
  close(): void;
}
