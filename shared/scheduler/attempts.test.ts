// Tests of the rules about leases and results (L) and failures (F).
import { describe, expect, it } from "vitest";
import { asAttemptId, asIncarnation, asTaskKey, asWorkerId } from "../ids.ts";
import { block, createFixture, granted, only, task } from "../testing/scheduler-fixture.ts";
import { taskStory } from "./views.ts";

const retried = (name: string, retries: number, inputs: readonly string[] = []) =>
  task(name, inputs, { retries });

/** A fixture in which worker "w" has an attempt of "a", and then "v" a copy of it. */
function withCopy() {
  const f = createFixture();
  f.join("w");
  f.submit("j", [task("a"), task("b", ["a.0"])]);
  f.join("v");
  f.pass(30_000, "w", "v");
  expect(f.leases()).toEqual(["w:a", "v:a"]);
  return f;
}

const finished = (worker: string, attempt: number, outputs: readonly string[]) =>
  ({
    type: "attempt-finished",
    worker: asWorkerId(worker),
    incarnation: asIncarnation(1),
    attempt: asAttemptId(attempt),
    outputs: outputs.map((name) => block(name)),
    computeMs: 10,
  }) as const;

describe("leases", () => {
  it("[L1] numbers attempts from where the journal ended", () => {
    const f = createFixture({ nextAttempt: 41 });
    f.join("w", 2);
    const commands = f.submit("j", [task("a"), task("b")], { targets: ["a", "b"] });
    expect(only(commands, "grant-lease").map((lease) => lease.attempt)).toEqual([41, 42]);
  });

  it("[L2] lasts a minute, or eight predicted finishes of a long task", () => {
    const f = createFixture();
    f.join("w", 2);
    const long = task("long", [], { cost: { operations: 2e9, outputBytes: 1 } });
    const commands = f.submit("j", [task("a"), long], { targets: ["a", "long"] });
    expect(only(commands, "grant-lease").map((lease) => lease.deadlineMs)).toEqual([
      60_000,
      8 * (0.5 + 2e9 / 100_000),
    ]);
  });

  it("[L2] lasts longer by the time limit of its task", () => {
    const f = createFixture();
    f.join("w");
    const commands = f.submit("j", [task("a", [], { limitMs: 90_000 })]);
    expect(only(commands, "grant-lease")).toMatchObject([{ deadlineMs: 150_000 }]);
  });

  it("[L2][L3] ends at its deadline though the worker is heard, and doubles", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a")]);
    for (let i = 0; i < 11; i += 1) expect(f.pass(5_000, "w")).toEqual([]);
    const commands = f.pass(5_000, "w");
    expect(commands).toMatchObject([
      { type: "cancel-attempt", attempt: 1, reason: "lease-expired" },
      { type: "grant-lease", attempt: 2, deadlineMs: 60_000 + 120_000 },
    ]);
    expect(taskStory(f.state, asTaskKey("a"))?.sentences).toEqual([
      "The lease of attempt 1 on w ran out.",
    ]);
    expect(f.counts("j")?.state).toBe("running");
  });

  it("[L4] accepts the first result and cancels the other attempt", () => {
    const f = withCopy();
    const commands = f.finish("v", "a");
    expect(only(commands, "record-result")).toMatchObject([{ worker: "v", attempt: 2 }]);
    expect(only(commands, "cancel-attempt")).toEqual([
      { type: "cancel-attempt", worker: "w", incarnation: 1, attempt: 1, reason: "superseded" },
    ]);
  });

  it("[L5] takes the blocks of a late result as replicas while somebody needs them", () => {
    const f = withCopy();
    f.finish("v", "a");
    expect(f.send(finished("w", 1, ["a.0"]))).toEqual([]);
    f.leave("v", true);
    expect(f.leases()).toEqual(["w:b"]);
  });

  it("[L5][L6] releases the blocks of a late result that differs, and counts it", () => {
    const f = withCopy();
    f.finish("v", "a");
    expect(f.send(finished("w", 1, ["wrong"]))).toEqual([
      { type: "release-blocks", worker: "w", blocks: ["wrong"] },
    ]);
    f.send(finished("w", 1, ["wrong"]));
    expect(f.state.counters.conflicting).toBe(1);
    expect(f.state.blocks.size).toBe(1);
  });

  it("[L7] takes returned leases back, and lets the worker rest", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a")]);
    const returned = {
      type: "attempts-returned",
      worker: asWorkerId("w"),
      incarnation: asIncarnation(1),
    } as const;
    expect(f.send({ ...returned, attempts: [asAttemptId(1)] })).toEqual([]);
    expect(granted(f.pass(1_000))).toEqual([]);
    expect(granted(f.pass(1_000))).toEqual(["w:a"]);
    f.send({ ...returned, attempts: [asAttemptId(2)] });
    expect(granted(f.change("w", { threads: 1 }))).toEqual(["w:a"]);
  });
});

describe("failures", () => {
  it("[F1] forgives as many failures as the task has retries", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [retried("a", 2)]);
    expect(granted(f.fail("w", "a", "kernel-error"))).toEqual(["w:a"]);
    expect(granted(f.fail("w", "a", "timed-out"))).toEqual(["w:a"]);
    const [end] = only(f.fail("w", "a", "bad-input"), "finish-job");
    expect(end?.failure?.message).toMatch(/failed 3 times; 2 failures would have been forgiven/);
  });

  it("[F2] avoids the worker that ran out of memory while there is another", () => {
    const f = createFixture();
    f.join("small");
    f.submit("j", [retried("a", 3)]);
    f.join("large");
    expect(granted(f.fail("small", "a", "out-of-memory"))).toEqual(["large:a"]);
    expect(granted(f.leave("large", true))).toEqual(["small:a"]);
  });

  it("[F2] does not hold up other tasks behind one that avoids the worker", () => {
    const f = createFixture();
    f.join("small");
    const tasks = [retried("a", 3), task("b"), task("c"), task("d"), task("e")];
    f.submit("j", tasks, { targets: tasks.map((one) => one.key) });
    f.join("large");
    expect(f.leases()).toEqual(["small:a", "small:b", "large:c", "large:d"]);
    expect(granted(f.fail("small", "a", "out-of-memory"))).toEqual(["small:e"]);
    expect(granted(f.finish("large", "c"))).toEqual(["large:a"]);
  });

  it("[F3] fails a task under which three threads died", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a")]);
    f.fail("w", "a", "thread-died");
    f.fail("w", "a", "thread-died");
    const [end] = only(f.fail("w", "a", "thread-died"), "finish-job");
    expect(end?.failure?.message).toMatch(/3 workers or threads died while computing task a/);
  });

  it("[F3] counts departures of one page each time, silence only once", () => {
    const f = createFixture();
    f.submit("j", [task("a")]);
    for (let i = 1; i <= 4; i += 1) {
      f.join("w", 1, i);
      for (let beat = 0; beat < 6; beat += 1) f.pass(5_000);
    }
    expect(f.state.workers.size).toBe(0);
    expect(f.counts("j")?.state).toBe("running");
    f.join("w", 1, 5);
    f.leave("w");
    f.join("w", 1, 6);
    expect(only(f.leave("w"), "finish-job")).toHaveLength(1);
  });

  it("[F4] blames only leases that can have had a thread", () => {
    const f = createFixture();
    const tasks = [task("a"), task("b")];
    f.submit("j", tasks, { targets: ["a", "b"] });
    f.join("w");
    f.leave("w");
    expect(f.state.counters.deaths).toBe(1);
    const deaths = [...f.state.tasks.values()].map((one) => one.trouble?.deaths.size ?? 0);
    expect(deaths).toEqual([1, 0]);
  });

  it("[F5] blames nobody for a goodbye or a newer incarnation", () => {
    const f = createFixture();
    f.submit("j", [task("a")]);
    f.join("w", 1, 1);
    f.leave("w", true);
    f.join("w", 1, 2);
    f.join("w", 1, 3);
    expect(f.leases()).toEqual(["w:a"]);
    expect(f.state.counters.deaths).toBe(0);
  });

  it("[F6] rests a worker that cannot get an input which the store holds", () => {
    const f = createFixture();
    f.hold("store", "p");
    f.join("w");
    f.submit("j", [task("a", ["p"])]);
    expect(f.fail("w", "a", "input-unavailable", { block: "p" })).toEqual([]);
    expect(f.counts("j")).toMatchObject({ state: "running", ready: 1, waitingForData: 0 });
    expect(granted(f.pass(2_000))).toEqual(["w:a"]);
  });

  it("[F6] does not believe the worker itself to hold what it could not get", () => {
    const f = createFixture();
    f.hold("store", "p");
    f.join("w");
    f.hold("w", "p");
    f.submit("j", [task("a", ["p"])]);
    f.fail("w", "a", "input-unavailable", { block: "p" });
    const [lease] = only(f.pass(2_000), "grant-lease");
    expect(lease?.inputs[0]?.holders).toEqual(["store"]);
  });

  it("[F6] doubts replicas outside the store, and has the result computed again", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a"), task("b", ["a.0"])]);
    f.join("v", 0);
    f.finish("w", "a");
    f.hold("v", "a.0");
    f.nowMs += 10;
    expect(granted(f.leave("w", true))).toEqual([]);
    expect(granted(f.join("x"))).toEqual(["x:b"]);
    expect(f.fail("x", "b", "input-unavailable", { block: "a.0" })).toEqual([]);
    expect(granted(f.pass(2_000))).toEqual(["x:a"]);
  });

  it("[F6] does not doubt what was announced after the lease", () => {
    const f = createFixture();
    f.hold("c_tab", "p");
    f.join("w");
    f.submit("j", [task("a", ["p"])]);
    f.nowMs += 10;
    f.hold("c_other", "p");
    f.fail("w", "a", "input-unavailable", { block: "p" });
    expect(f.counts("j")).toMatchObject({ ready: 1, waitingForData: 0 });
  });

  it("[F7] fails dependants and every job with such a target", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j1", [task("a"), task("b", ["a.0"]), task("c", ["b.0"])]);
    f.submit("j2", [task("a"), task("d", ["a.0"])]);
    const ends = only(f.fail("w", "a", "kernel-error"), "finish-job");
    expect(ends.map((end) => `${end.job} ${end.state}`).toSorted()).toEqual([
      "j1 failed",
      "j2 failed",
    ]);
    expect(f.state.tasks.size).toBe(0);
  });

  it("[F7] leaves a job alone whose targets do not need the failed task any more", () => {
    const f = createFixture();
    f.hold("store", "b.0");
    f.join("w");
    f.submit("j1", [task("a"), task("b", ["a.0"]), task("x", ["gone"])], {
      targets: ["b", "x"],
      known: { b: ["b.0"] },
    });
    f.submit("j2", [task("a"), task("d", ["a.0"])]);
    const ends = only(f.fail("w", "a", "kernel-error"), "finish-job");
    expect(ends.map((end) => end.job)).toEqual(["j2"]);
    expect(f.counts("j1")?.state).toBe("running");
    // Should they need it after all, the failure is remembered.
    const [end] = only(f.drop("store", "b.0"), "finish-job");
    expect(end).toMatchObject({ job: "j1", state: "failed", failure: { task: "a" } });
    expect(end?.failure?.message).toMatch(/It broke/);
  });

  it("[F8] counts a result with too few outputs as a failure", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [retried("a", 1), task("b", ["a.1"])]);
    expect(granted(f.finish("w", "a", ["a.0"]))).toEqual(["w:a"]);
    expect(granted(f.finish("w", "a", ["a.0", "a.1"]))).toEqual(["w:b"]);
  });
});
