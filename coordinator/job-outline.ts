// What a job's tasks look like from above: their graph, their groups, and how they stand.
import type { Task } from "../shared/graph/task.ts";
import type { TaskKey } from "../shared/ids.ts";
import {
  GRAPH_TASKS_MAX,
  type JobGraph,
  type JobGroups,
  type TaskStateLetter,
} from "../shared/protocol/telemetry.ts";
import type { FailureStory } from "../shared/scheduler/commands.ts";
import type { GroupFigures } from "./group-rates.ts";

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
  const placed: Task[] = [];
  const groups = new Map<string, number>();
  const group: number[] = [];
  for (const task of tasks.values()) {
    if (!needed.has(task.key)) continue;
    places.set(task.key, places.size);
    placed.push(task);
    const name = groupOf(task);
    const place = groups.get(name) ?? groups.size;
    groups.set(name, place);
    group.push(place);
  }
  const links = linkTasks(placed, places, group);
  return { tasks: [...places.keys()], groups: [...groups.keys()], group, ...links };
}

function linkTasks(
  placed: readonly Task[],
  places: ReadonlyMap<TaskKey, number>,
  group: readonly number[],
): Pick<TaskGraph, "inputs" | "inputsEnd" | "edges"> {
  const inputs: number[] = [];
  const inputsEnd: number[] = [];
  const edges = new Map<number, Map<number, number>>();
  /** The last task that was found to read it, since each counts once. */
  const readLast = new Int32Array(placed.length).fill(-1);
  for (const [place, task] of placed.entries()) {
    const to = group[place] ?? 0;
    for (const input of task.inputs) {
      const producer = "task" in input ? places.get(input.task) : undefined;
      if (producer === undefined) continue;
      const from = group[producer] ?? 0;
      const ofFrom = edges.get(from) ?? new Map<number, number>();
      edges.set(from, ofFrom);
      ofFrom.set(to, (ofFrom.get(to) ?? 0) + 1);
      if (readLast[producer] === place) continue;
      readLast[producer] = place;
      inputs.push(producer);
    }
    inputsEnd.push(inputs.length);
  }
  const told = [...edges].flatMap(([from, ofFrom]) =>
    Array.from(ofFrom, ([to, count]) => ({ from, to, inputs: count })),
  );
  return { inputs, inputsEnd, edges: told };
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
  done: ReadonlySet<TaskKey>,
  causes: ReadonlySet<TaskKey>,
): TaskStateLetter[] {
  const letters = graph.tasks.map((key): TaskStateLetter => (done.has(key) ? "d" : "c"));
  if (causes.size === 0) return letters;
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

/** What is known of a job at the moment of its end. */
export interface EndingJob {
  readonly tasks: ReadonlyMap<TaskKey, Task>;
  readonly targets: ReadonlySet<TaskKey>;
  readonly done: ReadonlySet<TaskKey>;
  /** By target. */
  readonly failures: ReadonlyMap<TaskKey, Pick<FailureStory, "cause">>;
}

/** How the tasks stand at a job's end; `story` is what ended it, if that was a failure. */
export function outlineAtEnd(
  { tasks, targets, done, failures }: EndingJob,
  story: Pick<FailureStory, "cause"> | null,
  figures: ReadonlyMap<string, GroupFigures>,
): JobOutline {
  const causes = new Set(Array.from(failures.values(), ({ cause }) => cause));
  if (story !== null) causes.add(story.cause);
  const graph = taskGraph(tasks, targets);
  const letters = lettersAtEnd(graph, done, causes);
  const { groups, edges } = jobGroups(graph, (place) => letters[place] ?? "c", figures);
  return {
    // Nothing is finished any more.
    groups: groups.map((group) => ({ ...group, tasksPerSecond: 0 })),
    edges,
    states: letters.length > GRAPH_TASKS_MAX ? null : letters.join(""),
  };
}
