// Datasets and jobs over HTTP: registering, listing, submitting, steering.
import { randomBytes } from "node:crypto";
import type { FastifyInstance, FastifyRequest } from "fastify";
import * as z from "zod";
import { FUNCTION_KERNEL, type JsonValue, type Task } from "../shared/graph/task.ts";
import {
  asDatasetId,
  randomText,
  type DatasetId,
  type JobId,
  type TaskKey,
} from "../shared/ids.ts";
import { DATASET_BODY_BYTES_MAX, JOB_BODY_BYTES_MAX } from "../shared/limits.ts";
import { datasetSchema, jobExtensionSchema, jobSubmissionSchema } from "../shared/protocol/http.ts";
import type { Dataset, TargetView } from "../shared/protocol/http.ts";
import { datasetIdSchema, jobIdSchema } from "../shared/protocol/messages.ts";
import type { BlockStore } from "./block-store.ts";
import type { JobBook } from "./job-book.ts";
import type { JobService } from "./job-service.ts";
import type { Journal } from "./journal.ts";
import { HttpProblem } from "./problem.ts";
import type { RequestGuard } from "./request-guard.ts";

export interface JobRoutesParts {
  readonly guard: RequestGuard;
  readonly journal: Journal;
  readonly store: BlockStore;
  readonly book: JobBook;
  readonly service: JobService;
  readonly nowUnixMs: () => number;
}

/** Datasets kept; each is a few megabytes of names at most. */
const DATASETS_MAX = 1_000;

/** The body or parameter as its schema has it. Throws 400 with the first thing that is wrong. */
export function parseInput<T>(schema: z.ZodType<T>, value: unknown, what: string): T {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const [issue] = parsed.error.issues;
  const place = issue === undefined || issue.path.length === 0 ? "" : ` at ${issue.path.join(".")}`;
  throw new HttpProblem(400, `${what} is not valid${place}: ${issue?.message ?? "unknown"}.`);
}

const jobOf = (request: FastifyRequest): JobId =>
  parseInput(z.object({ job: jobIdSchema }), request.params, "The job id").job;
const datasetOf = (request: FastifyRequest): DatasetId =>
  parseInput(z.object({ dataset: datasetIdSchema }), request.params, "The dataset id").dataset;

/** Adds /api/datasets and /api/jobs. Only the submit token admits to them. */
export function addJobRoutes(server: FastifyInstance, parts: JobRoutesParts): void {
  const { guard, service, book } = parts;
  void server.register((scope, _options, done) => {
    scope.addHook("onRequest", (request, _reply, next) => {
      guard.requireSubmit(request.headers, request.ip);
      next();
    });
    addDatasetRoutes(scope, parts);

    scope.post("/api/jobs", { bodyLimit: JOB_BODY_BYTES_MAX }, async (request, reply) => {
      const { blocks, ...submission } = parseInput(jobSubmissionSchema, request.body, "The job");
      return reply.code(201).send({ job: await service.submit(submission, blocks) });
    });
    scope.post(
      "/api/jobs/:job/tasks",
      { bodyLimit: JOB_BODY_BYTES_MAX },
      async (request, reply) => {
        const { blocks, ...extension } = parseInput(
          jobExtensionSchema,
          request.body,
          "The extension",
        );
        await service.extend(jobOf(request), extension, blocks);
        return reply.code(204).send();
      },
    );
    scope.get("/api/jobs", (_request, reply) => reply.send(book.views()));
    scope.get("/api/jobs/:job", (request, reply) => {
      const view = book.view(jobOf(request));
      if (view === undefined)
        throw new HttpProblem(404, "There is no such job; it may have been deleted.");
      return reply.send(view);
    });
    scope.get("/api/jobs/:job/targets", (request, reply) =>
      reply.send(targetsOf(jobOf(request), parts)),
    );
    for (const action of ["cancel", "finish", "pause", "resume", "close"] as const) {
      scope.post(`/api/jobs/:job/${action}`, async (request, reply) => {
        service[action](jobOf(request));
        return reply.code(204).send();
      });
    }
    scope.delete("/api/jobs/:job", async (request, reply) => {
      await service.forget(jobOf(request));
      return reply.code(204).send();
    });
    done();
  });
}

/** A job's targets in their order, and which of them are batches of a function's calls. */
function targetsOf(job: JobId, { book, journal }: JobRoutesParts): TargetView[] {
  const active = book.active(job);
  if (active === undefined && book.finished(job) === undefined) {
    throw new HttpProblem(404, "There is no such job; it may have been deleted.");
  }
  const work = active === undefined ? journal.work(job) : undefined;
  const tasks: ReadonlyMap<TaskKey, Task> =
    active?.tasks ?? new Map(work?.tasks.map((task) => [task.key, task]));
  return [...((active ?? work)?.targets ?? [])].map((key) => {
    const task = tasks.get(key);
    const batch = task?.kernel === FUNCTION_KERNEL ? batchOf(task.params) : null;
    return { task: key, kernel: task?.kernel ?? "", batch };
  });
}

function batchOf(params: JsonValue): number | null {
  const { batch } = (params ?? {}) as { readonly batch?: JsonValue };
  return typeof batch === "number" && Number.isInteger(batch) && batch > 0 ? batch : null;
}

function addDatasetRoutes(scope: FastifyInstance, parts: JobRoutesParts): void {
  const { journal, store, service, nowUnixMs } = parts;
  scope.post("/api/datasets", { bodyLimit: DATASET_BODY_BYTES_MAX }, async (request, reply) => {
    const body = parseInput(datasetSchema, request.body, "The dataset");
    checkPanels(body, store);
    if (journal.datasets().length >= DATASETS_MAX) {
      throw new HttpProblem(
        409,
        `The coordinator keeps ${DATASETS_MAX} datasets. Delete some first.`,
      );
    }
    const dataset = asDatasetId(`d_${randomText(randomBytes(16))}`);
    try {
      journal.addDataset(dataset, nowUnixMs(), body);
    } catch (error) {
      throw new HttpProblem(
        507,
        "The dataset cannot be recorded: the coordinator's disk is full or not writable.",
        { cause: error },
      );
    }
    return reply.code(201).send({ dataset });
  });
  scope.get("/api/datasets", (_request, reply) => reply.send(journal.datasets()));
  scope.get("/api/datasets/:dataset", (request, reply) => {
    const record = journal.dataset(datasetOf(request));
    if (record === undefined)
      throw new HttpProblem(404, "There is no such dataset; it may have been deleted.");
    return reply.send(record);
  });
  scope.delete("/api/datasets/:dataset", async (request, reply) => {
    await service.removeDataset(datasetOf(request));
    return reply.code(204).send();
  });
}

/** A dataset is durable from its registration on, so its panels must be in the store by then. */
function checkPanels(dataset: Dataset, store: BlockStore): void {
  const { series, panelSeries, panels } = dataset;
  const expected = Math.ceil(series.length / panelSeries);
  if (panels.length !== expected) {
    throw new HttpProblem(
      422,
      `${series.length} series in panels of ${panelSeries} make ${expected} panels, not ${panels.length}.`,
    );
  }
  const missing = panels.filter((panel) => store.get(panel.block)?.sizeBytes !== panel.sizeBytes);
  if (missing.length > 0) {
    throw new HttpProblem(
      409,
      `${missing.length} of ${panels.length} panels have not been uploaded, or have another size.`,
    );
  }
}
