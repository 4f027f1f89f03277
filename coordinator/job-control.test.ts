// Priority of jobs and trying failed work again, over HTTP, with scripted workers and restarts.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JobSubmission } from "../shared/graph/task.ts";
import type { JobId, WorkerId } from "../shared/ids.ts";
import { httpPaths } from "../shared/protocol/http.ts";
import type { JobView } from "../shared/protocol/messages.ts";
import { CoordinatorFixture } from "./coordinator-fixture.ts";
import {
  answerOf,
  freshWorkerId,
  httpOf,
  joinClient,
  makeTask,
  ScriptedWorker,
  squaresJob,
  submitJob,
  watchToEnd,
} from "./scripted-pages.ts";
import type { Coordinator } from "./start-coordinator.ts";

let fixture: CoordinatorFixture;
let coordinator: Coordinator;

beforeEach(async () => {
  fixture = await CoordinatorFixture.create();
  coordinator = await fixture.start();
});
afterEach(() => fixture.remove());

const call = (method: string, path: string, body?: object): Promise<Response> =>
  httpOf(coordinator, coordinator.submitToken)(method, path, body);

async function restart(): Promise<void> {
  await coordinator.close();
  coordinator = await fixture.start();
}

const submit = (job: JobSubmission): Promise<JobId> => submitJob(coordinator, job);

async function viewOf(job: JobId): Promise<JobView> {
  return (await (await call("GET", httpPaths.job(job))).json()) as JobView;
}

const prioritise = (job: JobId, priority: number): Promise<string> =>
  answerOf(call("POST", httpPaths.jobPriority(job), { priority }));
const retry = (job: JobId, how: object = {}): Promise<string> =>
  answerOf(call("POST", httpPaths.jobRetry(job), how));

async function untilJob(job: JobId, fits: (view: JobView) => boolean): Promise<JobView> {
  const client = await joinClient(coordinator);
  const { jobs } = await client.next("cluster", (message) =>
    message.jobs.some((view) => view.job === job && fits(view)),
  );
  const view = jobs.find((one) => one.job === job);
  if (view === undefined) throw new Error("The job is in the view.");
  return view;
}

const noSuchJob = httpPaths.jobPriority(`j_${"x".repeat(22)}` as JobId);

describe("the priority of a job", () => {
  it("decides who begins first, is shown, and outlives a restart", async () => {
    const first = await submit(squaresJob(2));
    const second = await submit(squaresJob(2, 100));
    expect(await prioritise(second, 5)).toBe("204");
    expect(await viewOf(second)).toMatchObject({ priority: 5, state: "running" });
    await restart();
    expect(await viewOf(second)).toMatchObject({ priority: 5 });
    const worker = await ScriptedWorker.join(coordinator);
    await watchToEnd(await joinClient(coordinator), first);
    expect(worker.computed).toEqual([100, 101, 0, 1]);
    expect(await prioritise(second, 1)).toBe("409 This job has ended already.");
  });

  it("is refused in plain words", async () => {
    const job = await submit(squaresJob(1));
    expect(await prioritise(job, 1e6)).toMatch(/^400 The priority is not valid at priority/);
    expect(await answerOf(call("POST", noSuchJob, { priority: 1 }))).toBe(
      "404 There is no such job; it may have been deleted.",
    );
  });
});

describe("a job that failed", () => {
  /** Three squares, of which the last cannot be had from this worker. */
  async function failedJob(worker?: WorkerId): Promise<{ page: ScriptedWorker; job: JobId }> {
    const page = await ScriptedWorker.join(coordinator, worker === undefined ? {} : { worker });
    page.failing.add(2);
    const job = await submit(squaresJob(3));
    const { failure } = await untilJob(job, ({ state }) => state === "failed");
    expect(failure?.message).toContain("No square of 2.");
    return { page, job };
  }

  it("runs on when it is tried again, without what was done", async () => {
    const { page, job } = await failedJob();
    page.failing.clear();
    expect(await retry(job)).toBe("204");
    const results = await watchToEnd(await joinClient(coordinator), job);
    expect(results.size).toBe(3);
    expect(page.computed).toEqual([0, 1, 2]);
    expect(await viewOf(job)).toMatchObject({ state: "done", failure: null, tasksDone: 3 });
    expect(await retry(job)).toBe(
      "409 This job is done: nothing of it has failed, so there is nothing to try again.",
    );
  });

  it("can be tried again after a restart, and goes on over another", async () => {
    const { page, job } = await failedJob();
    // What is stored survives for sure.
    for (const block of page.blocks.keys()) {
      expect((await call("GET", httpPaths.block(block))).status).toBe(200);
    }
    await restart();
    expect(await retry(job)).toBe("204");
    expect(await viewOf(job)).toMatchObject({
      state: "running",
      finishedAtMs: null,
      failure: null,
      tasksTotal: 3,
      tasksDone: 2,
    });
    await restart();
    expect(await viewOf(job)).toMatchObject({ state: "running", tasksDone: 2 });
    const again = await ScriptedWorker.join(coordinator);
    await watchToEnd(await joinClient(coordinator), job);
    expect(again.computed).toEqual([2]);
  });

  it("is tried elsewhere when asked to, also after a restart", async () => {
    const worker = freshWorkerId();
    const { job } = await failedJob(worker);
    await restart();
    expect(await retry(job, { elsewhere: true })).toBe("204");
    await call("POST", httpPaths.jobAction(job, "pause"));
    await restart();
    // The first to join would have it, were it not the one to be avoided.
    const before = await ScriptedWorker.join(coordinator, { worker });
    before.failing.add(2);
    const other = await ScriptedWorker.join(coordinator);
    await call("POST", httpPaths.jobAction(job, "resume"));
    await watchToEnd(await joinClient(coordinator), job);
    expect(other.computed).toContain(2);
    expect(await viewOf(job)).toMatchObject({ state: "done" });
  });

  it("is tried where it failed when there is nowhere else", async () => {
    const { page, job } = await failedJob();
    page.failing.clear();
    expect(await retry(job, { elsewhere: true })).toBe("204");
    await watchToEnd(await joinClient(coordinator), job);
    expect(page.computed).toEqual([0, 1, 2]);
  });

  it("is tried again whole, and says so when only other tasks are named", async () => {
    const { page, job } = await failedJob();
    const [first, , last] = squaresJob(3).targets;
    expect(await retry(job, { tasks: [first] })).toMatch(/^409 This job has ended, so everything/);
    page.failing.clear();
    expect(await retry(job, { tasks: [last] })).toBe("204");
    await watchToEnd(await joinClient(coordinator), job);
  });

  it("cannot run on when it was cancelled, or never was", async () => {
    const job = await submit(squaresJob(1));
    await call("POST", httpPaths.jobAction(job, "cancel"));
    expect(await retry(job)).toBe(
      "409 This job was cancelled. Start it anew instead of trying it again.",
    );
    expect(await retry(`j_${"x".repeat(22)}` as JobId)).toMatch(/^404/);
  });
});

describe("a job that goes on", () => {
  /** Of three squares the first fails, the second is done, and the third is not begun. */
  async function goingOn(page: ScriptedWorker): Promise<{ job: JobId; submission: JobSubmission }> {
    const squares = squaresJob(3);
    const tasks = squares.tasks.map((task) => ({ ...task, retries: 0 }));
    const submission: JobSubmission = { ...squares, tasks, onFailure: "go-on" };
    page.failing.add(0);
    page.allowance = 1;
    const job = await submit(submission);
    await untilJob(job, ({ targetsFailed, targetsDone }) => targetsFailed + targetsDone === 2);
    return { job, submission };
  }

  it("tries its failed targets again while it runs", async () => {
    const page = await ScriptedWorker.join(coordinator);
    const { job, submission } = await goingOn(page);
    const [first, second] = submission.targets;
    expect(await retry(job, { tasks: [second] })).toBe(
      "409 None of these tasks has failed, so there is nothing to try again.",
    );
    page.failing.clear();
    expect(await retry(job, { tasks: [first], elsewhere: true })).toBe("204");
    expect(await viewOf(job)).toMatchObject({ targetsFailed: 0, state: "running" });
    expect(await retry(job)).toBe(
      "409 Nothing of this job has failed, so there is nothing to try again.",
    );
    await restart();
    await ScriptedWorker.join(coordinator);
    expect((await watchToEnd(await joinClient(coordinator), job)).size).toBe(3);
  });

  it("runs on when it had ended with failures", async () => {
    const page = await ScriptedWorker.join(coordinator);
    page.failing.add(1);
    const one = makeTask({ kernel: "test-square@1", params: { value: 1 }, inputs: [] });
    const job = await submit({ ...squaresJob(3), onFailure: "go-on" });
    await untilJob(job, ({ state }) => state === "failed");
    page.failing.clear();
    await restart();
    const again = await ScriptedWorker.join(coordinator);
    expect(await retry(job, { tasks: [one.key] })).toBe("204");
    expect((await watchToEnd(await joinClient(coordinator), job)).size).toBe(3);
    expect(again.computed).toEqual([1]);
  });
});
