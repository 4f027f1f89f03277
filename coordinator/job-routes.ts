// Datasets and jobs over HTTP: registering, listing, submitting, steering.
import { randomBytes } from "node:crypto";
import type { FastifyInstance } from "fastify";
import { FUNCTION_KERNEL, type JsonValue, type Task } from "../shared/graph/task.ts";
import { asDatasetId, randomText, type JobId, type TaskKey } from "../shared/ids.ts";
import type { Dataset, TargetView } from "../shared/protocol/http.ts";
import type { BlockStore } from "./block-store.ts";
import { addEndpoint } from "./endpoint.ts";
import { endpoints } from "./endpoints.ts";
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

/** Adds the routes of jobs and datasets. */
export function addJobRoutes(server: FastifyInstance, parts: JobRoutesParts): void {
  const { guard, service, book } = parts;
  addDatasetRoutes(server, parts);
  addEndpoint(server, guard, endpoints.createJob, async ({ body }, reply) => {
    const { blocks, ...submission } = body;
    return reply.code(201).send({ job: await service.submit(submission, blocks) });
  });
  addEndpoint(server, guard, endpoints.listJobs, (_asked, reply) => reply.send(book.views()));
  addEndpoint(server, guard, endpoints.getJob, ({ params }, reply) => {
    const view = book.view(params.job);
    if (view === undefined) throw noSuchJob();
    return reply.send(view);
  });
  addEndpoint(server, guard, endpoints.jobTargets, ({ params }, reply) =>
    reply.send(targetsOf(params.job, parts)),
  );
  addEndpoint(server, guard, endpoints.deleteJob, async ({ params }, reply) => {
    await service.forget(params.job);
    return reply.code(204).send();
  });
  addEndpoint(server, guard, endpoints.extendJob, async ({ params, body }, reply) => {
    const { blocks, ...extension } = body;
    await service.extend(params.job, extension, blocks);
    return reply.code(204).send();
  });
  addEndpoint(server, guard, endpoints.prioritiseJob, ({ params, body }, reply) => {
    service.setPriority(params.job, body.priority);
    return reply.code(204).send();
  });
  addEndpoint(server, guard, endpoints.retryJob, async ({ params, body }, reply) => {
    await service.retry(params.job, body);
    return reply.code(204).send();
  });
  for (const action of ["cancel", "finish", "pause", "resume", "close"] as const) {
    addEndpoint(server, guard, endpoints[`${action}Job`], ({ params }, reply) => {
      service[action](params.job);
      return reply.code(204).send();
    });
  }
}

export const noSuchJob = (): HttpProblem =>
  new HttpProblem(404, "There is no such job; it may have been deleted.");

/** A job's targets in their order, and which of them are batches of a function's calls. */
function targetsOf(job: JobId, { book, journal }: JobRoutesParts): TargetView[] {
  const active = book.active(job);
  if (active === undefined && book.finished(job) === undefined) {
    throw noSuchJob();
  }
  const work = active === undefined ? journal.jobs.work(job) : undefined;
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

function addDatasetRoutes(server: FastifyInstance, parts: JobRoutesParts): void {
  const { guard, journal, store, service, nowUnixMs } = parts;
  addEndpoint(server, guard, endpoints.createDataset, ({ body }, reply) => {
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
  addEndpoint(server, guard, endpoints.listDatasets, (_asked, reply) =>
    reply.send(journal.datasets()),
  );
  addEndpoint(server, guard, endpoints.getDataset, ({ params }, reply) => {
    const record = journal.dataset(params.dataset);
    if (record === undefined)
      throw new HttpProblem(404, "There is no such dataset; it may have been deleted.");
    return reply.send(record);
  });
  addEndpoint(server, guard, endpoints.deleteDataset, async ({ params }, reply) => {
    await service.removeDataset(params.dataset);
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
