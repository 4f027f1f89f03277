// What a job's tasks look like from above: their graph, their groups, and how they stand.
import type { Task } from "../shared/graph/task.ts";
import type { TaskKey } from "../shared/ids.ts";
import {
  GRAPH_TASKS_MAX,
  type JobGraph,
  type JobGroups,
  type TaskStateLetter,
} from "../shared/protocol/telemetry.ts";
import type { GroupFigures } from "./activity-log.ts";

/** How a job stood at its end, as the journal keeps it. */
export interface JobOutline extends JobGroups {
  /** One letter a task; null for a job that is shown by groups only. */
  readonly states: string | null;
}

/** Of the tasks that the targets need, in the order of their submission. */
export interface TaskGraph extends Omit<JobGraph, "revision" | "isTarget"> {
  readonly tasks: TaskKey[];
  readonly edges: JobGroups["edges"];
}

/** What a task's times are compared with: its function, or else its kernel. */
export const groupOf = (task: Task): string => task.group ?? task.kernel;

/** The tasks that `targets` need, without those behind results that are known already. */
export function neededTasks(
  tasks: ReadonlyMap<TaskKey, Task>,
  targets: Iterable<TaskKey>,
  known: ReadonlySet<TaskKey>,
): Set<TaskKey> {
  const needed = new Set(targets);
  // A Set's iteration also visits what is added while it runs.
  for (const key of needed) {
    if (known.has(key)) continue;
    for (const input of tasks.get(key)?.inputs ?? []) {
      if ("task" in input) needed.add(input.task);
    }
  }
  return needed;
}

/** The graph of the tasks that the targets need; what a job has dropped is left out. */
export function taskGraph(
  tasks: ReadonlyMap<TaskKey, Task>,
  targets: Iterable<TaskKey>,
): TaskGraph {
  const needed = neededTasks(tasks, targets, new Set());
  const places = new Map<TaskKey, number>();
  for (const key of tasks.keys()) if (needed.has(key)) places.set(key, places.size);
  const groups = new Map<string, number>();
  const graph = { tasks: [...places.keys()], group: [], inputs: [], inputsEnd: [] };
  const { group, inputs, inputsEnd }: Pick<TaskGraph, "group" | "inputs" | "inputsEnd"> = graph;
  for (const key of places.keys()) {
    const task = tasks.get(key);
    if (task === undefined) continue;
    const name = groupOf(task);
    const place = groups.get(name) ?? groups.size;
    groups.set(name, place);
    group.push(place);
    const read = task.inputs.flatMap((input) =>
      "task" in input ? (places.get(input.task) ?? []) : [],
    );
    for (const producer of new Set(read)) inputs.push(producer);
    inputsEnd.push(inputs.length);
  }
  return { ...graph, groups: [...groups.keys()], edges: edgesOf(tasks, places, group) };
}

function edgesOf(
  tasks: ReadonlyMap<TaskKey, Task>,
  places: ReadonlyMap<TaskKey, number>,
  group: readonly number[],
): JobGroups["edges"] {
  const counts = new Map<number, Map<number, number>>();
  for (const [key, place] of places) {
    const to = group[place] ?? 0;
    for (const input of tasks.get(key)?.inputs ?? []) {
      const producer = "task" in input ? places.get(input.task) : undefined;
      if (producer === undefined) continue;
      const from = group[producer] ?? 0;
      const ofFrom = counts.get(from) ?? new Map<number, number>();
      counts.set(from, ofFrom);
      ofFrom.set(to, (ofFrom.get(to) ?? 0) + 1);
    }
  }
  return [...counts].flatMap(([from, ofFrom]) =>
    Array.from(ofFrom, ([to, inputs]) => ({ from, to, inputs })),
  );
}

const countedAs: Readonly<
  Record<TaskStateLetter, "waiting" | "ready" | "leased" | "done" | "failed" | null>
> = { w: "waiting", r: "ready", l: "leased", d: "done", f: "failed", c: null };

/** The groups with their counts; `letterOf` tells how the task at a place stands. */
export function jobGroups(
  graph: TaskGraph,
  letterOf: (place: number) => TaskStateLetter,
  figures: ReadonlyMap<string, GroupFigures>,
): JobGroups {
  const counts = { total: 0, waiting: 0, ready: 0, leased: 0, done: 0, failed: 0 };
  const groups = graph.groups.map((name) => {
    const { computeMs, tasksPerSecond } = figures.get(name) ?? { computeMs: 0, tasksPerSecond: 0 };
    return { name, ...counts, computeMs, tasksPerSecond };
  });
  for (const [place, ofTask] of graph.group.entries()) {
    const group = groups[ofTask];
    if (group === undefined) continue;
    group.total += 1;
    const counted = countedAs[letterOf(place)];
    if (counted !== null) group[counted] += 1;
  }
  return { groups, edges: graph.edges };
}

/** How the tasks of a job stand that has ended: done, failed with one of `causes`, or else cancelled. */
function lettersAtEnd(
  graph: TaskGraph,
  isDone: (key: TaskKey) => boolean,
  causes: ReadonlySet<TaskKey>,
): TaskStateLetter[] {
  const letters = graph.tasks.map((key): TaskStateLetter => (isDone(key) ? "d" : "c"));
  const readers = readersOf(graph);
  const doomed = new Set(graph.tasks.flatMap((key, place) => (causes.has(key) ? [place] : [])));
  // What needs a failed task failed as well, unless it was done before.
  for (const place of doomed) {
    if (letters[place] === "d") continue;
    letters[place] = "f";
    for (const reader of readers[place] ?? []) doomed.add(reader);
  }
  return letters;
}

function readersOf({ tasks, inputs, inputsEnd }: TaskGraph): number[][] {
  const readers = tasks.map((): number[] => []);
  let at = 0;
  for (const [place, end] of inputsEnd.entries()) {
    for (; at < end; at += 1) readers[inputs[at] ?? 0]?.push(place);
  }
  return readers;
}

export function outlineAtEnd(
  graph: TaskGraph,
  isDone: (key: TaskKey) => boolean,
  causes: ReadonlySet<TaskKey>,
  figures: ReadonlyMap<string, GroupFigures>,
): JobOutline {
  const letters = lettersAtEnd(graph, isDone, causes);
  const { groups, edges } = jobGroups(graph, (place) => letters[place] ?? "c", figures);
  return {
    // Nothing is finished any more.
    groups: groups.map((group) => ({ ...group, tasksPerSecond: 0 })),
    edges,
    states: letters.length > GRAPH_TASKS_MAX ? null : letters.join(""),
  };
}
