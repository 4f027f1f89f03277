// How much memory functions of users may take: what is refused, what is not, and what only the browser ends.
import type { Browser, Page } from "@playwright/test";
import { type Cluster, connect, TaskError } from "../coordinator/client.ts";
import { SANDBOX_BUFFER_BYTES_MAX } from "../shared/limits.ts";
import { CoordinatorProcess, expect, joinWorker, test } from "./cluster-fixture.ts";
import { bombs, bombTools, goRounds, heapBombs } from "./memory-bombs.ts";

/** Far more than anything here takes, but for heaps without bounds. */
const LIMIT_MS = 60_000;
const TOO_MUCH = /failed \(out-of-memory\): RangeError: .*too much memory/;

let coordinator: CoordinatorProcess;
let cluster: Cluster;
let unlimited: Cluster;
let page: Page;

async function open(browser: Browser): Promise<void> {
  coordinator = await CoordinatorProcess.start();
  page = await joinWorker(await browser.newContext(), coordinator, "Bounded", 1, {
    runsFunctions: true,
  });
  const connected = await connect(coordinator.apiUrl(""), { token: coordinator.submitToken });
  unlimited = connected.options({ pure: false });
  cluster = unlimited.options({ limitMs: LIMIT_MS });
}

const failureOf = async (result: Promise<unknown>): Promise<TaskError> => {
  const ended: unknown = await result.catch((thrown: unknown) => thrown);
  if (!(ended instanceof TaskError)) throw new Error(`It did not fail: ${String(ended)}`);
  return ended;
};

test.beforeAll(({ browser }) => open(browser));
test.afterEach(async () => {
  expect(await cluster.submit((a: number, b: number) => a + b, 1, 2).result()).toBe(3);
  expect(cluster.workers().map(({ name }) => name)).toEqual(["Bounded"]);
});
test.afterAll(async () => {
  await cluster.close();
  await page.context().close();
  await coordinator.close();
});

for (const [kind, all] of [
  ["refused", bombs],
  ["refused on the way round the limit", goRounds],
] as const) {
  test.describe(kind, () => {
    for (const [name, bomb] of Object.entries(all)) {
      test(name, async () => {
        const failure = await failureOf(cluster.submit(bomb, bombTools).result());
        expect(failure.story).toMatch(TOO_MUCH);
      });
    }
  });
}

test("what a function reads counts, and so does what others left in its thread", async () => {
  const block = await cluster.scatter(new Uint8Array(2 ** 25));
  const hold = (bytes: Uint8Array, more: number): number => {
    const scope = globalThis as unknown as { held?: unknown[] };
    (scope.held ??= []).push(bytes, new Uint8Array(more));
    return bytes.length;
  };
  const half = SANDBOX_BUFFER_BYTES_MAX / 2;
  expect(await cluster.submit(hold, block, half).result()).toBe(2 ** 25);
  const failure = await failureOf(cluster.submit(hold, block, half - 2 ** 25).result());
  expect(failure.story).toMatch(TOO_MUCH);
  // The thread went with what it held, and the next one lets go.
  expect(await cluster.submit(hold, block, half).result()).toBe(2 ** 25);
  const letGo = (): boolean => delete (globalThis as unknown as { held?: unknown[] }).held;
  expect(await cluster.submit(letGo).result()).toBe(true);
});

test("the state of an actor counts, and it goes on after a refusal", async () => {
  class Hoard {
    readonly #hoard: Uint8Array[] = [];
    add(bytes: number): number {
      this.#hoard.push(new Uint8Array(bytes));
      return this.#hoard.length;
    }
  }
  const actor = await cluster.actor(Hoard);
  expect(await actor.add(2 ** 29)).toBe(1);
  await expect(actor.add(2 ** 29)).rejects.toThrow(/too much memory/);
  expect(await actor.add(2 ** 20)).toBe(2);
  await actor.$release();
});

test("buffers that are garbage cost nothing, in a function that never pauses", async () => {
  const churn = (): number[] => {
    const kept: Float64Array[] = [];
    const sums = [2 ** 9, 2 ** 13, 2 ** 17, 2 ** 20, 2 ** 24].map((length) => {
      let sum = 0;
      for (let made = 0; made < 2 ** 32; made += 8 * length) {
        const array = new Float64Array(length);
        array[0] = 1;
        sum += array[0];
        if (kept.length < 40 && length === 2 ** 20) kept.push(array);
      }
      return sum;
    });
    return sums;
  };
  const total = 2 ** 29;
  expect(await cluster.submit(churn).result()).toEqual(
    [9, 13, 17, 20, 24].map((length) => total / 2 ** length),
  );
});

test("modules without end, one after the other", async () => {
  const many = ({ exporter }: typeof bombTools): number => {
    const module = new WebAssembly.Module(exporter);
    let pages = 0;
    for (let i = 0; i < 300; i += 1) {
      const { exports } = new WebAssembly.Instance(module);
      pages += (exports["grow"] as (pages: number) => number)(100);
      pages += (exports["memory"] as WebAssembly.Memory).buffer.byteLength / 2 ** 16;
    }
    return pages;
  };
  expect(await cluster.submit(many, bombTools).result()).toBe(300 * 102);
});

test.describe("a heap without bounds ends its sandbox, and nothing else:", () => {
  for (const [name, bomb] of Object.entries(heapBombs)) {
    test(name, async () => {
      const failure = await failureOf(cluster.submit(bomb).result());
      expect(failure.story).toMatch(
        /The sandbox (fell silent|ended by itself)|It ran longer than its limit|out-of-memory/,
      );
    });
  }
});

test("of short functions that say together how they end, the one whose heap ends their sandbox fails alone", async () => {
  const add = (amount: number): number => {
    if (amount !== 7) return amount + 1;
    const hoard: string[] = [];
    for (;;) {
      const text = `${hoard.length}${"x".repeat(2 ** 22)}`;
      // A text that is looked into is put together first.
      if (text.charCodeAt(2 ** 20) > 0) hoard.push(text);
    }
  };
  // Timed once, they are known to be short.
  expect(await unlimited.submit(add, 0).result()).toBe(1);
  const outcomes = await Promise.allSettled(
    Array.from({ length: 20 }, (_, i) => unlimited.submit(add, i).result()),
  );
  for (const [i, outcome] of outcomes.entries()) {
    if (i === 7) expect(String((outcome as PromiseRejectedResult).reason)).toMatch(/The sandbox/);
    else expect(outcome).toEqual({ status: "fulfilled", value: i + 1 });
  }
});
