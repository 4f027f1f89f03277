// Jobs, datasets and results over the death and the return of the coordinator.
import { readFile, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { join } from "node:path";
import Libsql from "libsql";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { BlockRef } from "../shared/graph/task.ts";
import type { JobId } from "../shared/ids.ts";
import { httpPaths } from "../shared/protocol/http.ts";
import type { JobView } from "../shared/protocol/messages.ts";
import { CoordinatorFixture } from "./coordinator-fixture.ts";
import {
  freshWorkerId,
  httpOf,
  joinClient,
  makeBlock,
  makeTask,
  ScriptedWorker,
  squaresJob,
  submitJob,
  watchToEnd,
} from "./scripted-pages.ts";
import { CoordinatorStartError, type Coordinator } from "./start-coordinator.ts";

let fixture: CoordinatorFixture;

beforeEach(async () => {
  fixture = await CoordinatorFixture.create();
});
afterEach(() => fixture.remove());

async function viewOf(coordinator: Coordinator, job: JobId): Promise<JobView> {
  const http = httpOf(coordinator, coordinator.submitToken);
  return (await (await http("GET", httpPaths.job(job))).json()) as JobView;
}

/** The numbers in the blocks of every target, read over HTTP. */
async function numbersOf(
  coordinator: Coordinator,
  results: ReadonlyMap<string, readonly BlockRef[]>,
): Promise<number[]> {
  const http = httpOf(coordinator, coordinator.submitToken);
  const numbers: number[] = [];
  for (const { block } of [...results.values()].flat()) {
    const bytes = await (await http("GET", httpPaths.block(block))).arrayBuffer();
    numbers.push(new Float64Array(bytes.slice(-8))[0] ?? Number.NaN);
  }
  return numbers.toSorted((a, b) => a - b);
}

const squares = [0, 1, 4, 9, 16, 25];

describe("a coordinator that is restarted in the middle of a job", () => {
  it("finishes it with the same results, and computes nothing again that was stored", async () => {
    const first = await fixture.start();
    const id = freshWorkerId();
    const worker = await ScriptedWorker.join(first, { worker: id, allowance: 3 });
    const job = await submitJob(first, squaresJob(6));
    const client = await joinClient(first);
    await client.next("cluster", ({ jobs }) => jobs[0]?.tasksDone === 3);
    // Stored targets are those that survive for sure.
    const http = httpOf(first, first.submitToken);
    for (const block of worker.blocks.keys()) {
      expect((await http("GET", httpPaths.block(block))).status).toBe(200);
    }
    await first.close();
    expect(await worker.socket.next("refused")).toMatchObject({ reason: "shutting-down" });

    const second = await fixture.start();
    expect(second.joinToken).toBe(first.joinToken);
    expect(second.submitToken).toBe(first.submitToken);
    const again = await ScriptedWorker.join(second, { worker: id });
    expect((await again.socket.next("welcome")).incarnation).toBe(2);
    const results = await watchToEnd(await joinClient(second), job);
    expect(results.size).toBe(6);
    expect(await numbersOf(second, results)).toEqual(squares);
    expect([...worker.computed, ...again.computed].toSorted((a, b) => a - b)).toEqual([
      0, 1, 2, 3, 4, 5,
    ]);
    const view = await viewOf(second, job);
    expect(view).toMatchObject({ state: "done", tasksTotal: 6, tasksDone: 6, targetsDone: 6 });
    expect(view.timing).toMatchObject({ computeMs: 12, bytesMoved: 60 });
    expect(view.timing.workers).toMatchObject([{ worker: id, tasks: 6 }]);
  });

  it("remembers that a job was finished early, and with what", async () => {
    const first = await fixture.start();
    await ScriptedWorker.join(first, { allowance: 3 });
    const job = await submitJob(first, squaresJob(6));
    const client = await joinClient(first);
    await client.next("cluster", ({ jobs }) => jobs[0]?.targetsDone === 3);
    const http = httpOf(first, first.submitToken);
    expect((await http("POST", httpPaths.jobAction(job, "finish"))).status).toBe(204);
    expect((await watchToEnd(client, job)).size).toBe(3);
    const counts = { state: "done", tasksTotal: 3, tasksDone: 3, targetsTotal: 3, targetsDone: 3 };
    expect(await viewOf(first, job)).toMatchObject(counts);
    await first.close();

    const second = await fixture.start();
    expect(await viewOf(second, job)).toMatchObject(counts);
    const results = await watchToEnd(await joinClient(second), job);
    expect(await numbersOf(second, results)).toEqual([0, 1, 4]);
  });

  it("cancels a job that is finished before it has anything", async () => {
    const coordinator = await fixture.start();
    const job = await submitJob(coordinator, squaresJob(6));
    const http = httpOf(coordinator, coordinator.submitToken);
    await http("POST", httpPaths.jobAction(job, "finish"));
    expect(await viewOf(coordinator, job)).toMatchObject({ state: "cancelled" });
    expect((await http("POST", httpPaths.jobAction(job, "finish"))).status).toBe(204);
  });

  it("never gives an attempt's number twice", async () => {
    const first = await fixture.start();
    const worker = await ScriptedWorker.join(first, { allowance: 0 });
    await submitJob(first, squaresJob(6));
    const before = await worker.socket.next("lease");
    await first.close();
    const second = await fixture.start();
    const again = await ScriptedWorker.join(second, { allowance: 0 });
    expect((await again.socket.next("lease")).attempt).toBeGreaterThan(before.attempt + 1_000);
  });

  it("does not trust a stored result whose file was damaged", async () => {
    const first = await fixture.start();
    await ScriptedWorker.join(first);
    const job = await submitJob(first, squaresJob(1, 5));
    const [[ref] = []] = (await watchToEnd(await joinClient(first), job)).values();
    await first.close();
    const block = ref?.block ?? "";
    const path = join(fixture.dataDir, "blocks", block.slice(0, 2), block);
    const damaged = await readFile(path);
    damaged[damaged.length - 1] = 1;
    await writeFile(path, damaged);

    const second = await fixture.start();
    const worker = await ScriptedWorker.join(second);
    const repeated = await submitJob(second, squaresJob(1, 5));
    const results = await watchToEnd(await joinClient(second), repeated);
    expect(await numbersOf(second, results)).toEqual([25]);
    expect(worker.computed).toEqual([5]);
  });

  it("leaves a paused job paused", async () => {
    const first = await fixture.start();
    const job = await submitJob(first, squaresJob(6));
    const http = httpOf(first, first.submitToken);
    await http("POST", httpPaths.jobAction(job, "pause"));
    await first.close();
    const second = await fixture.start();
    const worker = await ScriptedWorker.join(second);
    expect((await viewOf(second, job)).state).toBe("paused");
    expect(worker.computed).toEqual([]);
    await httpOf(second, second.submitToken)("POST", httpPaths.jobAction(job, "resume"));
    expect((await watchToEnd(await joinClient(second), job)).size).toBe(6);
  });

  it("shows finished jobs and their results as before", async () => {
    const first = await fixture.start();
    await ScriptedWorker.join(first);
    const job = await submitJob(first, squaresJob(6));
    const before = await watchToEnd(await joinClient(first), job);
    const view = await viewOf(first, job);
    await first.close();
    const second = await fixture.start();
    expect(await viewOf(second, job)).toEqual(view);
    const late = await joinClient(second);
    expect(await watchToEnd(late, job)).toEqual(before);
    const message = await late.next("job-results");
    expect(message.results.flatMap(({ outputs }) => outputs)).toHaveLength(6);
    expect(message.results.every(({ outputs }) => outputs.every(({ stored }) => stored))).toBe(
      true,
    );
  });
});

describe("watching", () => {
  it("gives a client that comes later what is there, then the rest, and one end", async () => {
    const coordinator = await fixture.start();
    const worker = await ScriptedWorker.join(coordinator, { allowance: 2 });
    const job = await submitJob(coordinator, squaresJob(6));
    const early = await joinClient(coordinator);
    await early.next("cluster", ({ jobs }) => jobs[0]?.targetsDone === 2);
    const late = await joinClient(coordinator);
    late.send({ type: "watch-job", job });
    const first = await late.next("job-results");
    expect(first).toMatchObject({ isLast: false });
    expect(first.results).toHaveLength(2);
    expect(first.results[0]?.outputs[0]?.peers).toEqual([
      (await worker.socket.next("welcome")).peer,
    ]);
    await ScriptedWorker.join(coordinator);
    await worker.socket.close();
    const results = await watchToEnd(late, job);
    expect(await numbersOf(coordinator, results)).toEqual(squares);
    const ends = late.heard.filter((message) => message.type === "job-results" && message.isLast);
    expect(ends).toHaveLength(1);
  });

  it("is refused for an unknown job, without ending the connection", async () => {
    const coordinator = await fixture.start();
    const client = await joinClient(coordinator);
    client.send({ type: "watch-job", job: `j_${"x".repeat(22)}` });
    expect(await client.next("refused")).toMatchObject({ reason: "unknown-job" });
    client.send({ type: "locate", blocks: [] });
    await client.next("located");
  });

  it("ends with a failed job, which tells its story", async () => {
    const coordinator = await fixture.start();
    const worker = await ScriptedWorker.join(coordinator, { allowance: 0 });
    worker.socket.onMessage = (message) => {
      if (message.type !== "lease") return;
      const { attempt } = message;
      worker.say({ type: "attempt-failed", attempt, reason: "kernel-error", message: "Bang." });
    };
    const job = await submitJob(coordinator, squaresJob(1));
    const client = await joinClient(coordinator);
    expect((await watchToEnd(client, job)).size).toBe(0);
    const view = await viewOf(coordinator, job);
    expect(view).toMatchObject({ state: "failed", targetsDone: 0 });
    expect(view.failure?.message).toContain("Bang.");
  });
});

describe("a lease", () => {
  it("names the sources of its inputs, but not the worker itself", async () => {
    const coordinator = await fixture.start();
    const { bytes, ref } = makeBlock([1, 2]);
    const client = await joinClient(coordinator);
    client.send({ type: "have", blocks: [ref] });
    const http = httpOf(coordinator, coordinator.submitToken);
    await http("PUT", httpPaths.block(ref.block), bytes);
    const worker = await ScriptedWorker.join(coordinator, { allowance: 0 });
    worker.say({ type: "have", blocks: [ref] });
    worker.say({ type: "locate", blocks: [] });
    await worker.socket.next("located");
    const task = makeTask({ kernel: "test-read@1", params: { a: 1 }, inputs: [ref] });
    await submitJob(coordinator, { ...squaresJob(1), tasks: [task], targets: [task.key] });
    const lease = await worker.socket.next("lease");
    const { peer } = await client.next("welcome");
    expect(lease).toMatchObject({
      task: task.key,
      kernel: "test-read@1",
      params: { a: 1 },
      title: "Squares of 1 numbers",
      isSpeculative: false,
    });
    expect(lease.inputs).toEqual([{ ...ref, peers: [peer], stored: true }]);
    expect(lease.leaseMs).toBeGreaterThan(10_000);
  });
});

describe("a coordinator that cannot start", () => {
  it("names the way out when the port is taken", async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(0, "127.0.0.1", resolve));
    const address = other.address();
    const port = typeof address === "object" ? (address?.port ?? 0) : 0;
    const refusal = await fixture.start({ port }).catch((error: unknown) => error);
    expect(refusal).toBeInstanceOf(CoordinatorStartError);
    expect((refusal as Error).message).toBe(
      `Port ${port} is taken. Stop the other program or choose another port: ` +
        `tabswarm serve --port ${port + 1}.`,
    );
    await new Promise((resolve) => other.close(resolve));
    // Nothing of the failed start holds the folder.
    await (await fixture.start()).close();
  });

  it("names the way out when the data folder is none", async () => {
    await writeFile(fixture.dataDir, "a file");
    await expect(fixture.start()).rejects.toThrow(/cannot be used .*--data FOLDER/);
  });

  it("names the way out when the data is of a newer version", async () => {
    await (await fixture.start()).close();
    const database = new Libsql(join(fixture.dataDir, "journal.sqlite"));
    database.exec("PRAGMA user_version = 999");
    database.close();
    await expect(fixture.start()).rejects.toThrow(CoordinatorStartError);
    await expect(fixture.start()).rejects.toThrow(/newer version/);
  });
});
