// Puts the coordinator together from its parts, starts it on a port, and ends all of it again.
import { mkdir } from "node:fs/promises";
import { networkInterfaces } from "node:os";
import type { FastifyInstance } from "fastify";
import { createBLAKE3 } from "hash-wasm";
import { assert } from "../shared/assert.ts";
import { httpPaths } from "../shared/protocol/http.ts";
import type { CoordinatorMessage } from "../shared/protocol/messages.ts";
import { ABANDONED_AFTER_MS, AbandonedJobs } from "./abandoned-jobs.ts";
import { loadAccessTokens, type AccessTokens } from "./access-tokens.ts";
import { ActivityLog } from "./activity-log.ts";
import { ActorService } from "./actor-service.ts";
import { BlockSources } from "./block-sources.ts";
import { BlockStore } from "./block-store.ts";
import { ClusterFeed } from "./cluster-feed.ts";
import { addHttpApi, type CoordinatorUrls, createHttpServer } from "./http-api.ts";
import { servePlainHttp, type ServerCertificate } from "./https/plain-http.ts";
import { JobBook } from "./job-book.ts";
import { JobEvents } from "./job-events.ts";
import { JobService } from "./job-service.ts";
import { Journal } from "./journal.ts";
import { JournalError } from "./journal-database.ts";
import { joinAddresses, ownAddresses, urlHost } from "./network-addresses.ts";
import { RequestGuard } from "./request-guard.ts";
import type { ResultExporters } from "./result-exporters.ts";
import type { LocalStore } from "./node-blocks.ts";
import { nodeClock } from "./node-client.ts";
import { SchedulerHost } from "./scheduler-host.ts";
import { Sessions } from "./sessions.ts";
import { Signalling } from "./signalling.ts";
import { SmallBlocks } from "./small-blocks.ts";
import { startSystemHistory } from "./system-reading.ts";
import { Traffic } from "./traffic.ts";
import { routeUpgrades } from "./upgrade-router.ts";

export interface CoordinatorOptions {
  /** The address to listen on; all of this machine's by default. */
  readonly host?: string;
  /** 0 for any free port. */
  readonly port: number;
  /** Holds the tokens, the journal and the blocks; made when missing. */
  readonly dataDir: string;
  readonly https?: ServerCertificate | false;
  /** The built web app. */
  readonly staticDir: string;
  /** False refuses functions of users, wherever they would run; true by default. */
  readonly allowsFunctions?: boolean;
  /** How long an open job may be left alone; an hour by default, and less for tests only. */
  readonly abandonedAfterMs?: number;
  /** How results become files, by kind of job. */
  readonly exporters?: ResultExporters;
  readonly log?: (line: string) => void;
  /** Hears of every route when it is added; for tests of what is documented. */
  readonly onRoute?: (route: { readonly method: string | string[]; readonly url: string }) => void;
  /** Further host names under which this machine is reached. */
  readonly allowedHosts?: readonly string[];
}

export interface Coordinator extends AccessTokens {
  readonly port: number;
  /** The blocks, for clients in this process. */
  readonly store: LocalStore;
  urls(): CoordinatorUrls;
  /** Ends every connection, timer and file; later calls wait for the same end. */
  close(): Promise<void>;
}

/** The coordinator cannot start: what is wrong, and the way out. */
export class CoordinatorStartError extends Error {
  override name = "CoordinatorStartError";
}

/** Jobs named in a view; all are listed by GET /api/jobs. */
const JOBS_IN_VIEW_MAX = 200;

/** Starts a coordinator. Rejects with CoordinatorStartError when that is not possible. */
export async function startCoordinator(options: CoordinatorOptions): Promise<Coordinator> {
  const { tokens, journal, store } = await openDataFolder(options.dataDir);
  let running: RunningParts | undefined;
  try {
    running = await assemble(options, tokens, journal, store);
    await listen(running.server, options);
  } catch (error) {
    await running?.close();
    journal.close();
    throw error;
  }
  const { server, close } = running;
  let closing: Promise<void> | undefined;
  const port = portOf(server);
  return {
    ...tokens,
    port,
    store: running.localStore,
    urls: () => urlsOf(options, tokens, port),
    close: () => (closing ??= close().finally(() => journal.close())),
  };
}

async function openDataFolder(
  dataDir: string,
): Promise<{ tokens: AccessTokens; journal: Journal; store: BlockStore }> {
  try {
    await mkdir(dataDir, { recursive: true, mode: 0o700 });
    const tokens = await loadAccessTokens(dataDir);
    const journal = Journal.open(dataDir);
    const store = await BlockStore.open(dataDir, new SmallBlocks(journal));
    return { tokens, store, journal };
  } catch (error) {
    if (error instanceof JournalError)
      throw new CoordinatorStartError(error.message, { cause: error });
    throw new CoordinatorStartError(
      `The data folder ${dataDir} cannot be used (${(error as Error).message}). ` +
        "Choose another one: tabswarm serve --data FOLDER.",
      { cause: error },
    );
  }
}

interface RunningParts {
  readonly server: FastifyInstance;
  readonly localStore: LocalStore;
  readonly close: () => Promise<void>;
}

async function assemble(
  options: CoordinatorOptions,
  tokens: AccessTokens,
  journal: Journal,
  store: BlockStore,
): Promise<RunningParts> {
  const { log = () => {}, https = false, exporters = new Map(), staticDir } = options;
  const nowMs = (): number => performance.now();
  const nowUnixMs = (): number => Date.now();
  const guard = new RequestGuard({
    tokens,
    scheme: https === false ? "http" : "https",
    ownAddresses: () => ownAddresses(networkInterfaces()),
    allowedHosts: [
      ...(options.allowedHosts ?? []),
      ...(options.host === undefined ? [] : [options.host]),
    ],
    nowMs,
  });
  const book = new JobBook((job) => journal.stories.failedTargets(job));
  const activity = new ActivityLog(nowUnixMs);
  const traffic = new Traffic();
  const sources = new BlockSources(store);
  const onChange = (): void => feed.changed();
  const { allowsFunctions = true } = options;
  const parts = {
    journal,
    store,
    sources,
    book,
    activity,
    traffic,
    nowMs,
    nowUnixMs,
    log,
    onChange,
    allowsFunctions,
  };
  const host = new SchedulerHost(parts);
  const clusterMessage = (): Extract<CoordinatorMessage, { type: "cluster" }> => ({
    type: "cluster",
    workers: host.workerViews(),
    jobs: book.views().slice(0, JOBS_IN_VIEW_MAX),
  });
  const actors = new ActorService({
    ...parts,
    onDropped: (blocks) => host.blocksDropped("store", blocks),
  });
  const service: JobService = new JobService({
    ...parts,
    host,
    hasher: await createBLAKE3(),
    makeRoom: () => abandoned.makeRoom(),
  });
  const { abandonedAfterMs = ABANDONED_AFTER_MS } = options;
  const abandoned = new AbandonedJobs({
    book,
    isFollowed: (job) => host.isWatched(job),
    end: (job) => void service.endAbandoned(job),
    clock: nodeClock,
    abandonedAfterMs,
  });
  const server = createHttpServer(https === false ? false : https.files);
  traffic.watch(server.server, https !== false);
  if (options.onRoute !== undefined) server.addHook("onRoute", options.onRoute);
  const signalling = new Signalling(server.server, httpPaths.signal, nowMs);
  const sessions = new Sessions({ ...parts, host, actors, guard, signalling, clusterMessage });
  const events = new JobEvents({ ...parts, host, clock: nodeClock });
  const feed = new ClusterFeed(clusterMessage, (message) => {
    sessions.sendToClients(message);
    events.changed();
  });

  host.start();
  actors.start();
  await service.restore();
  await service.sweep();
  abandoned.start();
  const system = startSystemHistory({ ...parts, host });
  await addHttpApi(server, {
    ...parts,
    guard,
    service,
    exporters,
    staticDir,
    host,
    urls: () => urlsOf(options, tokens, portOf(server)),
    authority: (https !== false && https.authority) || null,
    events,
    system,
  });
  const closePlain =
    https === false ? undefined : await servePlainHttp(server, https, { guard, log });
  const endUpgrades = routeUpgrades({
    server: server.server,
    guard,
    signalling,
    onControl: (socket, address) => sessions.accept(socket, address),
  });
  return {
    server,
    localStore: {
      read: async (block) => {
        const bytes = await store.read(block);
        if (bytes !== undefined || (await sources.draw(block)) !== "stored") return bytes;
        return store.read(block);
      },
      put: async (block, bytes) => {
        host.blocksHeld("store", [await store.putHashed(block, bytes)]);
      },
    },
    close: async () => {
      // The host first: from then on leaving pages change nothing that the journal will remember.
      host.close();
      abandoned.close();
      actors.close();
      system.close();
      feed.close();
      sessions.close();
      endUpgrades();
      signalling.close();
      await closePlain?.();
      await server.close();
    },
  };
}

async function listen(server: FastifyInstance, options: CoordinatorOptions): Promise<void> {
  const { port, host = "0.0.0.0" } = options;
  try {
    await server.listen({ port, host });
  } catch (error) {
    throw new CoordinatorStartError(listenProblem(error as NodeJS.ErrnoException, port, host), {
      cause: error,
    });
  }
}

function listenProblem(error: NodeJS.ErrnoException, port: number, host: string): string {
  const other = port < 65_535 ? port + 1 : 7_070;
  if (error.code === "EADDRINUSE") {
    return (
      `Port ${port} is taken. Stop the other program or choose another port: ` +
      `tabswarm serve --port ${other}.`
    );
  }
  if (error.code === "EACCES") {
    return `Port ${port} needs special rights. Choose one above 1023: tabswarm serve --port 7070.`;
  }
  if (error.code === "EADDRNOTAVAIL" || error.code === "ENOTFOUND") {
    return `This machine has no address ${host}. Leave --host out to listen on all of its addresses.`;
  }
  return `The coordinator cannot listen on ${host}, port ${port}: ${error.message}`;
}

function portOf(server: FastifyInstance): number {
  const address = server.server.address();
  assert(typeof address === "object" && address !== null, "the server listens on a port");
  return address.port;
}

function urlsOf(options: CoordinatorOptions, tokens: AccessTokens, port: number): CoordinatorUrls {
  const { host, https = false } = options;
  const scheme = https === false ? "http" : "https";
  const isEverywhere = host === undefined || host === "0.0.0.0" || host === "::";
  const own = isEverywhere ? "localhost" : urlHost(host);
  const others = isEverywhere ? joinAddresses(networkInterfaces()) : [host];
  // Without a network, workers on this machine can still join.
  const joinHosts = others.length > 0 ? others.map(urlHost) : ["localhost"];
  return {
    dashboard: `${scheme}://${own}:${port}/#t=${tokens.submitToken}`,
    join: joinHosts.map((name) => `${scheme}://${name}:${port}/join#t=${tokens.joinToken}`),
    certificatePage:
      https === false || https.authority === undefined
        ? null
        : `http://${joinHosts[0]}:${port}${httpPaths.certificatePage}`,
  };
}
