// Tests of what a lane shows: nothing overlaps, and only true standstill is drawn as such.
import { expect, test } from "vitest";
import { LaneColumns, type EndedAttempt } from "./lane-columns.ts";
import { placeAt, walkLane } from "./lane-walk.ts";

const attempt = (change: Partial<EndedAttempt>): EndedAttempt => ({
  attempt: 1,
  endMs: 0,
  fetchMs: 0,
  waitMs: 0,
  computeMs: 0,
  group: 0,
  outcome: "finished",
  isSpeculative: false,
  ...change,
});

const PHASES = ["computing", "moving", "waiting"] as const;

function stretches(lane: LaneColumns, fromMs = 0, toMs = 1e6): unknown[] {
  const seen: unknown[] = [];
  walkLane(lane, fromMs, toMs, (from, to, phase, place) =>
    seen.push([from, to, PHASES[phase], place]),
  );
  return seen;
}

test("what is fetched while the thread computes other attempts costs it nothing", () => {
  const lane = new LaneColumns(true);
  lane.add(attempt({ endMs: 1_000, computeMs: 500 }));
  // Leased at 600, there at 900: all of it while the first was computed.
  lane.add(attempt({ endMs: 1_400, computeMs: 400, waitMs: 100, fetchMs: 300 }));
  // Leased at 1,300, there at 1,700, begun at 1,750: the thread stood still from 1,400 on.
  lane.add(attempt({ endMs: 2_000, computeMs: 250, waitMs: 50, fetchMs: 400 }));
  expect(stretches(lane)).toEqual([
    [500, 1_000, "computing", 0],
    [1_000, 1_400, "computing", 1],
    [1_400, 1_700, "moving", 2],
    [1_700, 1_750, "waiting", 2],
    [1_750, 2_000, "computing", 2],
  ]);
  expect(stretches(lane, 1_100, 1_200)).toEqual([[1_000, 1_400, "computing", 1]]);
});

test("attempts that were told in one bundle are set behind each other", () => {
  const lane = new LaneColumns(true);
  for (let i = 0; i < 5; i += 1) lane.add(attempt({ endMs: 100, computeMs: 10 }));
  expect(stretches(lane)).toEqual(
    [0, 1, 2, 3, 4].map((i) => [50 + 10 * i, 60 + 10 * i, "computing", i]),
  );
});

test("bundles of any length keep the order of ends", () => {
  const lane = new LaneColumns(true);
  for (let i = 0; i < 500; i += 1) lane.add(attempt({ endMs: 1_000, computeMs: 10 }));
  const ends = [...lane.endMs.subarray(lane.first, lane.end)];
  expect(ends).toEqual(ends.toSorted((a, b) => a - b));
});

test("attempts without a thread may overlap and keep their times", () => {
  const lane = new LaneColumns(false);
  lane.add(attempt({ endMs: 100, waitMs: 50 }));
  lane.add(attempt({ endMs: 110, waitMs: 60 }));
  expect([lane.grantedMsAt(0), lane.grantedMsAt(1), lane.at(0).endMs]).toEqual([50, 50, 100]);
});

test("the oldest fall off and places are found again after the room was made anew", () => {
  const lane = new LaneColumns(true);
  for (let i = 0; i < 1_000; i += 1) {
    lane.add(attempt({ attempt: i, endMs: 10 * i, computeMs: 10 }));
    if (i >= 100) lane.dropFirst();
  }
  expect(lane.count).toBe(100);
  expect(lane.endMs.length).toBeLessThanOrEqual(256);
  expect(lane.at(lane.find(950, 950)).endMs).toBe(9_500);
  expect(lane.find(5, 5)).toBe(-1);
  expect(lane.at(lane.firstEndingAfter(9_500)).attempt).toBe(951);
});

test("a clock that was set back does not break the order", () => {
  const lane = new LaneColumns(true);
  lane.add(attempt({ endMs: 5_000, computeMs: 10 }));
  lane.add(attempt({ endMs: 1_000, computeMs: 10 }));
  expect(lane.lastEndMs).toBe(5_000);
  expect(lane.firstEndingAfter(4_999)).toBe(1);
});

test("the attempt at a time, or the nearest within reach", () => {
  const lane = new LaneColumns(true);
  lane.add(attempt({ endMs: 100, computeMs: 100 }));
  lane.add(attempt({ endMs: 300, computeMs: 100 }));
  expect([50, 104, 150, 197, 250].map((timeMs) => placeAt(lane, timeMs, 5))).toEqual([
    0, 0, -1, 1, 1,
  ]);
});
