// Checks that the coordinator's answers become one history, over restarts and gaps, and no longer.
import { describe, expect, it } from "vitest";
import type { SystemHistory } from "../../../shared/protocol/telemetry.ts";
import { systemCsv } from "./system-csv.ts";
import { emptyHistory, latest, mergeHistory, SAMPLES_MAX, type History } from "./system-history.ts";

const START_MS = Date.UTC(2026, 10, 27, 8);

/** An answer with a sample each second whose CPU share is its number over a thousand. */
function answer(run: string, from: number, to: number, startMs = START_MS): SystemHistory {
  const numbers = Array.from({ length: to - from }, (_, at) => from + at);
  const filled = (make: (number: number) => number): number[] => numbers.map(make);
  const columns = Object.keys(emptyHistory.samples).map((name) => [name, filled(() => 1)]);
  return {
    run,
    nowMs: startMs + to * 1_000,
    intervalMs: 1_000,
    firstSeq: 0,
    nextSeq: to,
    about: {
      version: "0.1.0",
      node: "v20.19.0",
      system: "Linux",
      cores: 2,
      memoryBytes: 8e9,
      startedAtMs: startMs,
    },
    samples: {
      ...(Object.fromEntries(columns) as SystemHistory["samples"]),
      atMs: filled((number) => startMs + number * 1_000),
      cpuShare: filled((number) => number / 1_000),
    },
  };
}

const after = (...answers: readonly (readonly [SystemHistory, number])[]): History =>
  answers.reduce((history, [next, since]) => mergeHistory(history, next, since), emptyHistory);

describe("mergeHistory", () => {
  it("appends what is new and asks for the rest next time", () => {
    const history = after([answer("a", 0, 3), 0], [answer("a", 3, 5), 3]);
    expect(history.samples.cpuShare).toEqual([0, 0.001, 0.002, 0.003, 0.004]);
    expect(history.nextSeq).toBe(5);
    expect(latest(history, "cpuShare")).toBe(0.004);
  });

  it("takes no sample twice, and keeps its columns when there is nothing new", () => {
    const history = after([answer("a", 0, 3), 0]);
    expect(mergeHistory(history, answer("a", 1, 4), 1).samples.cpuShare).toHaveLength(4);
    expect(mergeHistory(history, answer("a", 3, 3), 3).samples).toBe(history.samples);
  });

  it("asks anew after a restart and keeps what it saw before", () => {
    const first = after([answer("a", 0, 100), 0]);
    const restarted = mergeHistory(first, answer("b", 100, 100, START_MS + 200_000), 100);
    expect(restarted.nextSeq).toBe(0);
    expect(restarted.samples).toBe(first.samples);
    const second = mergeHistory(restarted, answer("b", 0, 10, START_MS + 200_000), 0);
    expect(second.samples.atMs).toHaveLength(110);
    expect(second.nextSeq).toBe(10);
    expect(second.run).toBe("b");
  });

  it("remembers an hour", () => {
    const history = after([answer("a", 0, SAMPLES_MAX), 0], [answer("a", 3_600, 3_700), 3_600]);
    expect(history.samples.cpuShare).toHaveLength(SAMPLES_MAX);
    expect(history.samples.cpuShare[0]).toBe(0.1);
    const long = after([answer("a", 0, SAMPLES_MAX + 50), 0]);
    expect(long.samples.atMs).toHaveLength(SAMPLES_MAX);
  });
});

it("saves every column with its unit, a line a sample", () => {
  const lines = systemCsv(after([answer("a", 0, 2), 0])).split("\r\n");
  expect(lines).toHaveLength(4);
  expect(lines[0]).toMatch(/^time,cpu_share_of_one_core,resident_bytes,/);
  expect(lines[0]?.split(",")).toHaveLength(Object.keys(emptyHistory.samples).length);
  expect(lines[2]).toMatch(/^2026-11-27T08:00:01\.000Z,0\.001,1,/);
  expect(lines[3]).toBe("");
});
