// What the store of a job asks of each kind of job: to take results, and to say what they show.
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import type { NdArray } from "../../../shared/codecs/npy.ts";
import type { EncodeText, Hash } from "../../../shared/graph/task-key.ts";
import type { JobId, TaskKey } from "../../../shared/ids.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";

export type JobSource = Pick<
  ClusterClient,
  "connection" | "view" | "onView" | "watch" | "fetchBlock" | "dataset" | "finish"
>;

export interface HashTools {
  readonly hash: Hash;
  readonly encode: EncodeText;
}

/** Where a reader lives: what it may ask of the cluster, the clock and the hash. */
export interface ReaderPlace {
  readonly client: JobSource;
  readonly jobId: JobId;
  readonly hashTools: () => Promise<HashTools>;
  /** Calls once after the delay; the answer takes the call back. */
  readonly after: (delayMs: number, call: () => void) => () => void;
  /** To be called when there is something new to show that no result brought. */
  readonly onChange: () => void;
}

/** Makes of a job's results what its page shows. */
export interface JobReader<Shown> {
  /** Takes the arrays of a finished task, once a task. Throws when they are not of this job. */
  take(task: TaskKey, arrays: readonly NdArray[]): void;
  /** What there is to show now, given the job's newest view; called a few times a second. */
  show(job: JobView): Shown;
  /** Ends whatever the reader has under way. */
  close(): void;
}

/** Opens the reader of a job. Rejects when the job's results cannot be read here. */
type OpenReader<Shown> = (job: JobView, place: ReaderPlace) => Promise<JobReader<Shown>>;

/** The readers by kind of job. */
export type Readers<Shown> = ReadonlyMap<string, OpenReader<Shown>>;
