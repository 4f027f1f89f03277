// Tests of the rules about trying again (R).
import { describe, expect, it } from "vitest";
import { asTaskKey, asWorkerId } from "../ids.ts";
import { createFixture, granted, only, task } from "../testing/scheduler-fixture.ts";
import { taskStory } from "./views.ts";

const goesOn = { onFailure: "go-on" } as const;
/** Some time before anything fails. */
const tasks = [task("a"), task("b", ["a.0"]), task("c", ["b.0"]), task("d")];
const targets = ["c", "d"];

/** A job that failed at its task b, after a and d were done on w. */
function failed() {
  const f = createFixture();
  f.join("w", 2);
  f.submit("j", tasks, { targets });
  f.finish("w", "a");
  f.finish("w", "d");
  f.hold("store", "d.0");
  const end = f.fail("w", "b", "kernel-error");
  return { f, end };
}

describe("a job that failed", () => {
  it("[R1] runs on when it is submitted again, with what is known", () => {
    const { f } = failed();
    const known = { a: ["a.0"], d: ["d.0"] };
    const commands = f.submit("j", tasks, { targets, known });
    expect(granted(commands)).toEqual(["w:b"]);
    expect(only(commands, "announce-target")).toMatchObject([{ task: "d" }]);
    expect(only(commands, "release-blocks")).toEqual([]);
    expect(f.counts("j")).toMatchObject({ state: "running", total: 4, done: 2, failure: null });
    f.finish("w", "b");
    f.finish("w", "c");
    expect(only(f.hold("store", "c.0"), "finish-job")).toMatchObject([{ state: "done" }]);
  });

  it("[R1] is the only one whose name may come again", () => {
    const { f } = failed();
    f.submit("k", [task("x")]);
    expect(f.submit("k", [task("y")])).toEqual([]);
    f.finish("w", "x");
    f.hold("store", "x.0");
    expect(f.submit("k", [task("y")])).toEqual([]);
    expect(f.state.counters.dropped).toBe(2);
  });

  it("[R2] leaves its results where they are for a minute, those between included", () => {
    const { f, end } = failed();
    expect(only(end, "release-blocks")).toEqual([]);
    expect(f.pass(59_000, "w")).toEqual([]);
    expect(f.pass(1_000, "w")).toMatchObject([{ type: "release-blocks", blocks: ["a.0", "d.0"] }]);
  });

  it("[R6] tells where its tasks failed", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a", [], { retries: 1 })]);
    f.fail("w", "a", "timed-out");
    f.leave("w");
    f.join("v");
    const commands = f.fail("v", "a", "kernel-error");
    const failedOn = [{ task: "a", workers: ["w", "v"] }];
    expect(only(commands, "finish-job")).toMatchObject([{ state: "failed", failedOn }]);
  });
});

describe("failed targets of a job that goes on", () => {
  /** Both targets of a job failed, one of them because of the task before it. */
  function twoFailed() {
    const f = createFixture();
    f.join("w", 3);
    const three = [task("a"), task("b", ["a.0"]), task("c"), task("e")];
    f.submit("j", three, { ...goesOn, targets: ["b", "c", "e"] });
    f.fail("w", "a", "kernel-error");
    f.fail("w", "c", "kernel-error");
    return f;
  }

  it("[R3] are tried again on request, all of them", () => {
    const f = twoFailed();
    const commands = f.retry("j");
    expect(only(commands, "record-retry")).toEqual([
      { type: "record-retry", job: "j", targets: ["b", "c"], avoid: [] },
    ]);
    expect(granted(commands)).toEqual(["w:a", "w:c"]);
    expect(f.counts("j")).toMatchObject({ targetsFailed: 0 });
  });

  it("[R3] are tried again by their names, or those of the tasks that made them fail", () => {
    const f = twoFailed();
    expect(granted(f.retry("j", { tasks: ["a"] }))).toEqual(["w:a"]);
    expect(granted(f.retry("j", { tasks: ["c", "e"] }))).toEqual(["w:c"]);
    expect(f.retry("j")).toEqual([]);
    expect(f.state.counters.dropped).toBe(1);
  });

  it("[R3] are failed no more for any job", () => {
    const f = twoFailed();
    f.submit("k", [task("a"), task("x", ["a.0"])], { ...goesOn, targets: ["a", "x"] });
    expect(f.counts("k")).toMatchObject({ state: "failed" });
    f.submit("l", [task("a"), task("y")], { ...goesOn, targets: ["a", "y"] });
    const recorded = only(f.retry("j", { tasks: ["b"] }), "record-retry");
    expect(recorded.map(({ job, targets: keys }) => [job, keys])).toEqual([
      ["j", ["b"]],
      ["l", ["a"]],
    ]);
  });

  it("[R4] avoid the workers under which they failed, when asked to", () => {
    const f = twoFailed();
    f.join("v");
    const commands = f.retry("j", { tasks: ["c"], isElsewhere: true });
    expect(only(commands, "record-retry")).toMatchObject([
      { avoid: [{ task: "c", workers: ["w"] }] },
    ]);
    expect(granted(commands)).toEqual(["v:c"]);
    // Without that wish it goes to whoever would finish first.
    expect(granted(f.retry("j"))).toEqual(["w:a"]);
  });

  it("[R4] avoid those that were lost with them, and are not copied there", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a"), task("b")], { ...goesOn, targets: ["a", "b"] });
    for (let deaths = 0; deaths < 3; deaths += 1) f.fail("w", "a", "thread-died");
    f.join("v", 1, 1);
    f.finish("w", "b");
    expect(granted(f.retry("j", { isElsewhere: true }))).toEqual(["v:a"]);
    expect(granted(f.pass(5_000, "w", "v"))).toEqual([]);
  });

  it("[R4] of a job that is submitted again stay away from where it says", () => {
    const { f } = failed();
    f.join("v");
    const known = { a: ["a.0"], d: ["d.0"] };
    expect(granted(f.submit("j", tasks, { targets, known, avoid: { b: ["w"] } }))).toEqual(["v:b"]);
    expect(taskStory(f.state, asTaskKey("b"))?.sentences).toEqual([
      "It was kept away from where it had failed: w.",
    ]);
  });

  it("[R5] go where they failed when no other worker may have them, and say so", () => {
    const f = twoFailed();
    expect(granted(f.retry("j", { tasks: ["c"], isElsewhere: true }))).toEqual(["w:c"]);
    expect(taskStory(f.state, asTaskKey("c"))?.sentences.slice(-3)).toEqual([
      "It was tried again on request.",
      "It was kept away from where it had failed: w.",
      "No other worker could have it, so it was tried on w after all.",
    ]);
    expect(f.state.workers.get(asWorkerId("w"))?.attempts.size).toBe(2);
  });

  it("[R5] wait for a busy worker that may have them", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a"), task("e")], { ...goesOn, targets: ["a", "e"] });
    f.fail("w", "a", "kernel-error");
    f.join("v");
    f.submit("k", [task("x"), task("y"), task("z")], { targets: ["x", "y", "z"], priority: 1 });
    expect(f.leases()).toEqual(["w:e", "v:x", "w:y", "v:z"]);
    expect(granted(f.finish("w", "e"))).toEqual([]);
    expect(granted(f.retry("j", { isElsewhere: true }))).toEqual([]);
    expect(granted(f.finish("v", "x"))).toEqual(["v:a"]);
  });
});
