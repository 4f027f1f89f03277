// Where the arrow keys lead from a spot of the graph: along edges, or to the neighbour above or below.
import type { GraphLayout } from "./graph-layout.ts";
import { spotBox, type GraphScene, type Spot } from "./graph-scene.ts";
import { listOf } from "./graph-structure.ts";

type Arrow = "left" | "right" | "up" | "down";

/** Where keys begin: the first box or task of the leftmost layer. */
export function firstSpot({ layout }: Pick<GraphScene, "layout">): Spot | null {
  const block = layout.blocks.reduce(
    (best, one, index) => (one.x < (layout.blocks[best]?.x ?? Infinity) ? index : best),
    0,
  );
  return spotOfBlock(layout, block);
}

/** The spot that an arrow leads to; null when there is none. */
export function stepFrom(
  scene: Pick<GraphScene, "layout" | "structure">,
  spot: Spot,
  arrow: Arrow,
): Spot | null {
  const { layout, structure } = scene;
  if (arrow === "up" || arrow === "down") return stepBeside(layout, spot, arrow);
  if (spot.kind === "task") {
    if (structure === null) return null;
    const lists = arrow === "left" ? structure.inputs : structure.readers;
    const spots = [...listOf(lists, spot.task)].flatMap((task) => spotOfTask(layout, task) ?? []);
    return nearest(scene, spot, spots);
  }
  const blocks = layout.edges.flatMap(({ from, to }) => {
    if (arrow === "left") return to === spot.block ? [from] : [];
    return from === spot.block ? [to] : [];
  });
  return nearest(
    scene,
    spot,
    blocks.flatMap((block) => spotOfBlock(layout, block) ?? []),
  );
}

/** A task's cell, or the box of its folded group. */
export function spotOfTask({ blocks, blockOf, placeOf }: GraphLayout, task: number): Spot | null {
  if ((placeOf[task] ?? -1) !== -1) return { kind: "task", task };
  const block = blockOf[task];
  return block === undefined || blocks[block] === undefined ? null : { kind: "box", block };
}

/** A folded group's box, or the first task of a block of cells. */
export function spotOfBlock({ blocks, order }: GraphLayout, index: number): Spot | null {
  const block = blocks[index];
  if (block === undefined) return null;
  if (block.isFolded) return { kind: "box", block: index };
  const task = order[block.first];
  return task === undefined ? null : { kind: "task", task };
}

/** The spot whose middle is nearest in height. */
function nearest(
  scene: Pick<GraphScene, "layout">,
  from: Spot,
  spots: readonly Spot[],
): Spot | null {
  const heightOf = (spot: Spot): number => {
    const box = spotBox(scene, spot);
    return box === null ? Infinity : box.y + box.height / 2;
  };
  const height = heightOf(from);
  let best: Spot | null = null;
  let least = Infinity;
  for (const spot of spots) {
    const distance = Math.abs(heightOf(spot) - height);
    if (distance < least) [best, least] = [spot, distance];
  }
  return best;
}

/** The next cell of the same block, or the next block of the same layer. */
function stepBeside(layout: GraphLayout, spot: Spot, arrow: "up" | "down"): Spot | null {
  const by = arrow === "up" ? -1 : 1;
  const index = spot.kind === "task" ? (layout.blockOf[spot.task] ?? -1) : spot.block;
  const block = layout.blocks[index];
  if (block === undefined) return null;
  if (spot.kind === "task") {
    const place = (layout.placeOf[spot.task] ?? 0) + by;
    const isInside = place >= block.first && place < block.first + block.count;
    const task = layout.order[place];
    if (isInside && task !== undefined) return { kind: "task", task };
  }
  const layer = layout.blocks
    .map((one, at) => ({ one, at }))
    .filter(({ one }) => one.layer === block.layer)
    .toSorted((a, b) => a.one.x - b.one.x || a.one.y - b.one.y);
  const next = layer[layer.findIndex(({ at }) => at === index) + by];
  if (next === undefined) return null;
  if (arrow === "down" || next.one.isFolded) return spotOfBlock(layout, next.at);
  const last = layout.order[next.one.first + next.one.count - 1];
  return last === undefined ? null : { kind: "task", task: last };
}
