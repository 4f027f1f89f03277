// Checks a submitted graph, leaves out what no target needs, and puts the rest in running order.
import { present } from "../assert.ts";
import type { JsonValue, Task, TaskWork } from "../graph/task.ts";
import type { TaskKey } from "../ids.ts";
import { NONE } from "./lists.ts";

interface GraphProblem {
  readonly task: TaskKey;
  /** A plain sentence. */
  readonly message: string;
}

export type CheckedGraph =
  | { readonly tasks: readonly Task[]; readonly problem: null }
  | { readonly tasks: null; readonly problem: GraphProblem };

/**
 * The tasks that `targets` need, each after its dependencies: depth-first from the targets in their
 * given order, the costliest chain first, so that what a task consumes was made shortly before. Tasks
 * that are not listed but there already are left out.
 */
export function checkGraph(
  tasks: readonly Task[],
  targets: readonly TaskKey[],
  isThere: (key: TaskKey) => boolean = () => false,
): CheckedGraph {
  const byKey = new Map<TaskKey, Task>();
  for (const task of tasks) {
    const other = byKey.get(task.key);
    if (other !== undefined && !isSameWork(task, other)) {
      return problem(task.key, `Two tasks of the job have the key ${shortKey(task.key)}.`);
    }
    byKey.set(task.key, task);
  }
  const isKnown = (key: TaskKey): boolean => !byKey.has(key) && isThere(key);
  const inGivenOrder = walk(byKey, targets, dependenciesOf, isKnown);
  if (inGivenOrder.problem !== null) return inGivenOrder;
  // Without a choice of chains that order is the right one already.
  if (inGivenOrder.tasks.every((task) => task.inputs.length < 2)) return inGivenOrder;
  const chains = chainOperations(inGivenOrder.tasks);
  const chainOf = (key: TaskKey): number => chains.get(key) ?? 0;
  const costliestFirst = (task: Task): readonly TaskKey[] => {
    const keys = dependenciesOf(task);
    return keys.length < 2 ? keys : keys.toSorted((a, b) => chainOf(b) - chainOf(a));
  };
  return walk(byKey, targets, costliestFirst, isKnown);
}

/** The distinct tasks whose outputs `task` takes, in order of first use. */
export function dependenciesOf(task: TaskWork): readonly TaskKey[] {
  const [only] = task.inputs;
  if (only === undefined) return NONE;
  if (task.inputs.length === 1) return "task" in only ? [only.task] : NONE;
  const keys = new Set<TaskKey>();
  for (const input of task.inputs) if ("task" in input) keys.add(input.task);
  return [...keys];
}

/** Operations of the costliest chain that ends with each task. `tasks` lists dependencies first. */
function chainOperations(tasks: readonly Task[]): Map<TaskKey, number> {
  const chains = new Map<TaskKey, number>();
  for (const task of tasks) {
    let longest = 0;
    for (const input of task.inputs) {
      if ("task" in input) longest = Math.max(longest, chains.get(input.task) ?? 0);
    }
    chains.set(task.key, longest + Math.max(1, task.cost.operations));
  }
  return chains;
}

interface Visit {
  readonly task: Task;
  readonly dependencies: readonly TaskKey[];
  next: number;
}

/** Depth-first, dependencies before the task; with a stack of its own, since chains can be long. */
function walk(
  byKey: ReadonlyMap<TaskKey, Task>,
  targets: readonly TaskKey[],
  dependencies: (task: Task) => readonly TaskKey[],
  isKnown: (key: TaskKey) => boolean,
): CheckedGraph {
  const order: Task[] = [];
  const seen = new Map<TaskKey, "open" | "listed">();
  const open: Visit[] = [];
  const enter = (key: TaskKey, wantedBy: string): GraphProblem | null => {
    const state = seen.get(key);
    if (state === "listed") return null;
    if (state === "open") {
      return { task: key, message: `Task ${shortKey(key)} needs its own result (a cycle).` };
    }
    if (isKnown(key)) return null;
    const task = byKey.get(key);
    if (task === undefined) {
      return { task: key, message: `${wantedBy} ${shortKey(key)}, which is not part of the job.` };
    }
    const needed = dependencies(task);
    seen.set(key, needed.length === 0 ? "listed" : "open");
    if (needed.length === 0) order.push(task);
    else open.push({ task, dependencies: needed, next: 0 });
    return null;
  };
  for (const target of targets) {
    const wrong = enter(target, "A target is task");
    if (wrong !== null) return { tasks: null, problem: wrong };
    while (open.length > 0) {
      const visit = present(open.at(-1), "open visit");
      const key = visit.dependencies[visit.next];
      visit.next += 1;
      if (key === undefined) {
        open.pop();
        seen.set(visit.task.key, "listed");
        order.push(visit.task);
        continue;
      }
      const found = enter(key, `Task ${shortKey(visit.task.key)} needs task`);
      if (found !== null) return { tasks: null, problem: found };
    }
  }
  return { tasks: order, problem: null };
}

const problem = (task: TaskKey, message: string): CheckedGraph => ({
  tasks: null,
  problem: { task, message },
});

/** As people are shown it. */
export const shortKey = (key: TaskKey): string => key.slice(0, 8);

/** True when two tasks of one key are indeed the same work. Costs and retries may differ. */
export function isSameWork(a: TaskWork, b: TaskWork): boolean {
  if (a === b) return true;
  if (a.kernel !== b.kernel || a.inputs.length !== b.inputs.length) return false;
  const sameInputs = a.inputs.every((input, i) => {
    const other = b.inputs[i];
    if (other === undefined) return false;
    if ("block" in input) return "block" in other && other.block === input.block;
    return "task" in other && other.task === input.task && other.output === input.output;
  });
  return sameInputs && isSameJson(a.params, b.params);
}

const isList = (value: JsonValue): value is readonly JsonValue[] => Array.isArray(value);

function isSameJson(a: JsonValue, b: JsonValue): boolean {
  if (a === b) return true;
  if (a === null || b === null || typeof a !== "object" || typeof b !== "object") return false;
  if (isList(a) || isList(b)) {
    if (!isList(a) || !isList(b) || a.length !== b.length) return false;
    return a.every((item, i) => isSameJson(item, b[i] ?? null));
  }
  const names = Object.keys(a);
  if (names.length !== Object.keys(b).length) return false;
  return names.every(
    (name) => Object.hasOwn(b, name) && isSameJson(a[name] ?? null, b[name] ?? null),
  );
}
