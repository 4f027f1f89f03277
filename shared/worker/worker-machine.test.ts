import { expect, test } from "vitest";
import { FUNCTION_KERNEL } from "../graph/task.ts";
import { asAttemptId, asBlockId, asJobId, asPeerId, asTaskKey } from "../ids.ts";
import type { PauseReason, WorkerMessage } from "../protocol/messages.ts";
import type { LeaseMessage, WorkerCommand, WorkerEvent } from "./worker-events.ts";
import { workerStep } from "./worker-machine.ts";
import type { RunFailure } from "./worker-platform.ts";
import { createWorkerState } from "./worker-state.ts";

const KIB = 1_024;
const block = asBlockId;
const attempt = asAttemptId;

function lease(number: number, ...inputs: string[]): LeaseMessage {
  return {
    type: "lease",
    attempt: attempt(number),
    task: asTaskKey("t"),
    job: asJobId("j"),
    title: `Task ${number}`,
    kernel: "k@1",
    params: null,
    inputs: inputs.map((name) => ({
      block: block(name),
      sizeBytes: KIB,
      peers: [asPeerId("peer-1234")],
      stored: true,
    })),
    limitMs: null,
    leaseMs: 60_000,
    isSpeculative: false,
    expectedMs: null,
  };
}

function setUp(options: { threads?: number; budget?: number; cached?: string[] } = {}) {
  const state = createWorkerState({
    name: "Desk",
    threads: options.threads ?? 2,
    runsFunctions: false,
    memoryBudgetBytes: options.budget ?? 100 * KIB,
    cached: (options.cached ?? []).map((name) => ({ block: block(name), sizeBytes: KIB })),
  });
  let nowMs = 0;
  const raise = (event: WorkerEvent): WorkerCommand[] => workerStep(state, event, nowMs);
  /** Leases that came in one frame. */
  const grantAll = (...leases: LeaseMessage[]): WorkerCommand[] => [
    ...leases.flatMap((one) => raise({ type: "lease-granted", lease: one })),
    ...raise({ type: "orders-heard" }),
  ];
  const grant = (number: number, ...inputs: string[]): WorkerCommand[] =>
    grantAll(lease(number, ...inputs));
  const arrive = (name: string): WorkerCommand[] =>
    raise({ type: "input-arrived", block: block(name), sizeBytes: KIB, bytesFetched: KIB });
  const succeed = (number: number, ...outputs: string[]): WorkerCommand[] =>
    raise({
      type: "attempt-succeeded",
      attempt: attempt(number),
      outputs: outputs.map((name) => ({ block: block(name), sizeBytes: KIB })),
      computeMs: 5,
    });
  const fail = (number: number, reason: RunFailure): WorkerCommand[] =>
    raise({ type: "attempt-failed", attempt: attempt(number), reason, message: "No." });
  /** The coordinator cancels these, in one frame; the pool has not answered yet. */
  const cancel = (...numbers: number[]): WorkerCommand[] => [
    ...numbers.flatMap((n) => raise({ type: "cancel-requested", attempt: attempt(n) })),
    ...raise({ type: "orders-heard" }),
  ];
  const pass = (durationMs: number): number => (nowMs += durationMs);
  return { state, raise, grant, grantAll, arrive, succeed, fail, cancel, pass };
}

/** A worker that is welcomed and has nothing to do. */
function setUpWelcomed(options: Parameters<typeof setUp>[0] = {}) {
  const worker = setUp(options);
  worker.raise({ type: "welcomed" });
  worker.pass(1_000);
  return worker;
}

const sent = (commands: WorkerCommand[]): WorkerMessage[] =>
  commands.flatMap((command) => (command.type === "send" ? [command.message] : []));
const ofType = <Type extends WorkerCommand["type"]>(commands: WorkerCommand[], type: Type) =>
  commands.filter(
    (command): command is Extract<WorkerCommand, { type: Type }> => command.type === type,
  );
/** What each thread was given. */
const bundles = (commands: WorkerCommand[]) =>
  ofType(commands, "start-attempts").map((command) => command.attempts.map((one) => one.attempt));
const started = (commands: WorkerCommand[]) => bundles(commands).flat();
const returned = (commands: WorkerCommand[]) =>
  sent(commands).flatMap((message) =>
    message.type === "attempts-returned" ? message.attempts : [],
  );

test("[W1] inputs are fetched when a lease is granted, each block once", () => {
  const { grant } = setUpWelcomed();
  const fetched = (commands: WorkerCommand[]) =>
    ofType(commands, "fetch-input").map(({ located }) => located.block);
  expect(fetched(grant(1, "a", "b", "a"))).toEqual(["a", "b"]);
  expect(fetched(grant(2, "b", "c"))).toEqual(["c"]);
  expect(grant(2, "d")).toEqual([]);
});

test("[W2] attempts start in the order of leases when inputs are there and a thread is free", () => {
  const { grant, arrive, succeed } = setUpWelcomed({ threads: 1 });
  grant(1, "a");
  grant(2, "b");
  grant(3, "b");
  expect(started(arrive("b"))).toEqual([2]);
  expect(started(arrive("a"))).toEqual([]);
  expect(started(succeed(2))).toEqual([1]);
  expect(started(succeed(1))).toEqual([3]);
});

test("[W3] a finished attempt reports its outputs, its times and its bytes once", () => {
  const { state, grant, arrive, succeed, pass } = setUpWelcomed({ threads: 1 });
  grant(1, "a");
  grant(2, "a");
  pass(30);
  arrive("a");
  pass(7);
  const commands = succeed(1, "out");
  expect(sent(commands)[0]).toEqual({
    type: "attempt-finished",
    attempt: 1,
    outputs: [{ block: "out", sizeBytes: KIB }],
    computeMs: 5,
    fetchMs: 30,
    waitMs: 0,
    bytesFetched: KIB,
  });
  expect(sent(succeed(2, "out2"))[0]).toMatchObject({ waitMs: 7, fetchMs: 30, bytesFetched: 0 });
  expect(ofType(commands, "cache-block").map((command) => command.block)).toEqual(["out"]);
  expect(state.tasksDone).toBe(2);
  expect(state.leases.size).toBe(0);
});

test("[W10] blocks are fetched ahead as far as memory goes, and then held", () => {
  const { state, raise, arrive, grant } = setUpWelcomed({ budget: 2.5 * KIB });
  const blocks = lease(1, "a", "b", "c").inputs;
  const commands = raise({ type: "prefetch-requested", blocks });
  expect(ofType(commands, "fetch-input").map(({ located }) => located.block)).toEqual(["a", "b"]);
  expect(sent(arrive("a"))).toContainEqual({
    type: "have",
    blocks: [{ block: "a", sizeBytes: KIB }],
  });
  expect(started(grant(1, "a"))).toEqual([1]);
  expect(raise({ type: "prefetch-requested", blocks: blocks.slice(0, 2) })).toEqual([]);
  expect(state.fetching.has(block("b"))).toBe(true);
});

test("[W3] a failed attempt is reported with its reason, an unavailable input with its block", () => {
  const { raise, grant, arrive } = setUpWelcomed();
  grant(1, "a");
  arrive("a");
  const failed = raise({
    type: "attempt-failed",
    attempt: attempt(1),
    reason: "kernel-error",
    message: "Broken.",
    error: { name: "Error", message: "Broken.", stack: "at k" },
  });
  expect(sent(failed)).toEqual([
    {
      type: "attempt-failed",
      attempt: 1,
      reason: "kernel-error",
      message: "Broken.",
      error: { name: "Error", message: "Broken.", stack: "at k" },
    },
  ]);
  grant(2, "b", "c");
  grant(3, "a");
  const unavailable = raise({ type: "input-failed", block: block("b"), message: "Nobody." });
  expect(sent(unavailable)).toEqual([
    {
      type: "attempt-failed",
      attempt: 2,
      reason: "input-unavailable",
      message: "Nobody.",
      block: "b",
    },
  ]);
  expect(ofType(unavailable, "cancel-fetch").map((command) => command.block)).toEqual(["c"]);
});

test("[W3] a cancelled attempt ends its thread, says nothing, and frees its place", () => {
  const { grant, arrive, succeed, cancel } = setUpWelcomed({ threads: 1 });
  grant(1, "a");
  arrive("a");
  grant(2, "a");
  const commands = cancel(1);
  expect(ofType(commands, "cancel-attempt").map((command) => command.attempt)).toEqual([1]);
  expect(sent(commands)).toEqual([]);
  const late = succeed(1, "late");
  expect(started(late)).toEqual([2]);
  expect(sent(late)).toEqual([]);
  expect(ofType(late, "drop-block").map((command) => command.block)).toEqual(["late"]);
});

test("[W3] a fetch ends when the last lease that wanted it does; bytes that come late are dropped", () => {
  const { grant, arrive, cancel } = setUpWelcomed();
  grant(1, "a");
  grant(2, "a");
  expect(ofType(cancel(1), "cancel-fetch")).toEqual([]);
  expect(ofType(cancel(2), "cancel-fetch")).toEqual([{ type: "cancel-fetch", block: "a" }]);
  expect(arrive("a")).toEqual([{ type: "drop-block", block: "a", alsoCached: false }]);
});

test("[W4] pausing returns every lease at once and takes none until resumed", () => {
  const { raise, grant, arrive, fail } = setUpWelcomed({ threads: 1 });
  grant(1, "a");
  grant(2, "a");
  grant(3, "b");
  arrive("a");
  const paused = raise({ type: "paused-set", paused: true, reason: "person" });
  expect(returned(paused)).toEqual([1, 2, 3]);
  expect(ofType(paused, "cancel-attempt").map((command) => command.attempt)).toEqual([1]);
  expect(ofType(paused, "cancel-fetch").map((command) => command.block)).toEqual(["b"]);
  expect(sent(paused).at(-1)).toMatchObject({ type: "status", paused: true, running: [] });
  expect(returned(grant(4, "a"))).toEqual([4]);
  fail(1, "cancelled");
  raise({ type: "paused-set", paused: false, reason: "person" });
  expect(started(grant(5, "a"))).toEqual([5]);
});

test("[W4] it is paused while there is any reason, and a resuming hand lifts what a hand did", () => {
  const { state, raise, pass } = setUpWelcomed();
  const set = (paused: boolean, reason: PauseReason) =>
    raise({ type: "paused-set", paused, reason });
  const said = (commands: WorkerCommand[]) =>
    sent(commands).map((message) => message.type === "status" && message.condition?.pausedBy);
  expect(said(set(true, "battery"))).toEqual(["battery"]);
  expect(said(set(true, "dashboard"))).toEqual(["dashboard"]);
  expect(set(true, "dashboard")).toEqual([]);
  expect(said(set(true, "timer"))).toEqual(["timer"]);
  expect(said(set(false, "timer"))).toEqual(["dashboard"]);
  expect(said(set(false, "person"))).toEqual(["battery"]);
  expect(state.paused).toBe(true);
  expect(said(set(true, "finishing"))).toEqual(["finishing"]);
  set(false, "finishing");
  pass(100);
  expect(sent(set(false, "battery"))).toMatchObject([
    { type: "status", paused: false, condition: { pausedBy: null } },
  ]);
});

test("[W11] to finish lets what runs end and returns what waits", () => {
  const { raise, grant, arrive, succeed } = setUpWelcomed({ threads: 1 });
  grant(1, "a");
  grant(2, "a");
  arrive("a");
  const finishing = raise({ type: "paused-set", paused: true, reason: "finishing" });
  expect(returned(finishing)).toEqual([2]);
  expect(ofType(finishing, "cancel-attempt")).toEqual([]);
  expect(sent(finishing).at(-1)).toMatchObject({ paused: true, running: [1] });
  expect(returned(grant(3, "a"))).toEqual([3]);
  expect(sent(succeed(1, "out"))[0]).toMatchObject({ type: "attempt-finished", attempt: 1 });
});

test("[W12] the condition alone is told at most every 5 s, and only when it changed", () => {
  const { raise, pass } = setUpWelcomed();
  const battery = { level: 0.5, isCharging: false };
  const told = { pressure: null, battery, lagMs: 3 } as const;
  const soon = raise({ type: "condition-set", ...told });
  expect(sent(soon)).toEqual([]);
  // The welcome's status was a second ago.
  expect(soon).toEqual([{ type: "schedule-condition", delayMs: 4_000 }]);
  expect(raise({ type: "condition-set", ...told, lagMs: 4 })).toEqual([]);
  pass(4_000);
  expect(sent(raise({ type: "condition-due" }))).toMatchObject([
    { type: "status", condition: { pressure: null, battery, lagMs: 4 } },
  ]);
  expect(ofType(raise({ type: "condition-set", ...told, lagMs: 4 }), "schedule-condition")).toEqual(
    [{ type: "schedule-condition", delayMs: 5_000 }],
  );
  pass(5_000);
  expect(raise({ type: "condition-due" })).toEqual([]);
});

test("[W12] a share of time that falls by itself is told until it is none", () => {
  const { raise, grant, pass } = setUpWelcomed({ threads: 2 });
  const shares: (number | undefined)[] = [];
  grant(1);
  pass(500);
  let commands = raise({ type: "status-due" });
  for (let checks = 0; checks < 8; checks += 1) {
    for (const message of sent(commands)) {
      if (message.type === "status") shares.push(message.condition?.busyShare);
    }
    // Only what was asked for is raised: without it the last word would stay for ever.
    const [due] = ofType(commands, "schedule-condition");
    if (due === undefined) break;
    if (checks === 3) raise({ type: "cancel-requested", attempt: attempt(1) });
    pass(due.delayMs);
    commands = raise({ type: "condition-due" });
  }
  expect(shares).toEqual([0.17, 0.42, 0.5, 0.25, 0.01, 0]);
});

test("[W5] fewer threads return the youngest attempts and the waiting leases beyond two a thread", () => {
  const { raise, grant, arrive, pass } = setUpWelcomed({ threads: 3 });
  grant(1, "a");
  arrive("a");
  pass(1);
  for (let number = 2; number <= 7; number += 1) grant(number, "a");
  const commands = raise({ type: "threads-set", threads: 1 });
  expect(returned(commands)).toEqual([2, 3, 6, 7]);
  expect(ofType(commands, "resize-pool")).toEqual([{ type: "resize-pool", threads: 1 }]);
  expect(sent(commands).at(-1)).toMatchObject({ type: "status", threads: 1, running: [1] });
  expect(returned(raise({ type: "threads-set", threads: 0 }))).toEqual([1, 4, 5]);
});

test("[W6] [B1] a lost connection cancels all work; the next welcome offers all blocks", () => {
  const { raise, grant, arrive } = setUpWelcomed({ cached: ["old"] });
  grant(1, "a");
  arrive("a");
  grant(2, "b");
  const lost = raise({ type: "lost" });
  expect(ofType(lost, "cancel-attempt").map((command) => command.attempt)).toEqual([1]);
  expect(ofType(lost, "cancel-fetch").map((command) => command.block)).toEqual(["b"]);
  expect(sent(lost)).toEqual([]);
  const [have, status] = sent(raise({ type: "welcomed" }));
  expect(have).toMatchObject({ blocks: [{ block: "old" }, { block: "a" }] });
  expect(status).toMatchObject({ type: "status", running: [] });
});

test("[W7] leaving says goodbye once, ends everything, and is the last word", () => {
  const { raise, grant, arrive } = setUpWelcomed();
  grant(1, "a");
  arrive("a");
  const left = raise({ type: "left" });
  expect(ofType(left, "cancel-attempt").length).toBe(1);
  expect(sent(left)).toEqual([{ type: "leave" }]);
  expect(raise({ type: "left" })).toEqual([]);
  expect(raise({ type: "welcomed" })).toEqual([]);
  expect(grant(2, "a")).toEqual([]);
});

test("[W8] many changes make one status in 500 ms", () => {
  const { raise, grant, arrive, succeed, pass } = setUpWelcomed();
  raise({ type: "status-due" });
  pass(100);
  grant(1, "a");
  expect(ofType(arrive("a"), "schedule-status")).toEqual([
    { type: "schedule-status", delayMs: 400 },
  ]);
  expect(ofType(succeed(1), "schedule-status")).toEqual([]);
  pass(400);
  expect(sent(raise({ type: "status-due" }))).toMatchObject([{ type: "status", running: [] }]);
  const hidden = raise({ type: "hidden-set", hidden: true });
  expect(sent(hidden)).toMatchObject([{ type: "status", hidden: true }]);
  expect(raise({ type: "hidden-set", hidden: true })).toEqual([]);
});

test("[W9] over the memory budget no second attempt starts beside a running one", () => {
  const { grant, arrive, succeed } = setUpWelcomed({ threads: 2, budget: KIB });
  grant(1, "a");
  arrive("a");
  grant(2, "b");
  expect(started(arrive("b"))).toEqual([]);
  expect(started(succeed(1))).toEqual([2]);
});

test("[B2] released outputs go everywhere, released inputs stay in the cache, needed ones stay", () => {
  const { state, raise, grant, arrive, succeed } = setUpWelcomed();
  grant(1, "a", "b");
  arrive("a");
  arrive("b");
  raise({ type: "block-cached", block: block("a"), evicted: [] });
  succeed(1, "out");
  raise({ type: "block-cached", block: block("out"), evicted: [] });
  expect(state.cacheBytes).toBe(2 * KIB);
  grant(2, "b");
  const names = ["a", "b", "out"].map(block);
  const commands = raise({ type: "blocks-released", blocks: names });
  expect(ofType(commands, "drop-block")).toEqual([
    { type: "drop-block", block: "a", alsoCached: false },
    { type: "drop-block", block: "out", alsoCached: true },
  ]);
  expect(sent(commands)).toEqual([{ type: "dropped", blocks: ["out"] }]);
  expect([state.memoryBytes, state.cacheBytes]).toEqual([KIB, KIB]);
});

test("[B3] above the budget the least recently used inputs go, never those of a lease", () => {
  const { raise, grant, arrive, succeed, pass } = setUpWelcomed({ threads: 1, budget: 2 * KIB });
  const dropped: string[] = [];
  for (const [index, name] of ["a", "b", "c"].entries()) {
    pass(10);
    grant(index + 1, name);
    const commands = arrive(name);
    dropped.push(...ofType(commands, "drop-block").map((command) => command.block));
    succeed(index + 1);
  }
  expect(dropped).toEqual(["a"]);
  grant(4, "b");
  pass(10);
  grant(5, "d");
  expect(ofType(arrive("d"), "drop-block").map((command) => command.block)).toEqual(["c"]);
  expect(sent(raise({ type: "blocks-released", blocks: [block("c")] }))).toEqual([]);
});

test("[B3] [B4] an output that exists nowhere else is uploaded before it may go", () => {
  const { raise, grant, succeed, pass } = setUpWelcomed({ threads: 1, budget: 2 * KIB });
  for (let number = 1; number <= 2; number += 1) {
    pass(10);
    grant(number);
    expect(ofType(succeed(number, `out${number}`), "upload-block")).toEqual([]);
  }
  grant(3);
  const over = succeed(3, "out3");
  expect(ofType(over, "upload-block")).toEqual([{ type: "upload-block", block: "out1" }]);
  expect(ofType(over, "drop-block")).toEqual([]);
  const stored = raise({ type: "upload-ended", block: block("out1"), isStored: true });
  expect(ofType(stored, "drop-block").map((command) => command.block)).toEqual(["out1"]);
  expect(sent(stored)).toEqual([{ type: "dropped", blocks: ["out1"] }]);
});

test("[B5] blocks are uploaded on request, once at a time; those that are gone are said to be", () => {
  const { raise, grant, succeed } = setUpWelcomed();
  grant(1);
  succeed(1, "out");
  const request = () =>
    raise({ type: "store-requested", blocks: [block("out"), block("nowhere")] });
  expect(request()).toEqual([
    { type: "upload-block", block: "out" },
    { type: "send", message: { type: "dropped", blocks: ["nowhere"] } },
  ]);
  expect(ofType(request(), "upload-block")).toEqual([]);
  raise({ type: "upload-ended", block: block("out"), isStored: false });
  expect(ofType(request(), "upload-block").length).toBe(1);
});

test("[B5] what the cache lost is announced unless memory has it", () => {
  const { raise, grant, arrive, state } = setUpWelcomed({ cached: ["old", "older"] });
  grant(1, "a");
  arrive("a");
  const evicted = [block("old"), block("a")];
  expect(sent(raise({ type: "block-cached", block: block("a"), evicted: [] }))).toEqual([]);
  const commands = raise({ type: "block-cached", block: block("a"), evicted });
  expect(sent(commands)).toEqual([{ type: "dropped", blocks: ["old"] }]);
  expect(sent(raise({ type: "cache-missed", block: block("older") }))).toEqual([
    { type: "dropped", blocks: ["older"] },
  ]);
  expect(state.cacheBytes).toBe(0);
  const unknown = raise({ type: "block-cached", block: block("gone"), evicted: [] });
  expect(unknown).toContainEqual({ type: "drop-block", block: "gone", alsoCached: true });
});

/** A lease of a function of which the last ones took so long. */
const call = (number: number, expectedMs: number | null, job = "j"): LeaseMessage => ({
  ...lease(number),
  job: asJobId(job),
  kernel: FUNCTION_KERNEL,
  expectedMs,
});

test("[W2] nothing starts that is cancelled in the same frame, and nothing between cancellations", () => {
  const { raise, grantAll, cancel, fail } = setUpWelcomed({ threads: 1 });
  raise({ type: "lease-granted", lease: call(1, 1) });
  expect(started(cancel(1))).toEqual([]);
  expect(bundles(grantAll(call(2, 1), call(3, 1)))).toEqual([[2, 3]]);
  expect(started(grantAll(call(4, 1)))).toEqual([]);
  const commands = [...cancel(2, 3), ...fail(2, "cancelled")];
  expect(started(commands)).toEqual([]);
  expect(started(fail(3, "unbegun"))).toEqual([4]);
});

test("[W13] short functions of one job go to a thread together, up to 10 ms of them", () => {
  const { grantAll, succeed } = setUpWelcomed({ threads: 1 });
  const commands = grantAll(call(1, 4), call(2, 4, "other"), call(3, 4), call(4, 2), call(5, 1));
  expect(bundles(commands)).toEqual([[1, 3, 4]]);
  expect([...started(succeed(1)), ...started(succeed(3))]).toEqual([]);
  expect(bundles(succeed(4))).toEqual([[2]]);
  expect(bundles(succeed(2))).toEqual([[5]]);
});

test("[W13] long functions, unknown ones and kernels have a thread to themselves", () => {
  for (const alone of [call(1, 10), call(1, null), { ...lease(1), expectedMs: 1 }]) {
    const { grantAll, succeed } = setUpWelcomed({ threads: 1 });
    expect(bundles(grantAll(alone, call(2, 1), { ...call(3, 50) }, call(4, 1)))).toEqual([[1]]);
    expect(bundles(succeed(1))).toEqual([[2, 4]]);
  }
});

test("[W13] free threads get as many each, and no more than 32", () => {
  const { grantAll } = setUpWelcomed({ threads: 3 });
  const seven = Array.from({ length: 7 }, (_, i) => call(i + 1, 0.1));
  expect(bundles(grantAll(...seven))).toEqual([
    [1, 2, 3],
    [4, 5],
    [6, 7],
  ]);
  const single = setUpWelcomed({ threads: 1 });
  const many = Array.from({ length: 40 }, (_, i) => call(i + 1, 0.1));
  expect(bundles(single.grantAll(...many))[0]).toHaveLength(32);
});

test("[W13] each has its turn when the one before it ended: only that time is its own", () => {
  const { state, grantAll, succeed, pass } = setUpWelcomed({ threads: 1 });
  grantAll(call(1, 1), call(2, 1));
  const running = (): number[] =>
    [...state.leases.values()].filter((one) => one.isRunning).map((one) => one.attempt);
  expect(running()).toEqual([1]);
  pass(3);
  expect(sent(succeed(1))[0]).toMatchObject({ attempt: 1, waitMs: 0 });
  expect(running()).toEqual([2]);
  pass(2);
  expect(sent(succeed(2))[0]).toMatchObject({ attempt: 2, waitMs: 3 });
});

test("[W14] what did not begin under one that ended its thread starts again, unblamed", () => {
  const { grantAll, fail, succeed, state } = setUpWelcomed({ threads: 1 });
  grantAll(call(1, 1), call(2, 1), call(3, 1));
  succeed(1);
  const died = fail(2, "thread-died");
  expect(sent(died)).toMatchObject([{ type: "attempt-failed", attempt: 2, reason: "thread-died" }]);
  const unbegun = fail(3, "unbegun");
  expect(sent(unbegun)).toEqual([]);
  expect(bundles(unbegun)).toEqual([[3]]);
  expect(state.tasksFailed).toBe(1);
  expect(sent(succeed(3))[0]).toMatchObject({ type: "attempt-finished", attempt: 3 });
});

test("[W16] reports may wait for the next of their bundle, but not while the page is hidden", () => {
  const { grantAll, succeed, fail, raise } = setUpWelcomed({ threads: 1 });
  const mayWait = (commands: WorkerCommand[]): (boolean | undefined)[] =>
    ofType(commands, "send").map((command) => command.mayWait);
  grantAll(...Array.from({ length: 5 }, (_, i) => call(i + 1, 1)));
  expect(mayWait(succeed(1))).toEqual([true]);
  expect(mayWait(fail(2, "kernel-error"))).toEqual([undefined]);
  raise({ type: "hidden-set", hidden: true });
  expect(mayWait(succeed(3))).toEqual([undefined]);
  raise({ type: "hidden-set", hidden: false });
  expect([...mayWait(succeed(4)), ...mayWait(succeed(5))]).toEqual([true, undefined]);
});

test("[W15] a thread is free only when it is done with what was cancelled, too", () => {
  const { grantAll, succeed, cancel, raise } = setUpWelcomed({ threads: 1 });
  grantAll(call(1, 1), call(2, 1));
  grantAll(call(3, 1));
  expect(ofType(cancel(2), "cancel-attempt").map((command) => command.attempt)).toEqual([2]);
  expect(started(succeed(1))).toEqual([]);
  expect(started(raise({ type: "lost" }))).toEqual([]);
  raise({ type: "welcomed" });
  expect(started(grantAll(call(4, 1)))).toEqual([]);
  expect(started(succeed(2))).toEqual([4]);
});
