// Rows of the journal's tables as the records that they stand for.
import type { BlockRef, JobState, JobSubmission, TaskResult } from "../shared/graph/task.ts";
import { asDatasetId, asJobId, asTaskKey, type JobId } from "../shared/ids.ts";
import type { Dataset, DatasetRecord } from "../shared/protocol/http.ts";
import type { JobView } from "../shared/protocol/messages.ts";
import type { Avoidance } from "../shared/scheduler/events.ts";

export type JobHead = Pick<JobSubmission, "kind" | "title" | "meta" | "priority" | "onFailure"> & {
  /** Workers that shall have these tasks only if no other may. */
  readonly avoid?: readonly Avoidance[];
  /** Of a job that failed: the workers under which its tasks did. */
  readonly failedOn?: readonly Avoidance[];
};
export type JobWork = Pick<JobSubmission, "tasks" | "targets">;
/** Why a job failed, as its view says it. */
export type JobFailure = NonNullable<JobView["failure"]>;
export type JobTiming = JobView["timing"];
export type FinalJobState = Exclude<JobState, "running" | "paused">;

/** A job as the journal knows it. */
export interface JobRow {
  readonly job: JobId;
  readonly head: JobHead;
  readonly state: JobState;
  readonly submittedAtMs: number;
  readonly finishedAtMs: number | null;
  readonly failure: JobFailure | null;
  readonly tasksTotal: number;
  readonly tasksDone: number;
  readonly targetsTotal: number;
  readonly timing: JobTiming;
  /** It was not closed yet: it may be extended. */
  readonly isOpen: boolean;
  /** For how long nobody followed or extended it; see abandoned-jobs.ts. */
  readonly unattendedMs: number;
}

export type Row = Readonly<Record<string, unknown>>;

/** Values in these tables were written by the journal, so their shapes are known. */
export const parse = <T>(json: unknown): T => JSON.parse(json as string) as T;

export const datasetRecord = (row: Row): DatasetRecord => ({
  ...parse<Dataset>(row["body"]),
  dataset: asDatasetId(row["id"] as string),
  createdAtMs: row["created_at_ms"] as number,
});

export const taskResult = (row: Row): TaskResult => ({
  task: asTaskKey(row["task"] as string),
  outputs: parse<BlockRef[]>(row["outputs"]),
});

/** Earlier versions did not keep what was thrown. */
const jobFailure = (json: unknown): JobFailure => ({
  thrown: null,
  ...parse<Omit<JobFailure, "thrown">>(json),
});

export const jobRow = (row: Row): JobRow => ({
  job: asJobId(row["id"] as string),
  head: parse<JobHead>(row["head"]),
  state: row["state"] as JobState,
  submittedAtMs: row["submitted_at_ms"] as number,
  finishedAtMs: row["finished_at_ms"] as number | null,
  failure: row["failure"] === null ? null : jobFailure(row["failure"]),
  tasksTotal: row["tasks_total"] as number,
  tasksDone: row["tasks_done"] as number,
  targetsTotal: row["targets_total"] as number,
  timing: parse<JobTiming>(row["timing"]),
  isOpen: row["is_open"] === 1,
  unattendedMs: row["unattended_ms"] as number,
});
