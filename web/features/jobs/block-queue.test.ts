// Tests of fetching results: bounded, retried, and quiet after closing.
import { describe, expect, test } from "vitest";
import { encodeNpy } from "../../../shared/codecs/npy.ts";
import { asBlockId, asTaskKey, type TaskKey } from "../../../shared/ids.ts";
import type { JobResult, LocatedBlock } from "../../../shared/protocol/messages.ts";
import { BlockQueue } from "./block-queue.ts";

const task = (number: number): TaskKey => asTaskKey(number.toString(16).padStart(64, "0"));
const bytes = encodeNpy({ shape: [2], data: Float64Array.of(1, 2) });

const result = (number: number): JobResult => ({
  task: task(number),
  outputs: [{ block: asBlockId(task(number)), sizeBytes: 1, peers: [], stored: false }],
});

/** Lets everything that only waits for promises go on. */
const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

function createBench() {
  const calls: { located: LocatedBlock; settle: (answer: Uint8Array | Error) => void }[] = [];
  const timers: { delayMs: number; call: () => void; isCancelled: boolean }[] = [];
  const arrived: TaskKey[] = [];
  let lost = 0;
  const queue = new BlockQueue({
    client: {
      fetchBlock: (located) =>
        new Promise((resolve, reject) => {
          const answer = (given: Uint8Array | Error): void =>
            given instanceof Error ? reject(given) : resolve(given);
          calls.push({ located, settle: answer });
        }),
    },
    onArrays: (key) => arrived.push(key),
    onLost: () => (lost += 1),
    onChange: () => undefined,
    after: (delayMs, call) => {
      const timer = { delayMs, call, isCancelled: false };
      timers.push(timer);
      return () => (timer.isCancelled = true);
    },
  });
  return { queue, calls, timers, arrived, lost: () => lost };
}

describe("BlockQueue", () => {
  test("fetches a few at a time, and each result once", async () => {
    const { queue, calls, arrived } = createBench();
    queue.add(Array.from({ length: 12 }, (_, at) => result(at)));
    queue.add([result(3)]);
    expect(calls).toHaveLength(5);
    for (let at = 0; at < 12; at += 1) {
      calls[at]?.settle(bytes);
      await settle();
    }
    expect(calls).toHaveLength(12);
    expect(arrived).toEqual(Array.from({ length: 12 }, (_, at) => task(at)));
    expect(queue.pending).toBe(0);
  });

  test("tries again later and later, then through the coordinator", async () => {
    const { queue, calls, timers, arrived } = createBench();
    queue.add([result(1)]);
    expect(calls[0]?.located.stored).toBe(false);
    for (let at = 0; at < 7; at += 1) {
      calls[at]?.settle(new Error("no source has it"));
      await settle();
      expect(queue.troubled).toBe(1);
      timers[at]?.call();
    }
    expect(timers.map((timer) => timer.delayMs)).toEqual([
      500, 1_000, 2_000, 4_000, 8_000, 15_000, 15_000,
    ]);
    expect(calls.slice(1).every((call) => call.located.stored)).toBe(true);
    calls[7]?.settle(bytes);
    await settle();
    expect(arrived).toEqual([task(1)]);
    expect([queue.troubled, queue.pending]).toEqual([0, 0]);
  });

  test("asks where the blocks are after three failures", async () => {
    const { queue, calls, timers, lost } = createBench();
    queue.add([result(1)]);
    for (let at = 0; at < 3; at += 1) {
      expect(lost()).toBe(0);
      calls[at]?.settle(new Error("gone"));
      await settle();
      timers[at]?.call();
    }
    expect(lost()).toBe(1);
  });

  test("bytes that are no array count as a failure", async () => {
    const { queue, calls, timers, arrived } = createBench();
    queue.add([result(1)]);
    calls[0]?.settle(new Uint8Array(3));
    await settle();
    expect(arrived).toEqual([]);
    expect(timers).toHaveLength(1);
  });

  test("after closing nothing arrives and no timer is left", async () => {
    const { queue, calls, timers, arrived } = createBench();
    queue.add([result(1), result(2)]);
    calls[0]?.settle(new Error("gone"));
    await settle();
    queue.close();
    calls[1]?.settle(bytes);
    await settle();
    expect(arrived).toEqual([]);
    expect(timers.map((timer) => timer.isCancelled)).toEqual([true]);
    expect(calls).toHaveLength(2);
  });
});
