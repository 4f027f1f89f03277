import { expect, test } from "vitest";
import { asBlockId, type BlockId } from "../shared/ids.ts";
import { RecentBlocks } from "./recent-blocks.ts";

const id = (digit: string): BlockId => asBlockId(digit.repeat(64));

test("keeps the most recently used blocks within its budget", () => {
  const recent = new RecentBlocks(10);
  recent.add(id("a"), new Uint8Array(4));
  recent.add(id("b"), new Uint8Array(4));
  expect(recent.get(id("a"))?.length).toBe(4);
  recent.add(id("c"), new Uint8Array(4));
  expect(["a", "b", "c"].filter((digit) => recent.get(id(digit)) !== undefined)).toEqual([
    "a",
    "c",
  ]);
  recent.delete(id("a"));
  recent.add(id("d"), new Uint8Array(6));
  expect(recent.get(id("c"))?.length).toBe(4);
});

test("adding a block again counts it once; one beyond the budget is not kept", () => {
  const recent = new RecentBlocks(10);
  for (let i = 0; i < 3; i += 1) recent.add(id("a"), new Uint8Array(5));
  recent.add(id("b"), new Uint8Array(5));
  expect(recent.get(id("a"))).toBeDefined();
  recent.add(id("c"), new Uint8Array(11));
  expect(recent.get(id("c"))).toBeUndefined();
  expect(recent.get(id("b"))).toBeDefined();
});
