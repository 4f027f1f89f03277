// Checks the share of time that was computed in, at the edges of its window and of its slices.
import { expect, test } from "vitest";
import { addBusyTime, busyShare, createBusyRecord } from "./busy-share.ts";

test("time is counted where it was spent, within ten seconds", () => {
  const record = createBusyRecord();
  expect(busyShare(record, 1, [], 0)).toBe(0);
  addBusyTime(record, 1_500, 4_500);
  expect(busyShare(record, 1, [], 10_000)).toBeCloseTo(0.3);
  expect(busyShare(record, 2, [], 10_000)).toBeCloseTo(0.15);
  // A second later the oldest half second of it is half out of sight.
  expect(busyShare(record, 1, [], 12_000)).toBeCloseTo(0.25);
  expect(busyShare(record, 1, [], 14_500)).toBeCloseTo(0.0, 1);
  expect(busyShare(record, 1, [], 16_000)).toBe(0);
});

test("a share of a shorter past is of that past", () => {
  const record = createBusyRecord();
  busyShare(record, 1, [], 5_000);
  expect(busyShare(record, 1, [5_000], 7_000)).toBe(1);
  addBusyTime(record, 5_000, 7_000);
  expect(busyShare(record, 1, [], 9_000)).toBeCloseTo(0.5);
});

test("what runs counts as far as it is in sight, and no share is above one", () => {
  const record = createBusyRecord();
  busyShare(record, 2, [], 0);
  expect(busyShare(record, 2, [0], 60_000)).toBeCloseTo(0.5);
  // Threads were taken away while they computed.
  expect(busyShare(record, 1, [0, 0], 60_000)).toBe(1);
  expect(busyShare(record, 0, [], 60_000)).toBe(0);
});

test("thousands of short attempts take no more memory than a few", () => {
  const record = createBusyRecord();
  busyShare(record, 1, [], 0);
  for (let ms = 0; ms < 20_000; ms += 2) addBusyTime(record, ms, ms + 1);
  expect(record.slices.length).toBe(11);
  expect(busyShare(record, 1, [], 20_000)).toBeCloseTo(0.5);
});
