// Checks that paces compare like with like.
import { expect, test } from "vitest";
import { asWorkerId } from "../shared/ids.ts";
import { JobPaces } from "./job-paces.ts";

const [fast, slow] = [asWorkerId("w_fast"), asWorkerId("w_slow")];

test("a machine that does the same in half of the time has twice the pace", () => {
  const paces = new JobPaces();
  expect(paces.paceOf(fast)).toBeNull();
  for (let task = 0; task < 4; task += 1) paces.note(fast, "tile", 1_000, 50);
  for (let task = 0; task < 2; task += 1) paces.note(slow, "tile", 1_000, 100);
  // 6,000 operations in 400 ms: 15 a millisecond; 20 and 10 are 4/3 and 2/3 of that.
  expect(paces.paceOf(fast)).toBeCloseTo(4 / 3, 9);
  expect(paces.paceOf(slow)).toBeCloseTo(2 / 3, 9);
});

test("operations of one kernel say nothing of another's", () => {
  const paces = new JobPaces();
  // The same pace everywhere, though one has the dear tasks and the other the cheap ones.
  paces.note(fast, "cheap", 1, 1);
  paces.note(slow, "dear", 1, 1_000);
  expect(paces.paceOf(fast)).toBe(1);
  expect(paces.paceOf(slow)).toBe(1);
});
