import { expect, test } from "vitest";
import { asPeerId } from "../../shared/ids.ts";
import type { LinkReport } from "../../shared/protocol/messages.ts";
import { bytesSentOf, pathOf, threadViews } from "./worker-view.ts";

const link = (change: Partial<LinkReport>): LinkReport => ({
  peer: asPeerId("peer-1234"),
  state: "open",
  bytesReceived: 0,
  bytesSent: 0,
  bytesPerMs: null,
  why: null,
  ...change,
});

test("threads are shown computing, waiting or off", () => {
  expect(threadViews(["Tile 1"], 2, 3)).toEqual([
    { state: "computing", title: "Tile 1" },
    { state: "waiting", title: null },
    { state: "off", title: null },
  ]);
});

test("the path is direct as soon as one channel is open, and has a reason otherwise", () => {
  const coordinator = link({ peer: null, bytesReceived: 5 });
  const failed = link({ state: "failed", why: "No way." });
  expect(pathOf([link({ peer: null })])).toEqual({ path: "unknown", pathWhy: null });
  expect(pathOf([coordinator])).toEqual({ path: "coordinator", pathWhy: null });
  expect(pathOf([coordinator, failed])).toEqual({ path: "coordinator", pathWhy: "No way." });
  expect(pathOf([coordinator, failed, link({})])).toEqual({ path: "direct", pathWhy: null });
  const closed = link({ state: "connecting", bytesSent: 7 });
  expect(pathOf([coordinator, closed])).toEqual({ path: "direct", pathWhy: null });
  expect(bytesSentOf([coordinator, closed, link({ bytesSent: 3 })])).toBe(10);
});
