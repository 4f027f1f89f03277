// Downloads of any job whose results are values: functions of users, graphs, kernels of a library.
import { unreachable } from "../shared/assert.ts";
import { readNpyHeader } from "../shared/codecs/npy.ts";
import type { BlockRef, TaskResult } from "../shared/graph/task.ts";
import { decodeValue } from "../shared/values/decode-value.ts";
import { ArrowBytes } from "../shared/values/value-format.ts";
import { ArrowColumnError, encodeArrow } from "./arrow-stream.ts";
import {
  contentTypeOf,
  type ExportableJob,
  filenameOfTitle,
  ResultExportError,
  type ReadBlock,
  type ResultExporter,
} from "./result-exporters.ts";
import { csvOf, NoTableError, tableOf } from "./value-table.ts";
import { jsonOf } from "./value-json.ts";

/** A table is made in memory; its blocks together may have this size. */
const TABLE_BYTES_MAX = 256 * 2 ** 20;

const decoder = new TextDecoder();
const encoder = new TextEncoder();

/** For jobs of every kind without an exporter of its own. */
export const exportValues: ResultExporter = async (job, format, readBlock) => {
  const file = { filename: filenameOfTitle(job.title, format), contentType: contentTypeOf(format) };
  switch (format) {
    case "json":
      return { ...file, chunks: exportJson(job, readBlock) };
    case "npy":
      return { ...file, chunks: [await onlyArray(job, readBlock)] };
    case "csv":
      return { ...file, chunks: encoded(csvOf(tableOrProblem(await valuesOf(job, readBlock)))) };
    case "arrow":
      return { ...file, chunks: await exportArrow(await valuesOf(job, readBlock)) };
    case "pairs.csv":
    case "matrix.csv":
    case "matrix.npy":
    case "covariance.npy":
      throw new ResultExportError(
        `Only correlations can be had as ${format}; this job offers json, and csv, arrow or npy where they fit.`,
        406,
      );
    default:
      return unreachable(format);
  }
};

async function readValue({ block }: BlockRef, readBlock: ReadBlock): Promise<unknown> {
  return decodeValue(await readBlock(block), { decodeText: (bytes) => decoder.decode(bytes) });
}

/** The value of a target; a list where its kernel has several outputs. */
async function valueOf({ outputs }: TaskResult, readBlock: ReadBlock): Promise<unknown> {
  const values: unknown[] = [];
  for (const output of outputs) values.push(await readValue(output, readBlock));
  return values.length === 1 ? values[0] : values;
}

/** One target after the other, so that only one is held. */
async function* exportJson(
  { job, kind, title, results }: ExportableJob,
  readBlock: ReadBlock,
): AsyncGenerator<Uint8Array, void, undefined> {
  const head = JSON.stringify({ job, kind, title });
  yield encoder.encode(`${head.slice(0, -1)},"results":{`);
  let separator = "\n";
  for (const result of results) {
    const value = jsonOf(await valueOf(result, readBlock));
    yield encoder.encode(`${separator}"${result.task}":${value}`);
    separator = ",\n";
  }
  yield encoder.encode("\n}}\n");
}

/** The bytes of the one array that the job results in. */
async function onlyArray({ results }: ExportableJob, readBlock: ReadBlock): Promise<Uint8Array> {
  const [only] = results.flatMap(({ outputs }) => outputs);
  const bytes =
    only === undefined || results.length !== 1 || results[0]?.outputs.length !== 1
      ? undefined
      : await readBlock(only.block);
  // Values other than arrays are NPY files too, of records that mean nothing to other programs.
  if (bytes !== undefined && !readNpyHeader(bytes).descr.startsWith("[")) return bytes;
  throw new ResultExportError(
    `npy is for jobs with one result that is an array; this one has ${results.length} ` +
      `${results.length === 1 ? "result, which is none" : "results"}. Take json.`,
    406,
  );
}

async function valuesOf({ results }: ExportableJob, readBlock: ReadBlock): Promise<unknown[]> {
  const sizeBytes = results
    .flatMap(({ outputs }) => outputs)
    .reduce((sum, output) => sum + output.sizeBytes, 0);
  if (sizeBytes > TABLE_BYTES_MAX) {
    throw new ResultExportError(
      `These results have ${sizeBytes} bytes, too many for one table. Take json, or fetch the blocks.`,
      422,
    );
  }
  const values: unknown[] = [];
  for (const result of results) values.push(await valueOf(result, readBlock));
  return values;
}

function tableOrProblem(values: readonly unknown[]): ReturnType<typeof tableOf> {
  try {
    return tableOf(values);
  } catch (error) {
    if (!(error instanceof NoTableError)) throw error;
    throw new ResultExportError(error.message, 422, { cause: error });
  }
}

async function exportArrow(values: readonly unknown[]): Promise<readonly Uint8Array[]> {
  const [only] = values;
  if (values.length === 1 && only instanceof ArrowBytes) return [only.bytes];
  const { names, columns } = tableOrProblem(values);
  // Encoded before the answer begins, for a column without a type is the asker's to know.
  const chunks: Uint8Array[] = [];
  try {
    for await (const chunk of encodeArrow(names, [columns])) chunks.push(chunk);
  } catch (error) {
    if (!(error instanceof ArrowColumnError)) throw error;
    throw new ResultExportError(`${error.message} Take csv or json.`, 422, { cause: error });
  }
  return chunks;
}

function* encoded(texts: Iterable<string>): Generator<Uint8Array, void, undefined> {
  for (const text of texts) yield encoder.encode(text);
}
