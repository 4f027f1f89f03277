// The sampler of figures over time, with a clock and readings of the test.
import { expect, it } from "vitest";
import { SAMPLES_MAX, SystemSampler, type SystemReading } from "./system-history.ts";

const about = {
  version: "1",
  node: "v1",
  system: "Test",
  cores: 2,
  memoryBytes: 1,
  startedAtMs: 0,
};
const nothing: SystemReading = {
  cpuMicros: 0,
  residentBytes: 100,
  heapBytes: 50,
  delayMedianMs: 0.1,
  delayHighMs: 3.45678,
  messagesIn: 0,
  messagesOut: 0,
  bytesIn: 0,
  bytesOut: 0,
  storeBytes: 7,
  tasksDone: 0,
  computeMs: 0,
  machines: 1,
  threads: 4,
  threadsComputing: 2,
  workersBytes: 9,
};

function start() {
  const world = { nowMs: 0, reading: nothing, tick: () => {}, isStopped: false };
  const sampler = new SystemSampler({
    run: "r",
    about,
    read: () => world.reading,
    nowMs: () => world.nowMs,
    nowUnixMs: () => 1e12 + world.nowMs,
    every: (intervalMs, call) => {
      expect(intervalMs).toBe(1_000);
      world.tick = call;
      return () => (world.isStopped = true);
    },
  });
  const pass = (ms: number, change: Partial<SystemReading> = {}): void => {
    world.nowMs += ms;
    world.reading = { ...world.reading, ...change };
    world.tick();
  };
  return { sampler, world, pass };
}

it("tells sums by what they grew within the interval, and the rest as it stands", () => {
  const { sampler, pass } = start();
  pass(1_000, { cpuMicros: 250_000, messagesIn: 10, bytesOut: 5, tasksDone: 3, computeMs: 0.5 });
  pass(2_000, { cpuMicros: 1_250_000, messagesIn: 15, threads: 6 });
  const { samples, firstSeq, nextSeq } = sampler.history(0);
  expect([firstSeq, nextSeq]).toEqual([0, 2]);
  expect(samples).toEqual({
    atMs: [1e12 + 1_000, 1e12 + 3_000],
    cpuShare: [0.25, 0.5],
    residentBytes: [100, 100],
    heapBytes: [50, 50],
    delayMedianMs: [0.1, 0.1],
    // The second call came a second late.
    delayHighMs: [3.457, 1_000],
    messagesIn: [10, 5],
    messagesOut: [0, 0],
    bytesIn: [0, 0],
    bytesOut: [5, 0],
    storeBytes: [7, 7],
    tasksDone: [3, 0],
    computeMs: [0.5, 0],
    machines: [1, 1],
    threads: [4, 6],
    threadsComputing: [2, 2],
    workersBytes: [9, 9],
  });
});

it("gives the samples from a number on, and none beyond the newest", () => {
  const { sampler, pass } = start();
  for (let i = 0; i < 5; i += 1) pass(1_000);
  expect(sampler.history(3).samples.atMs).toEqual([1e12 + 4_000, 1e12 + 5_000]);
  expect(sampler.history(5).samples.atMs).toEqual([]);
  expect(sampler.history(99)).toMatchObject({ nextSeq: 5, samples: { atMs: [] } });
});

it("remembers an hour", () => {
  const { sampler, pass } = start();
  for (let i = 0; i < SAMPLES_MAX + 10; i += 1) pass(1_000, { machines: i });
  const { firstSeq, nextSeq, samples } = sampler.history(0);
  expect([firstSeq, nextSeq]).toEqual([10, SAMPLES_MAX + 10]);
  expect(samples.machines).toHaveLength(3_600);
  expect([samples.machines[0], samples.machines.at(-1)]).toEqual([10, SAMPLES_MAX + 9]);
});

it("makes no sample of no time, and stops when it is closed", () => {
  const { sampler, world, pass } = start();
  pass(0);
  expect(sampler.history(0).nextSeq).toBe(0);
  sampler.close();
  expect(world.isStopped).toBe(true);
});
