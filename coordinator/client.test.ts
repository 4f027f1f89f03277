// The client library against a real coordinator, with workers in this process.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CoordinatorFixture } from "./coordinator-fixture.ts";
import {
  asCompleted,
  CancelledError,
  ClusterError,
  lazy,
  progress,
  TaskError,
  type Cluster,
} from "./client.ts";
import type { Coordinator } from "./start-coordinator.ts";
import { FunctionWorker } from "./testing/function-worker.ts";

let fixture: CoordinatorFixture;
let coordinator: Coordinator;

beforeEach(async () => {
  fixture = await CoordinatorFixture.create();
  coordinator = await fixture.start();
});
afterEach(() => fixture.remove());

const open = (of = coordinator): Promise<Cluster> => fixture.connect(of);

describe("submit", () => {
  it("calls a function with values and futures as arguments", async () => {
    await FunctionWorker.join(coordinator);
    const cluster = await open();
    const sum = cluster.submit((a: number, b: number) => a + b, 1, 2);
    expect(sum.status).toBe("pending");
    const nested = cluster.submit(
      (x: { readonly list: readonly number[] }) => x.list.reduce((all, n) => all + n, 0),
      // Futures may stand anywhere within arguments.
      { list: [sum, 10] } as never,
    );
    expect(await nested.result()).toBe(13);
    expect(await sum.result()).toBe(3);
    expect(sum.status).toBe("done");
  });

  it("keeps name, message and stack of an error, and tells the task's story", async () => {
    await FunctionWorker.join(coordinator);
    const cluster = await open();
    const failing = cluster.submit((text: string) => {
      throw new RangeError(text);
    }, "too far");
    const error: unknown = await failing.result().catch((reason: unknown) => reason);
    if (!(error instanceof TaskError)) throw error;
    expect(error).toMatchObject({ name: "RangeError", message: "too far", task: failing.key });
    expect(error.stack).toContain("RangeError: too far");
    expect(error.story).toContain("too far");
    expect(failing.status).toBe("failed");
    const after = cluster.submit((x: unknown) => x, failing);
    await expect(after.result()).rejects.toMatchObject({ name: "RangeError", message: "too far" });
  });
});

describe("map", () => {
  it("gives results in the order of the items, whatever the batch", async () => {
    await FunctionWorker.join(coordinator);
    const cluster = await open();
    const items = Array.from({ length: 100 }, (_, i) => i);
    const expected = items.map((n) => n * n);
    for (const batch of [1, 7, 100, 1_000]) {
      const futures = cluster.map((n: number) => n * n, items, { batch });
      expect(await cluster.gather(futures)).toEqual(expected);
    }
  });

  it("fails the items that throw and no others, and runs one of them again alone", async () => {
    await FunctionWorker.join(coordinator);
    const cluster = await open();
    const futures = cluster.map(
      (n: number) => {
        const { seen } = globalThis as { seen?: boolean };
        if (n === 1 && seen !== true) throw new TypeError("one");
        return n;
      },
      [0, 1, 2],
      { batch: 3 },
    );
    expect(await futures[2]?.result()).toBe(2);
    expect(futures.map(({ status }) => status)).toEqual(["done", "failed", "done"]);
    await expect(futures[1]?.result()).rejects.toMatchObject({ name: "TypeError", message: "one" });
    (globalThis as { seen?: boolean }).seen = true;
    futures[1]?.retry();
    expect(futures[1]?.status).toBe("pending");
    expect(await futures[1]?.result()).toBe(1);
    delete (globalThis as { seen?: boolean }).seen;
  });

  it("takes futures as items, each of which waits for its own only", async () => {
    await FunctionWorker.join(coordinator);
    const cluster = await open();
    const first = cluster.map((n: number) => n + 1, [1, 2, 3], { batch: 3 });
    const second = cluster.map((n: number) => n * 10, first, { batch: 3 });
    expect(await cluster.gather(second)).toEqual([20, 30, 40]);
    expect(new Set(second.map(({ key }) => key)).size).toBe(3);
  });
});

describe("futures", () => {
  it("come as they complete, with counts of them", async () => {
    await FunctionWorker.join(coordinator);
    const cluster = await open();
    const futures = cluster.map((n: number) => n, [1, 2, 3, 4]);
    const counts = [];
    for await (const count of progress(futures)) counts.push(count);
    expect(counts.at(0)).toMatchObject({ total: 4, pending: 4 });
    expect(counts.at(-1)).toEqual({ total: 4, pending: 0, done: 4, failed: 0, cancelled: 0 });
    const values = [];
    for await (const future of asCompleted(futures)) values.push(await future.result());
    expect(values.toSorted((a, b) => a - b)).toEqual([1, 2, 3, 4]);
  });

  it("are cancelled without a worker, and tried again when there is one", async () => {
    const cluster = await open();
    const future = cluster.submit((n: number) => n, 1);
    future.cancel();
    expect(future.status).toBe("cancelled");
    await expect(future.result()).rejects.toThrow(CancelledError);
    future.retry();
    await FunctionWorker.join(coordinator);
    expect(await future.result()).toBe(1);
  });

  it("share what has the same key, until the last lets it go", async () => {
    const worker = await FunctionWorker.join(coordinator);
    const cluster = await open();
    const double = (n: number): number => n * 2;
    const [a, b] = [cluster.submit(double, 4), cluster.submit(double, 4)];
    expect(a.key).toBe(b.key);
    a.release();
    expect(await b.result()).toBe(8);
    expect(worker.calls).toEqual([[4]]);
    const impure = cluster.options({ pure: false });
    const c = impure.submit(double, 4);
    expect(c.key).not.toBe(impure.submit(double, 4).key);
    expect(await c.result()).toBe(8);
  });

  it("settle when the connection is closed", async () => {
    const cluster = await open();
    const future = cluster.submit((n: number) => n, 1);
    const result = future.result();
    await cluster.close();
    await expect(result).rejects.toThrow(ClusterError);
    expect(() => cluster.submit((n: number) => n, 1)).toThrow("closed");
  });
});

describe("data", () => {
  it("is scattered once and used by many", async () => {
    await FunctionWorker.join(coordinator);
    const cluster = await open();
    const data = await cluster.scatter(Float64Array.from({ length: 5_000 }, (_, i) => i));
    expect(data.status).toBe("done");
    const sums = cluster.map(
      ([values, k]: readonly [Float64Array, number]) => values.reduce((a, b) => a + b, 0) * k,
      [1, 2].map((k) => [data, k] as never),
    );
    expect(await cluster.gather(sums)).toEqual([12_497_500, 24_995_000]);
    expect(await data.result()).toHaveLength(5_000);
  });

  it("that is large comes back from the worker that made it, and is an argument as well", async () => {
    await FunctionWorker.join(coordinator);
    const cluster = await open();
    const large = cluster.submit((n: number) => new Float64Array(n).fill(2), 50_000);
    const size = cluster.submit((array: Float64Array) => array.length, large);
    expect(await size.result()).toBe(50_000);
    expect((await large.result()).at(-1)).toBe(2);
  });
});

describe("lazy graphs", () => {
  it("run what their targets need, and nothing else", async () => {
    const worker = await FunctionWorker.join(coordinator);
    const cluster = await open();
    const add = lazy((a: number, b: number) => a + b);
    const shared = add(1, 2);
    const [left, right] = [add(shared, 10), add(shared, 20)];
    add(right, 99);
    const job = await cluster.compute([left, right], { title: "Sums" });
    expect(await job.results()).toEqual([13, 23]);
    expect(worker.calls).toHaveLength(3);
    expect((await job.view()).title).toBe("Sums");
    const persisted = cluster.persist([add(left, 1)]);
    expect(await cluster.gather(persisted)).toEqual([14]);
  });
});
