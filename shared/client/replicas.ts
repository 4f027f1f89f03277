// The uploaded panels that a client keeps so that peers can fetch them from it, within a byte budget.
import type { BlockRef } from "../graph/task.ts";
import type { BlockId } from "../ids.ts";
import type { ClientMessage } from "../protocol/messages.ts";
import type { ClientBlocks } from "./client-platform.ts";

export interface Replicas {
  /** Holds and announces a block; the oldest ones go when the budget is exceeded. */
  add(block: BlockId, bytes: Uint8Array): void;
  get(block: BlockId): Uint8Array | undefined;
  remove(block: BlockId): void;
  /** Says to a coordinator that has just welcomed us what is held. */
  announceAll(): void;
  clear(): void;
}

/** As many as one "have" message may list. */
const ANNOUNCED_MAX = 5_000;

export function createReplicas(
  blocks: ClientBlocks,
  send: (message: ClientMessage) => void,
  budgetBytes: number,
): Replicas {
  const held = new Map<BlockId, Uint8Array>();
  let heldBytes = 0;

  const drop = (block: BlockId, bytes: Uint8Array): void => {
    held.delete(block);
    heldBytes -= bytes.byteLength;
    blocks.release(block);
  };

  return {
    add: (block, bytes) => {
      if (held.has(block) || bytes.byteLength > budgetBytes) return;
      const dropped: BlockId[] = [];
      for (const [oldest, oldBytes] of held) {
        if (heldBytes + bytes.byteLength <= budgetBytes) break;
        drop(oldest, oldBytes);
        dropped.push(oldest);
      }
      held.set(block, bytes);
      heldBytes += bytes.byteLength;
      blocks.hold(block, bytes);
      if (dropped.length > 0) send({ type: "dropped", blocks: dropped });
      send({ type: "have", blocks: [{ block, sizeBytes: bytes.byteLength }] });
    },
    get: (block) => held.get(block),
    remove: (block) => {
      const bytes = held.get(block);
      if (bytes === undefined) return;
      drop(block, bytes);
      send({ type: "dropped", blocks: [block] });
    },
    announceAll: () => {
      const refs: BlockRef[] = [...held].map(([block, bytes]) => ({
        block,
        sizeBytes: bytes.byteLength,
      }));
      for (let from = 0; from < refs.length; from += ANNOUNCED_MAX) {
        send({ type: "have", blocks: refs.slice(from, from + ANNOUNCED_MAX) });
      }
    },
    clear: () => {
      for (const [block, bytes] of held) drop(block, bytes);
    },
  };
}
