import { expect, test } from "vitest";
import type { ControlState } from "../client/control-connection.ts";
import { FetchError } from "../data-plane/block-fetcher.ts";
import type { Lookup } from "../data-plane/channel-session.ts";
import { createVirtualClock, settle } from "../data-plane/virtual-clock.ts";
import {
  asAttemptId,
  asBlockId,
  asIncarnation,
  asPeerId,
  type AttemptId,
  type BlockId,
} from "../ids.ts";
import {
  type CoordinatorMessage,
  coordinatorMessageSchema,
  type WorkerMessage,
  workerMessageSchema,
} from "../protocol/messages.ts";
import { FUNCTION_KERNEL } from "../graph/task.ts";
import { SMALL_BLOCK_BYTES_MAX } from "../limits.ts";
import { KEPT_MAX } from "./given-blocks.ts";
import { createWorkerAgent } from "./worker-agent.ts";
import type { WorkerSettings } from "../protocol/telemetry.ts";
import type { RunOutcome, RunRequest, ThreadPool } from "./worker-platform.ts";

const id = (digit: string): BlockId => asBlockId(digit.repeat(64));
const bytesOf = (...values: number[]): Uint8Array<ArrayBuffer> => new Uint8Array(values);

/** A platform in memory: everything that the agent asks for is visible, and answered by the test. */
function setUp(cached = new Map<BlockId, Uint8Array<ArrayBuffer>>()) {
  const clock = createVirtualClock();
  const sent: WorkerMessage[] = [];
  const log: string[] = [];
  let state: ControlState = { state: "connecting" };
  let onMessage: (message: CoordinatorMessage) => void = () => undefined;
  let onState: (state: ControlState) => void = () => undefined;
  let onPlane: () => void = () => undefined;
  let lookup: Lookup = () => null;
  const sources = new Map<BlockId, Uint8Array<ArrayBuffer>>();
  const fetched: BlockId[] = [];
  const uploaded = new Map<BlockId, Uint8Array>();
  const runs = new Map<AttemptId, { request: RunRequest; end: (outcome: RunOutcome) => void }>();

  const settings: WorkerSettings[] = [];
  const retired: string[] = [];
  const pool = {
    threads: [null, null],
    memoryBytes: 0,
    resize: (threads) => log.push(`resize ${threads}`),
    share: (bytes) => bytes,
    run: (requests) =>
      requests.map(
        (request) => new Promise((resolve) => runs.set(request.attempt, { request, end: resolve })),
      ),
    cancel: (attempt) => {
      log.push(`cancel ${attempt}`);
      runs.get(attempt)?.end({ ok: false, reason: "cancelled", message: "Cancelled." });
    },
    close: () => log.push("close pool"),
  } satisfies ThreadPool;

  const agent = createWorkerAgent({
    clock,
    name: "Desk",
    threads: 2,
    runsFunctions: false,
    memoryBudgetBytes: 1_000_000,
    control: {
      get state() {
        return state;
      },
      // Everything must be sayable on the wire.
      send: (message) => void sent.push(workerMessageSchema.parse(message)),
      onMessage: (listener) => {
        onMessage = listener;
        return () => log.push("stop messages");
      },
      onState: (listener) => {
        onState = listener;
        return () => log.push("stop state");
      },
      close: () => log.push("close control"),
    },
    cache: {
      state: { state: "ready", budgetBytes: 1_000 },
      heldAtStart: [...cached].map(([block, bytes]) => ({ block, sizeBytes: bytes.length })),
      sizeBytes: 0,
      get: (block) => Promise.resolve(cached.get(block) ?? null),
      put: (block, bytes) => {
        cached.set(block, bytes.slice());
        return Promise.resolve({ isKept: true, evicted: [] });
      },
      delete: (blocks) => {
        for (const block of blocks) cached.delete(block);
        return Promise.resolve();
      },
      close: () => log.push("close cache"),
    },
    pool,
    onSettings: (changed) => settings.push(changed),
    onRetired: (by) => retired.push(by),
    openDataPlane: (given) => {
      lookup = given;
      return {
        bytesReceived: { direct: 0, coordinator: 0 },
        activeTransfers: 0,
        links: () => [],
        fetch: (located) => {
          fetched.push(located.block);
          const bytes = sources.get(located.block);
          return bytes === undefined
            ? Promise.reject(new FetchError("unavailable", located.block, "Nobody holds it."))
            : Promise.resolve(bytes);
        },
        upload: (block, bytes) => {
          uploaded.set(block, bytes);
          return Promise.resolve();
        },
        onChange: (listener) => {
          onPlane = listener;
          return () => log.push("stop plane");
        },
        close: () => log.push("close plane"),
      };
    },
  });
  const setState = (next: ControlState): void => {
    state = next;
    onState(next);
  };
  return {
    clock,
    cached,
    agent,
    settings,
    retired,
    pool,
    sent,
    log,
    sources,
    fetched,
    uploaded,
    runs,
    setState,
    lookup: (block: BlockId) => lookup(block),
    say: (message: object) => onMessage(coordinatorMessageSchema.parse(message)),
    planeChanges: () => onPlane(),
    welcome: () =>
      setState({
        state: "welcomed",
        incarnation: asIncarnation(1),
        peer: asPeerId("peer-1234"),
        allowsFunctions: true,
      }),
  };
}

const lease = (attempt: number, ...inputs: BlockId[]) => ({
  type: "lease",
  attempt,
  task: "1".repeat(64),
  job: `j_${"x".repeat(22)}`,
  title: "Tile",
  kernel: "k@1",
  params: null,
  inputs: inputs.map((block) => ({ block, sizeBytes: 3, peers: [], stored: true })),
  limitMs: null as number | null,
  leaseMs: 1_000,
  isSpeculative: false,
  expectedMs: null as number | null,
});
const large = new Uint8Array(SMALL_BLOCK_BYTES_MAX + 1);
const types = (messages: WorkerMessage[]): string[] => messages.map(({ type }) => type);

test("a lease is fetched, computed, reported, cached, served and stored", async () => {
  const { clock, agent, sent, sources, runs, lookup, uploaded, say, welcome } = setUp();
  welcome();
  sources.set(id("a"), bytesOf(1, 2, 3));
  say(lease(1, id("a")));
  await settle();
  expect(runs.get(asAttemptId(1))?.request.inputs).toEqual([
    { block: id("a"), bytes: bytesOf(1, 2, 3) },
  ]);
  const outputs = [{ block: id("b"), bytes: large }];
  runs.get(asAttemptId(1))?.end({ ok: true, outputs, computeMs: 4 });
  await settle();
  expect(sent.find(({ type }) => type === "attempt-finished")).toMatchObject({
    outputs: [{ block: id("b"), sizeBytes: large.length }],
    bytesFetched: 3,
  });
  expect(await lookup(id("b"))).toEqual(large);
  say({ type: "store-blocks", blocks: [id("b")] });
  await settle();
  expect(uploaded.get(id("b"))).toEqual(large);
  say({ type: "release-blocks", blocks: [id("b")] });
  expect(await lookup(id("b"))).toBe(null);
  await clock.advance(900);
  expect(types(sent).filter((type) => type === "status").length).toBe(2);
  expect(agent.state.tasksDone).toBe(1);
});

test("a small input comes with its lease, and a small output goes with its report", async () => {
  const { sent, fetched, runs, lookup, say, welcome } = setUp();
  welcome();
  const named = { block: id("a"), sizeBytes: 3, peers: [], stored: true };
  say({ ...lease(1), inputs: [{ ...named, bytes: "AQID" }] });
  await settle();
  expect(fetched).toEqual([]);
  expect(runs.get(asAttemptId(1))?.request.inputs).toEqual([
    { block: id("a"), bytes: bytesOf(1, 2, 3) },
  ]);
  const outputs = [{ block: id("b"), bytes: bytesOf(4, 5) }];
  runs.get(asAttemptId(1))?.end({ ok: true, outputs, computeMs: 4 });
  await settle();
  expect(sent.find(({ type }) => type === "attempt-finished")).toMatchObject({
    outputs: [{ block: id("b"), sizeBytes: 2, bytes: "BAU=" }],
  });
  expect(await lookup(id("b"))).toBe(null);
  // The next lease may name the input without sending it again.
  say({ ...lease(2), inputs: [named] });
  await settle();
  expect(fetched).toEqual([]);
  expect(runs.has(asAttemptId(2))).toBe(true);
  expect(types(sent)).not.toContain("have");
});

test("given inputs do not pile up", async () => {
  const { fetched, runs, lookup, say, welcome } = setUp();
  welcome();
  const blockOf = (n: number): BlockId => asBlockId(n.toString(16).padStart(64, "0"));
  for (let n = 1; n <= KEPT_MAX + 10; n += 1) {
    const bytes = "AQID";
    const input = { block: blockOf(n), sizeBytes: 3, peers: [], stored: true, bytes };
    say({ ...lease(n), inputs: [input] });
    await settle();
    runs.get(asAttemptId(n))?.end({ ok: true, outputs: [], computeMs: 1 });
    await settle();
  }
  expect(await lookup(blockOf(1))).toBe(null);
  expect(await lookup(blockOf(KEPT_MAX + 10))).toEqual(bytesOf(1, 2, 3));
  expect(fetched).toEqual([]);
});

test("an attempt that runs beyond its limit is ended, and says so", async () => {
  const { clock, sent, log, say, welcome } = setUp();
  welcome();
  say({ ...lease(1), limitMs: 5_000 });
  await settle();
  await clock.advance(4_900);
  expect(log).not.toContain("cancel 1");
  await clock.advance(200);
  expect(log).toContain("cancel 1");
  expect(sent).toContainEqual({
    type: "attempt-failed",
    attempt: 1,
    reason: "timed-out",
    message: "It ran longer than its limit of 5 s.",
  });
});

test("[W16] the report of a short attempt waits a moment for the next one's", async () => {
  const { clock, sent, runs, say, welcome, setState } = setUp();
  const finished = (): number[] =>
    sent.flatMap((message) => (message.type === "attempt-finished" ? [message.attempt] : []));
  const end = async (attempt: number): Promise<void> => {
    runs.get(asAttemptId(attempt))?.end({ ok: true, outputs: [], computeMs: 1 });
    await settle();
  };
  welcome();
  // Two for each thread, and three for the first.
  for (let attempt = 1; attempt <= 5; attempt += 1) {
    say({ ...lease(attempt), kernel: FUNCTION_KERNEL, expectedMs: 1 });
  }
  await settle();
  await end(1);
  await clock.advance(4);
  expect(finished()).toEqual([]);
  await clock.advance(1);
  expect(finished()).toEqual([1]);
  await end(2);
  await end(4);
  expect(finished()).toEqual([1]);
  await end(3);
  expect(finished()).toEqual([1, 2, 4, 3]);
  for (const attempt of [6, 7, 8, 9]) {
    say({ ...lease(attempt), kernel: FUNCTION_KERNEL, expectedMs: 1 });
  }
  await settle();
  await end(6);
  setState({ state: "lost", retryAtMs: 500 });
  welcome();
  await clock.advance(10);
  expect(finished(), "of a connection that is gone").toEqual([1, 2, 4, 3]);
});

test("in a bundle an attempt's limit counts from its own turn", async () => {
  const { clock, sent, log, runs, say, welcome } = setUp();
  welcome();
  const call = { kernel: FUNCTION_KERNEL, expectedMs: 1, limitMs: 5_000 };
  // One for each thread, so that the third is behind the first.
  for (const attempt of [1, 2, 3]) say({ ...lease(attempt), ...call });
  await settle();
  expect([...runs.keys()]).toEqual([1, 2, 3]);
  await clock.advance(4_900);
  runs.get(asAttemptId(1))?.end({ ok: true, outputs: [], computeMs: 1 });
  await settle();
  await clock.advance(4_900);
  expect(log.filter((entry) => entry.startsWith("cancel"))).toEqual(["cancel 3"]);
  await clock.advance(200);
  expect(log).toContain("cancel 2");
  expect(sent).toContainEqual({
    type: "attempt-failed",
    attempt: 2,
    reason: "timed-out",
    message: "It ran longer than its limit of 5 s.",
  });
});

test("writing to the cache waits for a quiet moment, and not for ever", async () => {
  const { clock, cached, sources, runs, say, welcome } = setUp();
  const finish = (attempt: number): void =>
    runs.get(asAttemptId(attempt))?.end({ ok: true, outputs: [], computeMs: 1 });
  welcome();
  sources.set(id("a"), bytesOf(1, 2, 3));
  sources.set(id("b"), bytesOf(4, 5, 6));
  say({ ...lease(1, id("a")), leaseMs: 600_000 });
  await settle();
  await clock.advance(59_900);
  expect(cached.has(id("a"))).toBe(false);
  await clock.advance(200);
  expect(cached.has(id("a"))).toBe(true);
  say({ ...lease(2, id("b")), leaseMs: 60_000 });
  await settle();
  finish(1);
  await settle();
  expect(cached.has(id("b"))).toBe(false);
  finish(2);
  await clock.advance(900);
  expect(cached.has(id("b")), "the next lease may be on its way").toBe(false);
  await clock.advance(200);
  expect(cached.has(id("b"))).toBe(true);
});

test("what the cache holds is announced, and neither fetched again nor counted as moved", async () => {
  const { sent, fetched, runs, say, welcome } = setUp(new Map([[id("a"), bytesOf(1, 2, 3)]]));
  welcome();
  expect(sent[0]).toEqual({ type: "have", blocks: [{ block: id("a"), sizeBytes: 3 }] });
  say(lease(1, id("a")));
  await settle();
  expect(fetched).toEqual([]);
  runs.get(asAttemptId(1))?.end({ ok: true, outputs: [], computeMs: 1 });
  await settle();
  expect(sent.find(({ type }) => type === "attempt-finished")).toMatchObject({ bytesFetched: 0 });
});

test("a damaged cache entry is said to be gone, and the block is fetched", async () => {
  const cached = new Map([[id("a"), bytesOf(1, 2, 3)]]);
  const { sent, sources, fetched, runs, say, welcome } = setUp(cached);
  welcome();
  cached.clear();
  sources.set(id("a"), bytesOf(1, 2, 3));
  say(lease(1, id("a")));
  await settle();
  expect(sent).toContainEqual({ type: "dropped", blocks: [id("a")] });
  expect(fetched).toEqual([id("a")]);
  expect(runs.size).toBe(1);
});

test("an input that nobody has fails its attempt with the block's name", async () => {
  const { sent, say, welcome } = setUp();
  welcome();
  say(lease(1, id("a")));
  await settle();
  expect(sent.at(-1)).toEqual({
    type: "attempt-failed",
    attempt: 1,
    reason: "input-unavailable",
    message: "Nobody holds it.",
    block: id("a"),
  });
});

test("a lost connection cancels attempts and keeps blocks for the next welcome", async () => {
  const { sent, log, sources, say, welcome, setState } = setUp();
  welcome();
  sources.set(id("a"), bytesOf(1, 2, 3));
  say(lease(1, id("a")));
  await settle();
  setState({ state: "lost", retryAtMs: 500 });
  await settle();
  expect(log).toContain("cancel 1");
  setState({ state: "connecting" });
  sent.length = 0;
  welcome();
  expect(types(sent)).toEqual(["have", "status"]);
});

test("pausing gives work back before it returns", async () => {
  const { agent, sent, log, sources, say, welcome } = setUp();
  welcome();
  sources.set(id("a"), bytesOf(1, 2, 3));
  say(lease(1, id("a")));
  await settle();
  agent.setPaused(true);
  expect(log).toContain("cancel 1");
  expect(types(sent).slice(-2)).toEqual(["attempts-returned", "status"]);
  await settle();
  expect(types(sent).filter((type) => type === "attempts-returned").length).toBe(1);
});

test("settings of the dashboard hold at once, and are told for remembering", () => {
  const { agent, sent, log, settings, say, welcome } = setUp();
  welcome();
  say({ type: "settings", name: "Study", threads: 1 });
  say({ type: "settings", paused: true });
  expect(log).toContain("resize 1");
  expect(agent.state).toMatchObject({ name: "Study", threads: 1, paused: true });
  expect(settings).toEqual([{ name: "Study", threads: 1 }, { paused: true }]);
  expect(sent.at(-1)).toMatchObject({
    type: "status",
    name: "Study",
    condition: { pausedBy: "dashboard" },
  });
  agent.setPaused(false);
  expect(sent.at(-1)).toMatchObject({ type: "status", paused: false });
});

test("a worker that was asked to finish hears when it may leave, unless it changed its mind", () => {
  const { agent, retired, say, welcome } = setUp();
  welcome();
  say({ type: "retired" });
  expect(retired).toEqual([]);
  agent.setPaused(true, "finishing");
  say({ type: "retired" });
  expect(retired).toEqual(["person"]);
  say({ type: "retire" });
  say({ type: "retired" });
  expect(retired).toEqual(["person", "dashboard"]);
});

test("what the machine tells of itself and its pool travels with the status", async () => {
  const { clock, agent, sent, runs, pool, say, welcome } = setUp();
  welcome();
  agent.setCondition({ pressure: "fair", battery: null, lagMs: 12 });
  pool.memoryBytes = 2 ** 21;
  say(lease(1));
  await settle();
  runs.get(asAttemptId(1))?.end({ ok: true, outputs: [], computeMs: 1 });
  await clock.advance(500);
  expect(sent.at(-1)).toMatchObject({
    type: "status",
    condition: { pressure: "fair", battery: null, lagMs: 12, memoryBytes: 2 ** 21 },
  });
});

test("links are reported at most every two seconds", async () => {
  const { clock, sent, welcome, planeChanges } = setUp();
  welcome();
  for (let i = 0; i < 10; i += 1) {
    planeChanges();
    await clock.advance(500);
  }
  expect(types(sent).filter((type) => type === "links").length).toBe(2);
});

test("closing says goodbye, then ends every part, once", () => {
  const { agent, sent, log, welcome } = setUp();
  welcome();
  agent.close();
  agent.close();
  expect(types(sent).at(-1)).toBe("leave");
  expect(log.filter((entry) => entry.startsWith("close")).toSorted()).toEqual([
    "close cache",
    "close control",
    "close plane",
    "close pool",
  ]);
  expect(log.filter((entry) => entry.startsWith("stop")).length).toBe(3);
});
