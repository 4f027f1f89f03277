// What the graph says of the spot that is looked at, and which tasks a search finds.
import { formatPlural } from "../../components/format.ts";
import type { TaskLook } from "../../components/task-state.tsx";
import { groupSummary, lookWords, type GroupName } from "../jobs/group-rows.ts";
import { shortKey } from "../jobs/story-words.ts";
import type { JobGraph } from "../../../shared/protocol/telemetry.ts";
import { cellLooks } from "./graph-inks.ts";
import type { GraphScene, Spot } from "./graph-scene.ts";
import { listOf } from "./graph-structure.ts";

const nameWords = (name: GroupName | undefined): string =>
  name === undefined ? "" : [name.label, name.mark].join(" ").trim();

export interface SpotWords {
  readonly name: string;
  readonly detail: string;
}

export function spotWords(scene: GraphScene, tasks: readonly string[], spot: Spot): SpotWords {
  if (spot.kind !== "task") {
    const group = scene.layout.blocks[spot.block]?.group ?? 0;
    const counts = scene.counts[group];
    const summary = counts === undefined ? "" : `${groupSummary(counts)}. `;
    const press = spot.kind === "label" ? "A click folds it." : "Enter or a click unfolds it.";
    return {
      name: nameWords(scene.names[group]),
      detail: scene.structure === null ? summary : `${summary}${press}`,
    };
  }
  const { task } = spot;
  const group = scene.structure?.groupOf[task] ?? 0;
  const look = cellLooks[scene.looks[task] ?? 0] ?? "waiting";
  const parts: string[] = [lookWords(look)];
  if (scene.structure !== null) {
    const reads = listOf(scene.structure.inputs, task).length;
    const readers = listOf(scene.structure.readers, task).length;
    if (reads > 0) parts.push(`reads ${formatPlural(reads, "task")}`);
    if (readers > 0) parts.push(`read by ${formatPlural(readers, "task")}`);
  }
  return {
    name: `${nameWords(scene.names[group])} ${shortKey(tasks[task] ?? "")}`,
    detail: parts.join(", "),
  };
}

export interface FoundTask {
  readonly task: number;
  readonly name: string;
  readonly look: TaskLook;
}

/** Results that a person would read. */
const FOUND_MAX = 12;

/** Tasks whose key begins with the words, or whose function is called so; failed ones first. */
export function findTasks(
  words: string,
  graph: JobGraph,
  names: readonly GroupName[],
  looks: Uint8Array,
): { readonly found: readonly FoundTask[]; readonly total: number } {
  const wanted = words.trim().toLowerCase();
  if (wanted === "") return { found: [], total: 0 };
  const isKey = /^[0-9a-f]+$/.test(wanted);
  const isGroup = names.map(({ label }) => label.toLowerCase().includes(wanted));
  const failed = cellLooks.indexOf("failed");
  const all: number[] = [];
  graph.tasks.forEach((key, task) => {
    const isOfGroup = isGroup[graph.group[task] ?? 0] === true;
    if (isOfGroup || (isKey && key.startsWith(wanted))) all.push(task);
  });
  const first = all.filter((task) => looks[task] === failed);
  const rest = all.filter((task) => looks[task] !== failed);
  const found = [...first, ...rest].slice(0, FOUND_MAX).map((task) => ({
    task,
    name: `${nameWords(names[graph.group[task] ?? 0])} ${shortKey(graph.tasks[task] ?? "")}`,
    look: cellLooks[looks[task] ?? 0] ?? ("waiting" as const),
  }));
  return { found, total: all.length };
}
