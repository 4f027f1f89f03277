import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, expect, it } from "vitest";
import { asBlockId, type BlockId } from "../shared/ids.ts";
import { Journal } from "./journal.ts";
import { SmallBlocks } from "./small-blocks.ts";

let folder = "";
let journal: Journal;
/** Blocks that the database was asked for. */
let asked: BlockId[] = [];

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tabswarm-small-"));
  journal = Journal.open(folder);
  const read = journal.smallBlock.bind(journal);
  asked = [];
  journal.smallBlock = (block) => {
    asked.push(block);
    return read(block);
  };
});
afterEach(async () => {
  journal.close();
  await rm(folder, { recursive: true, force: true });
});

const blockOf = (n: number): BlockId => asBlockId(n.toString(16).padStart(64, "0"));
const bytesOf = (n: number): Uint8Array<ArrayBuffer> => new Uint8Array(8_000).fill(n % 256);

it("keeps what is used in memory, and finds the rest in the database", () => {
  const small = new SmallBlocks(journal);
  // Twice as much as memory keeps.
  for (let n = 0; n < 4_000; n += 1) {
    small.put(blockOf(n), bytesOf(n));
    expect(small.get(blockOf(0))?.[0]).toBe(0);
  }
  expect(asked).toEqual([]);
  expect(small.ref(blockOf(3_999))?.sizeBytes).toBe(8_000);
  expect(asked).toEqual([]);
  expect(small.get(blockOf(1))).toEqual(bytesOf(1));
  expect(asked).toEqual([blockOf(1)]);
  expect(small.get(blockOf(1))).toEqual(bytesOf(1));
  expect(asked).toHaveLength(1);
});

it("forgets what is deleted, wherever it was", () => {
  const small = new SmallBlocks(journal);
  for (let n = 0; n < 1_500; n += 1) small.put(blockOf(n), bytesOf(n));
  for (const n of [0, 1_499]) {
    small.delete(blockOf(n));
    expect(small.get(blockOf(n))).toBeUndefined();
  }
  expect(small.get(blockOf(1))).toEqual(bytesOf(1));
});
