// Tests of the rules about copies of late attempts (C).
import { describe, expect, it } from "vitest";
import { asJobId } from "../ids.ts";
import { createFixture, granted, only, task } from "../testing/scheduler-fixture.ts";

describe("copies", () => {
  it("[C1] copies an attempt that takes three times as long as predicted", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a", [], { cost: { operations: 1e8, outputBytes: 1 } })]);
    f.join("v");
    // Predicted: 1,001 ms. Half of its age must exceed 1.5 times that.
    expect(f.pass(3_000, "w", "v")).toEqual([]);
    const commands = f.pass(100, "w", "v");
    expect(only(commands, "grant-lease")).toMatchObject([
      { worker: "v", task: "a", attempt: 2, isSpeculative: true },
    ]);
  });

  it("[C1] copies the worst of several first, and no more than there are idle threads", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("old")]);
    f.nowMs += 4_000;
    f.join("x");
    f.submit("j2", [task("older", ["gone"]), task("young")], { targets: ["older", "young"] });
    f.nowMs += 1_000;
    f.join("v");
    expect(f.leases()).toEqual(["w:old", "x:young"]);
    expect(granted(f.pass(1_000, "w", "x", "v"))).toEqual(["v:old"]);
  });

  it("[C1] copies short leases together that are stuck behind a long one", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j1", [task("timed")]);
    f.finish("w", "timed", ["timed.0"], 3);
    const tasks = Array.from({ length: 5 }, (_, i) => task(`t${i}`));
    f.submit("j2", tasks, { targets: tasks.map((one) => one.key) });
    expect(f.leases()).toHaveLength(5);
    f.join("v");
    expect(granted(f.pass(600, "w", "v"))).toHaveLength(5);
  });

  it("[C1] copies nothing while a task is ready", () => {
    const f = createFixture();
    f.join("v");
    f.submit("j1", [task("a", [], { retries: 1 })]);
    f.join("w");
    const long = { cost: { operations: 1e6, outputBytes: 1 } };
    f.submit("j2", [task("x", [], long), task("y", [], long), task("z", [], long)], {
      targets: ["x", "y", "z"],
    });
    expect(f.leases()).toEqual(["v:a", "w:x", "v:y", "w:z"]);
    f.finish("v", "y");
    // Task a must not return to v, and w is full: it stays ready while v has nothing to do.
    f.fail("v", "a", "out-of-memory");
    expect(f.leases()).toEqual(["w:x", "w:z"]);
    expect(granted(f.pass(5_000, "w", "v"))).toEqual([]);
    expect(granted(f.finish("w", "x"))).toEqual(["w:a"]);
    expect(granted(f.pass(1, "w", "v"))).toEqual(["v:z"]);
  });

  it("[C2] makes no third attempt", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a")]);
    f.join("v");
    f.join("x");
    expect(granted(f.pass(5_000, "w", "v", "x"))).toEqual(["v:a"]);
    expect(granted(f.pass(5_000, "w", "v", "x"))).toEqual([]);
  });

  it("[C3] leaves young attempts alone", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a")]);
    f.join("v");
    expect(granted(f.pass(499, "w", "v"))).toEqual([]);
    expect(granted(f.pass(1, "w", "v"))).toEqual(["v:a"]);
  });

  it("[C4] copies the attempts of a suspect worker first", () => {
    const f = createFixture();
    const long = { cost: { operations: 3e9, outputBytes: 1 } };
    f.join("w");
    f.join("x");
    f.submit("j", [task("a", [], long), task("b", [], long)], { targets: ["a", "b"] });
    f.pass(5_000, "x");
    f.join("v");
    expect(f.leases()).toEqual(["w:a", "x:b"]);
    expect(granted(f.pass(3_001, "x", "v"))).toEqual(["v:a"]);
  });

  it("[C5] copies no task of a paused job", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a")]);
    f.join("v");
    f.send({ type: "job-paused", job: asJobId("j") });
    expect(granted(f.pass(5_000, "w", "v"))).toEqual([]);
  });

  it("[C5] copies no task whose inputs nobody holds", () => {
    const f = createFixture();
    f.join("w");
    f.hold("c_tab", "p");
    f.submit("j", [task("a", ["p"])]);
    f.join("v");
    f.send({ type: "holder-left", holder: "c_tab" });
    expect(granted(f.pass(5_000, "w", "v"))).toEqual([]);
    f.hold("c_tab", "p");
    expect(granted(f.pass(1, "w", "v"))).toEqual(["v:a"]);
  });

  it("[C6] copies a lease that waits for a thread", () => {
    const f = createFixture();
    const long = { cost: { operations: 3e8, outputBytes: 1 } };
    f.join("w");
    f.submit("j", [task("a", [], long), task("b", [], long)], { targets: ["a", "b"] });
    expect(f.leases()).toEqual(["w:a", "w:b"]);
    f.join("v");
    expect(granted(f.pass(600, "w", "v"))).toEqual(["v:b"]);
  });
});
