// Makes a page a worker: binds the shared agent to this browser and shows what it does.
import { PROTOCOL_VERSION } from "../../shared/protocol/messages.ts";
import type { PauseReason, WorkerHello, WorkerMessage } from "../../shared/protocol/messages.ts";
import type { ControlState } from "../../shared/client/control-connection.ts";
import { NAME_LENGTH_MAX, THREADS_PER_WORKER_MAX } from "../../shared/limits.ts";
import type { CacheState } from "../../shared/worker/worker-platform.ts";
import { shownReason } from "../../shared/worker/pauses.ts";
import {
  createWorkerAgent,
  type RetiredBy,
  type WorkerAgent,
} from "../../shared/worker/worker-agent.ts";
import { openBlockCache } from "../cache/block-cache.ts";
import { browserClock } from "../transport/browser-clock.ts";
import { createBrowserDataPlane } from "../transport/browser-data-plane.ts";
import { openBrowserControl } from "../transport/control-socket.ts";
import { createHash } from "../transport/hash.ts";
import { createActorThreads } from "./actor-threads.ts";
import { defaultName, defaultThreads, detectDevice } from "./device.ts";
import { claimIdentity, rememberedName, rememberFunctions } from "./identity.ts";
import { rememberName, remembersFunctions } from "./identity.ts";
import { createStartSandbox } from "./start-sandbox.ts";
import { startThread } from "./start-thread.ts";
import { type BrowserThreadPool, createThreadPool } from "./thread-pool.ts";
import { bytesSentOf, type DataPath, pathOf, type ThreadView, threadViews } from "./worker-view.ts";

/** What blocks in memory may take; a phone's page is ended by its system well before a gigabyte. */
const MEMORY_BUDGET_BYTES = 512 * 2 ** 20;
const MEMORY_BUDGET_MOBILE_BYTES = 192 * 2 ** 20;

/** What a joined page shows of itself. A new object at each change. */
export interface WorkerSnapshot {
  readonly connection: ControlState;
  readonly name: string;
  readonly paused: boolean;
  /** Of several reasons the most telling one; null while it takes work. */
  readonly pausedBy: PauseReason | null;
  /** Why it does not come back by itself; null while it may. */
  readonly endedBy: EndedBy | null;
  /** Functions of others run here, sandboxed: agreed to by whoever uses the machine. */
  readonly runsFunctions: boolean;
  /** Threads in use, and all that there could be. */
  readonly threads: number;
  readonly threadsMax: number;
  /** One a thread up to `threadsMax`; those above `threads` are "off". */
  readonly cells: readonly ThreadView[];
  /** Attempts in a thread, the oldest first; times are of performance.now(). */
  readonly running: readonly { readonly title: string; readonly startedAtMs: number }[];
  /** Leases whose inputs are still on their way. */
  readonly fetching: number;
  /** What is computed, or fetched for, now. */
  readonly currentTitle: string | null;
  /** Transfers to this page now. */
  readonly moving: number;
  readonly tasksDone: number;
  readonly tasksFailed: number;
  /** Thread-milliseconds spent in kernels. */
  readonly computeMs: number;
  readonly bytesReceived: { readonly direct: number; readonly coordinator: number };
  /** Bytes sent to other machines directly. */
  readonly bytesSent: number;
  readonly path: DataPath;
  /** Why bytes do not travel directly, in plain words. */
  readonly pathWhy: string | null;
  readonly cache: CacheState;
  readonly cacheBytes: number;
}

/**
 * "retired": the dashboard asked it to finish, which it did; "finished": a person here did; "removed":
 * the dashboard ended its connection at once.
 */
export type EndedBy = "retired" | "finished" | "removed";

export interface WorkerHandle {
  readonly view: WorkerSnapshot;
  onChange(listener: (view: WorkerSnapshot) => void): () => void;
  setName(name: string): void;
  setThreads(threads: number): void;
  /** Functions that run end when they may not any more. Remembered for the next visit. */
  setRunsFunctions(runsFunctions: boolean): void;
  /** For a reason of its own, or because a person here said so. */
  pause(reason?: PauseReason): void;
  resume(reason?: PauseReason): void;
  /** Keeps the state of actors for a moment, says goodbye, returns all work and releases everything. */
  leave(): void;
  close(): void;
}

export interface StartWorkerOptions {
  /** The join token. */
  readonly token: string;
  /** What the machine is called; otherwise what it was called last, or what it is. */
  readonly name?: string;
  /** Threads to use; otherwise all cores but one. */
  readonly threads?: number;
  /** Run functions of others, sandboxed; otherwise as this browser was told last, and at first not. */
  readonly runsFunctions?: boolean;
}

/** Joins with this page. Rejects only when the browser cannot hash (no WebAssembly). */
export async function startWorker(options: StartWorkerOptions): Promise<WorkerHandle> {
  const hash = await createHash();
  const [identity, cache] = await Promise.all([claimIdentity(), openBlockCache({ hash })]);
  const device = detectDevice();
  const threads = clampThreads(options.threads ?? defaultThreads(device.cores));
  const threadsMax = clampThreads(Math.max(device.cores, threads));
  const name = (options.name ?? rememberedName() ?? "").trim().slice(0, NAME_LENGTH_MAX).trim();

  // Asked only after the agent exists: a socket opens later than this function runs.
  const hello = (): WorkerHello => ({
    type: "hello",
    version: PROTOCOL_VERSION,
    token: options.token,
    role: "worker",
    worker: identity.worker,
    name: agent.state.name,
    threads: agent.state.threads,
    threadsMax,
    paused: agent.state.paused,
    hidden: document.hidden,
    runsFunctions: agent.state.runsFunctions,
    ...(agent.actors === null ? {} : { actors: agent.actors.held() }),
    device,
  });
  const control = openBrowserControl<WorkerMessage>(hello);
  const clock = browserClock;
  const startSandbox = createStartSandbox({ hash, clock });
  const pool = createThreadPool(startThread, { start: startSandbox, clock });
  const runsFunctions = options.runsFunctions ?? remembersFunctions();
  pool.setRunsFunctions(runsFunctions);
  let retiredBy: RetiredBy | null = null;
  const agent = createWorkerAgent({
    clock,
    control,
    cache,
    pool,
    openDataPlane: (lookup) =>
      createBrowserDataPlane({ control, token: options.token, hash, lookup }),
    name: name === "" ? defaultName(device) : name,
    threads,
    runsFunctions,
    actors: { threads: createActorThreads(startSandbox), hash },
    memoryBudgetBytes: device.isMobile ? MEMORY_BUDGET_MOBILE_BYTES : MEMORY_BUDGET_BYTES,
    // As if they had been typed here.
    onSettings: (settings) => settings.name !== undefined && rememberName(agent.state.name),
    onRetired: (by) => {
      retiredBy = by;
      void agent.leave().finally(close);
    },
  });
  agent.setHidden(document.hidden);

  const followPage = new AbortController();
  const close = (): void => {
    followPage.abort();
    agent.close();
    identity.release();
  };
  const snapshot = (): WorkerSnapshot => ({
    ...describeAgent(agent, threadsMax),
    connection: control.state,
    endedBy: endedBy(control.state, retiredBy),
    cache: cache.state,
  });
  followVisibility(agent, close, followPage.signal);
  return bindHandle(agent, pool, snapshot, close);
}

/** Changes come in bursts; a page is drawn at most once for each. */
function bindHandle(
  agent: WorkerAgent,
  pool: BrowserThreadPool,
  snapshot: () => WorkerSnapshot,
  close: () => void,
): WorkerHandle {
  const listeners = new Set<(view: WorkerSnapshot) => void>();
  let view: WorkerSnapshot | null = null;
  let isToldSoon = false;
  const current = (): WorkerSnapshot => (view ??= snapshot());
  agent.onChange(() => {
    view = null;
    if (isToldSoon || listeners.size === 0) return;
    isToldSoon = true;
    queueMicrotask(() => {
      isToldSoon = false;
      for (const listener of listeners) listener(current());
    });
  });
  return {
    get view() {
      return current();
    },
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    setName(name) {
      agent.setName(name);
      rememberName(agent.state.name);
    },
    setThreads: (threads) => agent.setThreads(threads),
    setRunsFunctions(runsFunctions) {
      // The coordinator hears first, so that it does not lease again what the pool gives back.
      if (runsFunctions) pool.setRunsFunctions(true);
      agent.setRunsFunctions(runsFunctions);
      if (!runsFunctions) pool.setRunsFunctions(false);
      rememberFunctions(runsFunctions);
    },
    pause: (reason) => agent.setPaused(true, reason),
    resume: (reason) => agent.setPaused(false, reason),
    leave() {
      // The last checkpoints take a moment; without actors there is nothing to wait for.
      if (agent.actors === null || agent.actors.held().length === 0) close();
      else void agent.leave().finally(close);
    },
    close,
  };
}

function followVisibility(agent: WorkerAgent, close: () => void, signal: AbortSignal): void {
  document.addEventListener("visibilitychange", () => agent.setHidden(document.hidden), { signal });
  const leave = (): void => {
    close();
    // A page that comes back from the browser's cache has said goodbye: it must join anew.
    addEventListener("pageshow", (event) => event.persisted && location.reload(), { once: true });
  };
  addEventListener("pagehide", leave, { signal });
}

function describeAgent(
  agent: WorkerAgent,
  threadsMax: number,
): Omit<WorkerSnapshot, "connection" | "endedBy" | "cache"> {
  const { state, plane } = agent;
  const leases = [...state.leases.values()];
  const running = leases
    .filter((lease) => lease.isRunning)
    .toSorted((a, b) => a.startedAtMs - b.startedAtMs);
  const fetching = leases.filter((lease) => lease.missing.size > 0);
  const links = plane.links();
  return {
    name: state.name,
    paused: state.paused,
    pausedBy: shownReason(state.pauses),
    runsFunctions: state.runsFunctions,
    threads: state.threads,
    threadsMax,
    cells: threadViews(
      running.map(({ title }) => title),
      state.threads,
      threadsMax,
    ),
    running: running.map(({ title, startedAtMs }) => ({ title, startedAtMs })),
    fetching: fetching.length,
    currentTitle: (running[0] ?? fetching[0])?.title ?? null,
    moving: plane.activeTransfers,
    tasksDone: state.tasksDone,
    tasksFailed: state.tasksFailed,
    computeMs: state.computeMs,
    bytesReceived: { ...plane.bytesReceived },
    bytesSent: bytesSentOf(links),
    ...pathOf(links),
    cacheBytes: state.cacheBytes,
  };
}

function endedBy(connection: ControlState, retiredBy: RetiredBy | null): EndedBy | null {
  if (retiredBy !== null) return retiredBy === "person" ? "finished" : "retired";
  const isRemoved = connection.state === "refused" && connection.reason === "removed";
  return isRemoved ? "removed" : null;
}

const clampThreads = (threads: number): number =>
  Math.max(1, Math.min(THREADS_PER_WORKER_MAX, Math.floor(threads)));
