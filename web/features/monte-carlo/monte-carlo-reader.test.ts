// Tests of reading a simulation: estimates in any order of results, and the stop at the target.
import { describe, expect, test } from "vitest";
import { ClusterError } from "../../../shared/client/cluster-client.ts";
import { asJobId, type TaskKey } from "../../../shared/ids.ts";
import { ARTICLE_OPTION } from "../../../shared/monte-carlo/asian-option.ts";
import { planMonteCarlo, type MonteCarloOptions } from "../../../shared/monte-carlo/plan.ts";
import { jobView } from "../../../shared/testing/views.ts";
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

type Bench = Awaited<ReturnType<typeof openBench>>;

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
  const finished: string[] = [];
  let refusal: Error | null = null;
  let timers: (() => void)[] = [];
  const client: JobSource = {
    connection: { state: "connected" },
    view: { workers: [], jobs: [] },
    onView: () => () => undefined,
    watch: () => () => undefined,
    fetchBlock: () => Promise.reject(new Error("the queue fetches, not the reader")),
    dataset: () => Promise.reject(new Error("a simulation has no dataset")),
    finish: (job) => {
      const error = refusal;
      refusal = null;
      if (error !== null) return Promise.reject(error);
      finished.push(job);
      return Promise.resolve();
    },
  };
  const job = jobView({ job: jobId, kind: "monte-carlo", meta: plan.job.meta });
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
  return {
    job,
    reader,
    tasks: [...plan.chunks.keys()],
    finished,
    timersCount: () => timers.length,
    refuseOnce: (error: Error) => void (refusal = error),
    take: (task: TaskKey) => {
      const [chunk] = plan.chunks.get(task) ?? [];
      if (chunk === undefined) throw new Error("no such task");
      reader.take(task, madeUpOutputs(chunk));
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

  /** Takes results in their order up to the one that reaches the target, and shows it. */
  async function reach(prepare: (bench: Bench) => void = () => undefined) {
    const bench = await openBench(target);
    prepare(bench);
    let taken = 0;
    for (const task of bench.tasks) {
      bench.take(task);
      taken += 1;
      if (bench.reader.show(bench.job).isTargetReached) break;
    }
    await settle();
    return { ...bench, taken };
  }

  test("ends the job once, long before its last paths", async () => {
    const { reader, job, finished, taken, tasks } = await reach();
    expect(taken).toBeLessThan(tasks.length / 2);
    expect(finished).toEqual([jobId]);
    reader.show(job);
    await settle();
    expect(finished).toEqual([jobId]);
  });

  test("results that come later change nothing", async () => {
    const { taken, take, tasks, reader, job } = await reach();
    const before = reader.show(job);
    for (const task of tasks.slice(taken)) take(task);
    expect(reader.show(job)).toBe(before);
  });

  test("a coordinator that is silent is asked again, one that refuses is not", async () => {
    const silent = await reach((bench) => bench.refuseOnce(new ClusterError("No answer.", 0)));
    expect(silent.finished).toEqual([]);
    await silent.passTimers();
    expect(silent.finished).toEqual([jobId]);

    const refusing = await reach((bench) => bench.refuseOnce(new ClusterError("No job.", 404)));
    expect(refusing.timersCount()).toBe(0);
    expect(refusing.finished).toEqual([]);
  });

  test("a job that has ended is not ended again", async () => {
    const { tasks, take, reader, job, finished } = await openBench(target);
    for (const task of tasks) take(task);
    for (const state of ["done", "cancelled", "failed"] as const) {
      expect(reader.show({ ...job, state }).isTargetReached).toBe(true);
    }
    await settle();
    expect(finished).toEqual([]);
  });

  test("closing leaves no timer", async () => {
    const silent = await reach((bench) => bench.refuseOnce(new ClusterError("No answer.", 0)));
    expect(silent.timersCount()).toBe(1);
    silent.reader.close();
    expect(silent.timersCount()).toBe(0);
  });
});
