// Tests of the rules about jobs (J) and the states of their tasks (T).
import { describe, expect, it } from "vitest";
import { asBlockId, asJobId, asTaskKey } from "../ids.ts";
import { block, createFixture, granted, only, task } from "../testing/scheduler-fixture.ts";
import { LEGAL_TRANSITIONS, moveTask } from "./task-transitions.ts";
import { present } from "../assert.ts";

const job = (name: string) => ({ job: asJobId(name) });

describe("tasks", () => {
  it("[T1] refuses a transition that the table does not have", () => {
    const f = createFixture();
    f.submit("j", [task("a")]);
    const record = present([...f.state.tasks.values()][0], "task");
    expect(record.state).toBe("ready");
    expect(LEGAL_TRANSITIONS.ready).not.toContain("done");
    expect(() => moveTask(record, "done")).toThrow("may not go from ready to done");
  });

  it("[T2] runs only what the targets need", () => {
    const f = createFixture();
    f.join("w", 4);
    const commands = f.submit("j", [task("a"), task("b"), task("c", ["a.0"]), task("d", ["b.0"])], {
      targets: ["c"],
    });
    expect(granted(commands)).toEqual(["w:a"]);
    expect(granted(f.finish("w", "a"))).toEqual(["w:c"]);
    expect(f.counts("j")?.total).toBe(2);
  });

  it("[T3] runs a task once for all jobs that include it", () => {
    const f = createFixture();
    f.join("w", 4);
    f.submit("j1", [task("a"), task("b", ["a.0"])]);
    expect(granted(f.submit("j2", [task("a"), task("c", ["a.0"])]))).toEqual([]);
    const commands = f.finish("w", "a");
    expect(only(commands, "record-result")[0]?.jobs).toEqual(["j1", "j2"]);
    expect(granted(commands)).toEqual(["w:b", "w:c"]);
  });

  it("[T4] cancels what nobody needs any more", () => {
    const f = createFixture();
    f.join("w");
    f.join("v");
    f.submit("j1", [task("a"), task("b", ["a.0"])]);
    f.submit("j2", [task("b2"), task("a"), task("x", ["a.0", "b2.0"])]);
    expect(f.leases()).toEqual(["w:a", "v:b2"]);
    expect(f.send({ type: "job-cancelled", ...job("j2") })).toEqual([
      { type: "finish-job", job: "j2", state: "cancelled" },
      {
        type: "cancel-attempt",
        worker: "v",
        incarnation: 1,
        attempt: 2,
        reason: "job-cancelled",
      },
    ]);
    expect(f.leases()).toEqual(["w:a"]);
  });
});

describe("submitting", () => {
  const cases = [
    {
      what: "an unknown dependency",
      tasks: [task("a", ["b.0"])],
      says: /needs task b, which is not/,
    },
    { what: "a cycle", tasks: [task("a", ["b.0"]), task("b", ["a.0"])], says: /cycle/ },
    {
      what: "two tasks of one key",
      tasks: [task("a"), task("a", ["panel"])],
      says: /Two tasks of the job have the key a/,
    },
  ];
  for (const { what, tasks, says } of cases) {
    it(`[J1] ends a graph with ${what} as failed`, () => {
      const f = createFixture();
      f.join("w");
      const commands = f.submit("j", tasks);
      expect(commands).toHaveLength(1);
      const [finish] = only(commands, "finish-job");
      expect(finish?.state).toBe("failed");
      expect(finish?.failure?.message).toMatch(says);
      expect(f.state.tasks.size).toBe(0);
      expect(f.state.jobOrder).toEqual([]);
    });
  }

  it("[J1] names a target that is not in the graph", () => {
    const f = createFixture();
    const [finish] = only(f.submit("j", [task("a")], { targets: ["z"] }), "finish-job");
    expect(finish?.failure).toEqual({
      task: "z",
      message: "A target is task z, which is not part of the job.",
      error: null,
      cause: "z",
      sentences: ["A target is task z, which is not part of the job."],
    });
  });

  it("[J1] refuses a key that another job uses for different work", () => {
    const f = createFixture();
    f.submit("j1", [task("a", [], { params: { n: 1 } })]);
    const commands = f.submit("j2", [task("a", [], { params: { n: 2 } })]);
    expect(only(commands, "finish-job")[0]?.failure?.message).toMatch(/different task/);
    expect(f.counts("j1")?.state).toBe("running");
  });

  it("[J1] refuses an output that a finished task does not have", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j1", [task("a"), task("z", ["a.0", "gone"])]);
    f.finish("w", "a");
    const commands = f.submit("j2", [task("a"), task("b", ["a.3"])]);
    expect(only(commands, "finish-job")[0]?.failure?.message).toBe(
      "Task b needs output 3 of task a, which has 1.",
    );
  });

  it("[J2] takes over a known result that somebody holds", () => {
    const f = createFixture();
    f.join("w");
    f.hold("store", "a.0");
    const commands = f.submit("j", [task("a"), task("b", ["a.0"])], { known: { a: ["a.0"] } });
    expect(granted(commands)).toEqual(["w:b"]);
    expect(f.counts("j")).toMatchObject({ total: 2, done: 1, leased: 1 });
  });

  it("[J2] computes a known result again when nobody holds it", () => {
    const f = createFixture();
    f.join("w");
    const commands = f.submit("j", [task("a"), task("b", ["a.0"])], { known: { a: ["a.0"] } });
    expect(granted(commands)).toEqual(["w:a"]);
  });

  it("[J2][J4] ends at once when all targets are known and stored", () => {
    const f = createFixture();
    f.hold("store", "b.0");
    expect(f.submit("j", [task("a"), task("b", ["a.0"])], { known: { b: ["b.0"] } })).toEqual([
      { type: "announce-target", job: "j", task: "b", outputs: [block("b.0")] },
      { type: "finish-job", job: "j", state: "done" },
    ]);
    expect(f.state.tasks.size).toBe(0);
  });
});

describe("ends of jobs", () => {
  it("[J4] ends a job at once whose targets another job has stored already", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j1", [task("a"), task("b", ["gone"])], { targets: ["a", "b"] });
    f.finish("w", "a");
    f.hold("store", "a.0");
    expect(f.submit("j2", [task("a")])).toEqual([
      { type: "announce-target", job: "j2", task: "a", outputs: [block("a.0")] },
      { type: "finish-job", job: "j2", state: "done" },
    ]);
  });

  it("[J3][J4] announces a target when done and ends when it is in the store", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a")]);
    expect(f.finish("w", "a")).toEqual([
      {
        type: "record-result",
        task: "a",
        outputs: [block("a.0")],
        jobs: ["j"],
        worker: "w",
        attempt: 1,
        computeMs: 10,
      },
      { type: "announce-target", job: "j", task: "a", outputs: [block("a.0")] },
      { type: "store-block", holder: "w", block: "a.0" },
    ]);
    expect(f.counts("j")).toMatchObject({ state: "running", targetsDone: 0 });
    expect(f.hold("store", "a.0")).toEqual([{ type: "finish-job", job: "j", state: "done" }]);
  });

  it("[J3] announces a target again when its outputs were lost, the same or others", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a")]);
    f.finish("w", "a");
    f.drop("w", "a.0");
    expect(only(f.finish("w", "a"), "announce-target")).toHaveLength(1);
    f.drop("w", "a.0");
    expect(only(f.hold("w", "a.0"), "announce-target")).toHaveLength(1);
    f.drop("w", "a.0");
    expect(only(f.finish("w", "a", ["other"]), "announce-target")).toHaveLength(1);
  });

  it("[J3] announces to a job that comes while the target runs again, as to those that had it", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j1", [task("a")]);
    f.finish("w", "a");
    f.drop("w", "a.0");
    f.submit("j2", [task("a")]);
    expect(only(f.finish("w", "a"), "announce-target").map((c) => c.job)).toEqual(["j1", "j2"]);
  });

  it("[J4] stores a target that was an intermediate result of another job", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j1", [task("a"), task("b", ["a.0", "absent"])]);
    f.finish("w", "a");
    expect(f.submit("j2", [task("a")])).toEqual([
      { type: "announce-target", job: "j2", task: "a", outputs: [block("a.0")] },
      { type: "store-block", holder: "w", block: "a.0" },
    ]);
  });

  it("[J4] runs a target again that another job made and let go", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j1", [task("a"), task("b", ["a.0"]), task("c", ["b.0", "gone"])]);
    f.finish("w", "a");
    expect(only(f.finish("w", "b"), "release-blocks")).toMatchObject([{ blocks: ["a.0"] }]);
    expect(granted(f.submit("j2", [task("a")]))).toEqual(["w:a"]);
  });

  it("[J4] runs a target again whose only holder left before it was stored", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a")]);
    f.finish("w", "a");
    f.leave("w", true);
    expect(granted(f.join("v"))).toEqual(["v:a"]);
  });

  it("[J5] cancels attempts and says so", () => {
    const f = createFixture();
    f.join("w", 2);
    f.submit("j", [task("a"), task("b")], { targets: ["a", "b"] });
    const commands = f.send({ type: "job-cancelled", ...job("j") });
    expect(commands.map((command) => command.type)).toEqual([
      "finish-job",
      "cancel-attempt",
      "cancel-attempt",
    ]);
    expect(f.counts("j")).toMatchObject({ state: "cancelled", leased: 0 });
  });

  it("[J12] lets go of unwanted targets at once and ends with the wanted ones", () => {
    const f = createFixture();
    f.join("w", 2);
    f.submit("j", [task("a"), task("b"), task("c", ["b.0"])], { targets: ["a", "c"] });
    f.finish("w", "a");
    const commands = f.send({ type: "job-narrowed", ...job("j"), targets: [asTaskKey("a")] });
    expect(commands).toContainEqual(expect.objectContaining({ type: "cancel-attempt" }));
    expect(f.counts("j")).toMatchObject({ state: "running", targetsTotal: 1, leased: 0 });
    expect(f.hold("store", "a.0")).toContainEqual(
      expect.objectContaining({ type: "finish-job", state: "done" }),
    );
  });

  it("[J12] ends at once when all that is wanted is stored, and keeps what other jobs need", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j1", [task("a"), task("b")], { targets: ["a", "b"] });
    f.submit("j2", [task("b")]);
    f.finish("w", "a");
    f.hold("store", "a.0");
    const commands = f.send({ type: "job-narrowed", ...job("j1"), targets: [asTaskKey("a")] });
    expect(commands.map(({ type }) => type)).toContain("finish-job");
    expect(commands.map(({ type }) => type)).not.toContain("cancel-attempt");
    expect(f.counts("j1")).toMatchObject({ state: "done", targetsTotal: 1, targetsDone: 1 });
    expect(f.counts("j2")).toMatchObject({ state: "running", leased: 1 });
  });

  it("[J12] cancels a job that is left without targets", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a")]);
    f.send({ type: "job-narrowed", ...job("j"), targets: [] });
    expect(f.counts("j")).toMatchObject({ state: "cancelled" });
  });

  it("[J6] leases nothing of a paused job and lets live attempts finish", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a"), task("b", ["a.0"])]);
    expect(f.send({ type: "job-paused", ...job("j") })).toEqual([]);
    expect(granted(f.finish("w", "a"))).toEqual([]);
    expect(granted(f.send({ type: "job-resumed", ...job("j") }))).toEqual(["w:b"]);
  });

  it("[J6] leases a paused job's task for another job that includes it", () => {
    const f = createFixture();
    f.submit("j1", [task("a")]);
    f.send({ type: "job-paused", ...job("j1") });
    f.submit("j2", [task("a")]);
    const commands = f.join("w");
    expect(only(commands, "grant-lease")[0]).toMatchObject({ task: "a", job: "j2" });
  });

  it("[J7] reorders ready tasks when a priority changes", () => {
    const f = createFixture();
    f.submit("j1", [task("a")]);
    f.submit("j2", [task("b")]);
    f.send({ type: "job-prioritised", ...job("j2"), priority: 1 });
    expect(granted(f.join("w"))).toEqual(["w:b", "w:a"]);
  });

  it("[J8] fails with the story, and leaves other jobs alone", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j1", [task("a"), task("b"), task("c", ["a.0", "b.0"])]);
    f.submit("j2", [task("b")]);
    const commands = f.fail("w", "a", "kernel-error");
    expect(only(commands, "finish-job")).toMatchObject([
      {
        type: "finish-job",
        job: "j1",
        state: "failed",
        failure: {
          task: "a",
          message:
            "Attempt 1 on w failed (kernel-error): It broke. Task a (kernel@1) failed once; nothing asked for it to be tried again.",
          error: null,
          cause: "a",
          sentences: [
            "Attempt 1 on w failed (kernel-error): It broke.",
            "Task a (kernel@1) failed once; nothing asked for it to be tried again.",
          ],
        },
      },
    ]);
    expect(f.leases()).toEqual(["w:b"]);
    expect(f.counts("j2")?.state).toBe("running");
  });

  it("[J9] drops tasks at the end of a job and keeps a bounded number of records", () => {
    const f = createFixture({ limits: { finishedJobsMax: 2 } });
    for (const name of ["j1", "j2", "j3"]) {
      f.submit(name, [task("a")]);
      f.send({ type: "job-cancelled", ...job(name) });
    }
    expect(f.state.tasks.size).toBe(0);
    expect([...f.state.jobs.keys()]).toEqual(["j2", "j3"]);
  });

  it("[J9] keeps a shared task when one of its jobs ends", () => {
    const f = createFixture();
    f.submit("j1", [task("a"), task("b", ["a.0"])]);
    f.submit("j2", [task("a"), task("c", ["a.0"])]);
    f.send({ type: "job-cancelled", ...job("j1") });
    expect([...f.state.tasks.keys()]).toEqual(["a", "c"]);
    expect(granted(f.join("w"))).toEqual(["w:a"]);
  });

  it("[J10] forgets an unfinished job by cancelling it", () => {
    const f = createFixture();
    f.submit("j", [task("a")]);
    expect(f.send({ type: "job-forgotten", ...job("j") })).toEqual([
      { type: "finish-job", job: "j", state: "cancelled" },
    ]);
    expect(f.state.jobs.size + f.state.tasks.size + f.state.blocks.size).toBe(0);
  });

  it("[J11] releases results a minute after the end", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a")]);
    f.finish("w", "a");
    expect(only(f.hold("store", "a.0"), "release-blocks")).toEqual([]);
    expect(f.pass(59_000, "w")).toEqual([]);
    expect(f.pass(1_000, "w")).toEqual([{ type: "release-blocks", worker: "w", blocks: ["a.0"] }]);
  });

  it("[J11] releases results when the job is forgotten", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a")]);
    f.finish("w", "a");
    f.hold("store", "a.0");
    expect(f.send({ type: "job-forgotten", ...job("j") })).toEqual([
      { type: "release-blocks", worker: "w", blocks: ["a.0"] },
    ]);
    expect(f.state.blocks.get(asBlockId("a.0"))?.holders.map((holder) => holder.id)).toEqual([
      "store",
    ]);
    f.drop("store", "a.0");
    expect(f.state.blocks.size).toBe(0);
  });
});
