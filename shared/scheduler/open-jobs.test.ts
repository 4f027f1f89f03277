// Tests of the rules about open jobs (O) and jobs that go on after failures (G).
import { describe, expect, it } from "vitest";
import { asJobId, asTaskKey } from "../ids.ts";
import { createFixture, granted, only, task } from "../testing/scheduler-fixture.ts";

const job = (name: string) => ({ job: asJobId(name) });
const open = { isOpen: true } as const;
const goesOn = { onFailure: "go-on" } as const;

/** A fixture with a worker of so many threads and an open job "s" without tasks. */
function withSession(threads = 1) {
  const f = createFixture();
  f.join("w", threads);
  f.submit("s", [], { ...open, targets: [] });
  return f;
}

const droppedBy = (commands: Parameters<typeof only>[0]) =>
  only(commands, "drop-tasks").flatMap((command) => command.tasks);
const failuresIn = (commands: Parameters<typeof only>[0]) =>
  only(commands, "announce-failure").map(({ job: id, task: key }) => `${id}:${key}`);
const targetsIn = (commands: Parameters<typeof only>[0]) =>
  only(commands, "announce-target").map(({ job: id, task: key }) => `${id}:${key}`);

describe("open jobs", () => {
  it("[O1] do not end by themselves", () => {
    const f = withSession();
    f.extend("s", { tasks: [task("a")] });
    f.finish("w", "a");
    f.hold("store", "a.0");
    expect(f.counts("s")).toMatchObject({ state: "running", targetsTotal: 1, targetsDone: 1 });
    expect(f.close("s")).toEqual([{ type: "finish-job", job: "s", state: "done" }]);
  });

  it("[O1] end when they are closed and their last target is stored", () => {
    const f = withSession();
    f.extend("s", { tasks: [task("a")] });
    expect(f.close("s")).toEqual([]);
    expect(only(f.finish("w", "a"), "store-block")).toHaveLength(1);
    expect(only(f.hold("store", "a.0"), "finish-job")).toHaveLength(1);
  });

  it("[O1] are the only ones that can be extended or closed", () => {
    const f = withSession();
    f.submit("j", [task("a")]);
    expect(f.extend("j", { tasks: [task("b")] })).toEqual([]);
    expect(f.close("j")).toEqual([]);
    f.close("s");
    expect(f.extend("s", { tasks: [task("b")] })).toEqual([]);
    expect(f.state.counters.dropped).toBe(3);
    expect(f.state.tasks.size).toBe(1);
  });

  it("[J12] are closed when they are narrowed", () => {
    const f = withSession(2);
    f.extend("s", { tasks: [task("a"), task("b")] });
    f.finish("w", "a");
    const commands = f.send({ type: "job-narrowed", ...job("s"), targets: [asTaskKey("a")] });
    expect(commands.map(({ type }) => type)).toEqual(["cancel-attempt", "store-block"]);
    expect(only(f.hold("store", "a.0"), "finish-job")).toMatchObject([{ state: "done" }]);
  });

  it("[O2] take in work that uses what they have", () => {
    const f = withSession();
    f.extend("s", { tasks: [task("a")] });
    f.finish("w", "a");
    expect(granted(f.extend("s", { tasks: [task("b", ["a.0"])] }))).toEqual(["w:b"]);
    expect(f.counts("s")).toMatchObject({ total: 2, targetsTotal: 2 });
  });

  it("[O2] let go and try again before they add", () => {
    const f = withSession();
    f.extend("s", { tasks: [task("a"), task("b", ["a.0"])] });
    f.fail("w", "a", "kernel-error");
    const commands = f.extend("s", {
      released: ["a"],
      retried: ["b"],
      tasks: [task("c", ["b.0"])],
    });
    expect(commands).toMatchObject([{ type: "grant-lease", task: "a" }]);
    expect(f.counts("s")).toMatchObject({ targetsTotal: 2, targetsFailed: 0, waiting: 2 });
  });

  it("[O3] are told at once of targets that are done or failed", () => {
    const f = withSession(2);
    f.extend("s", { tasks: [task("a"), task("b"), task("c", ["a.0"])], targets: ["b", "c"] });
    f.finish("w", "a");
    f.fail("w", "b", "kernel-error");
    f.submit("t", [], { ...open, targets: [] });
    const commands = f.extend("t", { tasks: [task("a"), task("b"), task("d", ["b.0"])] });
    expect(targetsIn(commands)).toEqual(["t:a"]);
    expect(failuresIn(commands).toSorted()).toEqual(["t:b", "t:d"]);
    expect(targetsIn(f.extend("s", { targets: ["a"] }))).toEqual(["s:a"]);
  });

  it("[O3] refuse a task that is not the one they have under its key", () => {
    const f = withSession();
    f.extend("s", { tasks: [task("a")] });
    const commands = f.extend("s", {
      tasks: [task("a", [], { params: 1 }), task("b", ["a.0"])],
      targets: ["b"],
    });
    expect(only(commands, "announce-failure")[0]?.message).toBe(
      "There is a different task with the key a already.",
    );
  });

  it("[O4] leave results where they were made until they are closed", () => {
    const f = withSession();
    f.extend("s", { tasks: [task("a")] });
    expect(f.finish("w", "a").map(({ type }) => type)).toEqual([
      "record-result",
      "announce-target",
    ]);
    expect(f.close("s")).toEqual([{ type: "store-block", holder: "w", block: "a.0" }]);
  });

  it("[O4] have a result stored for another job that wants it", () => {
    const f = withSession();
    f.extend("s", { tasks: [task("a")] });
    f.finish("w", "a");
    expect(only(f.submit("j", [task("a")]), "store-block")).toHaveLength(1);
  });

  it("[O4] have a result computed again that was lost", () => {
    const f = withSession();
    f.extend("s", { tasks: [task("a")] });
    f.finish("w", "a");
    f.leave("w", true);
    expect(granted(f.join("v"))).toEqual(["v:a"]);
  });

  it("[O5] cancel what a target that is let go needed, and drop it", () => {
    const f = withSession(4);
    f.extend("s", {
      tasks: [task("a"), task("b", ["a.0"]), task("c", ["a.0"]), task("d", ["b.0", "c.0"])],
      targets: ["c", "d"],
    });
    f.finish("w", "a");
    expect(f.leases()).toEqual(["w:c", "w:b"]);
    const commands = f.extend("s", { released: ["d"] });
    expect(only(commands, "cancel-attempt")).toMatchObject([{ attempt: 3, worker: "w" }]);
    expect(droppedBy(commands)).toEqual(["d", "b"]);
    expect(f.leases()).toEqual(["w:c"]);
    expect([...f.state.tasks.keys()]).toEqual(["a", "c"]);
    const last = f.extend("s", { released: ["c"] });
    expect(droppedBy(last)).toEqual(["c", "a"]);
    expect(only(last, "release-blocks")).toEqual([
      { type: "release-blocks", worker: "w", blocks: ["a.0"] },
    ]);
  });

  it("[O5] keep what was let go while something else needs it", () => {
    const f = withSession();
    f.submit("j", [task("a")]);
    f.extend("s", { tasks: [task("a"), task("b", ["a.0"])] });
    expect(droppedBy(f.extend("s", { released: ["a"] }))).toEqual([]);
    expect(droppedBy(f.extend("s", { released: ["b"] }))).toEqual(["b", "a"]);
    expect(f.leases()).toEqual(["w:a"]);
    expect([...f.state.tasks.keys()]).toEqual(["a"]);
  });

  it("[O5] hand ready tasks over to other jobs that need them", () => {
    const f = createFixture();
    f.submit("j", [task("a")], { priority: -1 });
    f.submit("s", [task("a")], open);
    expect(droppedBy(f.extend("s", { released: ["a"] }))).toEqual(["a"]);
    expect(only(f.join("w"), "grant-lease")).toMatchObject([{ task: "a", job: "j" }]);
  });

  it("[O5] name submitted tasks that no target needs", () => {
    const f = createFixture();
    expect(droppedBy(f.submit("s", [task("a"), task("b")], open))).toEqual(["a"]);
    const extension = { tasks: [task("b"), task("c"), task("d", ["b.0"])], targets: ["d"] };
    expect(droppedBy(f.extend("s", extension))).toEqual(["c"]);
  });

  it("[O6] do not disturb what they let go and need again", () => {
    const f = withSession();
    f.extend("s", { tasks: [task("a")] });
    const again = f.extend("s", { released: ["a"], tasks: [task("a"), task("b", ["a.0"])] });
    expect(only(again, "cancel-attempt")).toEqual([]);
    expect(f.leases()).toEqual(["w:a"]);
    f.finish("w", "a");
    expect(targetsIn(f.extend("s", { released: ["a"], targets: ["a"] }))).toEqual(["s:a"]);
    expect(droppedBy(f.extend("s", { released: ["b"], tasks: [task("c", ["b.0"])] }))).toEqual([]);
  });

  it("[O7] announce that the targets of an improper extension fail, and drop its tasks", () => {
    const f = withSession(2);
    f.extend("s", { tasks: [task("a"), task("b")] });
    const commands = f.extend("s", {
      released: ["b"],
      tasks: [task("c"), task("d", ["gone.0"])],
      targets: ["a", "c", "d"],
    });
    expect(failuresIn(commands)).toEqual(["s:c", "s:d"]);
    expect(only(commands, "announce-failure")[0]).toMatchObject({
      message: "Task d needs task gone, which is not part of the job.",
      error: null,
    });
    expect(droppedBy(commands)).toEqual(["b", "c", "d"]);
    expect(f.counts("s")).toMatchObject({ state: "running", targetsTotal: 1, targetsFailed: 0 });
    expect(f.leases()).toEqual(["w:a"]);
  });

  it("[O8] take over known results", () => {
    const f = withSession();
    f.hold("store", "a.0");
    const tasks = [task("a"), task("b", ["a.0"])];
    const commands = f.extend("s", { tasks, known: { a: ["a.0"], b: ["b.0"] } });
    expect(targetsIn(commands)).toEqual(["s:a"]);
    expect(granted(commands)).toEqual(["w:b"]);
  });

  it("[O9] leave nothing behind of what they dropped", () => {
    const f = withSession();
    for (const name of ["a", "b", "c"]) {
      f.extend("s", {
        tasks: [task(name), task(`${name}2`, [`${name}.0`])],
        targets: [`${name}2`],
      });
      f.finish("w", name);
      f.finishSmall("w", `${name}2`);
      f.extend("s", { released: [`${name}2`] });
    }
    const { tasks, blocks, attempts } = f.state;
    expect([tasks.size, blocks.size, attempts.size]).toEqual([0, 0, 0]);
    expect(f.counts("s")).toMatchObject({ total: 0, done: 0, targetsTotal: 0 });
  });
});

describe("jobs that go on", () => {
  const error = { name: "RangeError", message: "Too far.", stack: "at f" };

  it("[G1] announce a failure once and do everything else", () => {
    const f = createFixture();
    f.join("w", 2);
    const tasks = [task("a"), task("b"), task("c", ["a.0"]), task("d", ["b.0"])];
    f.submit("j", tasks, { ...goesOn, targets: ["c", "d"] });
    const commands = f.fail("w", "a", "kernel-error", { error });
    expect(commands).toEqual([
      {
        type: "announce-failure",
        job: "j",
        task: "c",
        message:
          "Attempt 1 on w failed (kernel-error): It broke. Task a (kernel@1) failed once; nothing asked for it to be tried again.",
        error,
        cause: "a",
        sentences: [
          "Attempt 1 on w failed (kernel-error): It broke.",
          "Task a (kernel@1) failed once; nothing asked for it to be tried again.",
        ],
      },
    ]);
    expect(f.counts("j")).toMatchObject({ state: "running", targetsFailed: 1, leased: 1 });
    expect(granted(f.finish("w", "b"))).toEqual(["w:d"]);
    expect(failuresIn(f.finish("w", "d"))).toEqual([]);
  });

  it("[G1] that include a failed task as no target go on with the others", () => {
    const f = createFixture();
    f.join("w", 2);
    f.submit("j1", [task("a")], goesOn);
    f.submit("j2", [task("a"), task("b", ["a.0"]), task("c")], { ...goesOn, targets: ["b", "c"] });
    const commands = f.fail("w", "a", "kernel-error");
    expect(failuresIn(commands)).toEqual(["j1:a", "j2:b"]);
    expect(only(commands, "finish-job")).toMatchObject([{ job: "j1", state: "failed" }]);
    expect(f.counts("j2")?.state).toBe("running");
  });

  it("[G2] end as failed once everything else is stored", () => {
    const f = createFixture();
    f.join("w", 2);
    f.submit("j", [task("a"), task("b")], { ...goesOn, targets: ["a", "b"] });
    expect(only(f.fail("w", "a", "kernel-error"), "finish-job")).toEqual([]);
    f.finish("w", "b");
    expect(only(f.hold("store", "b.0"), "finish-job")).toMatchObject([
      { job: "j", state: "failed", failure: { task: "a", message: /It broke/ } },
    ]);
  });

  it("[G2] end as done when what failed was let go or tried again", () => {
    const f = withSession(2);
    f.extend("s", { tasks: [task("a"), task("b")] });
    f.fail("w", "a", "kernel-error");
    f.fail("w", "b", "kernel-error");
    expect(f.counts("s")?.failure?.task).toBe("a");
    f.extend("s", { released: ["a"], retried: ["b"] });
    expect(f.counts("s")?.failure).toBeNull();
    f.finishSmall("w", "b");
    expect(f.close("s")).toMatchObject([{ type: "finish-job", state: "done" }]);
  });

  it("[G3] try a failed target again with all that failed behind it", () => {
    const f = withSession();
    const tasks = [task("a", [], { retries: 1 }), task("b", ["a.0"]), task("c", ["b.0"])];
    f.extend("s", { tasks: [...tasks, task("d", ["b.0"])], targets: ["c", "d"] });
    f.fail("w", "a", "kernel-error");
    expect(failuresIn(f.fail("w", "a", "kernel-error"))).toEqual(["s:c", "s:d"]);
    expect(granted(f.extend("s", { retried: ["c"] }))).toEqual(["w:a"]);
    expect(f.counts("s")).toMatchObject({ targetsFailed: 1 });
    // It is forgiven as much as before.
    expect(granted(f.fail("w", "a", "kernel-error"))).toEqual(["w:a"]);
    f.finish("w", "a");
    f.finish("w", "b");
    expect(targetsIn(f.finish("w", "c"))).toEqual(["s:c"]);
    // What it needs was let go since.
    expect(granted(f.extend("s", { retried: ["d", "c"] }))).toEqual(["w:a"]);
  });

  it("[G3] try it again for all jobs in which it failed", () => {
    const f = withSession();
    f.submit("t", [task("a"), task("x", ["gone"])], { ...goesOn, targets: ["a", "x"] });
    f.extend("s", { tasks: [task("a")] });
    expect(failuresIn(f.fail("w", "a", "kernel-error"))).toEqual(["t:a", "s:a"]);
    f.extend("s", { retried: ["a"] });
    expect(f.counts("t")).toMatchObject({ targetsFailed: 0, failure: null });
    expect(targetsIn(f.finish("w", "a"))).toEqual(["t:a", "s:a"]);
  });

  it("[G3] forget what was thrown before", () => {
    const f = withSession();
    f.extend("s", { tasks: [task("a")] });
    f.fail("w", "a", "kernel-error", { error });
    f.extend("s", { retried: ["a"] });
    const [failure] = only(f.fail("w", "a", "bad-input"), "announce-failure");
    expect(failure?.error).toBeNull();
    expect(failure?.message).toMatch(/It was tried again on request\. Attempt 2/);
  });

  it("[J3] are told again of a result whose failure was announced meanwhile", () => {
    const f = withSession();
    f.extend("s", { tasks: [task("a")] });
    f.finish("w", "a");
    f.drop("w", "a.0");
    expect(failuresIn(f.fail("w", "a", "kernel-error"))).toEqual(["s:a"]);
    f.extend("s", { retried: ["a"] });
    expect(targetsIn(f.finish("w", "a"))).toEqual(["s:a"]);
  });

  it("[O3][G1] are told of a target that had failed for another job", () => {
    const f = withSession();
    f.extend("s", { tasks: [task("a"), task("b", ["a.0"])], targets: ["b"] });
    f.fail("w", "a", "kernel-error");
    f.submit("t", [], { ...open, targets: [] });
    expect(
      failuresIn(f.extend("t", { tasks: [task("a"), task("b", ["a.0"])], targets: ["b"] })),
    ).toEqual(["t:b"]);
  });

  it("[G4] tell that what is no target cannot be tried again", () => {
    const f = withSession();
    f.extend("s", { tasks: [task("a")] });
    const commands = f.extend("s", { retried: ["a", "z"] });
    expect(commands).toEqual([
      {
        type: "announce-failure",
        job: "s",
        task: "z",
        message: "It is not a target of this job, so it cannot be tried again.",
        error: null,
        cause: "z",
        sentences: ["It is not a target of this job, so it cannot be tried again."],
      },
    ]);
  });
});
