// Groups, graph, states and stories of a job's tasks: while it runs, at its end, after a restart.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JobExtension, JobSubmission, Task } from "../shared/graph/task.ts";
import { asTaskKey, type JobId, type TaskKey } from "../shared/ids.ts";
import { httpPaths } from "../shared/protocol/http.ts";
import {
  activitySchema,
  jobGraphSchema,
  jobGroupsSchema,
  taskStatesSchema,
  taskStorySchema,
  type JobGraph,
  type JobGroups,
  type TaskStates,
  type TaskStory,
} from "../shared/protocol/telemetry.ts";
import { CoordinatorFixture } from "./coordinator-fixture.ts";
import { httpOf, joinClient, makeBlock, makeTask } from "./scripted-pages.ts";
import { ScriptedWorker, submitJob, watchToEnd } from "./scripted-pages.ts";
import type { Coordinator } from "./start-coordinator.ts";
import { FunctionWorker } from "./testing/function-worker.ts";
import { connect } from "./client.ts";

let fixture: CoordinatorFixture;
let coordinator: Coordinator;

beforeEach(async () => {
  fixture = await CoordinatorFixture.create();
  coordinator = await fixture.start();
});
afterEach(() => fixture.remove());

const http = (method: string, path: string, body?: object): Promise<Response> =>
  httpOf(coordinator, coordinator.submitToken)(method, path, body);

async function read<T>(path: string, schema: { parse(value: unknown): T }): Promise<T> {
  const response = await http("GET", path);
  const value: unknown = await response.json();
  expect(response.status, JSON.stringify(value)).toBe(200);
  return schema.parse(value);
}

const groupsOf = (job: JobId): Promise<JobGroups> =>
  read(httpPaths.jobGroups(job), jobGroupsSchema);
const graphOf = (job: JobId): Promise<JobGraph> => read(httpPaths.jobGraph(job), jobGraphSchema);
const statesOf = (job: JobId): Promise<TaskStates> =>
  read(httpPaths.jobStates(job), taskStatesSchema);
const storyOf = (job: JobId, task: TaskKey): Promise<TaskStory> =>
  read(httpPaths.task(job, task), taskStorySchema);

const submit = (change: Partial<JobSubmission>): Promise<JobId> => {
  const bare = { kind: "test", title: "A test", meta: null, priority: 0, tasks: [], targets: [] };
  return submitJob(coordinator, { ...bare, ...change });
};

const ended = async (job: JobId): Promise<JobId> => {
  await watchToEnd(await joinClient(coordinator), job);
  return job;
};

async function restart(): Promise<void> {
  await coordinator.close();
  coordinator = await fixture.start();
}

const square = (value: number, inputs: Task["inputs"] = [], group?: string): Task => ({
  ...makeTask({ kernel: "test-square@1", params: { value }, inputs }),
  retries: 0,
  ...(group === undefined ? {} : { group }),
});
const output = (task: Task) => ({ task: task.key, output: 0 });

/** Two read one, and a third reads both of them. */
function diamond(): readonly [Task, Task, Task, Task] {
  const top = square(1);
  const left = square(2, [output(top)], "sides");
  const right = square(3, [output(top), output(top)], "sides");
  return [top, left, right, square(4, [output(left), output(right)])];
}

const counts = { waiting: 0, ready: 0, leased: 0, done: 0, failed: 0 };

describe("a job's tasks from above", () => {
  it("are told while it runs", async () => {
    const tasks = diamond();
    const [top, left, right, last] = tasks;
    const unneeded = square(99);
    const job = await submit({ tasks: [...tasks, unneeded], targets: [last.key, left.key] });
    expect(await graphOf(job)).toMatchObject({
      groups: ["test-square@1", "sides"],
      tasks: [top.key, left.key, right.key, last.key],
      group: [0, 1, 1, 0],
      inputs: [0, 0, 1, 2],
      inputsEnd: [0, 1, 2, 4],
      isTarget: [0, 1, 0, 1],
    });
    const { revision } = await graphOf(job);
    expect(await statesOf(job)).toEqual({ revision, states: "rwww" });
    await ScriptedWorker.join(coordinator, { allowance: 1 });
    await expect.poll(async () => (await statesOf(job)).states).toBe("dllw");
    await expect
      .poll(async () => (await groupsOf(job)).groups)
      .toMatchObject([
        { name: "test-square@1", total: 2, ...counts, done: 1, waiting: 1, computeMs: 2 },
        { name: "sides", total: 2, ...counts, leased: 2, computeMs: 0, tasksPerSecond: 0 },
      ]);
    const { edges } = await groupsOf(job);
    expect(edges).toEqual([
      { from: 0, to: 1, inputs: 3 },
      { from: 1, to: 0, inputs: 2 },
    ]);
  });

  it("are told when it has ended, and after a restart", async () => {
    await ScriptedWorker.join(coordinator);
    const tasks = diamond();
    const job = await submit({ tasks, targets: [tasks[3].key] });
    const { revision: _, ...graph } = await graphOf(job);
    await ended(job);
    const check = async (): Promise<void> => {
      expect(await graphOf(job)).toEqual({ revision: "ended", ...graph });
      expect(await statesOf(job)).toEqual({ revision: "ended", states: "dddd" });
      expect((await groupsOf(job)).groups).toEqual([
        { name: "test-square@1", total: 2, ...counts, done: 2, computeMs: 4, tasksPerSecond: 0 },
        { name: "sides", total: 2, ...counts, done: 2, computeMs: 4, tasksPerSecond: 0 },
      ]);
    };
    await check();
    await restart();
    await check();
  });

  it("tell what failed with a task, and what was cancelled", async () => {
    const worker = await ScriptedWorker.join(coordinator);
    worker.failing.add(2);
    const tasks = diamond();
    const far = square(50, [output(square(49))]);
    const all = [...tasks, square(49), far];
    const job = await submit({ tasks: all, targets: [tasks[3].key, far.key] });
    await ended(job);
    const { states } = await statesOf(job);
    expect(states.slice(0, 4)).toMatch(/^df[dc]f$/);
    expect(states.slice(4)).toMatch(/^[dc]c$/);
    await restart();
    expect((await statesOf(job)).states).toBe(states);
  });

  it("have another revision when an open job is extended, and leave out what it dropped", async () => {
    await ScriptedWorker.join(coordinator);
    const [one, two] = [square(1), square(2, [output(square(1))])];
    const job = await submit({ tasks: [one], targets: [one.key], isOpen: true });
    await expect.poll(async () => (await statesOf(job)).states).toBe("d");
    const before = await graphOf(job);
    const change: JobExtension = { released: [], retried: [], tasks: [two], targets: [two.key] };
    expect((await http("POST", httpPaths.jobTasks(job), change)).status).toBe(204);
    const after = await graphOf(job);
    expect(after.tasks).toEqual([one.key, two.key]);
    expect(after.revision).not.toBe(before.revision);
    await expect.poll(async () => (await statesOf(job)).states).toBe("dd");
    const release = { ...change, tasks: [], targets: [], released: [one.key, two.key] };
    expect((await http("POST", httpPaths.jobTasks(job), release)).status).toBe(204);
    expect((await graphOf(job)).tasks).toEqual([]);
    expect((await groupsOf(job)).groups).toEqual([]);
    // Its result and its attempt are remembered all the same.
    expect(await storyOf(job, two.key)).toMatchObject({
      kernel: "test-square@1",
      state: "done",
      outputBytes: makeBlock([4]).ref.sizeBytes,
      attempts: [{ outcome: "finished" }],
    });
  });
});

describe("the story of a task", () => {
  it("tells of a running one what it reads, who reads it, and who works on it", async () => {
    const worker = await ScriptedWorker.join(coordinator, { allowance: 1 });
    const { bytes, ref } = makeBlock([1, 2, 3]);
    await httpOf(coordinator, coordinator.submitToken)("PUT", httpPaths.block(ref.block), bytes);
    const top = square(1, [ref]);
    const middle = square(2, [output(top), ref], "middle");
    const last = square(3, [output(middle)]);
    const job = await submit({ tasks: [top, middle, last], targets: [last.key] });
    await worker.socket.next("lease", ({ task }) => task === middle.key);
    const story = await storyOf(job, middle.key);
    const sizeBytes = makeBlock([1]).ref.sizeBytes;
    expect(story).toEqual({
      job,
      task: middle.key,
      kernel: "test-square@1",
      group: "middle",
      state: "leased",
      isTarget: false,
      reads: [top.key],
      readBy: [last.key],
      inputBytes: sizeBytes + ref.sizeBytes,
      outputBytes: null,
      attempts: [
        {
          attempt: expect.any(Number),
          worker: worker.worker,
          name: "Test machine",
          outcome: null,
          isSpeculative: false,
          grantedMs: expect.any(Number),
          endMs: null,
          fetchMs: null,
          waitMs: null,
          computeMs: null,
          why: null,
        },
      ],
      sentences: [],
      error: null,
    });
    const [attempt] = story.attempts;
    expect(await read(httpPaths.attempt(attempt?.attempt ?? 0), taskStorySchema)).toEqual(story);
    expect(await storyOf(job, top.key)).toMatchObject({ state: "done", outputBytes: sizeBytes });
    expect(await storyOf(job, last.key)).toMatchObject({ state: "waiting", isTarget: true });
  });

  it("tells what a forgiven failure was, and what came of it", async () => {
    const small = await ScriptedWorker.join(coordinator);
    let failures = 0;
    small.socket.onMessage = (message) => {
      if (message.type !== "lease" || failures > 0) return;
      const { attempt } = message;
      failures += 1;
      small.say({ type: "attempt-failed", attempt, reason: "out-of-memory", message: "Too big." });
    };
    const task = { ...square(7), retries: 5 };
    const job = await submit({ tasks: [task], targets: [task.key] });
    await expect.poll(async () => (await storyOf(job, task.key)).sentences[0]).toMatch(/Too big/);
    small.say({ type: "leave" });
    const large = await ScriptedWorker.join(coordinator);
    await ended(job);
    const { attempts, sentences, state } = await storyOf(job, task.key);
    expect(state).toBe("done");
    expect(attempts).toMatchObject([
      { outcome: "failed", worker: small.worker, why: "out-of-memory: Too big." },
      { outcome: "returned", worker: small.worker, why: null },
      { outcome: "finished", worker: large.worker, why: null },
    ]);
    expect(sentences).toEqual([
      `Attempt ${attempts[0]?.attempt} on Test machine failed (out-of-memory: Too big.).`,
    ]);
  });

  it("tells of a failed one and of those that it doomed why, also after a restart", async () => {
    const worker = await ScriptedWorker.join(coordinator);
    worker.failing.add(2);
    const tasks = diamond();
    const [top, left, , last] = tasks;
    const good = square(60);
    const targets = [last.key, good.key];
    const goingOn = { tasks: [...tasks, good], targets, onFailure: "go-on" } as const;
    const job = await ended(await submit(goingOn));
    const ending = await ended(await submit({ tasks, targets: [last.key] }));
    const error = { name: "RangeError", message: "No square of 2.", stack: "at square" };
    const check = async (of: JobId): Promise<void> => {
      const story = await storyOf(of, left.key);
      expect(story).toMatchObject({ state: "failed", outputBytes: null, error, reads: [top.key] });
      expect(story.readBy).toEqual([last.key]);
      expect(story.sentences).toEqual([
        expect.stringMatching(/^Attempt \d+ on w_\S+ failed \(kernel-error\): No square of 2\.$/),
        expect.stringMatching(/failed once; nothing asked for it to be tried again\.$/),
      ]);
      const doomed = await storyOf(of, last.key);
      expect(doomed).toMatchObject({ state: "failed", isTarget: true, error });
      expect(doomed.sentences).toEqual([
        `It needs task ${left.key.slice(0, 8)}, which failed.`,
        ...story.sentences,
      ]);
      expect((await storyOf(of, top.key)).state).toBe("done");
    };
    await check(job);
    await check(ending);
    // One in each job.
    const failed = { outcome: "failed", why: "kernel-error: No square of 2." };
    expect((await storyOf(job, left.key)).attempts).toMatchObject([failed, failed]);
    await restart();
    await check(job);
    await check(ending);
    expect((await storyOf(job, good.key)).state).toBe("done");
    expect((await storyOf(job, left.key)).attempts).toEqual([]);
  });

  it("tells those who watch an ended job of its failures after a restart, too", async () => {
    const worker = await ScriptedWorker.join(coordinator);
    worker.failing.add(1);
    const tasks = [square(1), square(2, [output(square(1))]), square(3)];
    const targets = tasks.map(({ key }) => key);
    const job = await submit({ tasks, targets, onFailure: "go-on" });
    const failuresHeard = async (): Promise<unknown> => {
      const client = await joinClient(coordinator);
      await watchToEnd(client, job);
      const late = await joinClient(coordinator);
      await watchToEnd(late, job);
      return late.heard.flatMap((said) => (said.type === "job-results" ? said.failures : []));
    };
    const before = await failuresHeard();
    expect(before).toMatchObject([
      { task: targets[0], error: { name: "RangeError" } },
      { task: targets[1], error: { name: "RangeError" } },
    ]);
    await restart();
    expect(await failuresHeard()).toEqual(before);
  });

  it("forgets a failure that was tried again with success", async () => {
    const worker = await ScriptedWorker.join(coordinator);
    worker.failing.add(5);
    const task = square(5);
    const job = await submit({ tasks: [task], targets: [task.key], isOpen: true });
    await expect.poll(async () => (await storyOf(job, task.key)).state).toBe("failed");
    expect((await storyOf(job, task.key)).error).toMatchObject({ name: "RangeError" });
    worker.failing.clear();
    const nothing = { released: [], tasks: [], targets: [] };
    await http("POST", httpPaths.jobTasks(job), { ...nothing, retried: [task.key] });
    await expect.poll(async () => (await storyOf(job, task.key)).state).toBe("done");
    await http("POST", httpPaths.jobAction(job, "close"));
    await ended(job);
    const told = async (): Promise<unknown> => {
      const client = await joinClient(coordinator);
      await watchToEnd(client, job);
      return client.heard.flatMap((said) => (said.type === "job-results" ? said.failures : []));
    };
    expect(await told()).toEqual([]);
    await restart();
    expect(await told()).toEqual([]);
    expect((await statesOf(job)).states).toBe("d");
  });

  it("is another when a failed job runs on", async () => {
    const worker = await ScriptedWorker.join(coordinator);
    worker.failing.add(2);
    const tasks = diamond();
    const [, left, , last] = tasks;
    const job = await ended(await submit({ tasks, targets: [last.key] }));
    expect((await storyOf(job, last.key)).state).toBe("failed");
    worker.failing.clear();
    expect((await http("POST", httpPaths.jobRetry(job), {})).status).toBe(204);
    await ended(job);
    const check = async (): Promise<void> => {
      expect((await statesOf(job)).states).toBe("dddd");
      expect(await storyOf(job, last.key)).toMatchObject({ state: "done", error: null });
      const { sentences, state } = await storyOf(job, left.key);
      expect(state).toBe("done");
      for (const sentence of sentences) expect(sentence).toMatch(/^Attempt \d+ on Test machine/);
    };
    await check();
    await restart();
    await check();
  });

  it("tells of a function by its group", async () => {
    await FunctionWorker.join(coordinator);
    const { port, submitToken } = coordinator;
    const cluster = await connect(`http://127.0.0.1:${port}/#t=${submitToken}`);
    const future = cluster.submit((x: number) => x + 1, 41);
    expect(await future.result()).toBe(42);
    const { ended: columns, groups } = await read(httpPaths.activity(0), activitySchema);
    const [attempt = 0] = columns.attempt;
    const story = await read(httpPaths.attempt(attempt), taskStorySchema);
    expect(story).toMatchObject({ kernel: "function@1", state: "done", isTarget: true });
    expect(story.group).toMatch(/^function:/);
    expect(groups).toEqual([story.group]);
    await cluster.close();
  });

  it("is not told of what nobody knows", async () => {
    const job = await submit({ tasks: [square(1)], targets: [square(1).key] });
    const response = await http("GET", httpPaths.task(job, asTaskKey("0".repeat(64))));
    expect(response.status).toBe(404);
    expect(await response.json()).toMatchObject({
      detail: "This job has no such task (any more).",
    });
    const unknown = await http("GET", httpPaths.attempt(999_999_999));
    expect(unknown.status).toBe(404);
    expect(await unknown.json()).toMatchObject({
      detail: "This attempt is not remembered (any more).",
    });
  });
});
