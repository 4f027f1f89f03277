// A task as a client keeps it: with the tasks and the blocks that it needs, to be sent wherever it is wanted.
import type { SmallBlock, Task } from "../graph/task.ts";
import type { TaskKey } from "../ids.ts";

export interface TaskNode {
  readonly task: Task;
  /** The tasks among its inputs. */
  readonly dependencies: readonly TaskNode[];
  /** Small blocks among its inputs, which travel with it. */
  readonly blocks: readonly SmallBlock[];
  /** Settles when the large blocks behind it can be had by others; null when there are none to wait for. */
  readonly ready: Promise<void> | null;
}

/** One promise for a task's own blocks and those of all that it needs; null when none is under way. */
export function readyOf(
  uploads: readonly Promise<void>[],
  dependencies: readonly TaskNode[],
): Promise<void> | null {
  const all = [...uploads];
  for (const { ready } of dependencies) if (ready !== null) all.push(ready);
  if (all.length === 0) return null;
  const ready = Promise.all(all).then(() => undefined);
  // Whoever sends the task hears of a failure; until then nobody may be listening.
  ready.catch(() => undefined);
  return ready;
}

/** What must be sent for `wanted`: producers before consumers, without those that `isThere` already. */
export function collectTasks(
  wanted: readonly TaskNode[],
  isThere: (key: TaskKey) => boolean,
): { readonly tasks: Task[]; readonly blocks: SmallBlock[] } {
  const tasks: Task[] = [];
  const blocks = new Map<string, SmallBlock>();
  const seen = new Set<TaskKey>();
  // Two visits each, on a stack of our own: a chain of tasks may be longer than the engine's stack.
  const stack: { readonly node: TaskNode; readonly isDone: boolean }[] = [];
  for (const first of wanted) {
    stack.push({ node: first, isDone: false });
    for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
      const { node, isDone } = top;
      if (isDone) {
        tasks.push(node.task);
        for (const block of node.blocks) blocks.set(block.block, block);
        continue;
      }
      const { key } = node.task;
      if (seen.has(key) || isThere(key)) continue;
      seen.add(key);
      stack.push({ node, isDone: true });
      for (const dependency of node.dependencies) stack.push({ node: dependency, isDone: false });
    }
  }
  return { tasks, blocks: [...blocks.values()] };
}
