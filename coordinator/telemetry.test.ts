// What dashboards ask of the cluster's doings, of a real coordinator with scripted workers.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JobSubmission } from "../shared/graph/task.ts";
import { asJobId, asTaskKey, type JobId } from "../shared/ids.ts";
import { httpPaths } from "../shared/protocol/http.ts";
import {
  activitySchema,
  GRAPH_TASKS_MAX,
  linksSchema,
  systemSchema,
  type Activity,
} from "../shared/protocol/telemetry.ts";
import { CoordinatorFixture } from "./coordinator-fixture.ts";
import { httpOf, joinClient, ScriptedWorker, squaresJob } from "./scripted-pages.ts";
import { submitJob, watchToEnd } from "./scripted-pages.ts";
import type { Coordinator } from "./start-coordinator.ts";

let fixture: CoordinatorFixture;
let coordinator: Coordinator;

beforeEach(async () => {
  fixture = await CoordinatorFixture.create();
  coordinator = await fixture.start();
});
afterEach(() => fixture.remove());

const get = (path: string, token = coordinator.submitToken): Promise<Response> =>
  httpOf(coordinator, token)("GET", path);

const submit = (job: JobSubmission): Promise<JobId> => submitJob(coordinator, job);

async function finish(submission: JobSubmission): Promise<JobId> {
  const job = await submit(submission);
  await watchToEnd(await joinClient(coordinator), job);
  return job;
}

async function activity(since = 0, job?: JobId): Promise<Activity> {
  const response = await get(httpPaths.activity(since, job));
  expect(response.status).toBe(200);
  return activitySchema.parse(await response.json());
}

const unknownJob = asJobId(`j_${"x".repeat(22)}`);

describe("GET /api/activity", () => {
  it("tells attempts in the order of their ends, whole or from a number on", async () => {
    const worker = await ScriptedWorker.join(coordinator);
    const job = await finish(squaresJob(5));
    const all = await activity();
    expect(all).toMatchObject({ firstSeq: 0, nextSeq: 5, groups: ["test-square@1"], jobs: [job] });
    expect(all.workers).toEqual([{ worker: worker.worker, name: "Test machine" }]);
    expect(all.ended).toMatchObject({
      seq: [0, 1, 2, 3, 4],
      worker: [0, 0, 0, 0, 0],
      thread: [-1, -1, -1, -1, -1],
      fetchMs: [1, 1, 1, 1, 1],
      waitMs: [0.5, 0.5, 0.5, 0.5, 0.5],
      computeMs: [2, 2, 2, 2, 2],
      outcome: [0, 0, 0, 0, 0],
      isSpeculative: [0, 0, 0, 0, 0],
    });
    expect(all.live.attempt).toEqual([]);
    expect(all.ended.endMs.toSorted((a, b) => a - b)).toEqual(all.ended.endMs);
    const later = await activity(3);
    expect(later.ended.seq).toEqual([3, 4]);
    expect(later.run).toBe(all.run);
    expect((await activity(9)).ended.seq).toEqual([]);
    const some = activitySchema.parse(await (await get("/api/activity?limit=2")).json());
    expect(some.ended.seq).toEqual([0, 1]);
    expect(some.nextSeq).toBe(2);
  });

  it("tells those of one job", async () => {
    await ScriptedWorker.join(coordinator);
    const first = await finish(squaresJob(2));
    const second = await finish(squaresJob(3, 10));
    const ofSecond = await activity(0, second);
    expect(ofSecond.ended.seq).toEqual([2, 3, 4]);
    expect(ofSecond.nextSeq).toBe(5);
    const [place = -1] = ofSecond.ended.job;
    expect(ofSecond.jobs[place]).toBe(second);
    expect((await activity(0, first)).ended.seq).toEqual([0, 1]);
  });

  it("tells what is under way, and whether a thread has it", async () => {
    const worker = await ScriptedWorker.join(coordinator, { allowance: 0 });
    const job = await submit(squaresJob(2));
    const first = await worker.socket.next("lease");
    await worker.socket.next("lease", ({ attempt }) => attempt !== first.attempt);
    const status = {
      name: "Renamed machine",
      threads: 2,
      paused: false,
      hidden: false,
      runsFunctions: false,
      running: [first.attempt],
      cacheBytes: 0,
    };
    worker.say({ type: "status", ...status });
    worker.say({ type: "locate", blocks: [] });
    await worker.socket.next("located");
    const { live, nowMs } = await activity(0, job);
    expect(live.attempt).toHaveLength(2);
    expect(live.isRunning).toEqual([1, 0]);
    for (const grantedMs of live.grantedMs) expect(grantedMs).toBeLessThanOrEqual(nowMs);
    const other = await submit(squaresJob(1, 50));
    expect((await activity(0, other)).live.job).toEqual([1]);
  });

  it("tells failed, returned and cancelled ones apart", async () => {
    const worker = await ScriptedWorker.join(coordinator, { allowance: 0 });
    await submit({ ...squaresJob(4), onFailure: "go-on" });
    const next = worker.socket;
    await next.next("lease", () => next.heard.filter(({ type }) => type === "lease").length === 4);
    const attempts = next.heard.flatMap((said) => (said.type === "lease" ? [said.attempt] : []));
    const [failing, returning, dying] = attempts;
    if (failing === undefined || returning === undefined || dying === undefined) throw new Error();
    worker.say({
      type: "attempt-failed",
      attempt: failing,
      reason: "kernel-error",
      message: "Bang.",
      thread: 1,
      computeMs: 7,
    });
    worker.say({ type: "attempts-returned", attempts: [returning] });
    worker.say({ type: "locate", blocks: [] });
    await next.next("located");
    await next.close();
    await expect.poll(async () => (await activity()).nextSeq).toBeGreaterThanOrEqual(4);
    const { ended } = await activity();
    const outcomeOf = (attempt: number): unknown => ended.outcome[ended.attempt.indexOf(attempt)];
    expect([failing, returning, dying].map((attempt) => outcomeOf(attempt))).toEqual([1, 3, 2]);
    const at = ended.attempt.indexOf(failing);
    expect([ended.thread[at], ended.computeMs[at]]).toEqual([1, 7]);
  });

  it("begins a new run with a restart", async () => {
    await ScriptedWorker.join(coordinator);
    await finish(squaresJob(1));
    const { run } = await activity();
    await coordinator.close();
    coordinator = await fixture.start();
    const again = await activity(1);
    expect(again).toMatchObject({ nextSeq: 0, jobs: [], workers: [] });
    expect(again.run).not.toBe(run);
  });

  it("refuses a number that is none, and an unknown job", async () => {
    for (const query of ["since=-1", "since=x", "limit=0", "limit=20001", "job=nonsense"]) {
      expect((await get(`/api/activity?${query}`)).status, query).toBe(400);
    }
    expect((await get(httpPaths.activity(0, unknownJob))).status).toBe(404);
  });
});

describe("telemetry", () => {
  it("is for clients only", async () => {
    const key = asTaskKey("0".repeat(64));
    const paths = [
      httpPaths.activity(0),
      httpPaths.system(0),
      httpPaths.links,
      httpPaths.jobGroups(unknownJob),
      httpPaths.jobGraph(unknownJob),
      httpPaths.jobStates(unknownJob),
      httpPaths.task(unknownJob, key),
      httpPaths.attempt(1),
    ];
    for (const path of paths) {
      expect((await get(path, coordinator.joinToken)).status, path).toBe(401);
      expect((await get(path, "")).status, path).toBe(401);
    }
    for (const path of paths.slice(3)) expect((await get(path)).status, path).toBe(404);
    expect((await get("/api/attempts/none")).status).toBe(400);
    expect((await get(`/api/jobs/${unknownJob}/tasks/none`)).status).toBe(400);
  });

  it("tells figures of the system second by second", async () => {
    await ScriptedWorker.join(coordinator);
    await finish(squaresJob(20));
    const history = async (since: number) =>
      systemSchema.parse(await (await get(httpPaths.system(since))).json());
    await expect
      .poll(async () => (await history(0)).nextSeq, { timeout: 10_000 })
      .toBeGreaterThan(0);
    const { samples, about, nextSeq } = await history(0);
    const sum = (values: readonly number[]): number => values.reduce((a, b) => a + b, 0);
    expect(sum(samples.tasksDone)).toBe(20);
    expect(sum(samples.computeMs)).toBe(40);
    expect(sum(samples.messagesIn)).toBeGreaterThanOrEqual(22);
    expect(sum(samples.messagesOut)).toBeGreaterThanOrEqual(22);
    expect(sum(samples.bytesIn)).toBeGreaterThan(10_000);
    expect(sum(samples.bytesOut)).toBeGreaterThan(10_000);
    expect(samples.machines.at(-1)).toBe(1);
    expect(samples.threads.at(-1)).toBe(2);
    expect(samples.residentBytes.at(-1)).toBeGreaterThan(10e6);
    expect(samples.storeBytes.at(-1)).toBeGreaterThan(20 * 136);
    expect(about.node).toBe(process.version);
    expect((await history(nextSeq + 5)).samples.atMs).toEqual([]);
    expect((await get("/api/system?since=-1")).status).toBe(400);
  });

  it("tells who received bytes from whom", async () => {
    const receiver = await ScriptedWorker.join(coordinator);
    const sender = await ScriptedWorker.join(coordinator);
    const client = await joinClient(coordinator);
    const { peer } = await sender.socket.next("welcome");
    const ofClient = (await client.next("welcome")).peer;
    const link = { state: "open", bytesSent: 1, bytesPerMs: 12.5, why: null } as const;
    const why = "UDP is blocked.";
    receiver.say({
      type: "links",
      links: [
        { ...link, peer, bytesReceived: 100 },
        { ...link, peer: null, bytesReceived: 7, bytesPerMs: null },
        { ...link, peer: ofClient, bytesReceived: 9, state: "failed", why },
      ],
    });
    receiver.say({ type: "locate", blocks: [] });
    await receiver.socket.next("located");
    const { links } = linksSchema.parse(await (await get(httpPaths.links)).json());
    const to = receiver.worker;
    expect(links).toEqual([
      { to, from: sender.worker, state: "open", bytes: 100, bytesPerMs: 12.5, why: null },
      { to, from: null, state: "open", bytes: 7, bytesPerMs: null, why: null },
    ]);
    await receiver.socket.close();
    await expect
      .poll(async () => linksSchema.parse(await (await get(httpPaths.links)).json()).links)
      .toEqual([]);
  });

  it("shows a job of very many tasks by groups only", async () => {
    const job = await submit(squaresJob(GRAPH_TASKS_MAX + 1));
    for (const path of [httpPaths.jobGraph(job), httpPaths.jobStates(job)]) {
      const response = await get(path);
      expect(response.status).toBe(422);
      expect(await response.json()).toMatchObject({
        detail: "This job has 20001 tasks; jobs of more than 20000 are shown by groups only.",
      });
    }
    const groups = (await (await get(httpPaths.jobGroups(job))).json()) as object;
    expect(groups).toMatchObject({ groups: [{ total: 20_001, ready: 20_001 }] });
  });
});
