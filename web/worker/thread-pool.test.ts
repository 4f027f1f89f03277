import { MessageChannel } from "node:worker_threads";
import { expose, wrap, type Endpoint } from "comlink";
// @ts-expect-error comlink ships no types for its documented adapter to Node under this name.
import nodeEndpoint from "comlink/dist/esm/node-adapter.mjs";
import { afterEach, expect, test } from "vitest";
import { createVirtualClock } from "../../shared/data-plane/virtual-clock.ts";
import { asAttemptId, asBlockId, asJobId, type BlockId } from "../../shared/ids.ts";
import type { RunOutcome, RunRequest } from "../../shared/worker/worker-platform.ts";
import type { ThreadApi, ThreadOutcome, ThreadTask } from "./thread-api.ts";
import { createThreadPool, type StartThread } from "./thread-pool.ts";

const input = (name: string) => ({ block: asBlockId(name), bytes: new Uint8Array([1, 2, 3]) });

function request(attempt: number, ...blocks: string[]): RunRequest {
  const inputs = blocks.map(input);
  return {
    attempt: asAttemptId(attempt),
    job: asJobId("j_test"),
    kernel: "echo@1",
    params: null,
    inputs,
    limitMs: null,
  };
}

const done: ThreadOutcome = { ok: true, outputs: [], computeMs: 1 };
const releases: (() => void)[] = [];
afterEach(() => {
  for (const release of releases.splice(0)) release();
});

/** Threads on the far side of real message channels, run by `work`. */
function setUp(work: (task: ThreadTask, thread: number) => Promise<ThreadOutcome>) {
  const tasks: { thread: number; blocks: BlockId[]; sent: BlockId[] }[] = [];
  const terminated: number[] = [];
  const deaths: ((why: string) => void)[] = [];
  const startThread: StartThread = (onDeath) => {
    const thread = deaths.length;
    deaths.push(onDeath);
    const { port1, port2 } = new MessageChannel();
    const release = (): void => {
      port1.close();
      port2.close();
    };
    releases.push(release);
    const far: ThreadApi = {
      run(task) {
        const sent = task.inputs.filter(({ bytes }) => bytes !== null);
        const name = ({ block }: { block: BlockId }): BlockId => block;
        tasks.push({ thread, blocks: task.inputs.map(name), sent: sent.map(name) });
        return work(task, thread);
      },
    };
    expose(far, nodeEndpoint(port1) as Endpoint);
    const api = wrap<ThreadApi>(nodeEndpoint(port2) as Endpoint);
    return {
      run: (task) => api.run(task),
      terminate() {
        terminated.push(thread);
        release();
      },
    };
  };
  const noSandbox = (): never => {
    throw new Error("No functions are run here.");
  };
  const pool = createThreadPool(startThread, { start: noSandbox, clock: createVirtualClock() });
  const run = async (one: RunRequest): Promise<RunOutcome | undefined> =>
    (await Promise.all(pool.run([one])))[0];
  return { pool, run, tasks, terminated, deaths };
}

const never = (): Promise<ThreadOutcome> => new Promise(() => undefined);

test("a thread is sent only what it does not hold, and work follows its inputs", async () => {
  const { pool, run, tasks } = setUp(() => Promise.resolve(done));
  pool.resize(2);
  expect(await Promise.all([run(request(1, "a")), run(request(2, "b"))])).toMatchObject([
    done,
    done,
  ]);
  await run(request(3, "b"));
  await run(request(4, "a", "c"));
  expect(tasks).toEqual([
    { thread: 0, blocks: ["a"], sent: ["a"] },
    { thread: 1, blocks: ["b"], sent: ["b"] },
    { thread: 1, blocks: ["b"], sent: [] },
    { thread: 0, blocks: ["a", "c"], sent: ["c"] },
  ]);
});

test("what a thread dropped meanwhile is sent again, once", async () => {
  let isForgetful = false;
  const { pool, run, tasks } = setUp((task) => {
    const isMissing = isForgetful && task.inputs.some(({ bytes }) => bytes === null);
    return Promise.resolve(
      isMissing ? { ok: false, reason: "missing-inputs", missing: [asBlockId("a")] } : done,
    );
  });
  pool.resize(1);
  await run(request(1, "a"));
  isForgetful = true;
  expect(await run(request(2, "a"))).toMatchObject(done);
  expect(tasks.map(({ sent }) => sent)).toEqual([["a"], [], ["a"]]);
});

test("cancelling ends one thread and one attempt, and nothing else", async () => {
  const { pool, run, terminated, deaths } = setUp((_task, thread) =>
    thread === 2 ? Promise.resolve(done) : never(),
  );
  pool.resize(2);
  const first = run(request(1, "a"));
  const second = run(request(2, "b"));
  pool.cancel(asAttemptId(1));
  expect(await first).toMatchObject({ ok: false, reason: "cancelled" });
  expect(terminated).toEqual([0]);
  expect(deaths.length).toBe(3);
  expect(pool.threads).toEqual([null, asAttemptId(2)]);
  expect(await run(request(3, "a"))).toMatchObject(done);
  pool.close();
  expect(await second).toMatchObject({ reason: "cancelled" });
  expect(terminated.toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
});

test("a thread's death settles its attempt; the next attempt gets a new thread", async () => {
  const { pool, run, deaths } = setUp((task, thread) =>
    thread === 0 || task.params === "hang" ? never() : Promise.resolve(done),
  );
  pool.resize(1);
  const dying = run(request(1, "a"));
  deaths[0]?.("It fell over.");
  expect(await dying).toEqual({
    ok: false,
    reason: "thread-died",
    message: "It fell over.",
    thread: 0,
  });
  expect(deaths.length).toBe(1);
  expect(await run(request(2, "a"))).toMatchObject(done);
  expect(deaths.length).toBe(2);
  // The dead thread's late word must not harm its successor.
  void run({ ...request(3, "a"), params: "hang" });
  deaths[0]?.("Again.");
  expect(pool.threads).toEqual([asAttemptId(3)]);
});

test("a failed kernel's thread is replaced, a bad input's is kept", async () => {
  const { pool, run, deaths } = setUp((task) =>
    Promise.resolve({
      ok: false,
      reason: task.inputs.length === 0 ? "kernel-error" : "bad-input",
      message: "No.",
    }),
  );
  pool.resize(1);
  expect(await run(request(1, "a"))).toMatchObject({ reason: "bad-input" });
  expect(deaths.length).toBe(1);
  expect(await run(request(2))).toMatchObject({
    ok: false,
    reason: "kernel-error",
    message: "No.",
  });
  expect(deaths.length).toBe(2);
});

test("shrinking ends free threads at once and busy ones after their attempt", async () => {
  let finish: (outcome: ThreadOutcome) => void = () => undefined;
  let tellStarted: () => void = () => undefined;
  const started = new Promise<void>((resolve) => {
    tellStarted = resolve;
  });
  const { pool, run, terminated } = setUp(() => {
    tellStarted();
    return new Promise((resolve) => {
      finish = resolve;
    });
  });
  pool.resize(3);
  const running = run(request(1, "a"));
  pool.resize(0);
  expect(terminated.toSorted((a, b) => a - b)).toEqual([1, 2]);
  await started;
  finish(done);
  expect(await running).toMatchObject(done);
  expect(terminated.toSorted((a, b) => a - b)).toEqual([0, 1, 2]);
  expect(pool.threads).toEqual([]);
});
