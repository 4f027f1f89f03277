// How a finished job's results become a file: one exporter for each kind of job, injected.
import type { JsonValue, TaskResult } from "../shared/graph/task.ts";
import type { BlockId, DatasetId, JobId } from "../shared/ids.ts";
import type { DatasetRecord, ResultFormat } from "../shared/protocol/http.ts";

/** What an exporter gets to know of a job whose targets are all in the store. */
export interface ExportableJob {
  readonly job: JobId;
  readonly kind: string;
  readonly title: string;
  readonly meta: JsonValue;
  /** Every target with its output blocks, in the order of the submission. */
  readonly results: readonly TaskResult[];
  /** The dataset's record, as long as it has not been deleted. */
  readonly dataset: (dataset: DatasetId) => DatasetRecord | undefined;
}

/** A file that is made while it is sent. */
export interface ResultExport {
  /** Without folders and quotes, for example "prices-correlations.csv". */
  readonly filename: string;
  readonly contentType: string;
  /** Pulled as fast as the receiver takes it; ends early when the receiver leaves. */
  readonly chunks: AsyncIterable<Uint8Array>;
}

/** The verified bytes of a stored block. Rejects when the block is lost. */
type ReadBlock = (block: BlockId) => Promise<Uint8Array>;

/** Raised for a format or a job that cannot be exported, with a sentence for the user. */
export class ResultExportError extends Error {
  override name = "ResultExportError";
}

/** May throw ResultExportError before the first chunk. */
export type ResultExporter = (
  job: ExportableJob,
  format: ResultFormat,
  readBlock: ReadBlock,
) => ResultExport | Promise<ResultExport>;

/** By the job's `kind`. */
export type ResultExporters = ReadonlyMap<string, ResultExporter>;
