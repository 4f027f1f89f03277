// Open jobs whose clients went away: when they end, what is left of them, and what a client that returns finds.
import { join } from "node:path";
import Libsql from "libsql";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createVirtualClock } from "../shared/data-plane/virtual-clock.ts";
import { asJobId, asTaskKey, type JobId } from "../shared/ids.ts";
import { httpPaths } from "../shared/protocol/http.ts";
import { ABANDONED_AFTER_MS, AbandonedJobs } from "./abandoned-jobs.ts";
import { connect, type Cluster, type Future, type JobView } from "./client.ts";
import { CoordinatorFixture } from "./coordinator-fixture.ts";
import { JobBook } from "./job-book.ts";
import { httpOf, joinClient, makeTask, ScriptedWorker, squaresJob } from "./scripted-pages.ts";
import type { Coordinator } from "./start-coordinator.ts";
import { CuttableLine } from "./testing/cuttable-line.ts";
import { FunctionWorker } from "./testing/function-worker.ts";

const MINUTE_MS = 60_000;
const EMPTY = { released: [], retried: [], tasks: [], targets: [] };

function watchOver(...names: string[]) {
  const book = new JobBook(() => []);
  const clock = createVirtualClock();
  const followed = new Set<JobId>();
  const ended: JobId[] = [];
  const jobs = names.map((name) => {
    const row = {
      job: asJobId(`j_${name.repeat(22)}`),
      head: { kind: "session", title: name, meta: null, priority: 0 },
      submittedAtMs: 0,
      timing: { computeMs: 0, fetchMs: 0, waitMs: 0, bytesMoved: 0, workers: [] },
      isOpen: name !== "z",
      unattendedMs: 0,
    };
    return book.open(row, { tasks: [], targets: [] }, [], false);
  });
  const abandoned = new AbandonedJobs({
    book,
    isFollowed: (job) => followed.has(job),
    end: ({ job }) => {
      ended.push(job);
      book.forget(job);
    },
    clock,
    abandonedAfterMs: ABANDONED_AFTER_MS,
  });
  abandoned.start();
  return { book, clock, followed, ended, jobs, abandoned };
}

describe("an open job that nobody attends", () => {
  it("ends after an hour; one that is not open, followed or extended does not", async () => {
    const { book, clock, followed, ended, jobs } = watchOver("a", "b", "c", "z");
    const [a, b, c] = jobs;
    if (a === undefined || b === undefined || c === undefined) throw new Error("jobs");
    followed.add(b.job);
    await clock.advance(30 * MINUTE_MS);
    book.extend(c, EMPTY);
    await clock.advance(29 * MINUTE_MS);
    expect(ended).toEqual([]);
    await clock.advance(MINUTE_MS);
    expect(ended).toEqual([a.job]);
    await clock.advance(30 * MINUTE_MS);
    expect(ended).toEqual([a.job, c.job]);
    followed.clear();
    await clock.advance(60 * MINUTE_MS);
    expect(ended).toEqual([a.job, c.job, b.job]);
  });

  it("goes on while something of it is left to run, however long", async () => {
    const { book, clock, ended, jobs } = watchOver("a");
    const [job] = jobs;
    if (job === undefined) throw new Error("job");
    const targets = [asTaskKey("1".repeat(64)), asTaskKey("2".repeat(64))] as const;
    book.extend(job, { ...EMPTY, targets });
    book.targetReady(job.job, { task: targets[0], outputs: [] });
    await clock.advance(500 * MINUTE_MS);
    expect(ended).toEqual([]);
    const story = { message: "no", error: null, cause: targets[1], sentences: [] };
    book.targetFailed(job.job, { task: targets[1], ...story });
    await clock.advance(MINUTE_MS);
    expect(ended).toEqual([job.job]);
  });

  it("is to be saved with the time that counts, and begins anew with whoever comes", async () => {
    const { book, clock, jobs } = watchOver("a");
    await clock.advance(5 * MINUTE_MS);
    expect(book.takeUnsaved()).toMatchObject([{ unattendedMs: 5 * MINUTE_MS }]);
    expect(book.takeUnsaved()).toEqual([]);
    book.attend(jobs[0]?.job ?? asJobId(""));
    expect(book.takeUnsaved()).toMatchObject([{ unattendedMs: 0 }]);
  });

  it("makes room at once when there are too many, if nobody came since the last look", async () => {
    const { book, clock, followed, ended, jobs, abandoned } = watchOver("a", "b", "c");
    abandoned.makeRoom();
    expect(ended).toEqual([]);
    followed.add(jobs[1]?.job ?? asJobId(""));
    await clock.advance(MINUTE_MS);
    book.attend(jobs[2]?.job ?? asJobId(""));
    abandoned.makeRoom();
    expect(ended).toEqual([jobs[0]?.job]);
  });

  it("is looked after no more once that is closed", async () => {
    const { clock, ended, abandoned } = watchOver("a");
    abandoned.close();
    await clock.advance(100 * MINUTE_MS);
    expect(ended).toEqual([]);
  });
});

describe("over real sockets, a client that sleeps for longer", () => {
  let fixture: CoordinatorFixture;
  let coordinator: Coordinator;
  let line: CuttableLine;
  const clusters: Cluster[] = [];
  const abandonedAfterMs = 300;

  beforeEach(async () => {
    fixture = await CoordinatorFixture.create();
    coordinator = await fixture.start({ abandonedAfterMs });
    line = await CuttableLine.to(() => coordinator.port);
  });
  afterEach(async () => {
    await Promise.all(clusters.splice(0).map((cluster) => cluster.close()));
    await line.close();
    await fixture.remove();
  });

  async function open(url: string): Promise<Cluster> {
    const cluster = await connect(url, { token: coordinator.submitToken });
    clusters.push(cluster);
    return cluster;
  }
  const direct = () => `http://127.0.0.1:${coordinator.port}`;
  const endedJob = async (): Promise<JobView> => {
    const observer = await joinClient(coordinator);
    const isOver = ({ finishedAtMs }: JobView): boolean => finishedAtMs !== null;
    const { jobs } = await observer.next("cluster", (view) => view.jobs.some(isOver));
    const found = jobs.find(isOver);
    await observer.close();
    if (found === undefined) throw new Error("no job");
    return found;
  };
  const square = (n: number): number => n * n;
  const large = (n: number): Float64Array => new Float64Array(20_000).fill(n);

  it("goes on without an error, its results are kept, and anybody can take them up", async () => {
    await FunctionWorker.join(coordinator);
    const cluster = await open(line.url);
    const done = cluster.submit(square, 3);
    const kept = cluster.submit(large, 7);
    const failed = cluster.submit(() => {
      throw new RangeError("no");
    });
    await Promise.all([done, kept, failed].map((future) => future.settled()));
    line.cut();
    const left = await endedJob();
    expect(left).toMatchObject({ state: "failed", isOpen: false, targetsTotal: 3 });

    // Asked for while it is away, of results of the job that is over.
    const next = cluster.submit(
      (a: number, b: Float64Array) => a + (b[0] ?? 0),
      done,
      kept as never,
    );
    failed.retry();
    line.mend();
    expect(await next.result()).toBe(16);
    await expect(failed.result()).rejects.toThrow("no");
    expect((await kept.result())[0]).toBe(7);
    const jobs = await cluster.jobs();
    // The one that took its place may have been abandoned as well, before the connection was back.
    expect(jobs.length).toBeGreaterThan(1);
    expect(jobs.find(({ job }) => job === left.job)?.isOpen).toBe(false);

    const { futures } = await (await open(direct())).attach(left.job);
    const outcomes = await Promise.allSettled(futures.map((future: Future) => future.result()));
    expect(outcomes).toMatchObject([
      { value: 9 },
      { value: { length: 20_000 } },
      { reason: { message: "no" } },
    ]);
  });

  it("finds nothing of a job of which it wanted nothing any more, and opens another one", async () => {
    await FunctionWorker.join(coordinator);
    const cluster = await open(line.url);
    const future = cluster.submit(square, 3);
    expect(await future.result()).toBe(9);
    future.release();
    const observer = await joinClient(coordinator);
    await observer.next("cluster", ({ jobs }) => jobs[0]?.targetsTotal === 0);
    line.cut();
    observer.heard.length = 0;
    await observer.next("cluster", ({ jobs }) => jobs.length === 0);
    line.mend();
    expect(await cluster.submit(square, 4).result()).toBe(16);
  });

  it("is counted on for as long as before when the coordinator is started again", async () => {
    const http = httpOf(coordinator, coordinator.submitToken);
    const task = makeTask({ kernel: "test@1", params: null, inputs: [] });
    const submission = { ...squaresJob(0), tasks: [task], targets: [task.key], isOpen: true };
    await http("POST", httpPaths.jobs, submission);
    const hasCounted = (): boolean => {
      const database = new Libsql(join(fixture.dataDir, "journal.sqlite"));
      const { unattended_ms: ms } = database.prepare("SELECT unattended_ms FROM jobs").get() as {
        unattended_ms: number;
      };
      // All but half a minute has gone by.
      database.exec("UPDATE jobs SET unattended_ms = 29800 WHERE unattended_ms > 0");
      database.close();
      return ms > 0;
    };
    // What was counted is saved at the end, if not before.
    await new Promise((resolve) => setTimeout(resolve, 100));
    await coordinator.close();
    expect(hasCounted()).toBe(true);
    coordinator = await fixture.start({ abandonedAfterMs: 30_000 });
    const worker = await ScriptedWorker.join(coordinator, { allowance: 0 });
    const { attempt } = await worker.socket.next("lease");
    const [reason, message] = ["kernel-error", "It broke."] as const;
    worker.say({ type: "attempt-failed", attempt, reason, message });
    const again = await worker.socket.next("lease", (lease) => lease.attempt !== attempt);
    worker.say({ type: "attempt-failed", attempt: again.attempt, reason, message });
    expect(await endedJob()).toMatchObject({ isOpen: false, state: "failed" });
  });
});
