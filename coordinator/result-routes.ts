// Downloads of finished jobs' results, by token or by a one-time ticket that a plain link can carry.
import { Readable } from "node:stream";
import type { FastifyInstance } from "fastify";
import * as z from "zod";
import type { BlockId, JobId } from "../shared/ids.ts";
import { resultFormats, type ResultFormat } from "../shared/protocol/http.ts";
import { jobIdSchema } from "../shared/protocol/messages.ts";
import { freshToken } from "./access-tokens.ts";
import type { BlockStore } from "./block-store.ts";
import type { JobBook } from "./job-book.ts";
import { parseInput } from "./job-routes.ts";
import type { Journal } from "./journal.ts";
import { HttpProblem } from "./problem.ts";
import type { RequestGuard } from "./request-guard.ts";
import { ResultExportError } from "./result-exporters.ts";
import type { ResultExport, ResultExporters } from "./result-exporters.ts";

/** A click on "download" follows its ticket at once. */
const TICKET_LIFE_MS = 60_000;
const TICKETS_MAX = 1_024;
/** Downloads at once; each may read the whole matrix. */
const DOWNLOADS_MAX = 8;

const formatSchema = z.enum(resultFormats);
const ticketRequestSchema = z.object({ job: jobIdSchema, format: formatSchema });
const resultQuerySchema = z.object({ format: formatSchema, ticket: z.string().max(64).optional() });

export interface ResultRoutesParts {
  readonly guard: RequestGuard;
  readonly journal: Journal;
  readonly store: BlockStore;
  readonly book: JobBook;
  readonly exporters: ResultExporters;
  readonly nowMs: () => number;
  readonly log: (line: string) => void;
}

/** Adds POST /api/tickets and GET /api/jobs/:job/result. */
export function addResultRoutes(server: FastifyInstance, parts: ResultRoutesParts): void {
  const { guard, nowMs, log } = parts;
  const tickets = new TicketOffice(nowMs);
  let downloadCount = 0;

  server.post("/api/tickets", { bodyLimit: 1_024 }, async (request, reply) => {
    guard.requireSubmit(request.headers, request.ip);
    const { job, format } = parseInput(ticketRequestSchema, request.body, "The ticket request");
    findFinished(parts, job);
    return reply.code(201).send({ ticket: tickets.issue(job, format) });
  });

  server.get("/api/jobs/:job/result", { exposeHeadRoute: false }, async (request, reply) => {
    const { job } = parseInput(z.object({ job: jobIdSchema }), request.params, "The job id");
    const { format, ticket } = parseInput(resultQuerySchema, request.query, "The request");
    if (ticket === undefined) guard.requireSubmit(request.headers, request.ip);
    else if (!tickets.redeem(ticket, job, format)) {
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
  if (book.view(job) === undefined) {
    throw new HttpProblem(404, "There is no such job; it may have been deleted.");
  }
  throw new HttpProblem(409, "This job has no complete result to download.");
}

async function beginExport(
  parts: ResultRoutesParts,
  job: JobId,
  format: ResultFormat,
): Promise<ResultExport> {
  const { journal, store, book, exporters } = parts;
  const { kind } = findFinished(parts, job);
  const exporter = exporters.get(kind);
  const row = book.finished(job);
  if (exporter === undefined || row === undefined) {
    throw new HttpProblem(409, `Results of "${kind}" jobs cannot be downloaded as a file.`);
  }
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
      throw new HttpProblem(409, error.message, { cause: error });
    }
    throw error;
  }
}

/** Tickets that admit to one download once. */
class TicketOffice {
  readonly #nowMs: () => number;
  readonly #tickets = new Map<string, { job: JobId; format: ResultFormat; expiresAtMs: number }>();

  constructor(nowMs: () => number) {
    this.#nowMs = nowMs;
  }

  issue(job: JobId, format: ResultFormat): string {
    for (const [ticket, { expiresAtMs }] of this.#tickets) {
      // In the order of issue, so the first that is young ends the search.
      if (expiresAtMs > this.#nowMs() && this.#tickets.size < TICKETS_MAX) break;
      this.#tickets.delete(ticket);
    }
    const ticket = freshToken();
    this.#tickets.set(ticket, { job, format, expiresAtMs: this.#nowMs() + TICKET_LIFE_MS });
    return ticket;
  }

  redeem(ticket: string, job: JobId, format: ResultFormat): boolean {
    const found = this.#tickets.get(ticket);
    this.#tickets.delete(ticket);
    return (
      found !== undefined &&
      found.job === job &&
      found.format === format &&
      found.expiresAtMs > this.#nowMs()
    );
  }
}
