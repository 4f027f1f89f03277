// The bodies of the HTTP interface, with their schemas; paths are in `httpPaths`.
import * as z from "zod";
import * as limits from "../limits.ts";
import type { BlockId, DatasetId, JobId, PeerId, TaskKey, WorkerId } from "../ids.ts";
import { jobViewSchema, targetFailureSchema } from "./messages.ts";
import {
  blockRefSchema,
  datasetIdSchema,
  jobIdSchema,
  jsonSchema,
  peerIdSchema,
  smallBlockSchema,
  taskKeySchema,
} from "./parts.ts";

/** Every file that a finished correlation can be downloaded as; the covariance needs shrinkage. */
const correlationFormats = ["pairs.csv", "matrix.csv", "matrix.npy", "covariance.npy"] as const;
export type CorrelationFormat = (typeof correlationFormats)[number];

/** The formats that any kind of job can be asked for; what a result cannot be is refused. */
const commonFormats = ["csv", "npy", "json", "arrow"] as const;

const resultFormats = [...correlationFormats, ...commonFormats] as const;
export type ResultFormat = (typeof resultFormats)[number];

/** All paths of the HTTP interface. Every one but `openApi` needs `Authorization: Bearer <token>`. */
export const httpPaths = {
  control: "/control",
  signal: "/signal",
  block: (block: BlockId) => `/api/blocks/${block}`,
  datasets: "/api/datasets",
  dataset: (dataset: DatasetId) => `/api/datasets/${dataset}`,
  jobs: "/api/jobs",
  job: (job: JobId) => `/api/jobs/${job}`,
  jobAction: (job: JobId, action: "cancel" | "finish" | "pause" | "resume" | "close") =>
    `/api/jobs/${job}/${action}`,
  /** GET: a job's targets in their order. */
  jobTargets: (job: JobId) => `/api/jobs/${job}/targets`,
  /** POST: extends an open job. */
  jobTasks: (job: JobId) => `/api/jobs/${job}/tasks`,
  /** `ticket` replaces the header, for links that the browser downloads itself. */
  result: (job: JobId, format: ResultFormat, ticket?: string) =>
    `/api/jobs/${job}/result?format=${format}${ticket === undefined ? "" : `&ticket=${ticket}`}`,
  /** Server-sent events; `ticket` replaces the header, as EventSource cannot set any. */
  events: (job: JobId, ticket?: string) =>
    `/api/jobs/${job}/events${ticket === undefined ? "" : `?ticket=${ticket}`}`,
  tickets: "/api/tickets",
  /** GET: attempts that ended from this sequence number on, and those under way. */
  activity: (since: number, job?: JobId) =>
    `/api/activity?since=${since}${job === undefined ? "" : `&job=${job}`}`,
  system: (since: number) => `/api/system?since=${since}`,
  links: "/api/links",
  jobGroups: (job: JobId) => `/api/jobs/${job}/groups`,
  jobGraph: (job: JobId) => `/api/jobs/${job}/graph`,
  /** GET: the state of each task of the graph. */
  jobStates: (job: JobId) => `/api/jobs/${job}/states`,
  task: (job: JobId, task: TaskKey) => `/api/jobs/${job}/tasks/${task}`,
  /** GET: the story of the task that this attempt was of. */
  attempt: (attempt: number) => `/api/attempts/${attempt}`,
  jobPriority: (job: JobId) => `/api/jobs/${job}/priority`,
  jobRetry: (job: JobId) => `/api/jobs/${job}/retry`,
  worker: (worker: WorkerId) => `/api/workers/${worker}`,
  retireWorker: (worker: WorkerId) => `/api/workers/${worker}/retire`,
  joinLinks: "/api/join-links",
  /** GET: how to trust the coordinator, over https and over plain http. */
  certificatePage: "/certificate",
  /** GET: this page's connection as the coordinator sees it. */
  connection: (peer: PeerId) => `/api/connection?peer=${peer}`,
  /** GET: so many bytes that mean nothing, to time. */
  connectionSample: (bytes: number) => `/api/connection/sample?bytes=${bytes}`,
  openApi: "/api/openapi.json",
} as const;

/** A table of series: names, dates, and its values as column panels. */
export const datasetSchema = z.object({
  name: z.string().min(1).max(200),
  /** One name a series, in panel order. */
  series: z.array(z.string().max(1_000)).min(1).max(limits.SERIES_MAX),
  /** One label a row, ascending. */
  dates: z.array(z.string().max(64)).min(1).max(1_000_000),
  /** Share of missing values over series × dates, 0 to 1. */
  missingShare: z.number().min(0).max(1),
  /** Names of columns without any value; they were dropped. */
  dropped: z.array(z.string().max(1_000)),
  /** Series in every panel but the last. */
  panelSeries: z.int().positive(),
  /**
   * What the panels hold: "f64" (also when absent, as in records of earlier versions) the values
   * themselves; "f16" each series less its mean, over its standard deviation, in half precision.
   */
  transport: z.enum(["f64", "f16"]).exactOptional(),
  /** NPY arrays of shape (series in panel, dates), C order, NaN where missing; `<f8` or `<f2`. */
  panels: z.array(blockRefSchema).min(1),
});

export const datasetRecordSchema = datasetSchema.extend({
  dataset: datasetIdSchema,
  createdAtMs: z.number(),
});
export const datasetListSchema = z.array(datasetRecordSchema);

const taskInputSchema = z.union([
  blockRefSchema,
  z.object({ task: taskKeySchema, output: z.int().nonnegative().max(63) }),
]);

export const taskSchema = z.object({
  key: taskKeySchema,
  kernel: z.string().regex(/^[a-z][a-z0-9-]*@\d+$/),
  params: jsonSchema,
  inputs: z.array(taskInputSchema).max(limits.INPUTS_PER_TASK_MAX),
  cost: z.object({ operations: z.number().nonnegative(), outputBytes: z.number().nonnegative() }),
  retries: z.int().min(0).max(100),
  limitMs: z.number().positive().max(limits.TASK_LIMIT_MS_MAX).exactOptional(),
  group: z.string().max(200).exactOptional(),
});

/** Small blocks that the tasks read, sent along: there is no need to put them into the store before. */
const smallBlocks = z.array(smallBlockSchema).max(limits.TASKS_PER_JOB_MAX).exactOptional();

export const jobSubmissionSchema = z.object({
  kind: z.string().min(1).max(64),
  title: z.string().min(1).max(200),
  meta: jsonSchema,
  priority: z.number().min(-1_000).max(1_000),
  /** Only an open job may begin with none. */
  tasks: z.array(taskSchema).max(limits.TASKS_PER_JOB_MAX),
  targets: z.array(taskKeySchema).max(limits.TASKS_PER_JOB_MAX),
  onFailure: z.enum(["end", "go-on"]).exactOptional(),
  isOpen: z.boolean().exactOptional(),
  blocks: smallBlocks,
});

/** Changes of an open job, in the order of these fields. */
export const jobExtensionSchema = z.object({
  /** Targets that nobody needs any more; what is left to do for them alone is cancelled. */
  released: z.array(taskKeySchema).max(limits.TASKS_PER_JOB_MAX),
  /** Failed targets that are to be tried again. */
  retried: z.array(taskKeySchema).max(limits.TASKS_PER_JOB_MAX),
  /** More work; it may use outputs of tasks that the job has already. */
  tasks: z.array(taskSchema).max(limits.TASKS_PER_JOB_MAX),
  targets: z.array(taskKeySchema).max(limits.TASKS_PER_JOB_MAX),
  blocks: smallBlocks,
});

/** What a client is told of a job on its stream of events whenever it changed; see GET events. */
export const jobProgressSchema = jobViewSchema.pick({
  state: true,
  isOpen: true,
  tasksTotal: true,
  tasksDone: true,
  tasksRunning: true,
  targetsTotal: true,
  targetsDone: true,
  targetsFailed: true,
  failure: true,
});

/** A target's outputs: blocks to GET, small ones with their bytes in base64. */
export const jobResultEventSchema = z.object({
  task: taskKeySchema,
  outputs: z.array(blockRefSchema.extend({ bytes: z.base64().exactOptional() })),
});

/** The events of a job's stream, by name. */
export const jobEventSchemas = {
  progress: jobProgressSchema,
  result: jobResultEventSchema,
  failure: targetFailureSchema,
  /** The last one: how the job stands at its end. */
  end: jobProgressSchema,
} as const;

/** What a ticket is asked for. */
export const ticketRequestSchema = z.object({
  job: jobIdSchema,
  /** The format that is to be downloaded, or "events" for the job's stream of events. */
  format: z.enum([...resultFormats, "events"]),
});
const ticket = z.string().max(64).exactOptional();
export const eventsQuerySchema = z.object({ ticket });
export const resultQuerySchema = z.object({ format: z.enum(resultFormats), ticket });

export const jobListSchema = z.array(jobViewSchema);

/** One of a job's targets, for those who take up a job that they did not submit. */
const targetViewSchema = z.object({
  task: taskKeySchema,
  kernel: z.string(),
  /** Items of a function's batch, whose result is a list of outcomes; null for all other tasks. */
  batch: z.int().positive().nullable(),
});
export const targetListSchema = z.array(targetViewSchema);
export type TargetView = z.infer<typeof targetViewSchema>;

export const jobCreatedSchema = z.object({ job: jobIdSchema });
export const datasetCreatedSchema = z.object({ dataset: datasetIdSchema });
/** Admits once, within a minute, to what it was asked for. */
export const ticketCreatedSchema = z.object({ ticket: z.string() });

export const joinLinksSchema = z.object({
  /** Addresses that other machines open to join, likeliest first; the token is in the fragment. */
  links: z.array(z.string().max(400)).max(64),
  /**
   * The page at which a machine gets the coordinator's certificate authority, by plain http, so that it
   * opens before the authority is trusted. Null where nothing is to be installed: over plain http, and
   * with a certificate of the owner's.
   */
  certificatePage: z.string().max(400).nullable(),
});

/** Where a page is, as far as the coordinator can tell. */
const whereabouts = {
  /** The network of the coordinator's that its address belongs to: "192.168.1.0/24"; null beyond a router. */
  network: z.string().nullable(),
  /** It is on the coordinator's own machine, and so in all of its networks. */
  isOwnMachine: z.boolean(),
};

/** A page's connection from the other end, for finding out why no direct channel opens. */
export const connectionSchema = z.object({
  /** Where its requests come from. */
  address: z.string(),
  ...whereabouts,
  /** A proxy says that it stands between. */
  isProxied: z.boolean(),
  /** As in the join links: where to install what makes browsers trust the coordinator. */
  certificatePage: z.string().max(400).nullable(),
  /** Other machines that it could have channels with, at most a few. */
  peers: z.array(z.object({ peer: peerIdSchema, name: z.string(), ...whereabouts })).max(8),
});
export const connectionQuerySchema = z.object({
  /** The page's own peer id, which is left out of `peers`. */
  peer: peerIdSchema.exactOptional(),
});
export const SAMPLE_BYTES_MAX = 8 * 2 ** 20;
export const sampleQuerySchema = z.object({
  bytes: z.coerce.number().int().min(0).max(SAMPLE_BYTES_MAX),
});

/** RFC 9457 problem+json: every error of the interface. */
export const problemSchema = z.object({
  type: z.string(),
  title: z.string(),
  status: z.int(),
  detail: z.string(),
});

export type Dataset = z.infer<typeof datasetSchema>;
export type DatasetRecord = z.infer<typeof datasetRecordSchema>;
/** How a dataset's values travel and are kept: see `transport` of a dataset. */
export type Transport = NonNullable<Dataset["transport"]>;
export type Connection = z.infer<typeof connectionSchema>;
export type JobProgress = z.infer<typeof jobProgressSchema>;
export type JobEventName = keyof typeof jobEventSchemas;
export type TicketPurpose = z.infer<typeof ticketRequestSchema>["format"];
export type Problem = z.infer<typeof problemSchema>;
