// Tests of what the host may show (V).
import { describe, expect, it } from "vitest";
import { asJobId, asTaskKey, asWorkerId } from "../ids.ts";
import { createFixture, task } from "../testing/scheduler-fixture.ts";
import { readersOf, taskStanding, taskStory, workerLoad } from "./views.ts";

describe("views", () => {
  it("[V1] counts a job's tasks without those that need not run", () => {
    const f = createFixture();
    f.join("w");
    f.hold("store", "b.0");
    const tasks = [task("a"), task("b", ["a.0"]), task("c", ["b.0"]), task("d", ["gone"])];
    f.submit("j", tasks, { targets: ["c", "d"], known: { b: ["b.0"] } });
    expect(f.counts("j")).toEqual({
      state: "running",
      total: 3,
      waiting: 1,
      waitingForData: 1,
      ready: 0,
      leased: 1,
      done: 1,
      targetsTotal: 2,
      targetsDone: 0,
      targetsFailed: 0,
      failure: null,
    });
    expect(f.counts("unknown")).toBeUndefined();
  });

  it("[V2] tells a worker's leases, capacity and relative speed", () => {
    const f = createFixture();
    f.join("w", 3);
    f.submit("j", [task("a"), task("b")], { targets: ["a", "b"] });
    expect(workerLoad(f.state, asWorkerId("w"))).toEqual({
      isSuspect: false,
      leased: 2,
      capacity: 6,
      loadMs: 21,
      relativeSpeed: 1,
      speeds: [],
      blocksHeld: 0,
    });
    expect(workerLoad(f.state, asWorkerId("v"))).toBeUndefined();
  });

  it("[V2] tells a worker's speeds, the most recently timed of them first", () => {
    const f = createFixture();
    f.join("w");
    const times = ["a", "b", "c", "a"].concat(
      Array.from({ length: 14 }, (_, i) => `k${i}`),
      "b",
    );
    for (const [i, kernel] of times.entries()) {
      f.submit(`j${i}`, [task(`t${i}`, [], { kernel })]);
      f.finish("w", `t${i}`, [], 100);
    }
    const speeds = workerLoad(f.state, asWorkerId("w"))?.speeds ?? [];
    expect(speeds[0]).toEqual({ kernel: "b", operationsPerMs: 10_000 });
    expect(speeds.map(({ kernel }) => kernel).join()).toBe(
      "b,k13,k12,k11,k10,k9,k8,k7,k6,k5,k4,k3,k2,k1,k0,a",
    );
  });

  it("[V3] tells a task's story", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a", [], { retries: 3 })]);
    f.fail("w", "a", "out-of-memory");
    f.leave("w");
    expect(taskStory(f.state, asTaskKey("a"))).toEqual({
      state: "ready",
      kernel: "kernel@1",
      cost: { operations: 1_000_000, outputBytes: 1_000 },
      workers: [],
      missingBlocks: 0,
      sentences: [
        "Attempt 1 on w failed (out-of-memory): It broke.",
        "No other worker could have it, so it was tried on w after all.",
        "Worker w was lost while computing it.",
      ],
      error: null,
    });
    expect(taskStory(f.state, asTaskKey("b"))).toBeUndefined();
  });

  it("[V4] tells how a task stands, and when nobody needs it", () => {
    const f = createFixture();
    f.join("w");
    f.hold("store", "b.0");
    const tasks = [task("a"), task("b", ["a.0"]), task("c", ["b.0"])];
    f.submit("j", tasks, { targets: ["c"], known: { b: ["b.0"] } });
    const standings = ["a", "b", "c", "d"].map((name) => taskStanding(f.state, asTaskKey(name)));
    expect(standings).toEqual(["unneeded", "done", "leased", undefined]);
  });

  it("[V5] tells which tasks of a job read another, up to a number", () => {
    const f = createFixture();
    const [a, b, c, d] = [task("a"), task("b", ["a.0"]), task("c", ["a.0"]), task("d", ["a.0"])];
    f.submit("j", [a, b, c], { targets: ["b", "c"] });
    f.submit("k", [a, d], { targets: ["d"] });
    expect(readersOf(f.state, asTaskKey("a"), asJobId("j"), 9)).toEqual(["b", "c"]);
    expect(readersOf(f.state, asTaskKey("a"), asJobId("j"), 1)).toEqual(["b"]);
    expect(readersOf(f.state, asTaskKey("x"), asJobId("j"), 9)).toEqual([]);
  });
});
