import { expect, test } from "vitest";
import { asBlockId } from "../../shared/ids.ts";
import { cacheBudgetBytes, type CacheEntry, planEviction } from "./eviction.ts";

const entries = new Map(
  (
    [
      ["new", { sizeBytes: 40, lastUsed: 30 }],
      ["old", { sizeBytes: 40, lastUsed: 10 }],
      ["middle", { sizeBytes: 10, lastUsed: 20 }],
    ] as [string, CacheEntry][]
  ).map(([name, entry]) => [asBlockId(name), entry]),
);

test("the least recently used go first, and no more than needed", () => {
  expect(planEviction(entries, 10, 100)).toEqual({ evicted: [], fits: true });
  expect(planEviction(entries, 11, 100)).toEqual({ evicted: ["old"], fits: true });
  expect(planEviction(entries, 55, 100)).toEqual({ evicted: ["old", "middle"], fits: true });
  expect(planEviction(entries, 100, 100)).toEqual({
    evicted: ["old", "middle", "new"],
    fits: true,
  });
});

test("nothing goes for a block that could never fit", () => {
  expect(planEviction(entries, 101, 100)).toEqual({ evicted: [], fits: false });
});

test("the budget is half of what is free, within bounds", () => {
  const mib = 2 ** 20;
  expect(cacheBudgetBytes(null)).toBe(512 * mib);
  expect(cacheBudgetBytes({ quota: 1_000 * mib, usage: 200 * mib })).toBe(400 * mib);
  expect(cacheBudgetBytes({ quota: 10 * mib, usage: 20 * mib })).toBe(64 * mib);
  expect(cacheBudgetBytes({ quota: 1e12, usage: 0 })).toBe(4_096 * mib);
});
