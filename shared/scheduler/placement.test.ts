// Tests of the rules about priority and placement (P).
import { describe, expect, it } from "vitest";
import { asWorkerId } from "../ids.ts";
import { block, createFixture, granted, only, task } from "../testing/scheduler-fixture.ts";
import type { Tuning } from "./tuning.ts";

const many = (prefix: string, count: number) =>
  Array.from({ length: count }, (_, i) => task(`${prefix}${i}`));
const keys = (tasks: readonly { key: string }[]) => tasks.map(({ key }) => key);

describe("priority", () => {
  it("[P1] serves higher priority first, then earlier jobs, then places in the job", () => {
    const f = createFixture();
    f.submit("low", [task("l")], { priority: -1 });
    f.submit("first", [task("a"), task("b")], { targets: ["b", "a"] });
    f.submit("second", [task("s")]);
    f.submit("high", [task("h")], { priority: 1 });
    expect(granted(f.join("w", 5))).toEqual(["w:h", "w:b", "w:a", "w:s", "w:l"]);
  });

  it("[P2] goes depth-first, so that intermediate blocks die young", () => {
    const f = createFixture();
    const tasks = [...many("leaf", 4), task("x", ["leaf0.0", "leaf1.0"])];
    tasks.push(task("y", ["leaf2.0", "leaf3.0"]), task("root", ["x.0", "y.0"]));
    f.submit("j", tasks);
    const order = [...f.state.tasks.values()].toSorted((a, b) => a.sequence - b.sequence);
    expect(keys(order)).toEqual(["leaf0", "leaf1", "x", "leaf2", "leaf3", "y", "root"]);
  });

  it("[P2] starts with the costliest chain", () => {
    const f = createFixture();
    const costly = { cost: { operations: 9e9, outputBytes: 1 } };
    f.submit("j", [task("short"), task("deep", [], costly), task("root", ["short.0", "deep.0"])]);
    expect(granted(f.join("w"))).toEqual(["w:deep", "w:short"]);
  });
});

describe("capacity", () => {
  it("[P3] grants the threads and one more for each, up to eight", () => {
    const f = createFixture();
    const tasks = many("t", 60);
    f.submit("j", tasks, { targets: keys(tasks) });
    expect(granted(f.join("two", 2))).toHaveLength(4);
    expect(granted(f.join("many", 20))).toHaveLength(28);
  });

  /** A worker that needed 5 ms for a task of a million operations. */
  function withTimed(limits: Partial<Tuning> = {}) {
    const f = createFixture({ limits });
    f.join("w");
    f.submit("j", [task("timed")]);
    f.finish("w", "timed", ["timed.0"], 5);
    return f;
  }

  it("[P3] grants more of what is known to be short, for 20 ms a thread", () => {
    const f = withTimed();
    const tasks = many("t", 60);
    // Each is predicted to take 6 ms, and the fourth one begins after 18.
    expect(granted(f.submit("k", tasks, { targets: keys(tasks) }))).toHaveLength(4);
  });

  it("[P3] grants no more than a bounded number of short ones", () => {
    const f = withTimed({ shortLeasesMax: 3 });
    const tasks = many("t", 60);
    expect(granted(f.submit("k", tasks, { targets: keys(tasks) }))).toHaveLength(3);
  });

  it("[P3] grants no more of what is long or was never timed", () => {
    for (const more of [{ kernel: "other@1" }, { cost: { operations: 4e6, outputBytes: 1 } }]) {
      const f = withTimed();
      f.submit("k", many("t", 2), { targets: ["t0", "t1"] });
      f.submit("l", [task("a", [], more), task("short")], { targets: ["a", "short"] });
      expect(f.leases()).toEqual(["w:t0", "w:t1", "w:short"]);
    }
  });

  it("[P4] grants nothing to a worker without threads or paused", () => {
    const f = createFixture();
    f.submit("j", [task("a")]);
    expect(granted(f.join("w", 0))).toEqual([]);
    expect(granted(f.change("w", { threads: 2, paused: true }))).toEqual([]);
    expect(granted(f.change("w", { threads: 2 }))).toEqual(["w:a"]);
  });

  it("[P4] grants nothing to a suspect worker until it is heard", () => {
    const f = createFixture();
    f.join("w");
    f.pass(5_000);
    f.pass(5_000);
    expect(granted(f.submit("j", [task("a")]))).toEqual([]);
    expect(granted(f.heard("w"))).toEqual(["w:a"]);
  });
});

describe("placement", () => {
  it("[P5] takes the least predicted finish, and the first to join among equals", () => {
    const f = createFixture();
    f.join("w1");
    f.join("w2");
    const tasks = many("t", 4);
    expect(granted(f.submit("j", tasks, { targets: keys(tasks) }))).toEqual([
      "w1:t0",
      "w2:t1",
      "w1:t2",
      "w2:t3",
    ]);
  });

  it("[P6] prefers the worker that was timed to be faster with the kernel", () => {
    const f = createFixture();
    f.join("slow");
    f.join("fast");
    f.submit("j1", many("t", 2), { targets: ["t0", "t1"] });
    f.finish("slow", "t0", ["t0.0"], 1_000);
    f.finish("fast", "t1", ["t1.0"], 10);
    expect(granted(f.submit("j2", [task("next")]))).toEqual(["fast:next"]);
  });

  it("[P6] learns of each group by itself, and remembers a bounded number", () => {
    const f = createFixture({ limits: { groupsMax: 2 } });
    f.join("slow");
    f.join("fast");
    const of = (group: string, name: string) => task(name, [], { group });
    f.submit("j1", [of("f", "t0"), of("f", "t1")], { targets: ["t0", "t1"] });
    f.finish("slow", "t0", ["t0.0"], 1_000);
    f.finish("fast", "t1", ["t1.0"], 10);
    expect(granted(f.submit("j2", [of("f", "next")]))).toEqual(["fast:next"]);
    f.finish("fast", "next");
    for (const group of ["g", "h"]) {
      f.submit(group, [of(group, group)]);
      f.finish("fast", group);
    }
    expect([...f.state.kernelSpeeds.keys()]).toEqual(["g", "h"]);
    const speeds = [...f.state.profiles.values()].map((profile) => [...profile.speeds.keys()]);
    expect(speeds).toEqual([["f"], ["g", "h"]]);
  });

  it("[P7] predicts an unseen kernel by the worker's speed with others", () => {
    const f = createFixture();
    f.join("slow");
    f.join("fast");
    f.submit("j1", many("t", 4), { targets: ["t0", "t1", "t2", "t3"] });
    for (const [worker, name, ms] of [
      ["slow", "t0", 1_000],
      ["fast", "t1", 10],
      ["slow", "t2", 1_000],
      ["fast", "t3", 10],
    ] as const) {
      f.finish(worker, name, [`${name}.0`], ms);
    }
    expect(granted(f.submit("j2", [task("new", [], { kernel: "other@1" })]))).toEqual(["fast:new"]);
  });

  it("[P8] takes the near task whose inputs the worker holds", () => {
    const f = createFixture();
    f.hold("store", "p1", "p2", "p3");
    const tasks = [task("a", ["p1"]), task("b", ["p2"]), task("c", ["p3"]), task("d", ["p2"])];
    f.submit("j", tasks, { targets: keys(tasks) });
    f.join("w", 0);
    f.hold("w", "p2");
    expect(granted(f.change("w", { threads: 1 }))).toEqual(["w:b", "w:d"]);
  });

  it("[P8] counts blocks on their way to the worker as held", () => {
    const f = createFixture();
    f.hold("store", "p1", "p2");
    const tasks = [task("a", ["p1"]), task("b", ["p2"]), task("c", ["p1"])];
    f.submit("j", tasks, { targets: keys(tasks) });
    expect(granted(f.join("w"))).toEqual(["w:a", "w:c"]);
  });

  it("[P9] passes over the head of the queue a bounded number of times", () => {
    const f = createFixture({ limits: { passesMax: 2 } });
    f.hold("store", "p1", "p2");
    const near = Array.from({ length: 6 }, (_, i) => task(`n${i}`, ["p2"]));
    const tasks = [task("far", ["p1"]), ...near];
    f.submit("j", tasks, { targets: keys(tasks) });
    f.join("w", 0);
    f.hold("w", "p2");
    expect(granted(f.change("w", { threads: 2 }))).toEqual(["w:n0", "w:n1", "w:far", "w:n2"]);
  });

  it("[P10] keeps the last task for a busy worker that finishes it earlier", () => {
    const f = createFixture();
    f.join("slow");
    f.join("fast");
    f.submit("j1", many("t", 2), { targets: ["t0", "t1"] });
    f.finish("slow", "t0", ["t0.0"], 100_000);
    f.finish("fast", "t1", ["t1.0"], 10);
    const tasks = many("u", 3);
    expect(granted(f.submit("j2", tasks, { targets: keys(tasks) }))).toEqual([
      "fast:u0",
      "fast:u1",
    ]);
    expect(f.counts("j2")?.ready).toBe(1);
    expect(granted(f.finish("fast", "u0"))).toEqual(["fast:u2"]);
  });

  it("[P10] keeps nothing for a worker that went away", () => {
    const f = createFixture();
    f.join("slow");
    f.join("fast");
    f.submit("j1", many("t", 2), { targets: ["t0", "t1"] });
    f.finish("slow", "t0", ["t0.0"], 100_000);
    f.finish("fast", "t1", ["t1.0"], 10);
    f.hold("store", "t0.0", "t1.0");
    f.submit("j2", many("u", 3), { targets: ["u0", "u1", "u2"] });
    expect(granted(f.leave("fast", true))).toEqual(["slow:u0", "slow:u1"]);
  });

  it("[P11] names sixteen of many holders, and the store", () => {
    const f = createFixture();
    for (let i = 0; i < 40; i += 1) {
      f.join(`h${i}`, 0);
      f.hold(`h${i}`, "p");
    }
    f.hold("store", "p");
    f.submit("j", [task("a", ["p"])]);
    const [lease] = only(f.join("w"), "grant-lease");
    const holders = lease?.inputs[0]?.holders ?? [];
    expect(holders).toContain("store");
    expect(new Set(holders).size).toBe(16);
  });

  it("[P11] names every holder of a block that few hold", () => {
    const f = createFixture();
    f.hold("c_tab", "p");
    f.hold("store", "p");
    f.submit("j", [task("a", ["p"])]);
    expect(only(f.join("w"), "grant-lease")).toEqual([
      {
        type: "grant-lease",
        worker: "w",
        incarnation: 1,
        attempt: 1,
        task: "a",
        job: "j",
        inputs: [{ block: "p", sizeBytes: 10_000, holders: ["c_tab", "store"] }],
        deadlineMs: 60_000,
        isSpeculative: false,
        expectedMs: null,
      },
    ]);
  });

  it("[P13] tells with a lease how long it will take, once its group was timed", () => {
    const f = createFixture();
    f.join("w", 1);
    expect(only(f.submit("j", [task("a")]), "grant-lease")).toMatchObject([{ expectedMs: null }]);
    f.finish("w", "a", ["a.0"], 30);
    const [lease] = only(f.submit("k", [task("b")]), "grant-lease");
    expect(lease?.expectedMs).toBeCloseTo(30);
  });

  it("[P12] prefers the worker with the faster link to the input", () => {
    const f = createFixture();
    f.join("far");
    f.join("near");
    f.hold("store", "p");
    for (const [worker, bytesPerMs] of [
      ["far", 1],
      ["near", 100_000],
    ] as const) {
      f.send({ type: "link-measured", worker: asWorkerId(worker), source: "store", bytesPerMs });
    }
    expect(granted(f.submit("j", [task("a", ["p"])]))).toEqual(["near:a"]);
  });

  it("[P12] takes small inputs that the store holds to come with the lease", () => {
    const f = createFixture();
    f.join("w", 0);
    const small = block("small", 100);
    f.send({ type: "blocks-held", holder: "store", blocks: [small] });
    f.submit("j", [{ ...task("a"), inputs: [small] }, task("b")], { targets: ["a", "b"] });
    expect(granted(f.change("w", { threads: 1 }))).toEqual(["w:a", "w:b"]);
  });
});
