// Downloads of finished jobs' results, by token or by a one-time ticket that a plain link can carry.
import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import type { BlockId, JobId } from "../shared/ids.ts";
import type { ResultFormat } from "../shared/protocol/http.ts";
import type { BlockStore } from "./block-store.ts";
import { addEndpoint } from "./endpoint.ts";
import { endpoints } from "./endpoints.ts";
import type { JobBook } from "./job-book.ts";
import { noSuchJob } from "./job-routes.ts";
import type { Journal } from "./journal.ts";
import { HttpProblem } from "./problem.ts";
import type { RequestGuard } from "./request-guard.ts";
import { ResultExportError } from "./result-exporters.ts";
import type { ResultExport, ResultExporters } from "./result-exporters.ts";
import type { TicketOffice } from "./tickets.ts";
import { exportValues } from "./value-exporter.ts";

/** Downloads at once; each may read the whole matrix. */
const DOWNLOADS_MAX = 8;

export interface ResultRoutesParts {
  readonly guard: RequestGuard;
  readonly journal: Journal;
  readonly store: BlockStore;
  readonly book: JobBook;
  readonly exporters: ResultExporters;
  readonly tickets: TicketOffice;
  readonly log: (line: string) => void;
}

/** Adds the routes of tickets and downloads. */
export function addResultRoutes(server: FastifyInstance, parts: ResultRoutesParts): void {
  const { guard, tickets, log } = parts;
  let downloadCount = 0;

  addEndpoint(server, guard, endpoints.createTicket, ({ body: { job, format } }, reply) => {
    if (format !== "events") findFinished(parts, job);
    else if (parts.book.view(job) === undefined) throw noSuchJob();
    return reply.code(201).send({ ticket: tickets.issue(job, format) });
  });

  addEndpoint(server, guard, endpoints.jobResult, async ({ params: { job }, query }, reply) => {
    const { format, ticket } = query;
    if (ticket !== undefined && !tickets.redeem(ticket, job, format)) {
      throw new HttpProblem(
        401,
        "This download link has been used or is too old. Press download again.",
      );
    }
    const file = await beginExport(parts, job, format);
    if (downloadCount >= DOWNLOADS_MAX) throw new HttpProblem(503, "Too many downloads at once.");
    downloadCount += 1;
    const stream = Readable.from(file.chunks, { objectMode: false });
    stream.once("close", () => (downloadCount -= 1));
    stream.once("error", (error) => log(`A result download broke off: ${error.message}`));
    return reply
      .type(file.contentType)
      .header("content-disposition", contentDisposition(file.filename))
      .send(stream);
  });
}

/** ASCII for old programs, UTF-8 for the rest (RFC 6266). */
function contentDisposition(filename: string): string {
  const ascii = filename.replaceAll(/[^\w.() -]/g, "_");
  return `attachment; filename="${ascii}"; filename*=UTF-8''${encodeURIComponent(filename)}`;
}

function findFinished({ book }: ResultRoutesParts, job: JobId): { kind: string } {
  const row = book.finished(job);
  if (row?.state === "done") return row.head;
  if (book.view(job) === undefined) throw noSuchJob();
  throw new HttpProblem(409, "This job has no complete result to download.");
}

async function beginExport(
  parts: ResultRoutesParts,
  job: JobId,
  format: ResultFormat,
): Promise<ResultExport> {
  const { journal, store, book, exporters } = parts;
  const { kind } = findFinished(parts, job);
  const exporter = exporters.get(kind) ?? exportValues;
  const row = book.finished(job);
  if (row === undefined) throw noSuchJob();
  const readBlock = async (block: BlockId): Promise<Uint8Array> => {
    const bytes = await store.read(block);
    if (bytes !== undefined) return bytes;
    throw new ResultExportError("A part of this result is lost. Run the job again to restore it.");
  };
  const exportable = {
    job,
    kind,
    title: row.head.title,
    meta: row.head.meta,
    results: journal.targetResults(job),
    dataset: (dataset: Parameters<Journal["dataset"]>[0]) => journal.dataset(dataset),
  };
  try {
    return await exporter(exportable, format, readBlock);
  } catch (error) {
    if (error instanceof ResultExportError) {
      throw new HttpProblem(error.status, error.message, { cause: error });
    }
    throw error;
  }
}
