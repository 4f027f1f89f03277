// Checks what the worker's machine does with leases, attempts, pauses, connections and its status.
import { expect, test } from "vitest";
import type { PauseReason } from "../protocol/messages.ts";
import {
  KIB,
  block,
  attempt,
  setUpWelcomed,
  sent,
  ofType,
  started,
  returned,
} from "../testing/worker-machine-bench.ts";
import type { WorkerCommand } from "./worker-events.ts";

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
