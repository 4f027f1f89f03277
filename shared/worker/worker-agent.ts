// Runs the worker machine: carries out its commands with the platform's parts and tells it what came.
import {
  type ActorHost,
  type ActorHostOptions,
  createActorHost,
  isActorOrder,
} from "../actors/actor-host.ts";
import { present, unreachable } from "../assert.ts";
import { decodeBase64, encodeBase64 } from "../codecs/base64.ts";
import type { ControlConnection } from "../client/control-connection.ts";
import { type Abort, createAbort } from "../data-plane/abort.ts";
import { FetchError } from "../data-plane/block-fetcher.ts";
import type { AnswerLine } from "../data-plane/line.ts";
import type { Lookup } from "../data-plane/channel-session.ts";
import type { Clock } from "../data-plane/clock.ts";
import type { AttemptId, BlockId } from "../ids.ts";
import { SMALL_BLOCK_BYTES_MAX } from "../limits.ts";
import type { CoordinatorMessage, LocatedBlock } from "../protocol/messages.ts";
import type { PauseReason, WorkerMessage } from "../protocol/messages.ts";
import type { WorkerSettings } from "../protocol/telemetry.ts";
import { createUploads } from "./upload-queue.ts";
import type { StartedAttempt, WorkerCommand, WorkerEvent } from "./worker-events.ts";
import { workerStep } from "./worker-machine.ts";
import type { BlockCache, DataPlane, RunOutcome, ThreadPool } from "./worker-platform.ts";
import { createWorkerState, type MachineCondition, type WorkerState } from "./worker-state.ts";

const LINKS_INTERVAL_MS = 2_000;
/** Uploads at once; the others wait. */
const UPLOADS_MAX = 2;
/** Share of the time that writing to the cache may take while tasks need the machine. */
const CACHE_WRITING_SHARE = 0.2;
/** So long a block waits for a quiet moment: most jobs are over before their blocks are written. */
const CACHE_PATIENCE_MS = 60_000;
/** So long the report of a short attempt waits for the next: no client notices, and sockets do. */
const REPORT_WAIT_MS = 5;
/** A person who leaves does not wait longer for the actors' last checkpoints. */
const LAST_CHECKPOINTS_MS = 3_000;
/** Without a lease for so long, the machine is quiet; between two leases it is not. */
const QUIET_AFTER_MS = 1_000;

export interface WorkerAgentOptions {
  readonly clock: Clock;
  readonly control: ControlConnection<WorkerMessage>;
  readonly cache: BlockCache;
  readonly pool: ThreadPool;
  readonly openDataPlane: (lookup: Lookup, answerLine: AnswerLine) => DataPlane;
  readonly name: string;
  readonly threads: number;
  readonly runsFunctions: boolean;
  readonly memoryBudgetBytes: number;
  /** Threads for actors; without them this worker takes none. */
  readonly actors?: Pick<ActorHostOptions, "threads" | "hash" | "encode" | "decode">;
  /** The dashboard changed these settings: they hold already, and may be remembered. */
  readonly onSettings?: (settings: WorkerSettings) => void;
  /** Asked to finish, it has nothing left that anybody needs: it is to leave, and to stay away. */
  readonly onRetired?: (by: RetiredBy) => void;
}

/** Who asked a worker to finish and leave. */
export type RetiredBy = "person" | "dashboard";

export interface WorkerAgent {
  readonly state: Readonly<WorkerState>;
  readonly plane: Pick<DataPlane, "bytesReceived" | "activeTransfers" | "links">;
  /** The actors of this machine; null where it takes none. */
  readonly actors: ActorHost | null;
  /** Something that `state` or `plane` shows changed. */
  onChange(listener: () => void): () => void;
  setName(name: string): void;
  setThreads(threads: number): void;
  /**
   * Adds or takes away a reason to take no work; it is paused while there is any. A resuming person
   * lifts whatever a hand did ("person", "timer", "dashboard"); other reasons lift only themselves.
   * "finishing" lets what runs end; the coordinator then says when the worker may leave.
   */
  setPaused(paused: boolean, reason?: PauseReason): void;
  /** How the machine is, for the dashboard; null for what the browser does not tell. */
  setCondition(condition: MachineCondition): void;
  setHidden(hidden: boolean): void;
  /** Whether functions of others may run here, sandboxed. */
  setRunsFunctions(runsFunctions: boolean): void;
  /** Keeps the state of the actors, for as long as that may take, and then closes. */
  leave(): Promise<void>;
  /** Says goodbye and ends everything, all before it returns; idempotent. */
  close(): void;
}

export function createWorkerAgent(options: WorkerAgentOptions): WorkerAgent {
  const { clock, control, cache, pool } = options;
  const state = createWorkerState({
    name: options.name,
    threads: options.threads,
    runsFunctions: options.runsFunctions,
    memoryBudgetBytes: options.memoryBudgetBytes,
    cached: cache.heldAtStart,
  });
  const listeners = new Set<() => void>();
  /** The bytes of every block that the machine holds in memory. */
  const memory = new Map<BlockId, Uint8Array>();
  /** Blocks to be written to the cache, in the order of their coming. */
  const uncached = new Map<BlockId, number>();
  const fetches = new Map<BlockId, Abort>();
  const uploads = createUploads(upload, UPLOADS_MAX);
  const quietWaiters = new Set<() => void>();
  let areOrdersComing = false;
  const unsent: WorkerMessage[] = [];
  let stopReportTimer: (() => void) | null = null;
  let isQuiet = true;
  let stopQuietTimer: (() => void) | null = null;
  const closing = createAbort();
  const timers = new Set<() => void>();
  let linksTimer: (() => void) | null = null;
  let retiredBy: RetiredBy = "person";

  const changed = (): void => {
    for (const listener of listeners) listener();
  };

  function raise(event: WorkerEvent): void {
    for (const command of workerStep(state, event, clock.nowMs())) carryOut(command);
    followLeases();
    changed();
  }

  function followLeases(): void {
    if (state.leases.size > 0) {
      isQuiet = false;
      stopQuietTimer?.();
      stopQuietTimer = null;
    } else if (!isQuiet) {
      stopQuietTimer ??= after(QUIET_AFTER_MS, () => {
        isQuiet = true;
        stopQuietTimer = null;
        for (const end of quietWaiters) end();
      });
    }
  }

  function carryOut(command: WorkerCommand): void {
    switch (command.type) {
      case "send":
        return send(command.message, command.mayWait === true);
      case "fetch-input":
        return void bringInput(command.located);
      case "cancel-fetch":
        return fetches.get(command.block)?.abort();
      case "start-attempts":
        return startAttempts(command.attempts);
      case "cancel-attempt":
        return pool.cancel(command.attempt);
      case "resize-pool":
        return pool.resize(command.threads);
      case "cache-block":
        return keepInCache(command.block);
      case "drop-block":
        memory.delete(command.block);
        if (command.alsoCached) void cache.delete([command.block]);
        return;
      case "upload-block":
        return uploads.add(command.block);
      case "schedule-status":
        return void after(command.delayMs, () => raise({ type: "status-due" }));
      case "schedule-condition":
        return void after(command.delayMs, () => raise({ type: "condition-due" }));
      default:
        return unreachable(command);
    }
  }

  /** Reports of short attempts go together; whatever is said next takes them along. */
  function send(message: WorkerMessage, mayWait: boolean): void {
    unsent.push(message);
    if (mayWait) stopReportTimer ??= after(REPORT_WAIT_MS, sendAll);
    else sendAll();
  }

  function sendAll(): void {
    stopReportTimer?.();
    stopReportTimer = null;
    for (const message of unsent.splice(0)) control.send(message);
  }

  /** A timer that ends with the agent; what it returns ends it sooner. */
  function after(delayMs: number, callback: () => void): () => void {
    const stopTimer = clock.after(delayMs, () => {
      timers.delete(stop);
      callback();
    });
    const stop = (): void => {
      stopTimer();
      timers.delete(stop);
    };
    timers.add(stop);
    return stop;
  }

  async function lookup(block: BlockId): Promise<Uint8Array | null> {
    const bytes = memory.get(block);
    if (bytes !== undefined) return bytes;
    if (state.blocks.get(block)?.inCache !== true) return null;
    const cached = await cache.get(block);
    if (cached === null) raise({ type: "cache-missed", block });
    return cached;
  }

  async function bringInput(located: LocatedBlock): Promise<void> {
    const { block, sizeBytes } = located;
    const abort = createAbort();
    fetches.set(block, abort);
    try {
      const held = await lookup(block);
      const bytes = held ?? (await plane.fetch(located, abort.signal));
      if (abort.signal.aborted) return;
      memory.set(block, pool.share(bytes));
      endFetch(block, abort);
      raise({
        type: "input-arrived",
        block,
        sizeBytes,
        bytesFetched: held === null ? sizeBytes : 0,
      });
    } catch (error) {
      endFetch(block, abort);
      if (abort.signal.aborted) return;
      const message = error instanceof FetchError ? error.message : String(error);
      raise({ type: "input-failed", block, message });
    }
  }

  function endFetch(block: BlockId, abort: Abort): void {
    if (fetches.get(block) === abort) fetches.delete(block);
  }

  function startAttempts(attempts: readonly StartedAttempt[]): void {
    const runs = pool.run(
      attempts.map((started) => ({
        ...started,
        inputs: started.inputs.map((block) => ({
          block,
          bytes: present(memory.get(block), "an input of a started attempt"),
        })),
      })),
    );
    // The clock of each one's limit starts when it has its turn: when the one before it has ended.
    let turn: Promise<unknown> = Promise.resolve();
    for (const [i, started] of attempts.entries()) {
      const run = present(runs[i], "a run of a started attempt");
      const before = turn;
      turn = run;
      void follow(started, run, before).catch(die);
    }
  }

  async function follow(
    { attempt, limitMs }: StartedAttempt,
    run: Promise<RunOutcome>,
    before: Promise<unknown>,
  ): Promise<void> {
    if (limitMs === null) return attemptEnded(attempt, await run);
    await before;
    let isLate = false;
    const stopLimit = after(limitMs, () => {
      isLate = true;
      pool.cancel(attempt);
    });
    const outcome = await run;
    stopLimit();
    attemptEnded(attempt, isLate && !outcome.ok ? timedOut(limitMs) : outcome);
  }

  function attemptEnded(attempt: AttemptId, outcome: RunOutcome): void {
    const { memoryBytes } = pool;
    if (memoryBytes !== state.poolBytes) raise({ type: "pool-measured", bytes: memoryBytes });
    if (!outcome.ok) {
      const { reason, message, error } = outcome;
      const detail = { ...(error === undefined ? {} : { error }), ...placeOf(outcome) };
      return raise({ type: "attempt-failed", attempt, reason, message, ...detail });
    }
    const outputs = outcome.outputs.map(({ block, bytes }) => {
      const ref = { block, sizeBytes: bytes.length };
      if (bytes.length <= SMALL_BLOCK_BYTES_MAX) return { ...ref, bytes: encodeBase64(bytes) };
      memory.set(block, bytes);
      return ref;
    });
    const { computeMs } = outcome;
    raise({ type: "attempt-succeeded", attempt, outputs, computeMs, ...placeOf(outcome) });
  }

  function keepInCache(block: BlockId): void {
    uncached.set(block, clock.nowMs());
    if (uncached.size === 1) void writeCache();
  }

  /** Writes one block after the other, with pauses, so that fetching and computing come first. */
  async function writeCache(): Promise<void> {
    for (const [block, sinceMs] of uncached) {
      await quiet(sinceMs + CACHE_PATIENCE_MS - clock.nowMs());
      const startedMs = clock.nowMs();
      await cacheBlock(block);
      const tookMs = clock.nowMs() - startedMs;
      await quiet(tookMs * (1 / CACHE_WRITING_SHARE - 1));
      uncached.delete(block);
    }
  }

  /** Until no task has needed the machine for a while, at most so long. */
  const quiet = (atMostMs: number): Promise<void> =>
    new Promise((resolve) => {
      const end = (): void => {
        stopTimer();
        quietWaiters.delete(end);
        resolve();
      };
      const stopTimer = after(Math.max(0, atMostMs), end);
      quietWaiters.add(end);
      if (isQuiet) end();
    });

  async function cacheBlock(block: BlockId): Promise<void> {
    const bytes = memory.get(block);
    if (bytes === undefined || closing.signal.aborted) return;
    const { isKept, evicted } = await cache.put(block, bytes);
    if (isKept) raise({ type: "block-cached", block, evicted });
    else for (const gone of evicted) raise({ type: "cache-missed", block: gone });
  }

  async function upload(block: BlockId): Promise<void> {
    let isStored = false;
    try {
      const bytes = await lookup(block);
      if (bytes !== null) {
        await plane.upload(block, bytes, closing.signal);
        isStored = true;
      }
    } catch {
      // The coordinator asks again when it still wants the block.
    }
    raise({ type: "upload-ended", block, isStored });
  }

  function receive(message: CoordinatorMessage): void {
    if (message.type === "lease") {
      for (const { block, bytes } of message.inputs) {
        if (bytes !== undefined) memory.set(block, decodeBase64(bytes));
      }
      raise({ type: "lease-granted", lease: message });
      expectMoreOrders();
    } else if (message.type === "cancel-attempt") {
      raise({ type: "cancel-requested", attempt: message.attempt });
      expectMoreOrders();
    } else if (message.type === "prefetch-blocks") {
      raise({ type: "prefetch-requested", blocks: message.blocks });
    } else if (message.type === "store-blocks") {
      raise({ type: "store-requested", blocks: message.blocks });
    } else if (message.type === "release-blocks") {
      raise({ type: "blocks-released", blocks: message.blocks });
    } else if (message.type === "settings") {
      obey(message);
    } else if (message.type === "retire") {
      retiredBy = "dashboard";
      raise({ type: "paused-set", paused: true, reason: "finishing" });
    } else if (message.type === "retired") {
      if (state.pauses.has("finishing")) options.onRetired?.(retiredBy);
    } else if (isActorOrder(message)) actors?.receive(message);
  }

  function obey({ name, threads, paused }: WorkerSettings): void {
    if (name !== undefined) raise({ type: "name-set", name });
    if (threads !== undefined) raise({ type: "threads-set", threads });
    if (paused !== undefined) raise({ type: "paused-set", paused, reason: "dashboard" });
    options.onSettings?.({
      ...(name === undefined ? {} : { name }),
      ...(threads === undefined ? {} : { threads }),
      ...(paused === undefined ? {} : { paused }),
    });
  }

  /** The messages of a frame come in one turn: the turn's end is theirs. */
  function expectMoreOrders(): void {
    if (areOrdersComing) return;
    areOrdersComing = true;
    void Promise.resolve().then(() => {
      areOrdersComing = false;
      raise({ type: "orders-heard" });
    });
  }

  function planeChanged(): void {
    changed();
    if (linksTimer !== null || closing.signal.aborted) return;
    linksTimer = clock.after(LINKS_INTERVAL_MS, () => {
      linksTimer = null;
      control.send({ type: "links", links: plane.links() });
    });
  }

  const die = (cause: unknown): never => {
    // A pool whose run rejects breaks its contract: fail loudly rather than lose an attempt.
    throw new Error("The thread pool rejected a run.", { cause });
  };

  const plane = options.openDataPlane(lookup, (key, line) => actors?.answerLine(key, line) ?? null);
  const actors =
    options.actors === undefined
      ? null
      : createActorHost({
          ...options.actors,
          clock,
          send: (message) => control.send(message),
          fetch: (located) => plane.fetch(located, closing.signal),
          upload: (block, bytes) => plane.upload(block, bytes, closing.signal),
        });
  let wasWelcomed = false;
  const followState = (): void => {
    const isWelcomed = control.state.state === "welcomed";
    if (isWelcomed) raise({ type: "welcomed" });
    else if (wasWelcomed) {
      // Reports of a connection that is gone are nobody's.
      unsent.length = 0;
      raise({ type: "lost" });
      actors?.connectionLost();
    } else changed();
    wasWelcomed = isWelcomed;
  };
  const stops = [
    control.onState(followState),
    control.onMessage(receive),
    plane.onChange(planeChanged),
  ];
  pool.resize(options.threads);
  followState();

  return {
    state,
    plane,
    actors,
    onChange(listener) {
      listeners.add(listener);
      return () => void listeners.delete(listener);
    },
    setName: (name) => raise({ type: "name-set", name }),
    setThreads: (threads) => raise({ type: "threads-set", threads }),
    setPaused: (paused, reason = "person") => {
      if (reason === "finishing") retiredBy = "person";
      raise({ type: "paused-set", paused, reason });
    },
    setCondition: (condition) => raise({ type: "condition-set", ...condition }),
    setHidden: (hidden) => raise({ type: "hidden-set", hidden }),
    setRunsFunctions: (runsFunctions) => {
      raise({ type: "runs-functions-set", runsFunctions });
      if (!runsFunctions) actors?.endClasses();
    },
    leave: async () => {
      if (actors !== null && control.state.state === "welcomed") {
        let stopTimer = (): void => undefined;
        const late = new Promise<void>((resolve) => {
          stopTimer = after(LAST_CHECKPOINTS_MS, resolve);
        });
        await Promise.race([actors.prepareToLeave(), late]);
        stopTimer();
      }
      close();
    },
    close,
  };

  function close(): void {
    if (closing.signal.aborted) return;
    raise({ type: "left" });
    closing.abort();
    for (const stop of [...stops, ...timers, ...quietWaiters]) stop();
    linksTimer?.();
    control.close();
    plane.close();
    actors?.close();
    pool.close();
    cache.close();
    listeners.clear();
  }
}

const placeOf = ({ thread }: RunOutcome): { readonly thread?: number } =>
  thread === undefined ? {} : { thread };

const timedOut = (limitMs: number): RunOutcome => ({
  ok: false,
  reason: "timed-out",
  message: `It ran longer than its limit of ${limitMs / 1_000} s.`,
});
