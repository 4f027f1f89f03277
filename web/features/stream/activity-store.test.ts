// Tests of following the coordinator: page after page at first, then again and again, over trouble.
import { expect, test } from "vitest";
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import type { Activity } from "../../../shared/protocol/telemetry.ts";
import { createActivityStore } from "./activity-store.ts";
import { PAGE_ROWS } from "./activity-core.ts";
import { toldActivity } from "./told-activity.ts";

/** A coordinator that answers from a list, and a clock that only moves when it is told to. */
function world(answers: (Activity | Error)[]) {
  const asked: string[] = [];
  const due: { atMs: number; call: () => void }[] = [];
  let nowMs = 0;
  const read: ClusterClient["read"] = (path, schema) => {
    asked.push(path);
    const answer = answers.shift() ?? new Error("The coordinator does not answer.");
    if (answer instanceof Error) return Promise.reject(answer);
    const checked = schema.safeParse(answer);
    return checked.success ? Promise.resolve(checked.data) : Promise.reject(new Error("schema"));
  };
  const store = createActivityStore({
    client: { read },
    timers: {
      nowMs: () => nowMs,
      after: (delayMs, call) => {
        const one = { atMs: nowMs + delayMs, call };
        due.push(one);
        return () => void due.splice(due.indexOf(one), 1);
      },
    },
    visibility: { isVisible: () => true, onVisible: () => () => undefined },
  });
  return {
    store,
    asked,
    pass: (ms: number) => {
      nowMs += ms;
      for (const one of due.filter(({ atMs }) => atMs <= nowMs)) {
        due.splice(due.indexOf(one), 1);
        one.call();
      }
    },
    settle: async () => {
      for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
    },
    waiting: () => due.length,
  };
}

test("asks page after page until it has all, and then twice a second from there", async () => {
  const rows = Array.from({ length: PAGE_ROWS }, (_, seq) => ({ seq, endMs: seq }));
  const { store, asked, pass, settle } = world([
    toldActivity(rows),
    toldActivity([{ seq: PAGE_ROWS, endMs: 50_000 }]),
    toldActivity([{ seq: PAGE_ROWS + 1, endMs: 50_400 }], [], { nowMs: 50_500 }),
  ]);
  const stop = store.follow();
  await settle();
  expect(asked).toEqual(["/api/activity?since=0", `/api/activity?since=${PAGE_ROWS}`]);
  expect(store.state.getState().isCaughtUp).toBe(true);
  pass(499);
  await settle();
  expect(asked).toHaveLength(2);
  pass(1);
  await settle();
  expect(store.history.count).toBe(PAGE_ROWS + 2);
  pass(100);
  expect(store.nowMs()).toBe(50_600);
  stop();
});

test("tells why there is no answer, keeps what it knows, and goes on", async () => {
  const { store, asked, pass, settle } = world([
    toldActivity([{ seq: 0, endMs: 1_000 }]),
    new Error("The coordinator is gone."),
    toldActivity([], [], { run: "second run", nextSeq: 0 }),
    toldActivity([{ seq: 0, endMs: 2_000 }], [], { run: "second run" }),
  ]);
  const stop = store.follow();
  await settle();
  pass(500);
  await settle();
  expect(store.state.getState().problem).toBe("The coordinator is gone.");
  expect(store.history.count).toBe(1);
  pass(500);
  await settle();
  expect(asked.at(-1)).toBe("/api/activity?since=0");
  expect(store.state.getState().problem).toBeNull();
  expect(store.history.count).toBe(2);
  stop();
});

test("asks for nothing more once it is not followed", async () => {
  const { store, asked, pass, settle, waiting } = world([toldActivity([])]);
  const stop = store.follow();
  await settle();
  stop();
  pass(10_000);
  await settle();
  expect(asked).toHaveLength(1);
  expect(waiting()).toBe(0);
});
