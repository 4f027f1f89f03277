// Copies of blocks to the store, a few at once: the uplink is shared with the results of tasks.
import type { BlockId } from "../ids.ts";

/** Runs `upload` for each block, a few at once, in the order of their coming. */
export function createUploads(
  upload: (block: BlockId) => Promise<void>,
  activeMax: number,
): { add(block: BlockId): void } {
  // The machine adds a block only once at a time, so the blocks held bound this queue.
  const queue: BlockId[] = [];
  let active = 0;

  function next(): void {
    const block = active < activeMax ? queue.shift() : undefined;
    if (block === undefined) return;
    active += 1;
    const finish = (): void => {
      active -= 1;
      next();
    };
    upload(block).then(finish, finish);
  }

  return {
    add(block) {
      queue.push(block);
      next();
    },
  };
}
