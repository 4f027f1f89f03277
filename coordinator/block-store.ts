// The durable replicas: one file a block, named by its hash, written atomically, verified when read.
// Small ones that came in messages are in the journal's database instead.
import { totalmem } from "node:os";
import { createReadStream } from "node:fs";
import { mkdir, open, readdir, readFile, rename, rm, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { createBLAKE3, type IHasher } from "hash-wasm";
import type { BlockRef } from "../shared/graph/task.ts";
import { asBlockId, type BlockId } from "../shared/ids.ts";
import { SMALL_BLOCK_BYTES_MAX } from "../shared/limits.ts";
import { forEachAtOnce } from "./at-once.ts";
import { RecentBlocks } from "./recent-blocks.ts";
import type { SmallBlocks } from "./small-blocks.ts";

export type BlockStoreFailure = "wrong-hash" | "too-large" | "disk-full" | "write-failed";

/** Chunks of 64 kB, as sockets give them, would cost a trip to the thread pool each. */
const WRITE_BYTES = 4 * 2 ** 20;

/** Kept in memory besides: a mid-sized dataset, but no more than a small machine can spare. */
const RECENT_BYTES_MAX = Math.min(256 * 2 ** 20, totalmem() / 16);

/** A block that could not be stored, and why. */
export class BlockStoreError extends Error {
  override name = "BlockStoreError";
  readonly code: BlockStoreFailure;

  constructor(code: BlockStoreFailure, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}

/** A file whose content is known to match its name. */
export interface StoredFile {
  readonly path: string;
  readonly sizeBytes: number;
}

interface Entry {
  sizeBytes: number;
  modifiedAtMs: number;
  /** False until the bytes were hashed in this process's life. */
  isVerified: boolean;
}

const BLOCK_NAME = /^[0-9a-f]{64}$/;

export class BlockStore {
  readonly #folder: string;
  readonly #draftFolder: string;
  readonly #entries = new Map<BlockId, Entry>();
  #fileBytes = 0;
  /** Hashers not in use: each is a WebAssembly instance, so they are reused. */
  readonly #idleHashers: IHasher[] = [];
  readonly #recent = new RecentBlocks(RECENT_BYTES_MAX);
  readonly #small: SmallBlocks;
  /** Of this very moment: hashing small blocks needs no file and no waiting. */
  readonly #smallHasher: IHasher;
  #draftCount = 0;
  /** Called when a block that the store listed turns out to be corrupt or gone. */
  onLost: (block: BlockId) => void = () => {};

  private constructor(dataDir: string, small: SmallBlocks, smallHasher: IHasher) {
    this.#small = small;
    this.#smallHasher = smallHasher;
    this.#folder = join(dataDir, "blocks");
    this.#draftFolder = join(dataDir, "drafts");
  }

  /** Opens the store of a data folder; drafts of an interrupted run are removed. */
  static async open(dataDir: string, small: SmallBlocks): Promise<BlockStore> {
    const store = new BlockStore(dataDir, small, await createBLAKE3());
    await rm(store.#draftFolder, { recursive: true, force: true });
    await mkdir(store.#draftFolder, { recursive: true });
    await mkdir(store.#folder, { recursive: true });
    const prefixes = (await readdir(store.#folder)).filter((name) => /^[0-9a-f]{2}$/.test(name));
    await forEachAtOnce(prefixes, async (prefix) => {
      for (const name of await readdir(join(store.#folder, prefix))) {
        if (BLOCK_NAME.test(name)) await store.#enter(asBlockId(name), false);
      }
    });
    return store;
  }

  /** The block and its size when the store holds it. */
  get(block: BlockId): BlockRef | undefined {
    const entry = this.#entries.get(block);
    return entry === undefined ? this.#small.ref(block) : { block, sizeBytes: entry.sizeBytes };
  }

  /** Whether the store has a block whose size is known: the database is asked for small ones only. */
  holds({ block, sizeBytes }: BlockRef): boolean {
    if (this.#entries.has(block)) return true;
    return sizeBytes <= SMALL_BLOCK_BYTES_MAX && this.#small.get(block) !== undefined;
  }

  /** The bytes of a block that is kept in the database; undefined for any other. */
  smallBytes(block: BlockId): Uint8Array<ArrayBuffer> | undefined {
    return this.#small.get(block);
  }

  /** Keeps the bytes of a small block. Throws BlockStoreError when they are not those of the block. */
  putSmall(block: BlockId, bytes: Uint8Array<ArrayBuffer>): BlockRef {
    if (bytes.length > SMALL_BLOCK_BYTES_MAX) {
      throw new BlockStoreError("too-large", "This block is too large to travel in a message.");
    }
    if (this.#smallHasher.init().update(bytes).digest() !== block) {
      throw new BlockStoreError("wrong-hash", `These bytes are not those of block ${block}.`);
    }
    this.#small.put(block, bytes);
    return { block, sizeBytes: bytes.length };
  }

  /** False for a block that is not there, or turns out to be damaged and is removed. */
  async isSound(block: BlockId): Promise<boolean> {
    return this.#small.get(block) !== undefined || (await this.openFile(block)) !== undefined;
  }

  /** Bytes of all blocks in files. */
  get fileBytes(): number {
    return this.#fileBytes;
  }

  /** The blocks in files; those in the database are named when they are needed. */
  list(): BlockRef[] {
    return Array.from(this.#entries, ([block, entry]) => ({ block, sizeBytes: entry.sizeBytes }));
  }

  /** When the block was written, in Unix milliseconds. */
  modifiedAtMs(block: BlockId): number | undefined {
    return this.#entries.get(block)?.modifiedAtMs;
  }

  /**
   * Stores a block from its bytes; `isNew` is false when it was there already. Nothing is visible
   * before the hash was checked. There is no fsync: what a power failure tears is found by the
   * hash when read, and fetched or computed again. Rejects with BlockStoreError.
   */
  async put(
    block: BlockId,
    bytes: AsyncIterable<Uint8Array>,
    sizeBytesMax: number,
  ): Promise<{ readonly ref: BlockRef; readonly isNew: boolean }> {
    const known = await this.openFile(block);
    if (known !== undefined) {
      for await (const _ of bytes); // The sender's upload must be read to its end.
      if (!this.#entries.has(block)) {
        throw new BlockStoreError(
          "write-failed",
          "The block was deleted meanwhile. Send it again.",
        );
      }
      return { ref: { block, sizeBytes: known.sizeBytes }, isNew: false };
    }
    const draft = join(this.#draftFolder, `${block}.${(this.#draftCount += 1)}`);
    try {
      const { found, whole } = await this.#writeDraft(draft, bytes, sizeBytesMax);
      if (found !== block) {
        throw new BlockStoreError("wrong-hash", `The bytes are of block ${found}, not ${block}.`);
      }
      const entry = await this.#publish(draft, block);
      if (whole !== null) this.#recent.add(block, whole);
      return { ref: { block, sizeBytes: entry.sizeBytes }, isNew: true };
    } catch (error) {
      throw asStoreError(error);
    } finally {
      await rm(draft, { force: true });
    }
  }

  /** Stores bytes that this very process has hashed, and that nobody will write to. Rejects likewise. */
  async putHashed(block: BlockId, bytes: Uint8Array<ArrayBuffer>): Promise<BlockRef> {
    const ref = { block, sizeBytes: bytes.length };
    if (bytes.length <= SMALL_BLOCK_BYTES_MAX) {
      this.#small.put(block, bytes);
      return ref;
    }
    if ((await this.openFile(block)) !== undefined && this.#entries.has(block)) return ref;
    const draft = join(this.#draftFolder, `${block}.${(this.#draftCount += 1)}`);
    try {
      await writeFile(draft, bytes, { flag: "wx" });
      await this.#publish(draft, block);
      this.#recent.add(block, bytes);
      return ref;
    } catch (error) {
      throw asStoreError(error);
    } finally {
      await rm(draft, { force: true });
    }
  }

  async #publish(draft: string, block: BlockId): Promise<Entry> {
    await mkdir(join(this.#folder, block.slice(0, 2)), { recursive: true });
    await rename(draft, this.#path(block));
    return this.#enter(block, true);
  }

  /** Writes the draft file; the hash of what was written, and its bytes when they lie in one piece. */
  async #writeDraft(
    draft: string,
    bytes: AsyncIterable<Uint8Array>,
    sizeBytesMax: number,
  ): Promise<{ readonly found: string; readonly whole: Uint8Array<ArrayBuffer> | null }> {
    const hasher = (await this.#takeHasher()).init();
    const file = await open(draft, "wx");
    try {
      let sizeBytes = 0;
      let unwritten: Uint8Array[] = [];
      let unwrittenBytes = 0;
      for await (const chunk of bytes) {
        sizeBytes += chunk.length;
        if (sizeBytes > sizeBytesMax) {
          throw new BlockStoreError("too-large", `A block has at most ${sizeBytesMax} bytes.`);
        }
        hasher.update(chunk);
        unwritten.push(chunk);
        unwrittenBytes += chunk.length;
        if (unwrittenBytes < WRITE_BYTES) continue;
        await file.appendFile(joined(unwritten, unwrittenBytes));
        unwritten = [];
        unwrittenBytes = 0;
      }
      const rest = joined(unwritten, unwrittenBytes);
      await file.appendFile(rest);
      return { found: hasher.digest(), whole: rest.length === sizeBytes ? ownBuffer(rest) : null };
    } finally {
      this.#idleHashers.push(hasher);
      await file.close();
    }
  }

  /**
   * The block's file, verified: at the first use by its hash, later by its size and time of change.
   * A corrupt or vanished file is removed, reported to `onLost`, and missing from then on.
   */
  async openFile(block: BlockId): Promise<StoredFile | undefined> {
    const entry = this.#entries.get(block);
    if (entry === undefined) return undefined;
    const path = this.#path(block);
    const isUnchanged = await stat(path).then(
      (now) => now.size === entry.sizeBytes && now.mtimeMs === entry.modifiedAtMs,
      () => false,
    );
    if (!isUnchanged || !entry.isVerified) {
      const found = await this.#hashFile(path).catch(() => undefined);
      if (found !== block) {
        await this.#lose(block, entry);
        return undefined;
      }
      const now = await this.#enter(block, true);
      return { path, sizeBytes: now.sizeBytes };
    }
    return { path, sizeBytes: entry.sizeBytes };
  }

  /** The block's verified bytes, not to be written to; undefined when the store lacks it. */
  async read(block: BlockId): Promise<Uint8Array<ArrayBuffer> | undefined> {
    const small = this.#small.get(block);
    if (small !== undefined) return small;
    const file = await this.openFile(block);
    if (file === undefined) return undefined;
    const recent = this.#recent.get(block);
    if (recent !== undefined) return recent;
    const bytes = new Uint8Array(await readFile(file.path));
    this.#recent.add(block, bytes);
    return bytes;
  }

  /** The block is gone for everybody when this returns; its file is when the promise settles. */
  async delete(block: BlockId): Promise<void> {
    this.#small.delete(block);
    const entry = this.#entries.get(block);
    if (entry === undefined) return;
    this.#entries.delete(block);
    this.#fileBytes -= entry.sizeBytes;
    this.#recent.delete(block);
    await rm(this.#path(block), { force: true });
  }

  #path(block: BlockId): string {
    return join(this.#folder, block.slice(0, 2), block);
  }

  async #enter(block: BlockId, isVerified: boolean): Promise<Entry> {
    const file = await stat(this.#path(block));
    const entry = { sizeBytes: file.size, modifiedAtMs: file.mtimeMs, isVerified };
    this.#fileBytes += file.size - (this.#entries.get(block)?.sizeBytes ?? 0);
    this.#entries.set(block, entry);
    return entry;
  }

  async #lose(block: BlockId, entry: Entry): Promise<void> {
    // Two readers may find the same damage, and a fresh upload may have replaced it meanwhile.
    if (this.#entries.get(block) !== entry) return;
    await this.delete(block);
    this.onLost(block);
  }

  async #hashFile(path: string): Promise<string> {
    const hasher = (await this.#takeHasher()).init();
    try {
      for await (const chunk of createReadStream(path, { highWaterMark: 2 ** 20 })) {
        hasher.update(chunk as Uint8Array);
      }
      return hasher.digest();
    } finally {
      this.#idleHashers.push(hasher);
    }
  }

  async #takeHasher(): Promise<IHasher> {
    return this.#idleHashers.pop() ?? (await createBLAKE3());
  }
}

function joined(chunks: readonly Uint8Array[], sizeBytes: number): Buffer<ArrayBuffer> {
  const [first] = chunks;
  return chunks.length === 1 && first?.buffer instanceof ArrayBuffer
    ? Buffer.from(first.buffer, first.byteOffset, first.length)
    : Buffer.concat(chunks, sizeBytes);
}

/** Small buffers of Node share one; whoever reads a block takes its buffer to be the block's alone. */
const ownBuffer = (bytes: Buffer<ArrayBuffer>): Uint8Array<ArrayBuffer> =>
  bytes.length === bytes.buffer.byteLength ? new Uint8Array(bytes.buffer) : new Uint8Array(bytes);

const codeOf = (error: unknown): unknown =>
  error instanceof Error && "code" in error ? error.code : undefined;

function asStoreError(error: unknown): unknown {
  if (error instanceof BlockStoreError) return error;
  const code = codeOf(error);
  if (code === "ENOSPC" || code === "EDQUOT") {
    return new BlockStoreError(
      "disk-full",
      "The coordinator's disk is full. Free some space, or start it with --data on another disk.",
      { cause: error },
    );
  }
  if (code === "EACCES" || code === "EROFS" || code === "EIO" || code === "ENOENT") {
    return new BlockStoreError(
      "write-failed",
      `The coordinator cannot write to its data folder (${code}). Check the folder and its permissions.`,
      { cause: error },
    );
  }
  return error;
}
