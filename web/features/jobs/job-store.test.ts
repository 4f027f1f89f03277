// Tests of following a job: opening it anew, live results, and what can go wrong.
import { describe, expect, test } from "vitest";
import {
  ClusterError,
  type ClusterView,
  type ConnectionState,
} from "../../../shared/client/cluster-client.ts";
import { encodeNpy } from "../../../shared/codecs/npy.ts";
import { planCorrelation } from "../../../shared/correlation/plan.ts";
import { asBlockId, asDatasetId, asJobId } from "../../../shared/ids.ts";
import type { DatasetRecord } from "../../../shared/protocol/http.ts";
import type { JobResult, JobView } from "../../../shared/protocol/messages.ts";
import { jobView } from "../../../shared/testing/views.ts";
import { openCorrelationReader, type CorrelationShown } from "./correlation-reader.ts";
import type { JobSource } from "./job-reader.ts";
import { createJobStore } from "./job-store.ts";

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

const record: DatasetRecord = {
  dataset: asDatasetId("d_1"),
  createdAtMs: 0,
  name: "prices.csv",
  series: Array.from({ length: 20 }, (_, at) => `S${at}`),
  dates: ["2024-01-01", "2024-01-02", "2024-01-03"],
  missingShare: 0,
  dropped: [],
  panelSeries: 10,
  panels: ["1", "2"].map((digit) => ({ block: asBlockId(digit.repeat(64)), sizeBytes: 9 })),
};
const planOf = (dataset: DatasetRecord) =>
  planCorrelation(
    dataset,
    {
      method: "pearson",
      minPeriods: 1,
      precision: "f64",
      isFast: false,
      shrinkage: "none",
      tile: 8,
    },
    { ...tools, threads: 0 },
  );
const plan = planOf(record);
const tiles = [...plan.targets].map(([task, place]) => {
  if (place.kind !== "tiles") throw new Error("a job without shrinkage has tiles only");
  return [task, place.tiles[0]] as const;
});

const shown = (change: Partial<JobView>): JobView =>
  jobView({
    job: jobId,
    title: "Correlate prices.csv",
    meta: plan.job.meta,
    tasksTotal: tiles.length,
    targetsTotal: tiles.length,
    ...change,
  });

/** Correlations that name their pair; the block's id tells tile and output. */
function blockOf(id: string): Uint8Array {
  const tile = tiles[Math.floor(Number(`0x${id}`) / 2)]?.[1];
  if (tile === undefined) throw new Error("no such block");
  const shape = [tile.rowCount, tile.colCount];
  if (Number(`0x${id}`) % 2 === 1) {
    return encodeNpy({ shape, data: new Uint16Array(tile.rowCount * tile.colCount).fill(3) });
  }
  const data = Float64Array.from({ length: tile.rowCount * tile.colCount }, (_, at) => {
    const i = tile.rowStart + Math.floor(at / tile.colCount);
    const j = tile.colStart + (at % tile.colCount);
    return i === j ? 1 : (i + j - 19) / 40;
  });
  return encodeNpy({ shape, data });
}

const results: JobResult[] = tiles.map(([task], at) => ({
  task,
  outputs: [0, 1].map((output) => ({
    block: asBlockId((2 * at + output).toString(16).padStart(64, "0")),
    sizeBytes: 1,
    peers: [],
    stored: true,
  })),
}));

const settle = async (): Promise<void> => {
  for (let turn = 0; turn < 60; turn += 1) await Promise.resolve();
};

function createBench(
  dataset: () => Promise<DatasetRecord> = () => Promise.resolve(record),
  connection: ConnectionState = { state: "connected" },
) {
  let nowMs = 0;
  let view: ClusterView = { workers: [], jobs: [] };
  let timers: { atMs: number; call: () => void }[] = [];
  const viewListeners = new Set<() => void>();
  const watchers = new Set<(results: readonly JobResult[], isLast: boolean) => void>();
  const client: JobSource = {
    connection,
    get view() {
      return view;
    },
    onView: (listener) => {
      const call = (): void => listener(view);
      viewListeners.add(call);
      return () => viewListeners.delete(call);
    },
    watch: (_, onResults) => {
      watchers.add(onResults);
      return () => watchers.delete(onResults);
    },
    fetchBlock: async (located) => blockOf(located.block),
    dataset,
    finish: () => Promise.reject(new Error("no correlation is finished early")),
  };
  let closed = 0;
  const openCounted: typeof openCorrelationReader = async (job, place) => {
    const reader = await openCorrelationReader(job, place);
    return {
      take: (task, arrays) => reader.take(task, arrays),
      show: (now) => reader.show(now),
      close: () => {
        closed += 1;
        reader.close();
      },
    };
  };
  const { store, follow } = createJobStore({
    client,
    jobId,
    readers: new Map([["correlation", openCounted]]),
    hashTools: async () => tools,
    timers: {
      nowMs: () => nowMs,
      after: (delayMs, call) => {
        const timer = { atMs: nowMs + delayMs, call };
        timers.push(timer);
        return () => (timers = timers.filter((one) => one !== timer));
      },
    },
  });
  const shown = (): CorrelationShown => {
    const now = store.getState().shown;
    if (now === null) throw new Error("nothing is shown");
    return now;
  };
  return {
    store,
    follow,
    shown,
    readersClosed: () => closed,
    watchers,
    viewListeners,
    timersCount: () => timers.length,
    show: async (jobs: readonly JobView[]) => {
      view = { workers: [], jobs };
      for (const call of viewListeners) call();
      await settle();
    },
    announce: async (some: readonly JobResult[], isLast = false) => {
      for (const watcher of watchers) watcher(some, isLast);
      await settle();
    },
    pass: async (ms: number) => {
      nowMs += ms;
      const due = timers.filter((timer) => timer.atMs <= nowMs);
      timers = timers.filter((timer) => timer.atMs > nowMs);
      for (const timer of due) timer.call();
      await settle();
    },
  };
}

describe("createJobStore", () => {
  test("a page opened after the job is done gets the whole matrix from what was stored", async () => {
    const bench = createBench();
    bench.follow();
    await bench.show([shown({ state: "done", finishedAtMs: 9 })]);
    await bench.announce(results);
    await bench.pass(250);
    const { result, pairsKnown, positive, negative } = bench.shown();
    expect(result.matrix.isComplete).toBe(true);
    expect(pairsKnown).toBe(190);
    expect(result.matrix.value(19, 2)).toBe(2 / 40);
    expect(positive[0]).toEqual({ i: 18, j: 19, correlation: 18 / 40, observations: 3 });
    expect(negative[0]).toEqual({ i: 0, j: 1, correlation: -18 / 40, observations: 3 });
    expect(positive.length + negative.length).toBe(190 - 10);
  });

  test("a result that belongs to several places fills them all", async () => {
    const panels = record.panels.slice(0, 1);
    const repeated = {
      ...record,
      series: record.series.slice(0, 16),
      panelSeries: 8,
      panels: [...panels, ...panels],
    };
    const again = planOf(repeated);
    const { meta } = again.job;
    const targets = [...again.targets.keys()];
    expect(targets).toHaveLength(2);
    const bench = createBench(() => Promise.resolve(repeated));
    bench.follow();
    await bench.show([shown({ state: "done", meta, targetsTotal: 2, targetsDone: 2 })]);
    // The blocks of two full tiles; which ones does not matter here.
    const outputs = results[0]?.outputs ?? [];
    await bench.announce(targets.map((task) => ({ task, outputs })));
    await bench.pass(250);
    const { result, pairsKnown, positive, negative } = bench.shown();
    expect(result.matrix.isComplete).toBe(true);
    expect(pairsKnown).toBe(120);
    expect(result.matrix.value(9, 8)).toBe(result.matrix.value(1, 0));
    expect(positive.length + negative.length).toBe(120);
  });

  test("says whether results may still come, until the last one is read", async () => {
    const bench = createBench();
    bench.follow();
    await bench.show([shown({ state: "cancelled", finishedAtMs: 9 })]);
    expect(bench.store.getState().isArriving).toBe(true);
    await bench.announce(results.slice(0, 2), true);
    await bench.pass(250);
    expect(bench.store.getState().isArriving).toBe(false);
    expect(bench.shown().pairsKnown).toBeGreaterThan(0);
  });

  test("figures roll four times a second at most, a new state shows at once", async () => {
    const bench = createBench();
    bench.follow();
    await bench.show([shown({})]);
    let published = 0;
    bench.store.subscribe(() => (published += 1));
    for (let at = 0; at < tiles.length; at += 1) {
      await bench.announce(results.slice(at, at + 1));
      await bench.pass(10);
    }
    expect(published).toBeLessThanOrEqual(2);
    await bench.show([shown({ state: "paused" })]);
    expect(bench.store.getState().job?.state).toBe("paused");
  });

  test("tells the speed of the cluster, not of what this page fetches", async () => {
    const bench = createBench();
    bench.follow();
    for (let second = 0; second <= 4; second += 1) {
      await bench.show([shown({ targetsDone: second })]);
      await bench.pass(1_000);
    }
    const { estimate } = bench.store.getState();
    expect(estimate?.sharePerSecond).toBeCloseTo(1 / tiles.length, 2);
    await bench.show([shown({ state: "paused", targetsDone: 4 })]);
    expect(bench.store.getState().estimate).toBeNull();
  });

  test("a job that no view has is unknown, but only after a moment", async () => {
    const bench = createBench();
    bench.follow();
    await bench.show([]);
    expect(bench.store.getState().isUnknown).toBe(false);
    await bench.pass(2_000);
    expect(bench.store.getState().isUnknown).toBe(true);
    await bench.show([shown({})]);
    expect(bench.store.getState()).toMatchObject({ isUnknown: false, job: { job: jobId } });
  });

  test("a job that comes within that moment stays known", async () => {
    const bench = createBench();
    bench.follow();
    await bench.show([]);
    await bench.show([shown({})]);
    await bench.pass(2_000);
    expect(bench.store.getState().isUnknown).toBe(false);
  });

  test("a job is not unknown while nothing can be known", async () => {
    const bench = createBench(undefined, { state: "connecting" });
    bench.follow();
    await bench.pass(60_000);
    expect(bench.store.getState().isUnknown).toBe(false);
  });

  test("asks again for a dataset that could not be had, and gives up when there is none", async () => {
    let tries = 0;
    const bench = createBench(() => {
      tries += 1;
      const status = tries === 1 ? 0 : 404;
      return Promise.reject(new ClusterError("The dataset was deleted.", status));
    });
    bench.follow();
    await bench.show([shown({})]);
    expect(bench.store.getState().problem).toBeNull();
    await bench.pass(3_000);
    expect(bench.store.getState().problem).toMatch(/The dataset was deleted/);
    await bench.pass(60_000);
    expect(tries).toBe(2);
  });

  test("a program's job is followed without a reader: its page reads the results by itself", async () => {
    const bench = createBench();
    bench.follow();
    await bench.show([shown({ kind: "session" })]);
    expect(bench.store.getState()).toMatchObject({ job: { kind: "session" }, problem: null });
    expect(bench.watchers.size).toBe(0);
  });

  test("unfollowing leaves no listener, watcher or timer, and following again starts anew", async () => {
    const bench = createBench();
    const unfollow = bench.follow();
    await bench.show([shown({})]);
    await bench.announce(results.slice(0, 2));
    unfollow();
    expect([bench.viewListeners.size, bench.watchers.size, bench.timersCount()]).toEqual([0, 0, 0]);
    expect(bench.readersClosed()).toBe(1);
    bench.follow();
    await settle();
    await bench.announce(results);
    await bench.pass(250);
    expect(bench.shown().pairsKnown).toBe(190);
  });
});
