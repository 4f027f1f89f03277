import { mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { blake3 } from "hash-wasm";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { asBlockId, type BlockId } from "../shared/ids.ts";
import { BlockStore } from "./block-store.ts";
import { Journal } from "./journal.ts";
import { SmallBlocks } from "./small-blocks.ts";

let folder = "";
const bytes = new Uint8Array(100_000).map((_, i) => (i * 7) & 255);
let block: BlockId;

async function* chunked(data: Uint8Array, size = 30_000): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < data.length; at += size) yield data.subarray(at, at + size);
}
let journal: Journal | undefined;

function openStore(): Promise<BlockStore> {
  journal?.close();
  journal = Journal.open(folder);
  return BlockStore.open(folder, new SmallBlocks(journal));
}

const pathOf = (id: BlockId): string => join(folder, "blocks", id.slice(0, 2), id);

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tabswarm-store-"));
  block = asBlockId(await blake3(bytes));
});
afterEach(() => {
  journal?.close();
  journal = undefined;
  return rm(folder, { recursive: true });
});

describe("BlockStore", () => {
  it("keeps a block over a restart", async () => {
    const store = await openStore();
    const ref = { block, sizeBytes: bytes.length };
    expect(await store.put(block, chunked(bytes), 1e6)).toEqual({ ref, isNew: true });
    expect(await store.put(block, chunked(bytes), 1e6)).toEqual({ ref, isNew: false });
    const again = await openStore();
    expect(again.list()).toEqual([ref]);
    expect(await again.read(block)).toEqual(bytes);
    expect(await readdir(join(folder, "drafts"))).toEqual([]);
  });

  it("keeps bytes that the caller has hashed, over a restart and once", async () => {
    const store = await openStore();
    const ref = { block, sizeBytes: bytes.length };
    expect(await store.putHashed(block, bytes)).toEqual(ref);
    expect(await store.putHashed(block, bytes)).toEqual(ref);
    expect(await store.read(block)).toEqual(bytes);
    const again = await openStore();
    expect(await again.read(block)).toEqual(bytes);
    expect(await readdir(join(folder, "drafts"))).toEqual([]);
  });

  it("refuses bytes with another hash and keeps nothing of them", async () => {
    const store = await openStore();
    await expect(store.put(block, chunked(bytes.subarray(1)), 1e6)).rejects.toMatchObject({
      code: "wrong-hash",
    });
    expect(store.get(block)).toBeUndefined();
    expect(await readdir(join(folder, "drafts"))).toEqual([]);
    expect(await readdir(join(folder, "blocks"))).toEqual([]);
  });

  it("refuses a block that is too large before reading it whole", async () => {
    const store = await openStore();
    let chunksRead = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        chunksRead += 1;
        yield new Uint8Array(1_000);
      }
    }
    await expect(store.put(block, endless(), 10_000)).rejects.toMatchObject({ code: "too-large" });
    expect(chunksRead).toBe(11);
    expect(await readdir(join(folder, "drafts"))).toEqual([]);
  });

  it("leaves nothing behind when the sender breaks off", async () => {
    const store = await openStore();
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield bytes.subarray(0, 10);
      throw new Error("socket hang up");
    }
    await expect(store.put(block, broken(), 1e6)).rejects.toThrow("socket hang up");
    expect(await readdir(join(folder, "drafts"))).toEqual([]);
    expect(await store.put(block, chunked(bytes), 1e6)).toMatchObject({ isNew: true });
  });

  it("removes drafts of an interrupted run", async () => {
    await openStore();
    await writeFile(join(folder, "drafts", "left-over"), "x");
    await openStore();
    expect(await readdir(join(folder, "drafts"))).toEqual([]);
  });

  it("finds a file that was damaged before the start at the first read", async () => {
    await (await openStore()).put(block, chunked(bytes), 1e6);
    const damaged = new Uint8Array(await readFile(pathOf(block)));
    damaged[50] = 255 - (damaged[50] ?? 0);
    await writeFile(pathOf(block), damaged);

    const store = await openStore();
    const lost: BlockId[] = [];
    store.onLost = (id) => lost.push(id);
    expect(await store.read(block)).toBeUndefined();
    expect(lost).toEqual([block]);
    expect(store.get(block)).toBeUndefined();
    await expect(stat(pathOf(block))).rejects.toThrow();
    expect(await store.put(block, chunked(bytes), 1e6)).toMatchObject({ isNew: true });
    expect(await store.read(block)).toEqual(bytes);
  });

  it("hashes again when the file's time changed, and keeps it when the bytes are right", async () => {
    const store = await openStore();
    await store.put(block, chunked(bytes), 1e6);
    await utimes(pathOf(block), 1, 1);
    expect(await store.read(block)).toEqual(bytes);
    await writeFile(pathOf(block), bytes.subarray(5));
    expect(await store.read(block)).toBeUndefined();
  });

  it("reports a file that vanished, to both of two readers once", async () => {
    const store = await openStore();
    await store.put(block, chunked(bytes), 1e6);
    let lostCount = 0;
    store.onLost = () => (lostCount += 1);
    await rm(pathOf(block));
    expect(await Promise.all([store.read(block), store.read(block)])).toEqual([
      undefined,
      undefined,
    ]);
    expect(lostCount).toBe(1);
  });

  it("stores the same block from two senders at once", async () => {
    const store = await openStore();
    await Promise.all([
      store.put(block, chunked(bytes, 1_000), 1e6),
      store.put(block, chunked(bytes, 999), 1e6),
    ]);
    expect(await store.read(block)).toEqual(bytes);
  });

  it("says in plain words when the data folder is gone", async () => {
    const store = await openStore();
    await rm(join(folder, "drafts"), { recursive: true });
    await expect(store.put(block, chunked(bytes), 1e6)).rejects.toMatchObject({
      code: "write-failed",
      message: expect.stringContaining("data folder"),
    });
  });

  it("does not take an upload for stored whose block was deleted while it came", async () => {
    const store = await openStore();
    await store.put(block, chunked(bytes), 1e6);
    const upload = async function* (): AsyncGenerator<Uint8Array> {
      yield bytes;
      await store.delete(block);
    };
    await expect(store.put(block, upload(), 1e6)).rejects.toThrow("Send it again.");
    expect(await store.put(block, chunked(bytes), 1e6)).toMatchObject({ isNew: true });
  });
});
