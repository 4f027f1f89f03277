// Several clients of one cluster, and what is left when one of them goes away.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { CancelledError, kernel, lazy, type Cluster, type JobView } from "./client.ts";
import { CoordinatorFixture } from "./coordinator-fixture.ts";
import { httpOf } from "./scripted-pages.ts";
import { httpPaths } from "../shared/protocol/http.ts";
import type { Coordinator } from "./start-coordinator.ts";
import { CuttableLine } from "./testing/cuttable-line.ts";
import { FunctionWorker } from "./testing/function-worker.ts";

let fixture: CoordinatorFixture;
let coordinator: Coordinator;

beforeEach(async () => {
  fixture = await CoordinatorFixture.create();
  coordinator = await fixture.start();
});
afterEach(() => fixture.remove());

const open = (of = coordinator): Promise<Cluster> => fixture.connect(of);

const square = (n: number): number => n * n;
const add = lazy((a: number, b: number) => a + b);

/** The newest job once `fits`, as the coordinator tells of it. */
async function jobWhere(cluster: Cluster, fits: (job: JobView) => boolean): Promise<JobView> {
  for (;;) {
    const found = (await cluster.jobs()).find(fits);
    if (found !== undefined) return found;
  }
}

describe("several clients", () => {
  it("each have their own jobs, and equal work is done once for all", async () => {
    const worker = await FunctionWorker.join(coordinator);
    const [first, second] = [await open(), await open()];
    const ours = [first.submit(square, 7), second.submit(square, 7), second.submit(square, 8)];
    expect(await first.gather(ours)).toEqual([49, 49, 64]);
    expect(worker.calls.map(([n]) => Number(n)).toSorted((a, b) => a - b)).toEqual([7, 8]);
    expect((await first.jobs()).map(({ kind, targetsTotal }) => [kind, targetsTotal])).toEqual([
      ["session", 2],
      ["session", 1],
    ]);
    ours[0]?.release();
    expect(await ours[1]?.result()).toBe(49);
  });

  it("that use several priorities have an open job for each", async () => {
    await FunctionWorker.join(coordinator);
    const cluster = await open();
    const urgent = cluster.options({ priority: 5, title: "Urgent" });
    const base = cluster.submit(square, 2);
    // A result of one open job is an argument in the other.
    const above = urgent.submit((n: number) => n + 1, base);
    expect(await above.result()).toBe(5);
    const jobs = await cluster.jobs();
    expect(jobs.map(({ title, priority }) => [title, priority])).toContainEqual(["Urgent", 5]);
    expect(jobs).toHaveLength(2);
  });
});

describe("a computed job", () => {
  it("tells of its views until it has ended, and of its end to whoever asks later", async () => {
    const cluster = await open();
    const job = await cluster.compute([add(1, 2)], { kind: "sums", title: "Add" });
    const states: string[] = [];
    const stop = job.onView(({ state }) => states.push(state));
    const ended = job.ended();
    await FunctionWorker.join(coordinator);
    expect(await ended).toMatchObject({ kind: "sums", title: "Add", state: "done", tasksDone: 1 });
    expect([states[0], states.at(-1)]).toEqual(["running", "done"]);
    stop();
    expect(await job.ended()).toMatchObject({ state: "done" });
    const [future] = job.futures;
    expect(future?.sizes).toEqual([(await future?.blocks())?.[0]?.length]);
  });

  it("goes on when it is left, and ends for us when somebody cancels it", async () => {
    const cluster = await open();
    const left = await cluster.compute([add(1, 2)]);
    left.leave();
    await expect(left.results()).rejects.toBeInstanceOf(CancelledError);
    const cancelled = await cluster.compute([add(3, 4)]);
    await (await open()).attach(cancelled.id).then((job) => job.cancel());
    expect(await cancelled.ended()).toMatchObject({ state: "cancelled" });
    await FunctionWorker.join(coordinator);
    expect(await left.ended()).toMatchObject({ state: "done" });
  });
});

describe("a client that goes away", () => {
  it("loses nothing: what it asked for is finished, and found again with its items", async () => {
    const leaving = await open();
    leaving.map(square, [1, 2, 3], { batch: 3 });
    leaving.submit(square, 9);
    const { job } = await jobWhere(leaving, ({ targetsTotal }) => targetsTotal === 2);
    await leaving.close();

    const worker = await FunctionWorker.join(coordinator);
    const other = await open();
    const attached = await other.attach(job);
    expect(attached.futures).toHaveLength(4);
    expect(await attached.results()).toEqual([1, 4, 9, 81]);
    const ended = await jobWhere(other, (view) => view.job === job && view.state === "done");
    expect(ended.isOpen).toBe(false);
    // Its results are arguments, too.
    const item = other.submit((a: number) => a + 1, attached.futures[2] as never);
    expect(await item.result()).toBe(10);
    expect(worker.calls).toEqual([[1, 2, 3], [9], [9]]);

    const again = await (await open()).attach(job);
    expect(await again.results()).toEqual([1, 4, 9, 81]);
  });

  it("without saying so leaves its job open to whoever takes it up", async () => {
    const cluster = await open();
    const future = cluster.submit(() => {
      throw new Error("no");
    });
    await FunctionWorker.join(coordinator);
    await future.settled();
    const { job } = await jobWhere(cluster, ({ targetsFailed }) => targetsFailed === 1);
    const other = await (await open()).attach(job);
    const [same] = other.futures;
    await expect(same?.result()).rejects.toThrow("no");
    same?.retry();
    await expect(same?.result()).rejects.toThrow("no");
    same?.release();
    const view = await jobWhere(cluster, (one) => one.job === job && one.targetsTotal === 0);
    expect(view.state).toBe("running");
    await other.close();
    expect((await jobWhere(cluster, (one) => one.job === job && !one.isOpen)).state).toBe("done");
    await expect(future.result()).rejects.toThrow("no");
  });

  it("deletes its job when it has released everything", async () => {
    await FunctionWorker.join(coordinator);
    const [leaving, staying] = [await open(), await open()];
    const future = leaving.submit(square, 3);
    expect(await future.result()).toBe(9);
    future.release();
    await leaving.close();
    expect(await staying.jobs()).toEqual([]);
  });
});

it("a client that was away while its job was deleted waits no longer", async () => {
  const line = await CuttableLine.to(() => coordinator.port);
  const cluster = await fixture.connect(coordinator, line.url);
  const job = await cluster.compute([add(1, 2)]);
  const session = cluster.submit(square, 2);
  await jobWhere(cluster, ({ kind, targetsTotal }) => kind === "session" && targetsTotal === 1);
  line.cut();
  const other = await open();
  for (const { job: one } of await other.jobs()) {
    await httpOf(coordinator, coordinator.submitToken)("DELETE", httpPaths.job(one));
  }
  line.mend();
  await expect(job.results()).rejects.toThrow("The job was deleted.");
  await expect(session.result()).rejects.toThrow(CancelledError);
  await line.close();
});

describe("a session", () => {
  it("that somebody cancels ends its futures, and the next call opens another", async () => {
    const cluster = await open();
    const future = cluster.submit(square, 3);
    const { job } = await jobWhere(cluster, ({ targetsTotal }) => targetsTotal === 1);
    const http = httpOf(coordinator, coordinator.submitToken);
    await http("POST", httpPaths.jobAction(job, "cancel"));
    await expect(future.result()).rejects.toThrow(CancelledError);
    expect(future.status).toBe("cancelled");
    await FunctionWorker.join(coordinator);
    future.retry();
    expect(await future.result()).toBe(9);
  });

  it("refuses what is wrong alone: its neighbours of the same tick run", async () => {
    await FunctionWorker.join(coordinator);
    const cluster = await open();
    const block = { block: "0".repeat(64), sizeBytes: 1_000_000 };
    const futures = [
      cluster.submit(square, 1),
      cluster.submit(kernel("function@1"), { name: "default", batch: null }, block),
      cluster.submit(square, 2),
    ];
    await expect(futures[1]?.result()).rejects.toThrow("Nobody holds block");
    expect(await cluster.gather([futures[0], futures[2]])).toEqual([1, 4]);
  });

  it("survives the restart of the coordinator", async () => {
    const cluster = await open();
    const { port } = coordinator;
    const before = cluster.submit(square, 5);
    await jobWhere(cluster, ({ targetsTotal }) => targetsTotal === 1);
    await coordinator.close();
    const after = cluster.submit(square, 6);
    coordinator = await fixture.start({ port });
    await FunctionWorker.join(coordinator);
    expect(await cluster.gather([before, after])).toEqual([25, 36]);
  });

  it("has results that are lost made again", async () => {
    const first = await FunctionWorker.join(coordinator);
    const cluster = await open();
    const large = cluster.submit((n: number) => new Float64Array(n).fill(n), 20_000);
    await large.settled();
    await first.vanish();
    const result = large.result();
    const second = await FunctionWorker.join(coordinator);
    expect((await result).length).toBe(20_000);
    expect(second.calls).toEqual([[20_000]]);
  });
});

it("a result that is lost after its job was deleted fails, and is made again when it is tried again", async () => {
  const worker = await FunctionWorker.join(coordinator);
  const [cluster, other] = [await open(), await open()];
  const large = cluster.submit((n: number) => new Float64Array(n).fill(n), 20_000);
  await large.settled();
  const [job] = await other.jobs();
  await other.attach((job as JobView).job).then((attached) => attached.forget());
  await worker.vanish();
  await expect(large.result()).rejects.toThrow(/lost with its last holder/);
  await FunctionWorker.join(coordinator);
  large.retry();
  expect(((await large.result()) as Float64Array).length).toBe(20_000);
});

it("functions are refused at once where the coordinator forbids them", async () => {
  await coordinator.close();
  coordinator = await fixture.start({ allowsFunctions: false });
  const cluster = await open();
  expect(() => cluster.submit(square, 1)).toThrow("does not run functions of users");
  expect(() => cluster.map(square, [1])).toThrow("does not run functions of users");
  await expect(cluster.compute([add(1, 1)])).rejects.toThrow("does not run functions of users");
});

describe("a computed job", () => {
  it("tells of each target that fails, and can be told to end with the first", async () => {
    await FunctionWorker.join(coordinator);
    const cluster = await open();
    const fail = lazy((n: number): number => {
      throw new Error(`no ${n}`);
    });
    const job = await cluster.compute([add(1, 1), fail(1), add(fail(2), 1)]);
    const settled = await Promise.allSettled(job.futures.map((future) => future.result()));
    expect(
      settled.map((one) => (one.status === "fulfilled" ? one.value : String(one.reason))),
    ).toEqual([2, "Error: no 1", "Error: no 2"]);
    const strict = await cluster.compute([fail(3), add(2, 2)], { onFailure: "end" });
    await expect(strict.results()).rejects.toThrow("no 3");
    expect(await strict.view()).toMatchObject({
      state: "failed",
      failure: { thrown: "Error: no 3" },
    });
  });

  it("is accepted with 5,000 tasks in a chain", async () => {
    await FunctionWorker.join(coordinator);
    const cluster = await open();
    let last = add(0, 0);
    for (let i = 0; i < 4_999; i += 1) last = add(last, 1);
    const job = await cluster.compute([last]);
    expect((await job.view()).tasksTotal).toBe(5_000);
    await job.cancel();
    await expect(job.futures[0]?.result()).rejects.toThrow(CancelledError);
  });
});
