// A job's graph as numbers: which task reads which, both ways, and how deep each task lies.
import type { JobGraph } from "../../../shared/protocol/telemetry.ts";

/** Lists of tasks, one a task: list i is `items[ends[i - 1] ?? 0 … ends[i] - 1]`. */
export interface TaskLists {
  readonly items: Int32Array;
  readonly ends: Int32Array;
}

/** Plain arrays of numbers, so that a thread can be given it. Tasks and groups go by their places. */
export interface GraphStructure {
  readonly groupCount: number;
  readonly groupOf: Int32Array;
  readonly inputs: TaskLists;
  readonly readers: TaskLists;
  /** Steps from the nearest task without inputs, along the longest way. */
  readonly depths: Int32Array;
}

const listStart = ({ ends }: TaskLists, index: number): number =>
  index === 0 ? 0 : (ends[index - 1] ?? 0);

export const listOf = (lists: TaskLists, index: number): Int32Array =>
  lists.items.subarray(listStart(lists, index), lists.ends[index] ?? 0);

/** Inputs that are none of the graph's tasks are left out: another job's tasks, or a slip. */
export function structureOf(
  graph: Pick<JobGraph, "groups" | "group" | "inputs" | "inputsEnd">,
): GraphStructure {
  const count = graph.group.length;
  const ends = new Int32Array(count);
  const items: number[] = [];
  for (let task = 0; task < count; task += 1) {
    const end = graph.inputsEnd[task] ?? 0;
    for (let at = task === 0 ? 0 : (graph.inputsEnd[task - 1] ?? 0); at < end; at += 1) {
      const input = graph.inputs[at];
      if (input !== undefined && input < count && input !== task) items.push(input);
    }
    ends[task] = items.length;
  }
  const inputs = { items: Int32Array.from(items), ends };
  const readers = reversed(inputs, count);
  return {
    groupCount: graph.groups.length,
    groupOf: Int32Array.from(graph.group),
    inputs,
    readers,
    depths: depthsOf(inputs, readers, count),
  };
}

function reversed(lists: TaskLists, count: number): TaskLists {
  const ends = new Int32Array(count);
  for (const item of lists.items) ends[item] = (ends[item] ?? 0) + 1;
  let sum = 0;
  for (let at = 0; at < count; at += 1) {
    sum += ends[at] ?? 0;
    ends[at] = sum;
  }
  const next = new Int32Array(count);
  for (let at = 1; at < count; at += 1) next[at] = ends[at - 1] ?? 0;
  const items = new Int32Array(lists.items.length);
  for (let from = 0; from < count; from += 1) {
    for (const item of listOf(lists, from)) {
      const place = next[item] ?? 0;
      items[place] = from;
      next[item] = place + 1;
    }
  }
  return { items, ends };
}

function depthsOf(inputs: TaskLists, readers: TaskLists, count: number): Int32Array {
  const depths = new Int32Array(count);
  const open = new Int32Array(count);
  const order: number[] = [];
  for (let task = 0; task < count; task += 1) {
    open[task] = (inputs.ends[task] ?? 0) - listStart(inputs, task);
    if (open[task] === 0) order.push(task);
  }
  // The list grows while it is gone through; a graph without cycles is gone through whole.
  for (const task of order) {
    for (const reader of listOf(readers, task)) {
      depths[reader] = Math.max(depths[reader] ?? 0, (depths[task] ?? 0) + 1);
      open[reader] = (open[reader] ?? 0) - 1;
      if (open[reader] === 0) order.push(reader);
    }
  }
  return depths;
}
