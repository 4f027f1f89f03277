// The client's side of the cluster, as dashboards, the command line and libraries see it.
import type { OpenLine } from "../data-plane/line.ts";
import type { BlockId, DatasetId, JobId, TaskKey, WorkerId } from "../ids.ts";
import type { JobExtension, JobSubmission, SmallBlock, TargetFailure } from "../graph/task.ts";
import type { WorkerSettings } from "../protocol/telemetry.ts";
import type { Dataset, DatasetRecord, ResultFormat, TargetView } from "../protocol/http.ts";
import type {
  ClientMessage,
  CoordinatorMessage,
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
  /** The status of the answer; 0 when there was none. */
  readonly status: number;
  /** Set when this client was closed, or the request was taken back: asking again is of no use. */
  readonly isFinal: boolean;
  constructor(message: string, status: number, options?: ErrorOptions & { isFinal?: boolean }) {
    super(message, options);
    this.status = status;
    this.isFinal = options?.isFinal ?? false;
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

/** What a job's follower hears; see `ClusterClient.follow`. */
export interface JobFollower {
  onResults(results: readonly JobResult[]): void;
  /** Only in jobs that go on when a target fails. */
  onFailures(failures: readonly TargetFailure[]): void;
  /** No more will come: the job is over. */
  onEnd(): void;
}

/** The part of a schema that is needed to check an answer. */
export interface Schema<T> {
  safeParse(
    value: unknown,
  ):
    | { readonly success: true; readonly data: T }
    | { readonly success: false; readonly error: unknown };
}

/** The part of AbortSignal that shared code relies on. */
export interface AbortSignalLike {
  readonly aborted: boolean;
  addEventListener(type: "abort", listener: () => void): void;
  removeEventListener(type: "abort", listener: () => void): void;
}

export interface ClusterClient {
  readonly connection: ConnectionState;
  /** False when the coordinator told that it runs no functions of users. */
  readonly allowsFunctions: boolean;
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

  /** `blocks` are small blocks that the tasks read. */
  submit(submission: JobSubmission, blocks?: readonly SmallBlock[]): Promise<JobId>;
  /** Changes an open job. Sent twice it does the same as once. */
  extend(job: JobId, extension: JobExtension, blocks?: readonly SmallBlock[]): Promise<void>;
  /** An open job is extended no more: it ends when its targets are there, and stored. */
  closeJob(job: JobId): Promise<void>;
  /** All jobs as they are at this moment; `view` may be a little older. */
  jobs(): Promise<readonly JobView[]>;
  /** A job's targets in their order. */
  targets(job: JobId): Promise<readonly TargetView[]>;
  cancel(job: JobId): Promise<void>;
  /** Ends a job with the targets that it has by now; one that has none is cancelled. */
  finish(job: JobId): Promise<void>;
  pause(job: JobId): Promise<void>;
  resume(job: JobId): Promise<void>;
  /** Deletes the job's record and results. */
  forget(job: JobId): Promise<void>;
  /** From -1,000 to 1,000; tasks of higher ones begin first. */
  setPriority(job: JobId, priority: number): Promise<void>;
  /** Tries failed tasks again: a failed job runs on. `elsewhere`: not where they failed. */
  retry(
    job: JobId,
    options?: { readonly tasks?: readonly TaskKey[]; readonly elsewhere?: boolean },
  ): Promise<void>;

  /** Changes the settings of a worker; whoever sits at it may change them again. */
  changeWorker(worker: WorkerId, settings: WorkerSettings): Promise<void>;
  /** Lets a worker finish, hand over what only it holds, and leave. */
  retireWorker(worker: WorkerId): Promise<void>;
  /** Ends a worker's connection at once; its tasks go to others. */
  removeWorker(worker: WorkerId): Promise<void>;

  /** GET of the HTTP interface (`httpPaths`), with its answer checked. Rejects with ClusterError. */
  read<T>(path: string, schema: Schema<T>, signal?: AbortSignalLike): Promise<T>;

  /**
   * Follows a job's targets: those already there first, then each as it arrives, over reconnects,
   * never one twice. `onResults` gets isLast = true exactly once, when the job is complete.
   */
  watch(
    job: JobId,
    onResults: (results: readonly JobResult[], isLast: boolean) => void,
  ): () => void;

  /**
   * Follows a job's targets as `watch` does, but tells of failures too, and tells again of what is
   * told again: after a reconnect, and when a result was lost and made anew.
   */
  follow(job: JobId, follower: JobFollower): () => void;

  /**
   * Keeps bytes as a block that others can read: held here for as long as there is room and until
   * `dropBlock`, and put into the coordinator's store. Rejects with ClusterError.
   */
  keepBlock(block: BlockId, bytes: Uint8Array): Promise<void>;
  dropBlock(block: BlockId): void;
  /** Tells every worker that is joined to fetch these now. */
  broadcast(blocks: readonly BlockId[]): void;

  /** The verified bytes of a block, from the fastest source. Rejects when no source has it. */
  fetchBlock(located: LocatedBlock, signal?: AbortSignalLike): Promise<Uint8Array>;

  /** Opens a line to a peer with a key that the coordinator gave; null where there are no direct channels. */
  readonly openLine: OpenLine | null;

  /** Says what has no method of its own here, if connected; it is dropped otherwise. */
  say(message: ClientMessage): void;
  /** Every message of the coordinator. */
  onMessage(listener: (message: CoordinatorMessage) => void): () => void;

  /** A link that downloads the result once, within a minute, for the browser's own download. */
  downloadPath(job: JobId, format: ResultFormat): Promise<string>;

  /** Ends the connection and every request; idempotent. */
  close(): void;
}
