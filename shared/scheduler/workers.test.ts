// Tests of the rules about workers (W).
import { describe, expect, it } from "vitest";
import { asIncarnation, asWorkerId } from "../ids.ts";
import { createFixture, granted, only, task } from "../testing/scheduler-fixture.ts";
import { workerLoad } from "./views.ts";

const heard = (worker: string, incarnation: number) =>
  ({
    type: "worker-heard",
    worker: asWorkerId(worker),
    incarnation: asIncarnation(incarnation),
  }) as const;

const retiring = { isRetiring: true } as const;

describe("retiring workers", () => {
  it("[P4][W9] get no lease and finish what they have", () => {
    const f = createFixture();
    f.join("w", 2);
    f.submit("j", [task("a"), task("b", ["a.0"])]);
    expect(f.change("w", retiring)).toEqual([]);
    expect(f.leases()).toEqual(["w:a"]);
    const commands = f.finish("w", "a");
    expect(granted(commands)).toEqual([]);
    f.join("v");
    expect(f.leases()).toEqual(["v:b"]);
  });

  it("[W10] hand over what is needed and what nobody else holds", () => {
    const f = createFixture();
    f.join("w", 3);
    f.submit("o", [task("a"), task("b"), task("d", ["a.0"])], {
      isOpen: true,
      targets: ["a", "b", "d"],
    });
    f.finish("w", "a");
    f.finish("w", "b");
    f.join("v");
    f.hold("v", "b.0");
    f.hold("w", "of-no-use");
    // An open job's results stay where they are as long as somebody holds them.
    const commands = f.change("w", retiring);
    expect(commands).toEqual([{ type: "store-block", holder: "w", block: "a.0" }]);
    expect(only(f.finish("w", "d"), "store-block")).toMatchObject([{ block: "d.0" }]);
    expect(only(f.change("v", retiring), "store-block")).toMatchObject([{ block: "b.0" }]);
  });

  it("[W10] hand over what becomes needed later", () => {
    const f = createFixture();
    f.join("w");
    f.hold("w", "x");
    f.submit("k", [task("b")]);
    f.change("w", retiring);
    f.submit("j", [task("a", ["x"])]);
    expect(only(f.pass(500, "w"), "store-block")).toEqual([
      { type: "store-block", holder: "w", block: "x" },
    ]);
  });

  it("[W11] may leave once nothing is left, which is said once", () => {
    const f = createFixture();
    f.join("w");
    f.submit("o", [task("a")], { isOpen: true });
    f.change("w", retiring);
    expect(only(f.pass(500, "w"), "worker-retired")).toEqual([]);
    f.finish("w", "a");
    expect(only(f.pass(500, "w"), "worker-retired")).toEqual([]);
    f.hold("store", "a.0");
    const retired = { type: "worker-retired", worker: "w", incarnation: 1 };
    expect(only(f.pass(500, "w"), "worker-retired")).toEqual([retired]);
    expect(only(f.pass(500, "w"), "worker-retired")).toEqual([]);
    const idle = createFixture();
    idle.join("w");
    expect(idle.change("w", retiring)).toEqual([retired]);
  });

  it("[W11] are not kept for ever by blocks that do not arrive", () => {
    const f = createFixture();
    f.join("w", 2);
    f.submit("o", [task("a"), task("b")], { isOpen: true, targets: ["a", "b"] });
    f.finish("w", "a");
    f.finish("w", "b");
    f.change("w", retiring);
    f.pass(50_000, "w");
    f.hold("store", "a.0");
    expect(only(f.pass(500, "w"), "worker-retired")).toEqual([]);
    for (let i = 0; i < 3; i += 1) f.pass(19_000, "w");
    expect(only(f.pass(2_900, "w"), "worker-retired")).toEqual([]);
    expect(only(f.pass(100, "w"), "worker-retired")).toHaveLength(1);
  });

  it("[W12] may stay after all", () => {
    const f = createFixture();
    f.join("w");
    f.change("w", retiring);
    f.submit("j", [task("a")]);
    expect(granted(f.change("w", {}))).toEqual(["w:a"]);
  });
});

describe("workers", () => {
  it("[W1] replaces an incarnation by a higher one", () => {
    const f = createFixture();
    f.submit("j", [task("a"), task("b", ["a.0", "gone"])]);
    f.join("w", 1, 1);
    f.finish("w", "a");
    // The new incarnation must announce its blocks itself: the result counts as lost.
    const commands = f.join("w", 1, 2);
    expect(only(commands, "grant-lease")).toMatchObject([{ task: "a", incarnation: 2 }]);
  });

  it("[W1] drops a join that is not higher", () => {
    const f = createFixture();
    f.join("w", 1, 5);
    expect(f.join("w", 3, 5)).toEqual([]);
    expect(f.join("w", 3, 4)).toEqual([]);
    expect(workerLoad(f.state, asWorkerId("w"))?.capacity).toBe(2);
    expect(f.state.counters.dropped).toBe(2);
  });

  it("[W2] asks unknown incarnations to join anew, but lets departures pass", () => {
    const f = createFixture();
    expect(f.send(heard("w", 3))).toEqual([
      { type: "end-incarnation", worker: "w", incarnation: 3, reason: "unknown" },
    ]);
    f.join("w", 1, 3);
    expect(only(f.send(heard("w", 4)), "end-incarnation")).toHaveLength(1);
    expect(f.send({ ...heard("v", 1), type: "worker-left", isExpected: true })).toEqual([]);
  });

  it("[W3] drops events of a superseded incarnation", () => {
    const f = createFixture();
    f.join("w", 1, 2);
    f.submit("j", [task("a")]);
    expect(f.send(heard("w", 1))).toEqual([]);
    expect(f.send({ ...heard("w", 1), type: "worker-left", isExpected: true })).toEqual([]);
    expect(f.leases()).toEqual(["w:a"]);
    expect(f.state.counters.dropped).toBe(2);
  });

  it("[W4] suspects a silent worker until any event of its own", () => {
    const f = createFixture();
    const isSuspect = () => workerLoad(f.state, asWorkerId("w"))?.isSuspect;
    f.join("w");
    f.pass(4_000);
    f.pass(4_000);
    expect(isSuspect()).toBe(false);
    f.pass(1);
    expect(isSuspect()).toBe(true);
    f.change("w", { threads: 1 });
    expect(isSuspect()).toBe(false);
  });

  it("[W5] ends a visible worker's incarnation after 25 s, a hidden one's after 90 s", () => {
    const f = createFixture();
    f.pass(0);
    f.join("seen");
    f.join("hidden");
    f.change("hidden", { threads: 1, hidden: true });
    const ends = () => {
      const commands = f.pass(5_000);
      return only(commands, "end-incarnation").map((end) => `${end.worker} ${end.reason}`);
    };
    const history = Array.from({ length: 19 }, ends);
    expect(history[4]).toEqual([]);
    expect(history[5]).toEqual(["seen silent"]);
    expect(history[17]).toEqual([]);
    expect(history[18]).toEqual(["hidden silent"]);
    expect(f.state.workers.size + f.state.hungry.size).toBe(0);
  });

  it("[W6] takes leases and replicas back when a worker leaves", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a"), task("b", ["a.0"]), task("c", ["b.0"])]);
    f.finish("w", "a");
    expect(f.leases()).toEqual(["w:b"]);
    expect(f.leave("w", true)).toEqual([]);
    expect(granted(f.join("v"))).toEqual(["v:a"]);
    expect(f.state.holders.has(asWorkerId("w"))).toBe(false);
  });

  it("[W6] asks nothing more of a worker that left", () => {
    const f = createFixture();
    f.join("w", 6);
    const names = ["a", "b", "c", "d", "e", "f"];
    f.submit(
      "j",
      names.map((name) => task(name)),
      { targets: names },
    );
    for (const name of names) f.finish("w", name);
    expect(f.state.workers.get(asWorkerId("w"))?.holder.uploadQueue.size).toBe(2);
    expect(f.leave("w")).toEqual([]);
  });

  it("[W7] forgives everybody a gap in the coordinator's own ticks", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a")]);
    f.pass(500, "w");
    expect(f.pass(3_600_000)).toEqual([]);
    expect(f.leases()).toEqual(["w:a"]);
    expect(workerLoad(f.state, asWorkerId("w"))?.isSuspect).toBe(false);
  });

  it("[W8] remembers the speed of a worker that comes back", () => {
    const f = createFixture();
    f.join("slow", 1, 1);
    f.join("fast", 1, 1);
    f.submit("j1", [task("a"), task("b")], { targets: ["a", "b"] });
    f.finish("slow", "a", ["a.0"], 1_000);
    f.finish("fast", "b", ["b.0"], 10);
    f.hold("store", "a.0", "b.0");
    f.join("slow", 1, 2);
    f.join("fast", 1, 2);
    expect(granted(f.submit("j2", [task("c")]))).toEqual(["fast:c"]);
  });
});
