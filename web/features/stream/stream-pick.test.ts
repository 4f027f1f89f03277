// Tests of layout, of what is under the pointer, of the keys' way through the lanes, and of the totals.
import { describe, expect, test } from "vitest";
import { ActivityHistory } from "./activity-core.ts";
import { layOut, rowAt } from "./stream-layout.ts";
import { firstPicked, pickAt, stepAcross, stepAlong, stretchOf, refreshed } from "./stream-pick.ts";
import { totalsOf } from "./stream-totals.ts";
import { attemptSentence, attemptWords, viewSentence } from "./stream-words.ts";
import { toldActivity, toldWorker } from "./told-activity.ts";

function streamOf() {
  const history = new ActivityHistory();
  history.take(
    toldActivity(
      [
        { seq: 0, thread: 0, endMs: 1_000, computeMs: 500 },
        { seq: 1, thread: 1, endMs: 1_200, computeMs: 100, fetchMs: 300, outcome: "failed" },
        { seq: 2, thread: -1, endMs: 1_300, waitMs: 50, outcome: "returned" },
        { seq: 3, thread: 0, endMs: 2_000, computeMs: 500 },
        { seq: 4, worker: 1, thread: 0, endMs: 2_000, computeMs: 1_000 },
      ],
      [{ attempt: 9, grantedMs: 2_000, isRunning: true }],
    ),
  );
  const layout = layOut(history.machines, new Map(), [
    { worker: toldWorker(0), name: "Laptop", threads: 3 },
  ]);
  return { history, layout, liveOf: history.liveOf.bind(history) };
}

describe("layout", () => {
  test("machines by name, each with all its threads and a row of data", () => {
    const { layout } = streamOf();
    expect(layout.machines.map(({ name, threads }) => [name, threads.length])).toEqual([
      ["Laptop", 3],
      ["Phone", 1],
    ]);
    const [laptop] = layout.machines;
    const top = laptop?.topPx ?? 0;
    expect(rowAt(layout, top + 1)).toMatchObject({ thread: 0 });
    expect(rowAt(layout, top + 2 * layout.pitchPx + 1)).toMatchObject({ thread: 2 });
    expect(rowAt(layout, (laptop?.dataTopPx ?? 0) + 2)).toMatchObject({ thread: -1 });
    expect(rowAt(layout, layout.heightPx + 5)).toBeNull();
  });

  test("machines that have gone without leaving an attempt are not shown", () => {
    const { history } = streamOf();
    history.take(toldActivity([], [], { workers: [{ worker: toldWorker(5), name: "Ghost" }] }));
    expect(layOut(history.machines, new Map(), []).machines.map(({ name }) => name)).not.toContain(
      "Ghost",
    );
  });
});

describe("picking", () => {
  test("finds bars, what is fetched ahead, what never came to a thread, and what is under way", () => {
    const { layout, liveOf } = streamOf();
    const [laptop] = layout.machines;
    if (laptop === undefined) throw new Error("There is a laptop.");
    expect(pickAt(laptop, 0, 700, 1, liveOf)).toMatchObject({ attempt: 100 });
    expect(pickAt(laptop, 0, 1_200, 1, liveOf)).toBeNull();
    expect(pickAt(laptop, -1, 900, 1, liveOf)).toMatchObject({ attempt: 101, thread: -1 });
    expect(pickAt(laptop, -1, 1_290, 1, liveOf)).toMatchObject({ attempt: 102 });
    expect(pickAt(laptop, 1, 2_500, 1, liveOf)).toMatchObject({ kind: "live", attempt: 9 });
  });

  test("keys step along a lane and across the lanes, and end at their ends", () => {
    const { layout } = streamOf();
    const first = firstPicked(layout, 600, 0);
    if (first === null) throw new Error("There is an attempt.");
    expect(first.attempt).toBe(100);
    expect(stepAlong(first, -1)).toBeNull();
    const second = stepAlong(first, 1);
    expect(second?.attempt).toBe(103);
    const below = stepAcross(first, layout, 1, 0);
    expect(below?.attempt).toBe(101);
    expect(stepAcross(first, layout, -1, 0)).toBeNull();
    expect(second === null ? null : stretchOf(second, 0)).toEqual({ fromMs: 1_500, toMs: 2_000 });
  });

  test("what is chosen stays chosen until it falls off", () => {
    const { layout, history } = streamOf();
    const picked = firstPicked(layout, 600, 0);
    if (picked?.kind !== "ended") throw new Error("There is an attempt.");
    expect(refreshed(picked, layout)).toMatchObject({ attempt: 100 });
    picked.lane.dropFirst();
    expect(refreshed(picked, layout)).toBeNull();
    expect(history.count).toBeGreaterThan(0);
  });
});

test("totals add up to the threads' time", () => {
  const { layout, history } = streamOf();
  const totals = totalsOf(layout, { fromMs: 1_000, toMs: 2_000 }, history.live);
  expect(totals[0]).toMatchObject({
    name: "Laptop",
    totalMs: 3_000,
    computingMs: 600,
    movingMs: 100,
    waitingMs: 0,
    idleMs: 2_300,
    // Those that ended after 1,000 and up to 2,000.
    attempts: 3,
    failed: 1,
  });
  expect(viewSentence({ fromMs: 1_000, toMs: 2_000 }, totals)).toMatch(
    /4 threads on 2 machines computed 40% of the time.*4 attempts ended, 1 of them failed\.$/,
  );
});

test("an attempt in one sentence", () => {
  const { layout, history, liveOf } = streamOf();
  const [laptop] = layout.machines;
  if (laptop === undefined) throw new Error("There is a laptop.");
  const failed = pickAt(laptop, 1, 1_150, 1, liveOf);
  if (failed === null) throw new Error("There is an attempt.");
  expect(attemptSentence(attemptWords(failed, history.groups, 0))).toMatch(
    /^pearson-tile\. Failed\. Laptop, thread 2\. moving data 300 ms, waiting 0 ms, computing 100 ms, ended .*\.$/,
  );
});
