// The client of a cluster over any platform: connection, datasets, jobs, results and blocks.
import { decodeBase64 } from "../codecs/base64.ts";
import type { JsonValue, SmallBlock } from "../graph/task.ts";
import { asBlockId } from "../ids.ts";
import {
  datasetCreatedSchema,
  datasetListSchema,
  datasetRecordSchema,
  httpPaths,
  jobCreatedSchema,
  jobListSchema,
  problemSchema,
  targetListSchema,
  ticketCreatedSchema,
  type DatasetRecord,
} from "../protocol/http.ts";
import type { BlockRefMessage, ClientMessage, CoordinatorMessage } from "../protocol/messages.ts";
import type { ClientPlatform, ClientRequest } from "./client-platform.ts";
import {
  ClusterError,
  type AbortSignalLike,
  type ClusterClient,
  type ClusterView,
  type ConnectionState,
  type DatasetUpload,
  type Schema,
} from "./cluster-client.ts";
import type { ControlState } from "./control-connection.ts";
import { createJobWatches } from "./job-watches.ts";
import { createReplicas, type Replicas } from "./replicas.ts";
import { createRunner, giveUpUnanswered, type Run } from "./runner.ts";
import { subscribe } from "./subscribe.ts";

/** A tab keeps at most this much of its datasets for peers: 7,000 series × 4,500 dates. */
const REPLICA_BUDGET_BYTES = 256 * 2 ** 20;
/** Panels on their way at once: one is sent while the next is parsed. */
const UPLOADS_MAX = 2;

type Call = <T>(
  method: ClientRequest["method"],
  path: string,
  schema: Schema<T>,
  body?: JsonValue,
  signal?: AbortSignalLike,
) => Promise<T>;

export function createClusterClient(
  platform: ClientPlatform,
  replicaBudgetBytes = REPLICA_BUDGET_BYTES,
): ClusterClient {
  const { control, blocks, clock } = platform;
  const connectionListeners = new Set<(connection: ConnectionState) => void>();
  const viewListeners = new Set<(view: ClusterView) => void>();
  let view: ClusterView = { workers: [], jobs: [] };
  // Until it is known: a refusal by the coordinator tells the same, only later.
  let allowsFunctions = true;
  const send = (message: ClientMessage): void => control.send(message);
  const watches = createJobWatches(send);
  const replicas = createReplicas(blocks, send, replicaBudgetBytes);
  const requests = createRunner();
  const transfers = createRunner();
  const { run } = transfers;
  const call = createCall(platform, requests.run);

  const stopState = control.onState((state) => {
    if (state.state === "welcomed") {
      ({ allowsFunctions } = state);
      replicas.announceAll();
      watches.resume();
    }
    for (const listener of connectionListeners) listener(connectionOf(state));
  });
  const stopGivingUp = giveUpUnanswered(requests, control, clock);
  const stopMessages = control.onMessage((message: CoordinatorMessage) => {
    if (message.type === "cluster") {
      view = { workers: message.workers, jobs: message.jobs };
      for (const listener of viewListeners) listener(view);
    } else if (message.type === "job-results") {
      watches.receive(message.job, message);
    } else if (message.type === "refused" && message.job !== undefined) {
      // It was deleted, perhaps while we were away.
      watches.receive(message.job, { results: [], failures: [], isLast: true });
    } else if (message.type === "store-blocks") {
      for (const block of message.blocks) {
        const bytes = replicas.get(block);
        if (bytes === undefined) continue;
        // Whoever waits for this block asks elsewhere when it does not come; nothing to report here.
        run((signal) => blocks.upload(block, bytes, signal)).catch(() => undefined);
      }
    }
  });

  return {
    get connection() {
      return connectionOf(control.state);
    },
    get allowsFunctions() {
      return allowsFunctions;
    },
    get view() {
      return view;
    },
    get bytesReceived() {
      return blocks.bytesReceived;
    },
    onConnection: (listener) => subscribe(connectionListeners, listener),
    onView: (listener) => subscribe(viewListeners, listener),
    uploadDataset: (upload) => uploadDataset(platform, replicas, run, call, upload),
    dataset: (dataset) => call("GET", httpPaths.dataset(dataset), datasetRecordSchema),
    datasets: () => call("GET", httpPaths.datasets, datasetListSchema),
    submit: async (submission, small) => {
      const body = withBlocks(submission, small);
      return (await call("POST", httpPaths.jobs, jobCreatedSchema, body)).job;
    },
    extend: (job, extension, small) =>
      call("POST", httpPaths.jobTasks(job), nothing, withBlocks(extension, small)),
    closeJob: (job) => call("POST", httpPaths.jobAction(job, "close"), nothing),
    jobs: () => call("GET", httpPaths.jobs, jobListSchema),
    targets: (job) => call("GET", httpPaths.jobTargets(job), targetListSchema),
    cancel: (job) => call("POST", httpPaths.jobAction(job, "cancel"), nothing),
    finish: (job) => call("POST", httpPaths.jobAction(job, "finish"), nothing),
    pause: (job) => call("POST", httpPaths.jobAction(job, "pause"), nothing),
    resume: (job) => call("POST", httpPaths.jobAction(job, "resume"), nothing),
    forget: (job) => call("DELETE", httpPaths.job(job), nothing),
    setPriority: (job, priority) => call("POST", httpPaths.jobPriority(job), nothing, { priority }),
    retry: (job, { tasks, elsewhere = false } = {}) =>
      call("POST", httpPaths.jobRetry(job), nothing, {
        elsewhere,
        ...(tasks === undefined ? {} : { tasks: [...tasks] }),
      }),
    changeWorker: (worker, settings) =>
      call("PATCH", httpPaths.worker(worker), nothing, settings as JsonValue),
    retireWorker: (worker) => call("POST", httpPaths.retireWorker(worker), nothing),
    removeWorker: (worker) => call("DELETE", httpPaths.worker(worker), nothing),
    read: (path, schema, signal) => call("GET", path, schema, undefined, signal),
    watch: (job, onResults) => watches.add(job, onResults),
    follow: (job, follower) => watches.follow(job, follower),
    keepBlock: (block, bytes) => {
      replicas.add(block, bytes);
      return run((signal) => blocks.upload(block, bytes, signal));
    },
    dropBlock: (block) => replicas.remove(block),
    broadcast: (all) => send({ type: "broadcast-blocks", blocks: [...all] }),
    fetchBlock: (located, signal) => {
      if (located.bytes !== undefined) return Promise.resolve(decodeBase64(located.bytes));
      return run((both) => blocks.fetch(located, both), signal);
    },
    openLine: platform.openLine,
    say: send,
    onMessage: (listener) => control.onMessage(listener),
    downloadPath: async (job, format) => {
      const body = { job, format };
      const { ticket } = await call("POST", httpPaths.tickets, ticketCreatedSchema, body);
      return httpPaths.result(job, format, ticket);
    },
    close: () => {
      stopState();
      stopGivingUp();
      stopMessages();
      watches.clear();
      replicas.clear();
      control.close();
      requests.close();
      transfers.close();
      blocks.close();
      connectionListeners.clear();
      viewListeners.clear();
    },
  };
}

/** As the interface's schemas have it, which validate it on the other side. */
function withBlocks(body: object, blocks: readonly SmallBlock[] = []): JsonValue {
  return (blocks.length === 0 ? body : { ...body, blocks }) as JsonValue;
}

/** For answers that say nothing but that it is done. */
const nothing: Schema<void> = { safeParse: () => ({ success: true, data: undefined }) };

function connectionOf(state: ControlState): ConnectionState {
  return state.state === "welcomed" ? { state: "connected" } : state;
}

/** One request whose answer is checked; every problem becomes a ClusterError in plain words. */
function createCall(platform: ClientPlatform, run: Run): Call {
  return async (method, path, schema, body, signal) => {
    const { status, body: answer } = await run(async (both) => {
      const request = { method, path, signal: both, ...(body === undefined ? {} : { body }) };
      try {
        return await platform.request(request);
      } catch (cause) {
        throw new ClusterError("The coordinator does not answer. Is it running?", 0, { cause });
      }
    }, signal);
    if (status >= 400) {
      const problem = problemSchema.safeParse(answer);
      const message = problem.success ? problem.data.detail || problem.data.title : "";
      throw new ClusterError(message || `The coordinator answered with error ${status}.`, status);
    }
    const parsed = schema.safeParse(answer);
    if (parsed.success) return parsed.data;
    throw new ClusterError(
      "The coordinator's answer was not understood. It may be of another version; reload or update.",
      status,
      { cause: parsed.error },
    );
  };
}

/** Sends panels as they come, a few at a time, then the description that names them. */
async function uploadDataset(
  platform: ClientPlatform,
  replicas: Replicas,
  run: Run,
  call: Call,
  upload: DatasetUpload,
): Promise<DatasetRecord> {
  const panels: BlockRefMessage[] = [];
  const inFlight = new Set<Promise<void>>();
  // The first failure; kept aside so that no rejection is ever unhandled while panels are made.
  const failures: unknown[] = [];
  let bytesDone = 0;
  for await (const panel of upload.panels) {
    if (failures.length > 0) break;
    const { bytes, block } =
      panel instanceof Uint8Array
        ? { bytes: panel, block: asBlockId(platform.hash(panel)) }
        : panel;
    panels.push({ block, sizeBytes: bytes.byteLength });
    if (platform.blocks.servesPeers) replicas.add(block, bytes);
    const sending = run((signal) => platform.blocks.upload(block, bytes, signal), upload.signal)
      .then(
        () => {
          bytesDone += bytes.byteLength;
          upload.onProgress?.(bytesDone);
        },
        (error: unknown) => void failures.push(error),
      )
      .finally(() => inFlight.delete(sending));
    inFlight.add(sending);
    if (inFlight.size >= UPLOADS_MAX) await Promise.race(inFlight);
  }
  await Promise.all(inFlight);
  if (failures.length > 0) throw failures[0];
  const dataset = { ...upload.description, panels };
  const path = httpPaths.datasets;
  const created = await call("POST", path, datasetCreatedSchema, dataset, upload.signal);
  return { ...dataset, dataset: created.dataset, createdAtMs: platform.now() };
}
