// Checks that questions never overlap, go on after failures, and rest while the page is hidden.
import { expect, test } from "vitest";
import { createPoller, type PollerParts } from "./poller.ts";

function setUp(answers: (() => Promise<void>)[]) {
  let asked = 0;
  let isVisible = true;
  let show: () => void = () => undefined;
  const waiting: (() => void)[] = [];
  const parts: PollerParts = {
    ask: () => {
      asked += 1;
      return answers.shift()?.() ?? Promise.resolve();
    },
    intervalMs: 1_000,
    timers: {
      after: (_delayMs, call) => {
        waiting.push(call);
        return () => void waiting.splice(waiting.indexOf(call), waiting.includes(call) ? 1 : 0);
      },
    },
    visibility: {
      isVisible: () => isVisible,
      onVisible: (listener) => {
        show = listener;
        return () => (show = () => undefined);
      },
    },
  };
  const poller = createPoller(parts);
  return {
    poller,
    asked: () => asked,
    waiting,
    settle: () => new Promise((resolve) => setTimeout(resolve, 0)),
    hide: () => (isVisible = false),
    show: () => {
      isVisible = true;
      show();
    },
  };
}

test("asks at once, and again an interval after the answer, also after a failure", async () => {
  const { asked, waiting, settle } = setUp([() => Promise.reject(new Error("No answer."))]);
  expect(asked()).toBe(1);
  expect(waiting).toHaveLength(0);
  await settle();
  waiting.shift()?.();
  expect(asked()).toBe(2);
});

test("one question at a time", async () => {
  let answer: () => void = () => undefined;
  const { poller, asked, waiting, settle } = setUp([() => new Promise((done) => (answer = done))]);
  poller.now();
  expect(asked()).toBe(1);
  answer();
  await settle();
  poller.now();
  expect(asked()).toBe(2);
  await settle();
  expect(waiting).toHaveLength(1);
});

test("rests while the page is hidden, asks as soon as it is seen, never after closing", async () => {
  const { poller, asked, waiting, settle, hide, show } = setUp([]);
  hide();
  await settle();
  expect(waiting).toHaveLength(0);
  show();
  expect(asked()).toBe(2);
  await settle();
  poller.close();
  expect(waiting).toHaveLength(0);
  show();
  poller.now();
  expect(asked()).toBe(2);
});
