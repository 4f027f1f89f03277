// Data that is sent before anything is called with it.
import type { BlockRef } from "../graph/task.ts";
import { asTaskKey } from "../ids.ts";
import type { ClusterCore } from "./cluster-core.ts";
import { Future } from "./future.ts";
import { Target, type TargetOwner } from "./target.ts";

/** A future that is done as soon as it is there: its block is in the coordinator's store. */
export async function scatterValue(
  core: ClusterCore,
  data: unknown,
  isForAll: boolean,
): Promise<Future> {
  const { ref, uploaded } = core.shelf.store(core.builder.encode(data));
  await uploaded;
  if (isForAll) core.client.broadcast([ref.block]);
  return new Future({ target: scatteredTarget(core, ref), reader: core.reader });
}

function scatteredTarget(core: ClusterCore, ref: BlockRef): Target {
  const owner: TargetOwner = {
    release: (released) => {
      released.wanted -= 1;
      if (released.wanted === 0) core.client.dropBlock(ref.block);
    },
    // Data cannot fail, and is never cancelled: it is there.
    retry: (failed) => failed,
    again: (released) => {
      released.wanted += 1;
      return released;
    },
  };
  // Its block's name serves as its key: equal data is the same.
  const target = new Target(asTaskKey(ref.block), null, owner);
  target.wanted = 1;
  target.succeed([{ ...ref, peers: [], stored: true }]);
  return target;
}
