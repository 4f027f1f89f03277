// Every endpoint of the HTTP interface, in one table: routes and the OpenAPI document are made of it.
import * as z from "zod";
import * as limits from "../shared/limits.ts";
import * as http from "../shared/protocol/http.ts";
import { jobViewSchema } from "../shared/protocol/messages.ts";
import {
  attemptIdSchema,
  blockIdSchema,
  datasetIdSchema,
  jobIdSchema,
  taskKeySchema,
  workerIdSchema,
} from "../shared/protocol/parts.ts";
import * as telemetry from "../shared/protocol/telemetry.ts";
import { endpoint } from "./endpoint.ts";

const jobParams = z.object({ job: jobIdSchema });
const datasetParams = z.object({ dataset: datasetIdSchema });
const workerParams = z.object({ worker: workerIdSchema });
const blockParams = z.object({ block: blockIdSchema });

const taskParams = z.object({ job: jobIdSchema, task: taskKeySchema });
const attemptParams = z.object({ attempt: z.coerce.number().pipe(attemptIdSchema) });

/** GET of something that telemetry tells of a job. */
const jobTelemetry = <T>(what: string, summary: string, schema: z.ZodType<T>, problems: number[]) =>
  endpoint({
    method: "GET",
    path: `/api/jobs/:job/${what}`,
    summary,
    access: "submit",
    params: jobParams,
    answers: { 200: { description: "As it is now, or was at the job's end.", schema } },
    problems: [404, ...problems],
  });

const done = (description: string) => ({ 204: { description } });

/** POST /api/jobs/:job/… without a body. */
const jobAction = (action: string, summary: string, description: string) =>
  endpoint({
    method: "POST",
    path: `/api/jobs/:job/${action}`,
    summary,
    description,
    access: "submit",
    params: jobParams,
    answers: done("It is done, or was before."),
    problems: [404, 409],
  });

const blockBytes = ["application/octet-stream"];

export const endpoints = {
  putBlock: endpoint({
    method: "PUT",
    path: "/api/blocks/:block",
    summary: "Store a block",
    description: "The body is the block's bytes; its id is their BLAKE3.",
    access: "any-token",
    params: blockParams,
    body: { what: "The block", bytesMax: limits.BLOCK_BYTES_MAX },
    answers: {
      200: { description: "The store had it already." },
      201: { description: "It is stored." },
    },
    problems: [403, 413, 422, 503, 507],
  }),
  getBlock: endpoint({
    method: "GET",
    path: "/api/blocks/:block",
    summary: "Fetch a block",
    description:
      "NPY 1.0 bytes. A block that the store lacks is drawn from whoever holds it. Takes one byte range.",
    access: "any-token",
    params: blockParams,
    answers: {
      200: { description: "All of its bytes.", types: blockBytes },
      206: { description: "The bytes of the range.", types: blockBytes },
    },
    problems: [404, 416, 503, 504],
  }),
  headBlock: endpoint({
    method: "HEAD",
    path: "/api/blocks/:block",
    summary: "Ask whether the store holds a block",
    access: "any-token",
    params: blockParams,
    answers: { 200: { description: "It does; content-length is its size." } },
    problems: [404],
  }),

  createDataset: endpoint({
    method: "POST",
    path: "/api/datasets",
    summary: "Register a table whose panels are stored",
    access: "submit",
    body: {
      what: "The dataset",
      schema: http.datasetSchema,
      bytesMax: limits.DATASET_BODY_BYTES_MAX,
    },
    answers: { 201: { description: "It is registered.", schema: http.datasetCreatedSchema } },
    problems: [403, 409, 413, 415, 422, 507],
  }),
  listDatasets: endpoint({
    method: "GET",
    path: "/api/datasets",
    summary: "List all tables, the newest first",
    access: "submit",
    answers: { 200: { description: "All of them.", schema: http.datasetListSchema } },
    problems: [],
  }),
  getDataset: endpoint({
    method: "GET",
    path: "/api/datasets/:dataset",
    summary: "Describe a table",
    access: "submit",
    params: datasetParams,
    answers: { 200: { description: "Its record.", schema: http.datasetRecordSchema } },
    problems: [404],
  }),
  deleteDataset: endpoint({
    method: "DELETE",
    path: "/api/datasets/:dataset",
    summary: "Delete a table and its panels",
    access: "submit",
    params: datasetParams,
    answers: done("It is deleted."),
    problems: [403, 404, 409],
  }),

  createJob: endpoint({
    method: "POST",
    path: "/api/jobs",
    summary: "Submit a job",
    description:
      "Blocks that its tasks read must be held by somebody; small ones may come along. An open job (isOpen) is extended later, and ends when it is closed.",
    access: "submit",
    body: {
      what: "The job",
      schema: http.jobSubmissionSchema,
      bytesMax: limits.JOB_BODY_BYTES_MAX,
    },
    answers: { 201: { description: "It is recorded and runs.", schema: http.jobCreatedSchema } },
    problems: [403, 409, 413, 415, 422, 507],
  }),
  listJobs: endpoint({
    method: "GET",
    path: "/api/jobs",
    summary: "List all jobs, the newest first",
    access: "submit",
    answers: { 200: { description: "All of them.", schema: http.jobListSchema } },
    problems: [],
  }),
  getJob: endpoint({
    method: "GET",
    path: "/api/jobs/:job",
    summary: "Tell how a job stands",
    access: "submit",
    params: jobParams,
    answers: { 200: { description: "As it stands now.", schema: jobViewSchema } },
    problems: [404],
  }),
  jobTargets: endpoint({
    method: "GET",
    path: "/api/jobs/:job/targets",
    summary: "List the targets of a job, in their order",
    access: "submit",
    params: jobParams,
    answers: { 200: { description: "All of them.", schema: http.targetListSchema } },
    problems: [404],
  }),
  deleteJob: endpoint({
    method: "DELETE",
    path: "/api/jobs/:job",
    summary: "Delete a job and its results",
    description:
      "An unfinished job is cancelled first. Results that another job has too are kept, and so are tables.",
    access: "submit",
    params: jobParams,
    answers: done("Nothing is left of it."),
    problems: [403, 404],
  }),
  extendJob: endpoint({
    method: "POST",
    path: "/api/jobs/:job/tasks",
    summary: "Extend an open job",
    description:
      "One that was closed is extended no more (410). That happens by itself when nothing of it is left to run and nobody has followed its events or extended it for an hour.",
    access: "submit",
    params: jobParams,
    body: {
      what: "The extension",
      schema: http.jobExtensionSchema,
      bytesMax: limits.JOB_BODY_BYTES_MAX,
    },
    answers: done("It is extended."),
    problems: [403, 404, 409, 410, 413, 415, 422, 507],
  }),
  cancelJob: jobAction("cancel", "Cancel a job", "One that has ended stays as it is."),
  finishJob: jobAction(
    "finish",
    "End a job with the targets that it has",
    "What runs for others is let go. A job without any result is cancelled.",
  ),
  pauseJob: jobAction("pause", "Pause a job", "No more of its tasks begin; what runs may finish."),
  resumeJob: jobAction("resume", "Resume a paused job", "Its tasks begin again."),
  prioritiseJob: endpoint({
    method: "POST",
    path: "/api/jobs/:job/priority",
    summary: "Change the priority of a job",
    description: "Tasks of jobs of higher priority begin first; what runs goes on.",
    access: "submit",
    params: jobParams,
    body: { what: "The priority", schema: telemetry.jobPrioritySchema, bytesMax: 1_024 },
    answers: done("It holds from now on."),
    problems: [403, 404, 409, 415],
  }),
  retryJob: endpoint({
    method: "POST",
    path: "/api/jobs/:job/retry",
    summary: "Try again what failed in a job",
    description:
      "A job that failed runs on with the results that it has. Elsewhere: not on the workers under which a task failed, unless no other may have it.",
    access: "submit",
    params: jobParams,
    body: {
      what: "The request to try again",
      schema: telemetry.jobRetrySchema,
      bytesMax: limits.JOB_BODY_BYTES_MAX,
    },
    answers: done("It is tried again."),
    problems: [403, 404, 409, 413, 415, 422, 507],
  }),
  closeJob: jobAction(
    "close",
    "Close an open job",
    "It is not extended any more, and ends when its results are stored.",
  ),

  jobEvents: endpoint({
    method: "GET",
    path: "/api/jobs/:job/events",
    summary: "Follow a job by server-sent events",
    description:
      "Results and failures that are there already come first. Progress comes when it changes, at most four times a second. After the event `end` the stream is over; without it the connection broke, and a new stream tells everything again. EventSource needs a ticket, which is good for one connection.",
    access: "ticket",
    params: jobParams,
    query: http.eventsQuerySchema,
    answers: {
      200: {
        description: "Events, each with one JSON value as its data.",
        types: ["text/event-stream"],
        events: http.jobEventSchemas,
      },
    },
    problems: [404, 503],
  }),
  jobResult: endpoint({
    method: "GET",
    path: "/api/jobs/:job/result",
    summary: "Download the result of a job that is done",
    description:
      "Correlations: `csv` and `arrow` are the table of pairs, `npy` the square matrix, `json` series and pairs; the other names are files of the dashboard. Simulations: a table of scenarios. Other jobs: `json` has every target's value by its key; `npy` is there for one target that is an array; `csv` and `arrow` where the values form a table.",
    access: "ticket",
    params: jobParams,
    query: http.resultQuerySchema,
    answers: {
      200: {
        description: "The file, in the format that was asked for.",
        types: [
          "text/csv",
          "application/octet-stream",
          "application/json",
          "application/vnd.apache.arrow.stream",
        ],
      },
    },
    problems: [404, 406, 409, 422, 503],
  }),
  jobGroups: jobTelemetry(
    "groups",
    "Count a job's tasks by kernel or function",
    telemetry.jobGroupsSchema,
    [],
  ),
  jobGraph: jobTelemetry("graph", "Tell which task reads which", telemetry.jobGraphSchema, [422]),
  jobStates: jobTelemetry(
    "states",
    "Tell how each task of the graph stands",
    telemetry.taskStatesSchema,
    [422],
  ),
  task: endpoint({
    method: "GET",
    path: "/api/jobs/:job/tasks/:task",
    summary: "Tell the story of a task",
    access: "submit",
    params: taskParams,
    answers: {
      200: { description: "All that is known of it.", schema: telemetry.taskStorySchema },
    },
    problems: [404],
  }),
  attempt: endpoint({
    method: "GET",
    path: "/api/attempts/:attempt",
    summary: "Tell the story of the task that an attempt was of",
    access: "submit",
    params: attemptParams,
    answers: {
      200: { description: "All that is known of it.", schema: telemetry.taskStorySchema },
    },
    problems: [404],
  }),
  activity: endpoint({
    method: "GET",
    path: "/api/activity",
    summary: "List the attempts that ended lately, and those under way",
    description:
      "In the order of their ends. Ask from `nextSeq` next time; where it is before `firstSeq` some are forgotten. With another `run` the numbers begin anew.",
    access: "submit",
    query: telemetry.activityQuerySchema,
    answers: { 200: { description: "Columns of one length.", schema: telemetry.activitySchema } },
    problems: [404],
  }),
  system: endpoint({
    method: "GET",
    path: "/api/system",
    summary: "Tell how the coordinator and its cluster stood, second by second",
    description: "The samples end before `nextSeq`; they are those of the last hour.",
    access: "submit",
    query: telemetry.systemQuerySchema,
    answers: { 200: { description: "Columns of one length.", schema: telemetry.systemSchema } },
    problems: [],
  }),
  links: endpoint({
    method: "GET",
    path: http.httpPaths.links,
    summary: "List the ways that bytes take between machines",
    access: "submit",
    answers: { 200: { description: "As the receivers told last.", schema: telemetry.linksSchema } },
    problems: [],
  }),
  createTicket: endpoint({
    method: "POST",
    path: "/api/tickets",
    summary: "Get a ticket for a download or a stream of events",
    description: "For links and EventSource, which cannot send a token. Good once, for a minute.",
    access: "submit",
    body: { what: "The ticket request", schema: http.ticketRequestSchema, bytesMax: 1_024 },
    answers: { 201: { description: "The ticket.", schema: http.ticketCreatedSchema } },
    problems: [403, 404, 409, 415],
  }),
  changeWorker: endpoint({
    method: "PATCH",
    path: "/api/workers/:worker",
    summary: "Change the settings of a worker",
    description:
      "What is not named stays as it is. Whoever sits at the machine may change it again. Pausing ends nothing but leases: its tasks go to others.",
    access: "submit",
    params: workerParams,
    body: { what: "The change", schema: telemetry.workerSettingsSchema, bytesMax: 4_096 },
    answers: done("It was told, and shows when it has obeyed."),
    problems: [403, 404, 409, 415, 422],
  }),
  retireWorker: endpoint({
    method: "POST",
    path: "/api/workers/:worker/retire",
    summary: "Let a worker finish and leave",
    description:
      "It gets no more tasks, finishes those that run, hands over what only it holds, and leaves.",
    access: "submit",
    params: workerParams,
    answers: done("It was told, or had been before."),
    problems: [403, 404],
  }),
  removeWorker: endpoint({
    method: "DELETE",
    path: "/api/workers/:worker",
    summary: "End a worker's connection at once",
    description: "Its tasks go to others. It does not come back by itself.",
    access: "submit",
    params: workerParams,
    answers: done("It is gone."),
    problems: [403, 404],
  }),
  joinLinks: endpoint({
    method: "GET",
    path: http.httpPaths.joinLinks,
    summary:
      "List the addresses at which other machines can join, and where they get the certificate",
    access: "any-token",
    answers: { 200: { description: "The likeliest first.", schema: http.joinLinksSchema } },
    problems: [],
  }),
  connection: endpoint({
    method: "GET",
    path: "/api/connection",
    summary: "Tell a page how the coordinator sees it",
    description: "For finding out why no direct channel opens between two pages.",
    access: "any-token",
    query: http.connectionQuerySchema,
    answers: { 200: { description: "Its whereabouts.", schema: http.connectionSchema } },
    problems: [],
  }),
  connectionSample: endpoint({
    method: "GET",
    path: "/api/connection/sample",
    summary: "Get bytes that mean nothing, to time them",
    access: "any-token",
    query: http.sampleQuerySchema,
    answers: {
      200: { description: "As many as were asked for.", types: ["application/octet-stream"] },
    },
    problems: [],
  }),
  openApi: endpoint({
    method: "GET",
    path: http.httpPaths.openApi,
    summary: "Describe this interface: this document",
    access: "open",
    answers: {
      200: {
        description: "OpenAPI 3.1.",
        schema: z.object({ openapi: z.literal("3.1.0") }).loose(),
      },
    },
    problems: [],
  }),
} as const;
