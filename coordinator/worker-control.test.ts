// Settings, gentle and quick ends of workers over HTTP, and what the view tells of them.
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import type { JobId, WorkerId } from "../shared/ids.ts";
import { httpPaths } from "../shared/protocol/http.ts";
import type { Condition, WorkerView } from "../shared/protocol/messages.ts";
import { CoordinatorFixture } from "./coordinator-fixture.ts";
import {
  answerOf,
  freshWorkerId,
  httpOf,
  joinClient,
  ScriptedWorker,
  squaresJob,
  submitJob,
  watchToEnd,
} from "./scripted-pages.ts";
import { Standing } from "./standing.ts";
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

const change = (worker: WorkerId, settings: object): Promise<string> =>
  answerOf(call("PATCH", httpPaths.worker(worker), settings));
const retire = (worker: WorkerId): Promise<string> =>
  answerOf(call("POST", httpPaths.retireWorker(worker)));
const remove = (worker: WorkerId): Promise<string> =>
  answerOf(call("DELETE", httpPaths.worker(worker)));

const submit = (count: number, more: object = {}): Promise<JobId> =>
  submitJob(coordinator, { ...squaresJob(count), ...more });

async function untilWorker(
  worker: WorkerId,
  fits: (view: WorkerView) => boolean,
): Promise<WorkerView> {
  const client = await joinClient(coordinator);
  let found: WorkerView | undefined;
  await client.next("cluster", ({ workers }) => {
    found = workers.find((view) => view.worker === worker && fits(view));
    return found !== undefined;
  });
  await client.close();
  if (found === undefined) throw new Error("The worker is in the view.");
  return found;
}

const condition: Condition = {
  pausedBy: null,
  memoryBytes: 5,
  busyShare: 0.5,
  pressure: "fair",
  battery: { level: 0.7, isCharging: true },
  lagMs: 3,
};

/** What a page says of itself, but for `more`. */
const status = (more: object = {}) => ({
  type: "status" as const,
  name: "Test machine",
  threads: 2,
  paused: false,
  hidden: false,
  runsFunctions: false,
  running: [],
  cacheBytes: 0,
  condition,
  ...more,
});
const finishing = { paused: true, condition: { ...condition, pausedBy: "finishing" as const } };

describe("the settings of a worker", () => {
  it("are told it, and shown when it obeys", async () => {
    const { worker, socket, ...page } = await ScriptedWorker.join(coordinator);
    expect(await change(worker, { name: " Study ", threads: 3, paused: true })).toBe("204");
    expect(await socket.next("settings")).toEqual({
      type: "settings",
      name: "Study",
      threads: 3,
      paused: true,
    });
    expect(page).toBeDefined();
    socket.send(status({ name: "Study", threads: 3, paused: true }));
    const view = await untilWorker(worker, ({ name }) => name === "Study");
    expect(view).toMatchObject({ threads: 3, state: "paused", condition });
  });

  it("are refused in plain words when they cannot be", async () => {
    const { worker } = await ScriptedWorker.join(coordinator);
    expect(await change(worker, {})).toMatch(/^422 Nothing is to be changed/);
    expect(await change(worker, { threads: 5 })).toBe(
      "422 Test machine has 4 threads at most, not 5.",
    );
    expect(await change(worker, { name: " " })).toMatch(/^400 The change is not valid at name/);
    expect(await change(freshWorkerId(), { paused: true })).toBe(
      "404 There is no such machine in the cluster; it may have left.",
    );
  });
});

describe("retiring a worker", () => {
  it("lets it finish, has what only it holds handed over, and lets it go", async () => {
    const page = await ScriptedWorker.join(coordinator, { allowance: 3 });
    const { worker, socket } = page;
    // The results of an open job stay where they were made.
    await submit(4, { isOpen: true });
    await untilWorker(worker, ({ tasksDone, leased }) => tasksDone === 3 && leased === 1);
    expect(await retire(worker)).toBe("204");
    await socket.next("retire");
    socket.send(status(finishing));
    expect(await change(worker, { paused: false })).toBe(
      "409 Test machine is finishing its tasks and will leave.",
    );
    expect(await retire(worker)).toBe("204");
    expect(await untilWorker(worker, ({ isRetiring }) => isRetiring)).toMatchObject({ leased: 1 });
    await socket.next("store-blocks");
    // It has not been let go: one task still runs.
    socket.send({ type: "locate", blocks: [] });
    await socket.next("located");
    expect(socket.heard.map(({ type }) => type)).not.toContain("retired");
    const last = socket.heard.findLast((message) => message.type === "lease");
    if (last?.type !== "lease") throw new Error("There is a lease.");
    page.allowance = Infinity;
    page.socket.onMessage(last);
    await socket.next("retired");
    expect(page.blocks.size).toBe(4);
    page.say({ type: "leave" });
    await socket.close();
    for (const [block, bytes] of page.blocks) {
      const kept = await call("GET", httpPaths.block(block));
      expect(new Uint8Array(await kept.arrayBuffer())).toEqual(bytes);
    }
    expect(socket.heard.filter(({ type }) => type === "retire")).toHaveLength(1);
  });

  it("lets an idle one go at once, and gives it nothing more", async () => {
    const { worker, socket } = await ScriptedWorker.join(coordinator);
    await retire(worker);
    await socket.next("retired");
    const other = await ScriptedWorker.join(coordinator);
    await watchToEnd(await joinClient(coordinator), await submit(3));
    expect(other.computed).toHaveLength(3);
    expect(socket.heard.map(({ type }) => type)).not.toContain("lease");
  });

  it("begins as well when the person at the machine asks for it, and ends when they think again", async () => {
    const page = await ScriptedWorker.join(coordinator, { allowance: 0 });
    const { worker, socket } = page;
    await submit(1);
    await socket.next("lease");
    page.say(status(finishing));
    await untilWorker(worker, ({ isRetiring }) => isRetiring);
    page.say(status());
    await untilWorker(worker, ({ isRetiring }) => !isRetiring);
    expect(socket.heard.map(({ type }) => type)).not.toContain("retired");
  });

  it("is not undone by a status that was on its way", async () => {
    const page = await ScriptedWorker.join(coordinator, { allowance: 0 });
    await submit(1);
    await page.socket.next("lease");
    await retire(page.worker);
    page.say(status({ name: "Late" }));
    const view = await untilWorker(page.worker, ({ name }) => name === "Late");
    expect(view.isRetiring).toBe(true);
  });
});

describe("removing a worker", () => {
  it("ends its connection with the reason, and gives its tasks to others", async () => {
    const { worker, socket } = await ScriptedWorker.join(coordinator, { allowance: 0 });
    const job = await submit(2);
    await socket.next("lease");
    expect(await remove(worker)).toBe("204");
    expect(await socket.next("refused")).toEqual({
      type: "refused",
      reason: "removed",
      message: "The dashboard removed this machine from the cluster.",
    });
    await socket.closed;
    const other = await ScriptedWorker.join(coordinator);
    await watchToEnd(await joinClient(coordinator), job);
    expect(other.computed).toHaveLength(2);
    expect(await remove(worker)).toMatch(/^404 There is no such machine/);
  });

  it("blames it for nothing", async () => {
    const worker = freshWorkerId();
    await submit(8);
    for (let times = 0; times < 4; times += 1) {
      const { socket } = await ScriptedWorker.join(coordinator, { worker, allowance: 0 });
      const { standing } = await untilWorker(worker, ({ leased }) => leased > 1);
      expect(standing).toBe("new");
      await remove(worker);
      await socket.closed;
    }
  });
});

describe("a worker that gave a lease back", () => {
  it("gets it again as soon as it has said how it is", async () => {
    const page = await ScriptedWorker.join(coordinator, { allowance: 0 });
    await submit(1);
    const { attempt } = await page.socket.next("lease");
    page.say({ type: "attempts-returned", attempts: [attempt] });
    page.say(status());
    // Answered in turn: what it is leased by then, it was leased because of its status.
    page.say({ type: "locate", blocks: [] });
    await page.socket.next("located");
    const leases = page.socket.heard.filter(({ type }) => type === "lease");
    expect(leases).toHaveLength(2);
  });
});

describe("the view of a worker", () => {
  it("tells its speeds and its standing", async () => {
    const { worker } = await ScriptedWorker.join(coordinator);
    expect(await untilWorker(worker, () => true)).toMatchObject({
      relativeSpeed: 1,
      speeds: [],
      standing: "new",
    });
    await watchToEnd(await joinClient(coordinator), await submit(6));
    const view = await untilWorker(worker, ({ tasksDone }) => tasksDone === 6);
    expect(view).toMatchObject({ standing: "good", computeMs: 12 });
    // A thousand operations in two milliseconds.
    expect(view.speeds).toEqual([{ kernel: "test-square@1", operationsPerMs: 500 }]);
  });

  it("calls a machine doubtful that was lost while it computed", async () => {
    const worker = freshWorkerId();
    await submit(8);
    for (let losses = 0; losses < 3; losses += 1) {
      const page = await ScriptedWorker.join(coordinator, { worker, allowance: 0 });
      const { standing } = await untilWorker(worker, ({ leased }) => leased > 1);
      expect(standing).toBe("new");
      await page.socket.close();
    }
    await ScriptedWorker.join(coordinator, { worker });
    expect((await untilWorker(worker, () => true)).standing).toBe("doubtful");
  });
});

describe("the standing of a machine", () => {
  it("is new, good or doubtful by its last attempts", () => {
    const standing = new Standing();
    for (let i = 0; i < 4; i += 1) standing.failed("thread-died");
    expect(standing.word).toBe("new");
    standing.finished();
    expect(standing.word).toBe("doubtful");
    for (let i = 0; i < 15; i += 1) standing.finished();
    // Four of twenty are a fifth, and not more.
    expect(standing.word).toBe("good");
    standing.lost(2);
    expect(standing.word).toBe("doubtful");
    for (let i = 0; i < 50; i += 1) standing.failed("kernel-error");
    expect(standing.word).toBe("good");
    for (const reason of ["out-of-memory", "timed-out"]) {
      for (let i = 0; i < 6; i += 1) standing.failed(reason);
    }
    expect(standing.word).toBe("doubtful");
  });
});
