// Tests of the history of attempts: lanes, pages, restarts of the coordinator, bounds, attempts under way.
import { describe, expect, test } from "vitest";
import { ActivityHistory, PAGE_ROWS } from "./activity-core.ts";
import { toldActivity, toldWorker } from "./told-activity.ts";

describe("ActivityHistory", () => {
  test("puts attempts into the lanes of their threads, and those without one aside", () => {
    const history = new ActivityHistory();
    history.take(
      toldActivity([
        { seq: 0, thread: 1, endMs: 1_000, computeMs: 100 },
        { seq: 1, worker: 1, thread: 0, endMs: 1_100, computeMs: 100, outcome: "failed" },
        { seq: 2, thread: -1, endMs: 1_200, waitMs: 50, outcome: "returned" },
      ]),
    );
    const [laptop, phone] = history.machines;
    expect(laptop?.threads.map(({ count }) => count)).toEqual([0, 1]);
    expect(laptop?.unplaced.outcomeAt(0)).toBe("returned");
    expect(phone?.threads[0]?.at(0)).toMatchObject({ attempt: 101, outcome: "failed" });
    expect(history.since).toBe(3);
    expect([history.firstMs, history.lastMs]).toEqual([900, 1_200]);
  });

  test("a full page means that there is more, and nothing is taken twice", () => {
    const history = new ActivityHistory();
    const rows = Array.from({ length: PAGE_ROWS }, (_, seq) => ({ seq, endMs: seq }));
    expect(history.take(toldActivity(rows))).toBe(true);
    expect(history.take(toldActivity(rows.slice(-3)))).toBe(false);
    expect(history.count).toBe(PAGE_ROWS);
    // Of one job, a page of the whole sequence may have few rows.
    expect(history.take(toldActivity([], [], { nextSeq: 2 * PAGE_ROWS }))).toBe(true);
  });

  test("another run of the coordinator is asked from its beginning, and what was known is kept", () => {
    const history = new ActivityHistory();
    history.take(toldActivity([{ seq: 0, endMs: 1_000 }]));
    const restarted = { run: "second run", workers: [{ worker: toldWorker(1), name: "Tablet" }] };
    expect(history.take(toldActivity([], [], restarted))).toBe(true);
    expect(history.since).toBe(0);
    expect(history.take(toldActivity([{ seq: 0, endMs: 2_000 }], [], restarted))).toBe(false);
    expect(history.machines.map(({ name, threads }) => [name, threads[0]?.count])).toEqual([
      ["Laptop", 1],
      ["Tablet", 1],
    ]);
  });

  test("the oldest attempts fall off, in the order in which all came", () => {
    const history = new ActivityHistory(100);
    const rows = Array.from({ length: 1_000 }, (_, seq) => ({ seq, thread: seq % 3, endMs: seq }));
    history.take(toldActivity(rows));
    expect(history.count).toBe(100);
    expect(history.hasForgotten).toBe(true);
    const lanes = history.machines[0]?.threads ?? [];
    expect(lanes.reduce((sum, { count }) => sum + count, 0)).toBe(100);
    expect(history.firstMs).toBe(900);
    expect(lanes[0]?.at(lanes[0].end - 1).endMs).toBe(999);
  });

  test("tells when the coordinator had forgotten what was asked for", () => {
    const history = new ActivityHistory();
    history.take(toldActivity([{ seq: 0, endMs: 0 }]));
    expect(history.hasForgotten).toBe(false);
    history.take(toldActivity([{ seq: 7, endMs: 0 }], [], { firstSeq: 5 }));
    expect(history.hasForgotten).toBe(true);
  });

  test("a thread that cannot be is not given a lane", () => {
    const history = new ActivityHistory();
    history.take(toldActivity([{ seq: 0, thread: 1e9, endMs: 1 }]));
    expect(history.machines[0]?.threads).toEqual([]);
    expect(history.machines[0]?.unplaced.count).toBe(1);
  });

  test("attempts under way keep the lane that was free first, from when it was free", () => {
    const history = new ActivityHistory();
    const ended = [
      { seq: 0, thread: 0, endMs: 9_900, computeMs: 10 },
      { seq: 1, thread: 1, endMs: 9_000, computeMs: 10 },
    ];
    history.take(toldActivity(ended, [{ attempt: 7, grantedMs: 8_000, isRunning: true }]));
    expect(history.live[0]).toMatchObject({ thread: 1, computingFromMs: 9_000 });
    const both = [
      { attempt: 9, grantedMs: 9_950, isRunning: true },
      { attempt: 7, grantedMs: 8_000, isRunning: true },
      { attempt: 11, grantedMs: 10_200, isRunning: false },
    ];
    history.take(toldActivity([], both, { nowMs: 10_500, nextSeq: 2 }));
    expect(history.live.map(({ thread, computingFromMs }) => [thread, computingFromMs])).toEqual([
      // The answer at 10,000 did not know of it.
      [0, 10_000],
      [1, 9_000],
      [-1, null],
    ]);
    expect(history.liveOf(history.live[0]?.machine ?? never())).toHaveLength(3);
  });
});

function never(): never {
  throw new Error("There is an attempt under way.");
}
