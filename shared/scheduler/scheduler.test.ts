// Tests of the rules about steps (S); the simulator tests the rest of them.
import { describe, expect, it } from "vitest";
import { asAttemptId, asBlockId, asIncarnation, asJobId, asWorkerId } from "../ids.ts";
import { createFixture, only, task } from "../testing/scheduler-fixture.ts";
import type { SchedulerEvent } from "./events.ts";

describe("a step", () => {
  it("[S2] takes an earlier time for the latest one", () => {
    const f = createFixture();
    f.nowMs = 10_000;
    f.join("w");
    f.nowMs = 3_000;
    const [lease] = only(f.submit("j", [task("a")]), "grant-lease");
    expect(lease?.deadlineMs).toBe(70_000);
  });

  const worker = { worker: asWorkerId("w"), incarnation: asIncarnation(1) };
  const job = asJobId("none");
  const strays: SchedulerEvent[] = [
    { type: "attempt-finished", ...worker, attempt: asAttemptId(99), outputs: [], computeMs: 1 },
    {
      type: "attempt-failed",
      ...worker,
      attempt: asAttemptId(99),
      reason: "kernel-error",
      message: "",
    },
    { type: "attempts-returned", ...worker, attempts: [asAttemptId(99)] },
    {
      type: "worker-left",
      worker: asWorkerId("v"),
      incarnation: asIncarnation(1),
      isExpected: true,
    },
    { type: "blocks-held", holder: asWorkerId("v"), blocks: [] },
    { type: "blocks-dropped", holder: "c_none", blocks: [asBlockId("x")] },
    { type: "holder-left", holder: "c_none" },
    { type: "link-measured", worker: asWorkerId("v"), source: "store", bytesPerMs: 1 },
    { type: "job-cancelled", job },
    { type: "job-paused", job },
    { type: "job-resumed", job },
    { type: "job-prioritised", job, priority: 1 },
    { type: "job-forgotten", job },
  ];
  for (const event of strays) {
    it(`[S3] counts and drops a stray ${event.type}`, () => {
      const f = createFixture();
      f.join("w");
      f.submit("j", [task("a")]);
      expect(f.send(event)).toEqual([]);
      expect(f.state.counters.dropped).toBe(1);
      expect(f.leases()).toEqual(["w:a"]);
    });
  }

  it("[S3] drops an attempt's result from a worker that does not hold the lease", () => {
    const f = createFixture();
    f.join("w");
    f.submit("j", [task("a")]);
    f.join("v");
    const stray = { worker: asWorkerId("v"), incarnation: asIncarnation(1) };
    f.send({
      type: "attempt-finished",
      ...stray,
      attempt: asAttemptId(1),
      outputs: [],
      computeMs: 1,
    });
    expect(f.leases()).toEqual(["w:a"]);
    expect(f.state.counters.dropped).toBe(1);
  });

  it("[S3] drops a job's second submission", () => {
    const f = createFixture();
    f.submit("j", [task("a")]);
    expect(f.submit("j", [task("b")])).toEqual([]);
    expect([...f.state.tasks.keys()]).toEqual(["a"]);
    expect(f.state.counters.dropped).toBe(1);
  });
});
