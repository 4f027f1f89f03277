// The tasks that planned calls become when a client submits them: for those who run them without a cluster.
import type { Task } from "../graph/task.ts";
import { BlockShelf } from "../client/block-shelf.ts";
import type { ClusterTools } from "../client/cluster-tools.ts";
import { type Lazy, LazyTasks } from "../client/lazy.ts";
import { TaskBuilder } from "../client/task-builder.ts";

/** Of kernels whose inputs are blocks, or nothing. */
export function plannedTasks(
  calls: readonly Lazy[],
  { hash, encode }: Pick<ClusterTools, "hash" | "encode">,
): readonly Task[] {
  const never = (): never => {
    throw new Error("Planned calls read blocks only.");
  };
  const clock = { nowMs: () => 0, after: never };
  const tools = { hash, encode, clock, decode: never, nonce: never };
  const shelf = new BlockShelf({ keepBlock: never }, tools);
  const builder = new TaskBuilder(shelf, tools, () => null, never);
  const tasks = new LazyTasks(builder);
  const settings = { retries: 0, limitMs: null, isPure: true };
  return calls.map((call) => tasks.nodeOf(call, settings).task);
}
