// Tests of the rules about functions of users (U).
import { describe, expect, it } from "vitest";
import { FUNCTION_KERNEL } from "../graph/task.ts";
import { createFixture, granted, task } from "../testing/scheduler-fixture.ts";

const call = (name: string, inputs: readonly string[] = []) =>
  task(name, inputs, { kernel: FUNCTION_KERNEL, group: "function:f" });
const agreed = { runsFunctions: true } as const;

describe("functions of users", () => {
  it("[U1] run where that was agreed to", () => {
    const f = createFixture();
    f.join("w");
    f.join("v");
    f.change("v", agreed);
    expect(granted(f.submit("j", [call("a"), call("b", ["a.0"])]))).toEqual(["v:a"]);
    expect(f.finish("v", "a")).toContainEqual(
      expect.objectContaining({ type: "grant-lease", worker: "v", task: "b" }),
    );
  });

  it("[U1] are copied to workers that agreed only", () => {
    const f = createFixture();
    f.join("w");
    f.change("w", agreed);
    f.submit("j", [call("a")]);
    f.join("v");
    expect(granted(f.pass(5_000, "w", "v"))).toEqual([]);
    f.change("v", agreed);
    expect(granted(f.pass(1, "w", "v"))).toEqual(["v:a"]);
  });

  it("[U2] are taken away from a worker that agrees no more", () => {
    const f = createFixture();
    f.join("w", 2);
    f.change("w", { ...agreed, threads: 2 });
    f.submit("j", [call("a"), task("b")], { targets: ["a", "b"] });
    expect(f.change("w", { threads: 2 })).toMatchObject([{ type: "cancel-attempt", attempt: 1 }]);
    expect(f.leases()).toEqual(["w:b"]);
    expect(f.state.counters.deaths).toBe(0);
    expect(granted(f.change("w", { ...agreed, threads: 2 }))).toEqual(["w:a"]);
  });

  it("[U3] do not hold back other tasks where nobody runs them", () => {
    const f = createFixture();
    const calls = Array.from({ length: 40 }, (_, i) => call(`f${i}`));
    const tasks = [...calls, task("a")];
    f.submit("j1", tasks, { targets: tasks.map(({ key }) => key), priority: 1 });
    f.submit("j2", [task("b")]);
    expect(granted(f.join("w"))).toEqual(["w:a", "w:b"]);
    f.join("v");
    expect(granted(f.change("v", agreed))).toEqual(["v:f0", "v:f1"]);
  });

  it("[U3] do not hold back other tasks while those that run them are busy", () => {
    const f = createFixture();
    f.join("v");
    f.change("v", agreed);
    f.submit("j0", [task("timed")]);
    f.finish("v", "timed");
    // Nobody knows how long these take, so that the worker gets two and no more.
    const calls = Array.from({ length: 40 }, (_, i) => call(`f${i}`));
    f.submit("j1", calls, { targets: calls.map(({ key }) => key), priority: 1 });
    expect(f.leases()).toEqual(["v:f0", "v:f1"]);
    f.join("w");
    expect(granted(f.submit("j2", [task("b")]))).toEqual(["w:b"]);
  });

  it("[U3] come in their turn where they are run", () => {
    const f = createFixture();
    f.submit("j", [task("a"), call("b"), task("c")], { targets: ["a", "b", "c"] });
    f.join("w", 0);
    expect(granted(f.change("w", { ...agreed, threads: 2 }))).toEqual(["w:a", "w:b", "w:c"]);
  });
});
