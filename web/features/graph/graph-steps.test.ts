// Checks where keys and pointer lead in a graph, and what is said of it.
import { expect, test } from "vitest";
import { asTaskKey } from "../../../shared/ids.ts";
import { cellLooks, looksOf } from "./graph-inks.ts";
import { layoutGraph } from "./graph-layout.ts";
import { sameSpot, spotAt, spotBox, type GraphScene, type Spot } from "./graph-scene.ts";
import { firstSpot, stepFrom } from "./graph-steps.ts";
import { structureOf } from "./graph-structure.ts";
import { findTasks, spotWords } from "./graph-words.ts";

/** Four loads, summed in pairs, and a total. */
const graph = {
  revision: "1",
  groups: ["function:aaaa:load", "function:aaaa:add", "total@1"],
  group: [0, 0, 0, 0, 1, 1, 2],
  inputs: [0, 1, 2, 3, 4, 5],
  inputsEnd: [0, 0, 0, 0, 2, 4, 6],
  tasks: Array.from({ length: 7 }, (_, at) => asTaskKey(`${at}`.repeat(64))),
  isTarget: [0, 0, 0, 0, 0, 0, 1] as (0 | 1)[],
};
const structure = structureOf(graph);

function sceneOf(unfolded: readonly number[]): GraphScene {
  return {
    structure,
    layout: layoutGraph(structure, unfolded),
    names: ["load", "add", "total"].map((label) => ({ label, mark: "" })),
    counts: [],
    looks: looksOf("ddddfrw", 7),
  };
}

const task = (at: number): Spot => ({ kind: "task", task: at });

test("arrows go along edges: to inputs, to readers, and to the box of what is folded", () => {
  const scene = sceneOf([0, 1]);
  expect(firstSpot(scene)).toEqual(task(0));
  expect(stepFrom(scene, task(0), "right")).toEqual(task(4));
  // The nearest of its inputs.
  expect(stepFrom(scene, task(5), "left")).toEqual(task(2));
  expect(stepFrom(scene, task(4), "left")).toEqual(task(1));
  const total = stepFrom(scene, task(5), "right");
  expect(total?.kind).toBe("box");
  expect(stepFrom(scene, total ?? task(0), "left")).toEqual(task(4));
  expect(stepFrom(scene, total ?? task(0), "right")).toBeNull();
  expect(stepFrom(scene, task(0), "left")).toBeNull();
});

test("arrows go to the cell below, and stop at the end of the layer", () => {
  const scene = sceneOf([0, 1]);
  expect(stepFrom(scene, task(0), "down")).toEqual(task(1));
  expect(stepFrom(scene, task(1), "up")).toEqual(task(0));
  expect(stepFrom(scene, task(3), "down")).toBeNull();
});

test("what lies at a place is what was laid out there", () => {
  const scene = sceneOf([0]);
  for (const spot of [task(0), task(3)]) {
    const box = spotBox(scene, spot);
    expect(box).not.toBeNull();
    if (box !== null) expect(sameSpot(spotAt(scene, box.x + 2, box.y + 2), spot)).toBe(true);
  }
  expect(spotAt(scene, -5, -5)).toBeNull();
  const label = spotAt(
    scene,
    (spotBox(scene, task(0))?.x ?? 0) + 1,
    scene.layout.blocks[0]?.y ?? 0,
  );
  expect(label).toEqual({ kind: "label", block: 0 });
});

test("a task is named with how it stands and what it reads", () => {
  const scene = sceneOf([0, 1, 2]);
  expect(spotWords(scene, graph.tasks, task(4))).toEqual({
    name: "add 44444444",
    detail: "failed, reads 2 tasks, read by 1 task",
  });
  expect(spotWords(scene, graph.tasks, task(6)).detail).toBe("waiting, reads 2 tasks");
});

test("tasks are found by the digits of their keys and by their functions, failed ones first", () => {
  const { names, looks } = sceneOf([]);
  const find = (words: string) => findTasks(words, graph, names, looks);
  expect(find("555").found.map((one) => one.task)).toEqual([5]);
  expect(find("add").found.map((one) => [one.task, one.look])).toEqual([
    [4, "failed"],
    [5, "ready"],
  ]);
  expect(find(" ").total).toBe(0);
  expect(find("nothing").total).toBe(0);
});

test("letters that are not known yet are waiting", () => {
  expect([...looksOf("l", 3)].map((look) => cellLooks[look])).toEqual([
    "computing",
    "waiting",
    "waiting",
  ]);
});
