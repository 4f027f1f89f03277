// Where blocks can be had: the connected pages, what they hold, and drawing blocks into the store.
import type { BlockRef, TaskResult } from "../shared/graph/task.ts";
import type { BlockId, PeerId } from "../shared/ids.ts";
import { SMALL_BLOCK_BYTES_MAX } from "../shared/limits.ts";
import type { JobResult, LocatedBlock } from "../shared/protocol/messages.ts";
import type { Holder } from "../shared/scheduler/events.ts";
import { BlockRelay, type DrawOutcome } from "./block-relay.ts";
import type { BlockStore } from "./block-store.ts";
import { HolderIndex } from "./holders.ts";
import type { ClientPort, WorkerPort } from "./ports.ts";

/** Peers named with a block: more would not make a transfer faster. */
const PEERS_NAMED_MAX = 16;

export class BlockSources {
  readonly #store: BlockStore;
  readonly #holders = new HolderIndex();
  readonly #ports = new Map<Holder, WorkerPort | ClientPort>();
  readonly #holderByPeer = new Map<PeerId, Holder>();
  /** Uploads to ask for, gathered while one event is handled. */
  readonly #uploads = new Map<Holder, BlockId[]>();
  readonly #relay = new BlockRelay({ ask: (block, turn) => this.#askHolder(block, turn) });

  constructor(store: BlockStore) {
    this.#store = store;
  }

  join(holder: Holder, port: WorkerPort | ClientPort): void {
    this.#ports.set(holder, port);
    this.#holderByPeer.set(port.peer, holder);
  }

  /** False when another connection has taken this holder's place already. */
  leave(holder: Holder, port: WorkerPort | ClientPort): boolean {
    this.#holderByPeer.delete(port.peer);
    if (this.#ports.get(holder) !== port) return false;
    this.#ports.delete(holder);
    this.#holders.leave(holder);
    this.#relay.lost(holder);
    return true;
  }

  hold(holder: Holder, refs: readonly BlockRef[]): void {
    // Small blocks in the store are found there: there may be any number of them.
    const isListed = ({ sizeBytes }: BlockRef): boolean =>
      holder !== "store" || sizeBytes > SMALL_BLOCK_BYTES_MAX;
    this.#holders.hold(holder, refs.filter(isListed));
    if (holder === "store") for (const { block } of refs) this.#relay.stored(block);
  }

  drop(holder: Holder, blocks: readonly BlockId[]): void {
    this.#holders.drop(holder, blocks);
    this.#relay.lost(holder, blocks);
  }

  isHeld(block: BlockId): boolean {
    return this.#sizeBytesOf(block) !== undefined;
  }

  #sizeBytesOf(block: BlockId): number | undefined {
    return this.#holders.sizeBytesOf(block) ?? this.#store.get(block)?.sizeBytes;
  }

  holderOf(peer: PeerId): Holder | undefined {
    return this.#holderByPeer.get(peer);
  }

  /** Where these blocks can be had now; blocks that nobody holds are left out. */
  locate(blocks: readonly BlockId[]): LocatedBlock[] {
    return blocks.flatMap((block) => {
      const sizeBytes = this.#sizeBytesOf(block);
      if (sizeBytes === undefined) return [];
      return [this.located({ block, sizeBytes }, this.#holders.holdersOf(block))];
    });
  }

  /** `except` is the peer that asks: it needs not be told of itself. */
  located(ref: BlockRef, holders: readonly Holder[], except?: PeerId): LocatedBlock {
    const peers = holders.flatMap((holder) => {
      const port = this.#ports.get(holder);
      return port === undefined || port.peer === except ? [] : [port.peer];
    });
    return {
      block: ref.block,
      sizeBytes: ref.sizeBytes,
      peers: peers.slice(0, PEERS_NAMED_MAX),
      stored: this.#store.holds(ref),
    };
  }

  /** A result as clients hear of it: small blocks come along. */
  locatedResult(result: TaskResult): JobResult {
    const outputs = result.outputs.map((ref) =>
      this.withBytes(this.located(ref, this.#holders.holdersOf(ref.block))),
    );
    return { task: result.task, outputs };
  }

  /** With the bytes, for a small block that the store has. */
  withBytes(located: LocatedBlock): LocatedBlock {
    if (located.sizeBytes > SMALL_BLOCK_BYTES_MAX) return located;
    const bytes = this.#store.smallBytes(located.block);
    if (bytes === undefined) return located;
    return {
      ...located,
      bytes: Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString("base64"),
    };
  }

  /** Has the holder copy the block to the store, with the next `sendUploadRequests`. */
  requestUpload(holder: Holder, block: BlockId): void {
    const blocks = this.#uploads.get(holder) ?? [];
    this.#uploads.set(holder, blocks);
    blocks.push(block);
  }

  sendUploadRequests(): void {
    for (const [holder, blocks] of this.#uploads) {
      this.#ports.get(holder)?.send({ type: "store-blocks", blocks });
    }
    this.#uploads.clear();
  }

  /** Has some holder copy the block to the store, and waits for it. */
  draw(block: BlockId): Promise<DrawOutcome> {
    return this.#relay.draw(block);
  }

  /** Ends every wait. */
  close(): void {
    this.#relay.close();
  }

  #askHolder(block: BlockId, turn: number): Holder | undefined {
    const holders = this.#holders.holdersOf(block).filter((holder) => this.#ports.has(holder));
    const holder = holders[turn % holders.length];
    if (holder === undefined) return undefined;
    this.requestUpload(holder, block);
    this.sendUploadRequests();
    return holder;
  }
}
