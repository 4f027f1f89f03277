// Makes a page a worker: binds the shared agent to this browser and shows what it does.
import { NAME_LENGTH_MAX, THREADS_PER_WORKER_MAX } from "../../shared/limits.ts";
import { PROTOCOL_VERSION } from "../../shared/protocol/messages.ts";
import type { WorkerHello, WorkerMessage } from "../../shared/protocol/messages.ts";
import type { WorkerSettings } from "../../shared/protocol/telemetry.ts";
import type { CourtesySettings } from "../../shared/worker/courtesy.ts";
import {
  createWorkerAgent,
  type RetiredBy,
  type WorkerAgent,
} from "../../shared/worker/worker-agent.ts";
import { openBlockCache } from "../cache/block-cache.ts";
import { browserClock } from "../transport/browser-clock.ts";
import { type BrowserDataPlane, createBrowserDataPlane } from "../transport/browser-data-plane.ts";
import { openBrowserControl } from "../transport/control-socket.ts";
import { createHash } from "../transport/hash.ts";
import { createActorThreads } from "./actor-threads.ts";
import { type BrowserCourtesy, initialSettings, startBrowserCourtesy } from "./browser-courtesy.ts";
import { createConnectionDoctor, type ConnectionDoctor } from "./connection-doctor.ts";
import { openContributionBook, type VisitTotals } from "./contribution.ts";
import { detectDevice } from "./device.ts";
import { claimIdentity, machineName, rememberFunctions } from "./identity.ts";
import { rememberJoining, rememberName, remembersFunctions } from "./identity.ts";
import { browserMemory } from "./remembered.ts";
import { createStartSandbox } from "./start-sandbox.ts";
import { createSpareSandbox } from "./spare-sandbox.ts";
import { startThread } from "./start-thread.ts";
import { type BrowserThreadPool, createThreadPool } from "./thread-pool.ts";
import { createScreenKeeper, type ScreenKeeper } from "./wake-lock.ts";
import { findGpuName } from "./webgpu/find-gpu.ts";
import { describeAgent, endedBy, type WorkerSnapshot } from "./worker-snapshot.ts";

/** What blocks in memory may take; a phone's page is ended by its system well before a gigabyte. */
const MEMORY_BUDGET_BYTES = 512 * 2 ** 20;
const MEMORY_BUDGET_MOBILE_BYTES = 192 * 2 ** 20;
/** So long after a change the page is told of it, and of all that changed since: nobody notices. */
const TELL_DELAY_MS = 50;
/** What a crash may take from the sum of a machine's work. */
const SAVE_INTERVAL_MS = 10_000;
/** The screen stays on so long after the last task: the next one often follows. */
const AWAKE_AFTER_WORK_MS = 120_000;

export interface WorkerHandle {
  readonly view: WorkerSnapshot;
  readonly doctor: ConnectionDoctor;
  onChange(listener: (view: WorkerSnapshot) => void): () => void;
  setName(name: string): void;
  /** Threads to lend, and the rules by which fewer are. Remembered for the next visit. */
  setCourtesy(settings: Partial<CourtesySettings>): void;
  /** Functions that run end when they may not any more. Remembered for the next visit. */
  setRunsFunctions(runsFunctions: boolean): void;
  pause(): void;
  pauseFor(durationMs: number): void;
  /** Lifts every pause that somebody asked for, here or at the dashboard. */
  resume(): void;
  /** Ends what runs, takes no more, and leaves when nobody needs this machine; false takes it back. */
  finish(isFinishing: boolean): void;
  /** Keeps the state of actors for a moment, says goodbye, returns all work and releases everything. */
  leave(): void;
  close(): void;
}

export interface StartWorkerOptions {
  /** The join token. */
  readonly token: string;
  /** What the machine is called; otherwise what it was called last. */
  readonly name?: string;
  /** Chosen for this visit; otherwise as in the last one, and at first all cores but one. */
  readonly courtesy?: Partial<CourtesySettings>;
  /** Run functions of others, sandboxed; otherwise as this browser was told last, and at first not. */
  readonly runsFunctions?: boolean;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** Joins with this page. Rejects only when the browser cannot hash (no WebAssembly). */
export async function startWorker(options: StartWorkerOptions): Promise<WorkerHandle> {
  const { token } = options;
  const hash = await createHash();
  const [identity, cache, gpu] = await Promise.all([
    claimIdentity(),
    openBlockCache({ hash }),
    findGpuName(navigator.gpu, browserClock),
  ]);
  const device = { ...detectDevice(), ...(gpu === null ? {} : { gpu }) };
  const asked = initialSettings(device.cores, options.courtesy ?? {});
  const threadsMax = clampThreads(Math.max(device.cores, options.courtesy?.threads ?? 0));
  const settings = { ...asked, threads: Math.min(threadsMax, clampThreads(asked.threads)) };
  const name = (options.name ?? "").trim().slice(0, NAME_LENGTH_MAX).trim();

  // Asked only after the agent exists: a socket opens later than this function runs.
  const hello = (): WorkerHello => ({
    type: "hello",
    version: PROTOCOL_VERSION,
    token,
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
  const sandboxes = createSpareSandbox(createStartSandbox({ hash, clock }), clock);
  const pool = createThreadPool(startThread, {
    start: sandboxes.start,
    // A phone's memory has better uses.
    expect: (areExpected) => sandboxes.setKept(areExpected && !device.isMobile),
    clock,
  });
  const runsFunctions = options.runsFunctions ?? remembersFunctions();
  pool.setRunsFunctions(runsFunctions);
  let plane: BrowserDataPlane | null = null;
  const agent = createWorkerAgent({
    clock,
    control,
    cache,
    pool,
    openDataPlane: (lookup, answerLine) => {
      plane = createBrowserDataPlane({ control, token, hash, lookup, answerLine });
      return plane;
    },
    name: name === "" ? machineName(device.isMobile) : name,
    threads: settings.threads,
    runsFunctions,
    actors: {
      threads: createActorThreads(sandboxes.start),
      hash,
      encode: (text) => encoder.encode(text),
      decode: (bytes) => decoder.decode(bytes),
    },
    memoryBudgetBytes: device.isMobile ? MEMORY_BUDGET_MOBILE_BYTES : MEMORY_BUDGET_BYTES,
    onSettings: (changed) => page.obeyed(changed),
    onRetired: (by) => page.retired(by),
  });
  agent.setHidden(document.hidden);
  rememberJoining(true);
  const doctor = createConnectionDoctor({ token, control, plane: () => plane, device });
  const page = new WorkerPage({ agent, pool, doctor, settings, cores: device.cores }, () => ({
    ...describeAgent(agent, threadsMax),
    connection: control.state,
    cache: cache.state,
  }));
  page.onClose(() => identity.release());
  return page;
}

/** What is known of the worker without its page. */
type Describe = () => ReturnType<typeof describeAgent> &
  Pick<WorkerSnapshot, "connection" | "cache">;

interface PageParts {
  readonly agent: WorkerAgent;
  readonly pool: BrowserThreadPool;
  readonly doctor: ConnectionDoctor;
  readonly settings: CourtesySettings;
  readonly cores: number;
}

/** Everything around the agent that is there because a person sits at the page. */
class WorkerPage implements WorkerHandle {
  readonly doctor: ConnectionDoctor;
  readonly #agent: WorkerAgent;
  readonly #pool: BrowserThreadPool;
  readonly #courtesy: BrowserCourtesy;
  readonly #screen: ScreenKeeper = createScreenKeeper();
  readonly #book = openContributionBook(browserMemory);
  readonly #describe: Describe;
  readonly #listeners = new Set<(view: WorkerSnapshot) => void>();
  readonly #closing = new AbortController();
  #view: WorkerSnapshot | null = null;
  #stopTelling: (() => void) | null = null;
  #retiredBy: RetiredBy | null = null;
  #changedAtDashboard: WorkerSettings | null = null;
  #savedAtMs = browserClock.nowMs();
  #workedAtMs = Number.NEGATIVE_INFINITY;

  constructor(parts: PageParts, describe: Describe) {
    const { agent, settings, cores } = parts;
    this.doctor = parts.doctor;
    this.#agent = agent;
    this.#pool = parts.pool;
    this.#describe = describe;
    const onChange = (): void => this.#changedHere();
    this.#courtesy = startBrowserCourtesy({ agent, cores, settings, onChange });
    agent.onChange(() => this.#changed());
    this.#screen.onChange(onChange);
    this.#followPage();
  }

  get view(): WorkerSnapshot {
    if (this.#view !== null) return this.#view;
    const visit = this.#visit;
    const described = this.#describe();
    const { computeMs, tasks, jobs } = visit;
    return (this.#view = {
      ...described,
      endedBy: endedBy(described.connection, this.#retiredBy),
      given: { now: { computeMs, tasks, jobs: jobs.size }, inAll: this.#book.inAll(visit) },
      courtesy: this.#courtesy.view,
      screen: this.#screen.state,
      changedAtDashboard: this.#changedAtDashboard,
    });
  }

  onChange(listener: (view: WorkerSnapshot) => void): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  setName(name: string): void {
    this.#changedAtDashboard = null;
    this.#agent.setName(name);
    rememberName(this.#agent.state.name);
    this.#changedHere();
  }

  setCourtesy(settings: Partial<CourtesySettings>): void {
    this.#changedAtDashboard = null;
    this.#courtesy.change(settings);
  }

  setRunsFunctions(runsFunctions: boolean): void {
    // The coordinator hears first, so that it does not lease again what the pool gives back.
    if (runsFunctions) this.#pool.setRunsFunctions(true);
    this.#agent.setRunsFunctions(runsFunctions);
    if (!runsFunctions) this.#pool.setRunsFunctions(false);
    rememberFunctions(runsFunctions);
    this.#changedHere();
  }

  pause(): void {
    this.#courtesy.pause();
  }

  pauseFor(durationMs: number): void {
    this.#courtesy.pauseFor(durationMs);
  }

  resume(): void {
    this.#changedAtDashboard = null;
    this.#courtesy.resume();
  }

  finish(isFinishing: boolean): void {
    this.#agent.setPaused(isFinishing, "finishing");
    this.#changedHere();
    // The coordinator says when nothing is needed of this machine; who cannot hear it just goes.
    if (isFinishing && this.view.connection.state !== "welcomed") this.retired("person");
  }

  /** As if it had been typed here. */
  obeyed(changed: WorkerSettings): void {
    this.#changedAtDashboard = changed;
    if (changed.name !== undefined) rememberName(this.#agent.state.name);
    this.#courtesy.follow(changed);
    this.#changed();
  }

  retired(by: RetiredBy): void {
    this.#retiredBy = by;
    void this.#agent.leave().finally(() => this.close());
  }

  leave(): void {
    rememberJoining(false);
    const { actors } = this.#agent;
    // The last checkpoints take a moment; without actors there is nothing to wait for.
    if (actors === null || actors.held().length === 0) this.close();
    else void this.#agent.leave().finally(() => this.close());
  }

  onClose(listener: () => void): void {
    this.#closing.signal.addEventListener("abort", listener, { once: true });
  }

  close(): void {
    if (this.#closing.signal.aborted) return;
    // Removed at the dashboard, it must not be back with the next reload.
    if (this.view.endedBy !== null) rememberJoining(false);
    this.#book.save(this.#visit);
    this.#closing.abort();
    this.doctor.close();
    this.#courtesy.close();
    this.#screen.close();
    this.#agent.close();
  }

  get #visit(): VisitTotals {
    const { computeMs, tasksDone, jobs } = this.#agent.state;
    return { computeMs, tasks: tasksDone, jobs };
  }

  /** Changes come in bursts, of short tasks without a pause: gathering all that is shown takes its time. */
  #changed(): void {
    this.#view = null;
    // Nothing is left that could wait.
    if (this.#closing.signal.aborted) return queueMicrotask(() => this.#tell());
    this.#followWork();
    this.#stopTelling ??= browserClock.after(TELL_DELAY_MS, () => this.#tell());
  }

  /** What a person does shows at once: a switch would jump back otherwise. */
  #changedHere(): void {
    this.#changed();
    queueMicrotask(() => this.#tell());
  }

  #tell(): void {
    this.#stopTelling?.();
    this.#stopTelling = null;
    for (const listener of this.#listeners) listener(this.view);
  }

  /** The agent changes at least once a second, as its condition is told: no timer of its own is needed. */
  #followWork(): void {
    const { connection, leases, paused } = this.#agent.state;
    const nowMs = browserClock.nowMs();
    if (leases.size > 0) this.#workedAtMs = nowMs;
    const isWorking = nowMs - this.#workedAtMs < AWAKE_AFTER_WORK_MS;
    this.#screen.want(connection === "welcomed" && !paused && isWorking);
    if (nowMs - this.#savedAtMs < SAVE_INTERVAL_MS) return;
    this.#savedAtMs = nowMs;
    this.#book.save(this.#visit);
  }

  #followPage(): void {
    const { signal } = this.#closing;
    const agent = this.#agent;
    document.addEventListener("visibilitychange", () => agent.setHidden(document.hidden), {
      signal,
    });
    const leave = (): void => {
      this.close();
      // A page that comes back from the browser's cache has said goodbye: it must join anew.
      addEventListener("pageshow", (event) => event.persisted && location.reload(), { once: true });
    };
    addEventListener("pagehide", leave, { signal });
  }
}

const clampThreads = (threads: number): number =>
  Math.max(1, Math.min(THREADS_PER_WORKER_MAX, Math.floor(threads)));
