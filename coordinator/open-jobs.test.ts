// Open jobs and small blocks through a real coordinator: extended, released, tried again, closed, resumed.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { encodeBase64 } from "../shared/codecs/base64.ts";
import type { JobExtension, JobSubmission, Task } from "../shared/graph/task.ts";
import type { BlockId, JobId, TaskKey } from "../shared/ids.ts";
import { httpPaths } from "../shared/protocol/http.ts";
import type { JobView } from "../shared/protocol/messages.ts";
import { CoordinatorFixture } from "./coordinator-fixture.ts";
import {
  httpOf,
  joinClient,
  makeBlock,
  makeTask,
  ScriptedWorker,
  submitJob,
} from "./scripted-pages.ts";
import type { ScriptedSocket } from "./scripted-pages.ts";
import type { Coordinator } from "./start-coordinator.ts";

let fixture: CoordinatorFixture;
let coordinator: Coordinator;
let http: ReturnType<typeof httpOf>;

beforeEach(async () => {
  fixture = await CoordinatorFixture.create();
  await start();
});
afterEach(() => fixture.remove());

async function start(): Promise<void> {
  coordinator = await fixture.start();
  http = httpOf(coordinator, coordinator.submitToken);
}

const square = (value: number, ...inputs: Task["inputs"]): Task => ({
  ...makeTask({ kernel: "test-square@1", params: { value }, inputs }),
  retries: 0,
});

const EMPTY: JobExtension = { released: [], retried: [], tasks: [], targets: [] };

async function openJob(): Promise<JobId> {
  const submission: JobSubmission = {
    kind: "session",
    title: "A session",
    meta: null,
    priority: 0,
    tasks: [],
    targets: [],
    isOpen: true,
  };
  return submitJob(coordinator, submission);
}

const extend = (job: JobId, change: Partial<JobExtension> & { blocks?: object[] }) =>
  http("POST", httpPaths.jobTasks(job), { ...EMPTY, ...change });

const add = async (job: JobId, ...tasks: Task[]): Promise<void> => {
  const response = await extend(job, { tasks, targets: tasks.map(({ key }) => key) });
  expect(response.status).toBe(204);
};

const viewOf = async (job: JobId): Promise<JobView> =>
  (await (await http("GET", httpPaths.job(job))).json()) as JobView;

async function follow(job: JobId): Promise<ScriptedSocket> {
  const client = await joinClient(coordinator);
  client.send({ type: "watch-job", job });
  return client;
}

/** The value of a target's result, which came along with the news. */
async function resultOf(client: ScriptedSocket, task: TaskKey): Promise<number> {
  const news = await client.next("job-results", ({ results }) =>
    results.some((result) => result.task === task),
  );
  const [output] = news.results.find((result) => result.task === task)?.outputs ?? [];
  const bytes = Buffer.from(output?.bytes ?? "", "base64");
  return bytes.readDoubleLE(bytes.length - 8);
}

async function join(): Promise<ScriptedWorker> {
  const worker = await ScriptedWorker.join(coordinator);
  worker.sendsResults = true;
  return worker;
}

const failureOf = async (client: ScriptedSocket, task: TaskKey) =>
  (
    await client.next("job-results", ({ failures }) =>
      failures.some((failure) => failure.task === task),
    )
  ).failures.find((failure) => failure.task === task);

describe("an open job", () => {
  it("is extended, gives results as they come, and ends when it is closed", async () => {
    const job = await openJob();
    const client = await follow(job);
    await join();
    const [two, three] = [square(2), square(3)];
    await add(job, two);
    expect(await resultOf(client, two.key)).toBe(4);
    await add(job, three);
    expect(await resultOf(client, three.key)).toBe(9);
    expect(await viewOf(job)).toMatchObject({ state: "running", isOpen: true, targetsDone: 2 });
    expect((await http("POST", httpPaths.jobAction(job, "close"))).status).toBe(204);
    await client.next("job-results", ({ isLast }) => isLast);
    expect(await viewOf(job)).toMatchObject({ state: "done", isOpen: false, tasksDone: 2 });
    const late = await extend(job, { tasks: [square(4)], targets: [square(4).key] });
    expect(late.status).toBe(410);
    expect(await late.json()).toMatchObject({ detail: expect.stringMatching(/closed/) });
  });

  it("uses outputs of earlier tasks, and refuses what it does not have", async () => {
    const job = await openJob();
    const client = await follow(job);
    await join();
    const first = square(5);
    await add(job, first);
    await resultOf(client, first.key);
    const second = square(6, { task: first.key, output: 0 });
    await add(job, second);
    expect(await resultOf(client, second.key)).toBe(36);
    const stray = square(7, { task: square(99).key, output: 0 });
    const refused = await extend(job, { tasks: [stray], targets: [stray.key] });
    expect(refused.status).toBe(422);
  });

  it("tells of a failed target with what was thrown, goes on, and tries it again", async () => {
    const job = await openJob();
    const client = await follow(job);
    const worker = await join();
    worker.failing.add(13);
    const [bad, good] = [square(13), square(2)];
    await add(job, bad, good);
    expect(await failureOf(client, bad.key)).toMatchObject({
      message: expect.stringMatching(/failed once/),
      error: { name: "RangeError", message: "No square of 13.", stack: "at square" },
    });
    expect(await resultOf(client, good.key)).toBe(4);
    expect(await viewOf(job)).toMatchObject({ state: "running", targetsFailed: 1 });
    worker.failing.clear();
    expect((await extend(job, { retried: [bad.key] })).status).toBe(204);
    expect(await resultOf(client, bad.key)).toBe(169);
    expect(await viewOf(job)).toMatchObject({ targetsFailed: 0, targetsDone: 2 });
  });

  it("lets released targets go, with their tasks, and takes them up again", async () => {
    const job = await openJob();
    const client = await follow(job);
    const worker = await join();
    const one = square(8);
    await add(job, one);
    await resultOf(client, one.key);
    expect((await extend(job, { released: [one.key] })).status).toBe(204);
    expect(await viewOf(job)).toMatchObject({ targetsTotal: 0, tasksTotal: 1, tasksDone: 1 });
    // Its result is still known: it comes at once, and nothing is computed again.
    client.heard.length = 0;
    await add(job, one);
    expect(await resultOf(client, one.key)).toBe(64);
    expect(worker.computed).toEqual([8]);
  });

  it("is over when somebody finishes it, with the results that it has", async () => {
    const job = await openJob();
    const client = await follow(job);
    await join();
    const two = square(2);
    await add(job, two);
    await resultOf(client, two.key);
    expect((await http("POST", httpPaths.jobAction(job, "finish"))).status).toBe(204);
    await client.next("job-results", ({ isLast }) => isLast);
    expect(await viewOf(job)).toMatchObject({ state: "done", isOpen: false, targetsDone: 1 });
    expect((await extend(job, { tasks: [square(3)] })).status).toBe(410);
  });

  it("survives the coordinator with its targets, results and failures to come", async () => {
    const job = await openJob();
    const client = await follow(job);
    await join();
    const [done, open] = [square(2), square(3)];
    await add(job, done);
    await resultOf(client, done.key);
    await coordinator.close();
    await start();
    expect(await viewOf(job)).toMatchObject({ state: "running", isOpen: true, targetsDone: 1 });
    const again = await follow(job);
    expect(await resultOf(again, done.key)).toBe(4);
    await join();
    await add(job, open);
    expect(await resultOf(again, open.key)).toBe(9);
  });
});

describe("small blocks", () => {
  it("come with the tasks that read them, and go with the lease", async () => {
    const job = await openJob();
    const worker = await join();
    const { bytes, ref } = makeBlock([1, 2, 3]);
    const task = square(2, ref);
    const blocks = [{ block: ref.block, bytes: encodeBase64(bytes) }];
    expect((await extend(job, { tasks: [task], targets: [task.key], blocks })).status).toBe(204);
    const lease = await worker.socket.next("lease", (message) => message.task === task.key);
    expect(lease.inputs).toMatchObject([{ ...ref, stored: true, bytes: encodeBase64(bytes) }]);
    expect(
      new Uint8Array(await (await http("GET", httpPaths.block(ref.block))).arrayBuffer()),
    ).toEqual(bytes);
  });

  it("are sent to a worker once, as long as it keeps them", async () => {
    const job = await openJob();
    const worker = await join();
    const { bytes, ref } = makeBlock([1]);
    const blocks = [{ block: ref.block, bytes: encodeBase64(bytes) }];
    const tasks = [square(2, ref), square(3, ref)];
    await extend(job, { tasks, targets: tasks.map(({ key }) => key), blocks });
    const leases = await Promise.all(
      tasks.map(({ key }) => worker.socket.next("lease", (message) => message.task === key)),
    );
    const sent = leases.map(({ inputs }) => inputs[0]?.bytes !== undefined);
    expect(sent.filter((isSent) => isSent)).toHaveLength(1);
  });

  it("whose bytes are others are refused, from clients and from workers", async () => {
    const job = await openJob();
    const { bytes } = makeBlock([1]);
    const blocks = [{ block: "0".repeat(64) as BlockId, bytes: encodeBase64(bytes) }];
    const refused = await extend(job, { blocks });
    expect(refused.status).toBe(422);
    const client = await follow(job);
    const worker = await ScriptedWorker.join(coordinator, { allowance: 0 });
    const task = square(2);
    await add(job, task);
    const { attempt } = await worker.socket.next("lease");
    const lie = { block: "0".repeat(64) as BlockId, sizeBytes: 1, bytes: "AA==" };
    const times = { computeMs: 1, fetchMs: 1, waitMs: 1, bytesFetched: 0 };
    worker.say({ type: "attempt-finished", attempt, outputs: [lie], ...times });
    expect(await failureOf(client, task.key)).toMatchObject({
      message: expect.stringMatching(/not those of block/),
    });
  });
});
