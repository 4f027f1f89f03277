// Checks which blocks the worker's machine fetches, keeps, uploads and lets go.
import { expect, test } from "vitest";
import {
  KIB,
  block,
  lease,
  setUpWelcomed,
  sent,
  ofType,
  started,
} from "../testing/worker-machine-bench.ts";

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
