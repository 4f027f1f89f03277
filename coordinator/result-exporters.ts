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
  readonly chunks: AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

/** The verified bytes of a stored block. Rejects when the block is lost. */
export type ReadBlock = (block: BlockId) => Promise<Uint8Array>;

/**
 * Why a result cannot be had as a file: 406, never in this format; 409, not any more; 422, its values
 * do not fit into the format.
 */
export type ExportFailure = 406 | 409 | 422;

/** Raised for a format or a job that cannot be exported, with a sentence for the user. */
export class ResultExportError extends Error {
  override name = "ResultExportError";
  readonly status: ExportFailure;

  constructor(message: string, status: ExportFailure = 409, options?: ErrorOptions) {
    super(message, options);
    this.status = status;
  }
}

/** May throw ResultExportError before the first chunk. */
export type ResultExporter = (
  job: ExportableJob,
  format: ResultFormat,
  readBlock: ReadBlock,
) => ResultExport | Promise<ResultExport>;

/** By the job's `kind`. */
export type ResultExporters = ReadonlyMap<string, ResultExporter>;

/** By the last part of a format's name. */
export function contentTypeOf(format: ResultFormat): string {
  if (format.endsWith("csv")) return "text/csv; charset=utf-8";
  if (format === "json") return "application/json; charset=utf-8";
  return format === "arrow" ? "application/vnd.apache.arrow.stream" : "application/octet-stream";
}

/** A job's title as the name of a file. */
export function filenameOfTitle(title: string, format: string): string {
  const stem = title.replaceAll(/[^\p{L}\p{N}]+/gu, "-").replaceAll(/^-+|-+$/g, "");
  return `${stem === "" ? "result" : stem.slice(0, 60)}.${format}`;
}
