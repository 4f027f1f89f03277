// Checks that a graph is laid out from left to right, without overlap, whatever is unfolded.
import { expect, test } from "vitest";
import {
  cellPlace,
  layoutGraph,
  layoutGroups,
  PITCH_PX,
  type GraphLayout,
} from "./graph-layout.ts";
import { listOf, structureOf } from "./graph-structure.ts";

interface MadeTask {
  readonly group: number;
  readonly inputs: readonly number[];
}

function madeGraph(groupCount: number, tasks: readonly MadeTask[]) {
  const inputs: number[] = [];
  const inputsEnd = tasks.map((task) => {
    inputs.push(...task.inputs);
    return inputs.length;
  });
  const groups = Array.from({ length: groupCount }, (_, group) => `group-${group}`);
  return structureOf({ groups, group: tasks.map(({ group }) => group), inputs, inputsEnd });
}

/** Eight loads, summed in pairs by one function, and a last task. */
const tree = madeGraph(3, [
  ...Array.from({ length: 8 }, () => ({ group: 0, inputs: [] })),
  ...Array.from({ length: 4 }, (_, at) => ({ group: 1, inputs: [2 * at, 2 * at + 1] })),
  ...Array.from({ length: 2 }, (_, at) => ({ group: 1, inputs: [8 + 2 * at, 9 + 2 * at] })),
  { group: 1, inputs: [12, 13] },
  { group: 2, inputs: [14] },
]);

function overlaps({ blocks }: GraphLayout): number {
  let count = 0;
  blocks.forEach((a, at) => {
    for (const b of blocks.slice(at + 1)) {
      const isBeside = a.x + a.width <= b.x || b.x + b.width <= a.x;
      const isAbove = a.y + a.height <= b.y || b.y + b.height <= a.y;
      if (!isBeside && !isAbove) count += 1;
    }
  });
  return count;
}

test("readers and depths follow from the inputs", () => {
  expect([...tree.depths.subarray(8)]).toEqual([1, 1, 1, 1, 2, 2, 3, 4]);
  expect([...listOf(tree.readers, 3)]).toEqual([9]);
  expect([...listOf(tree.inputs, 14)]).toEqual([12, 13]);
});

test("folded groups are boxes in the order of what they read", () => {
  const layout = layoutGraph(tree, []);
  expect(layout.blocks.map(({ group, layer }) => [group, layer])).toEqual([
    [0, 0],
    [1, 1],
    [2, 2],
  ]);
  expect(layout.edges).toEqual([
    { from: 0, to: 1, inputs: 8 },
    { from: 1, to: 2, inputs: 1 },
  ]);
  expect(cellPlace(layout, 0)).toBeNull();
});

test("an unfolded group has a block of cells for each depth, and every edge leads to the right", () => {
  const layout = layoutGraph(tree, [0, 1, 2]);
  expect(layout.blocks.map(({ count }) => count)).toEqual([8, 4, 2, 1, 1]);
  expect(overlaps(layout)).toBe(0);
  for (let task = 0; task < 16; task += 1) {
    for (const input of listOf(tree.inputs, task)) {
      expect(cellPlace(layout, input)?.x).toBeLessThan(cellPlace(layout, task)?.x ?? -1);
    }
  }
});

test("groups that read each other in circles are laid out all the same", () => {
  // f, g of f, f of g of f.
  const circle = madeGraph(2, [
    { group: 0, inputs: [] },
    { group: 1, inputs: [0] },
    { group: 0, inputs: [1] },
  ]);
  expect(layoutGraph(circle, []).blocks.map(({ layer }) => layer)).toEqual([0, 1]);
  expect(layoutGraph(circle, [0]).blocks.map(({ layer }) => layer)).toEqual([0, 1, 2]);
});

test("what reads nothing stands beside its first reader", () => {
  const late = madeGraph(4, [
    { group: 0, inputs: [] },
    { group: 1, inputs: [0] },
    { group: 2, inputs: [] },
    { group: 3, inputs: [1, 2] },
  ]);
  expect(layoutGraph(late, []).blocks.map(({ layer }) => layer)).toEqual([0, 1, 1, 2]);
});

test("cells stand in the order of what they read", () => {
  // Each reader reads one of the loads, in the opposite order.
  const crossed = madeGraph(2, [
    ...Array.from({ length: 6 }, () => ({ group: 0, inputs: [] })),
    ...Array.from({ length: 6 }, (_, at) => ({ group: 1, inputs: [5 - at] })),
  ]);
  const layout = layoutGraph(crossed, [0, 1]);
  for (let at = 0; at < 6; at += 1) {
    expect(cellPlace(layout, 6 + at)?.y).toBe(cellPlace(layout, 5 - at)?.y);
  }
});

test("a layer of thousands becomes columns, so that the whole has the shape of a screen", () => {
  const wide = madeGraph(2, [
    ...Array.from({ length: 5_000 }, () => ({ group: 0, inputs: [] })),
    { group: 1, inputs: [0, 4_999] },
  ]);
  const { width, height, blocks } = layoutGraph(wide, [0]);
  expect(width / height).toBeGreaterThan(1);
  expect(width / height).toBeLessThan(4);
  expect(blocks[0]?.width).toBe(Math.ceil(5_000 / (blocks[0]?.rows ?? 1)) * PITCH_PX);
});

test("a layer of hundreds of groups goes on in another column", () => {
  const layout = layoutGroups(
    300,
    Array.from({ length: 299 }, (_, at) => ({ from: at, to: 299, inputs: 1 })),
  );
  expect(overlaps(layout)).toBe(0);
  expect(layout.width / layout.height).toBeGreaterThan(0.7);
});

test("inputs that are none of the job's tasks are left out", () => {
  const graph = structureOf({ groups: ["a"], group: [0], inputs: [0, 7], inputsEnd: [2] });
  expect(graph.inputs.items).toHaveLength(0);
});
