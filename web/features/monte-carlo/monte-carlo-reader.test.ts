// Tests of reading a simulation: estimates in any order of results, and the stop at the target.
import { describe, expect, test } from "vitest";
import { ClusterError } from "../../../shared/client/cluster-client.ts";
import { asBlockId, asJobId, type TaskKey } from "../../../shared/ids.ts";
import { ARTICLE_OPTION } from "../../../shared/monte-carlo/asian-option.ts";
import { planMonteCarlo, type MonteCarloOptions } from "../../../shared/monte-carlo/plan.ts";
import type { JobResult, JobView } from "../../../shared/protocol/messages.ts";
import type { JobSource } from "../jobs/job-reader.ts";
import { openMonteCarloReader } from "./monte-carlo-reader.ts";
import { MADE_UP, madeUpOutputs } from "./simulated-results.ts";

const jobId = asJobId("j_1");
const tools = {
  // A stand-in for BLAKE3: these tests only need different keys for different tasks.
  hash: (bytes: Uint8Array): string => {
    let hash = 7n;
    for (const byte of bytes) hash = (hash * 1_000_003n + BigInt(byte)) % (1n << 250n);
    return hash.toString(16).padStart(64, "0");
  },
  encode: (text: string): Uint8Array => new TextEncoder().encode(text),
};

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 20; turn += 1) await Promise.resolve();
};

/** A job of two scenarios and as many paths, with the client that watches it. */
async function openBench(change: Partial<MonteCarloOptions> = {}) {
  const plan = planMonteCarlo(
    {
      scenarios: [ARTICLE_OPTION, { ...ARTICLE_OPTION, strike: 110 }],
      paths: 400_000,
      control: "none",
      seed: 1,
      targetStandardError: null,
      ...change,
    },
    { ...tools, threads: 2 },
  );
  const watchers = new Set<(results: readonly JobResult[], isLast: boolean) => void>();
  const cancels: string[] = [];
  let refuse: () => Error | null = () => null;
  let timers: (() => void)[] = [];
  const client: JobSource = {
    connection: { state: "connected" },
    view: { workers: [], jobs: [] },
    onView: () => () => undefined,
    watch: (_, onResults) => {
      watchers.add(onResults);
      return () => watchers.delete(onResults);
    },
    fetchBlock: () => Promise.reject(new Error("the queue fetches, not the reader")),
    dataset: () => Promise.reject(new Error("a simulation has no dataset")),
    cancel: (job) => {
      const error = refuse();
      if (error !== null) return Promise.reject(error);
      cancels.push(job);
      return Promise.resolve();
    },
  };
  const job: JobView = {
    job: jobId,
    kind: "monte-carlo",
    title: "Price Asian call",
    meta: plan.submission.meta,
    priority: 0,
    state: "running",
    submittedAtMs: 0,
    finishedAtMs: null,
    tasksTotal: 1,
    tasksDone: 0,
    tasksRunning: 0,
    targetsTotal: 1,
    targetsDone: 0,
    failure: null,
    timing: { computeMs: 0, fetchMs: 0, waitMs: 0, bytesMoved: 0, workers: [] },
  };
  const reader = await openMonteCarloReader(job, {
    client,
    jobId,
    hashTools: () => Promise.resolve(tools),
    after: (_, call) => {
      timers.push(call);
      return () => (timers = timers.filter((one) => one !== call));
    },
    onChange: () => undefined,
  });
  const tasks = [...plan.chunks.keys()];
  return {
    plan,
    job,
    reader,
    tasks,
    cancels,
    watchersCount: () => watchers.size,
    timersCount: () => timers.length,
    refuseOnce: (error: Error) => {
      refuse = () => {
        refuse = () => null;
        return error;
      };
    },
    take: (task: TaskKey) => {
      const [chunk] = plan.chunks.get(task) ?? [];
      if (chunk === undefined) throw new Error("no such task");
      reader.take(task, madeUpOutputs(chunk));
    },
    tell: async (some: readonly TaskKey[], stored: boolean, isLast = false) => {
      const outputs = [{ block: asBlockId("0".repeat(64)), sizeBytes: 1, peers: [], stored }];
      // A copy: watchers come and go while they are told.
      for (const watcher of Array.from(watchers)) {
        watcher(
          some.map((task) => ({ task, outputs })),
          isLast,
        );
      }
      await settle();
    },
    passTimers: async () => {
      for (const call of timers.splice(0)) call();
      await settle();
    },
  };
}

describe("the reader of a simulation", () => {
  test("shows nothing at first, then estimates of the paths without gaps", async () => {
    const { reader, tasks, take, job } = await openBench();
    expect(reader.show(job)).toMatchObject({ scenarios: [], pathsDone: 0, standardError: null });
    // All but the first scenario's first range: nothing is complete from the beginning.
    for (const task of tasks.slice(1)) take(task);
    expect(reader.show(job).pathsDone).toBe(0);
    take(tasks[0] as TaskKey);
    const { scenarios, pathsDone, standardError } = reader.show(job);
    expect(pathsDone).toBe(400_000);
    expect(scenarios.map(({ option }) => option.strike)).toEqual([100, 110]);
    for (const { estimate } of scenarios) {
      expect(Math.abs(estimate - MADE_UP.mean)).toBeLessThan((4 * MADE_UP.sd) / Math.sqrt(400_000));
    }
    expect(standardError).toBeCloseTo(MADE_UP.sd / Math.sqrt(400_000), 4);
  });

  test("the same figures whatever the order, and the same object while nothing is new", async () => {
    const forth = await openBench();
    const back = await openBench();
    for (const task of forth.tasks) forth.take(task);
    for (const task of back.tasks.toReversed()) back.take(task);
    const shown = forth.reader.show(forth.job);
    expect(back.reader.show(back.job)).toEqual(shown);
    expect(forth.reader.show(forth.job)).toBe(shown);
  });

  test("a result of another job is refused", async () => {
    const { reader } = await openBench();
    expect(() => reader.take("f".repeat(64) as TaskKey, [])).toThrow(/does not have/);
  });

  test("a job of another version says that it cannot be read", async () => {
    const { job } = await openBench();
    const broken = { ...job, meta: { paths: 7 } };
    await expect(
      openMonteCarloReader(broken, {} as Parameters<typeof openMonteCarloReader>[1]),
    ).rejects.toThrow(/does not describe/);
  });
});

describe("the stop at the target", () => {
  // A few of the ranges will do: (18 / 0.1)² are 32,400 of the 400,000 paths.
  const target = { targetStandardError: 0.1, scenarios: [ARTICLE_OPTION] };

  async function reached() {
    const bench = await openBench(target);
    const counted: TaskKey[] = [];
    for (const task of bench.tasks) {
      bench.take(task);
      counted.push(task);
      if (bench.reader.show(bench.job).isTargetReached) return { ...bench, counted };
    }
    throw new Error("the target was not reached");
  }

  test("waits until the store has every result that counts, then stops the job once", async () => {
    const { counted, cancels, tell, passTimers, reader, job, tasks } = await reached();
    expect(counted.length).toBeLessThan(tasks.length);
    await tell(counted, false);
    expect(cancels).toEqual([]);
    await passTimers();
    await tell(counted.slice(1), true);
    expect(cancels).toEqual([]);
    await passTimers();
    await tell(counted.slice(0, 1), true);
    expect(cancels).toEqual([jobId]);
    reader.show(job);
    await tell(counted, true);
    expect(cancels).toEqual([jobId]);
  });

  test("results that come later change nothing", async () => {
    const { counted, take, tasks, reader, job } = await reached();
    const before = reader.show(job);
    for (const task of tasks.slice(counted.length)) take(task);
    expect(reader.show(job)).toBe(before);
  });

  test("a coordinator that is silent is asked again, one that refuses is not", async () => {
    const { counted, cancels, refuseOnce, tell, passTimers, timersCount } = await reached();
    refuseOnce(new ClusterError("No answer.", 0));
    await tell(counted, true);
    expect(cancels).toEqual([]);
    await passTimers();
    expect(cancels).toEqual([jobId]);

    const other = await reached();
    other.refuseOnce(new ClusterError("There is no such job.", 404));
    await other.tell(other.counted, true);
    expect([timersCount(), other.timersCount()]).toEqual([0, 0]);
    expect(other.cancels).toEqual([]);
  });

  test("a job that ended by itself is not stopped, nor one that has ended before", async () => {
    const { counted, cancels, tell } = await reached();
    await tell(counted, true, true);
    expect(cancels).toEqual([]);

    const done = await openBench(target);
    for (const task of done.tasks) done.take(task);
    done.reader.show({ ...done.job, state: "done" });
    expect(done.watchersCount()).toBe(0);
  });

  test("closing leaves no watcher and no timer", async () => {
    const { reader, watchersCount, timersCount } = await reached();
    expect([watchersCount(), timersCount()]).toEqual([1, 1]);
    reader.close();
    expect([watchersCount(), timersCount()]).toEqual([0, 0]);
  });
});
