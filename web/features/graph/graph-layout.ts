// Where everything of a graph stands: folded groups as boxes, unfolded ones as blocks of cells, a
// block for each depth. Layers run from left to right; all lengths are in the picture's own pixels.
import { listOf, type GraphStructure } from "./graph-structure.ts";
import { layersOf, orderLayers, type BlockEdge } from "./layout-layers.ts";

/** A cell and its distance to the next. */
export const CELL_PX = 12;
export const PITCH_PX = 16;
/** The line of words above a block of cells. */
export const LABEL_PX = 20;
const BOX_WIDTH_PX = 208;
const BOX_HEIGHT_PX = 68;

export interface Block {
  readonly group: number;
  /** A folded group's box, or the cells of one depth. */
  readonly isFolded: boolean;
  readonly layer: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
  /** Cells fill columns from the top: cell k is at column ⌊k / rows⌋, row k mod rows. */
  readonly rows: number;
  /** Its tasks are `order[first … first + count - 1]`; a box has none there. */
  readonly first: number;
  readonly count: number;
}

export interface GraphLayout {
  readonly blocks: readonly Block[];
  /** Between blocks, the widest first. */
  readonly edges: readonly BlockEdge[];
  readonly blockOf: Int32Array;
  readonly order: Int32Array;
  /** Place of each task in `order`; -1 in a folded group. */
  readonly placeOf: Int32Array;
  readonly width: number;
  readonly height: number;
}

/** The blocks before they have a place. */
interface Draft {
  readonly groups: number[];
  readonly depths: number[];
  readonly isFolded: boolean[];
  readonly members: number[][];
  readonly blockOf: Int32Array;
}

/** `unfolded`: the groups whose tasks are shown one by one. */
export function layoutGraph(structure: GraphStructure, unfolded: readonly number[]): GraphLayout {
  const draft = draftBlocks(structure, new Set(unfolded));
  const edges = edgesOf(structure, draft.blockOf, draft.groups.length);
  const layout = placeBlocks(draft, edges, structure.groupOf.length);
  orderCells(structure, layout);
  return layout;
}

/** Only groups, where the tasks are too many to be told: `edges` by groups. */
export function layoutGroups(groupCount: number, edges: readonly BlockEdge[]): GraphLayout {
  const groups = Array.from({ length: groupCount }, (_, group) => group);
  const draft: Draft = {
    groups,
    // Groups come in the order of their first tasks.
    depths: groups,
    isFolded: groups.map(() => true),
    members: groups.map(() => []),
    blockOf: new Int32Array(0),
  };
  return placeBlocks(draft, sorted(edges.filter(({ from, to }) => from !== to)), 0);
}

function draftBlocks({ groupOf, depths }: GraphStructure, unfolded: ReadonlySet<number>): Draft {
  const draft: Draft = {
    groups: [],
    depths: [],
    isFolded: [],
    members: [],
    blockOf: new Int32Array(groupOf.length),
  };
  const known = new Map<string, number>();
  groupOf.forEach((group, task) => {
    const depth = depths[task] ?? 0;
    const isFolded = !unfolded.has(group);
    const key = isFolded ? `${group}` : `${group}/${depth}`;
    let block = known.get(key);
    if (block === undefined) {
      block = draft.groups.length;
      known.set(key, block);
      draft.groups.push(group);
      draft.depths.push(depth);
      draft.isFolded.push(isFolded);
      draft.members.push([]);
    }
    draft.depths[block] = Math.min(draft.depths[block] ?? depth, depth);
    if (!isFolded) draft.members[block]?.push(task);
    draft.blockOf[task] = block;
  });
  return draft;
}

function edgesOf(structure: GraphStructure, blockOf: Int32Array, blockCount: number): BlockEdge[] {
  const counts = new Map<number, number>();
  for (let task = 0; task < blockOf.length; task += 1) {
    const to = blockOf[task] ?? 0;
    for (const input of listOf(structure.inputs, task)) {
      const from = blockOf[input] ?? 0;
      if (from === to) continue;
      const key = from * blockCount + to;
      counts.set(key, (counts.get(key) ?? 0) + 1);
    }
  }
  return sorted(
    [...counts].map(([key, inputs]) => ({
      from: Math.floor(key / blockCount),
      to: key % blockCount,
      inputs,
    })),
  );
}

const sorted = (edges: readonly BlockEdge[]): BlockEdge[] =>
  edges.toSorted((a, b) => b.inputs - a.inputs);

/** What a screen is: wider than high. */
const ASPECT = 1.8;
const ROW_GAP_PX = 24;
const ROWS_MIN = 6;

function placeBlocks(draft: Draft, edges: readonly BlockEdge[], taskCount: number): GraphLayout {
  const count = draft.groups.length;
  const layers = layersOf(draft.depths, edges);
  const rowsOfLayers = orderLayers(layers, edges);
  const cells = draft.members.reduce((sum, members) => sum + members.length, 0);
  // Columns as high as makes the whole about as wide as a screen, however many tasks a layer has.
  const rowsMax = Math.max(ROWS_MIN, Math.ceil(Math.sqrt(cells / ASPECT)));
  const sizes = draft.members.map((members, block) =>
    sizeOf(draft.isFolded[block] === true ? 0 : members.length, rowsMax),
  );
  const places = placesOf(rowsOfLayers, sizes);
  const order = new Int32Array(cells);
  const placeOf = new Int32Array(taskCount).fill(-1);
  let first = 0;
  const blocks: Block[] = [];
  for (let block = 0; block < count; block += 1) {
    const members = draft.members[block] ?? [];
    const size = sizes[block] ?? sizeOf(0, rowsMax);
    const { x, y } = places.at[block] ?? { x: 0, y: 0 };
    blocks.push({
      group: draft.groups[block] ?? 0,
      isFolded: draft.isFolded[block] === true,
      layer: layers[block] ?? 0,
      ...size,
      x,
      y,
      first,
      count: members.length,
    });
    for (const task of members) {
      order[first] = task;
      placeOf[task] = first;
      first += 1;
    }
  }
  const { width, height } = places;
  return { blocks, edges, blockOf: draft.blockOf, order, placeOf, width, height };
}

type Size = Pick<Block, "width" | "height" | "rows">;

function sizeOf(cells: number, rowsMax: number): Size {
  if (cells === 0) return { width: BOX_WIDTH_PX, height: BOX_HEIGHT_PX, rows: 1 };
  const rows = Math.min(cells, rowsMax);
  const columns = Math.ceil(cells / rows);
  return { width: columns * PITCH_PX, height: LABEL_PX + rows * PITCH_PX, rows };
}

/** Room for the edges between two layers: less where there are many. */
const gapBetween = (layers: number): number => (layers > 60 ? 28 : layers > 20 ? 48 : 96);

/** Layers from left to right, each in the middle; one that is too high goes on in another column. */
function placesOf(
  rowsOfLayers: readonly (readonly number[])[],
  sizes: readonly Size[],
): { readonly at: { x: number; y: number }[]; readonly width: number; readonly height: number } {
  const gap = gapBetween(rowsOfLayers.length);
  const area = sizes.reduce(
    (sum, { width, height }) => sum + (width + gap) * (height + ROW_GAP_PX),
    0,
  );
  const tallest = sizes.reduce((most, { height }) => Math.max(most, height), 0);
  const heightMax = Math.max(tallest, Math.sqrt(area / ASPECT));
  const at: { x: number; y: number }[] = sizes.map(() => ({ x: 0, y: 0 }));
  let x = 0;
  for (const row of rowsOfLayers) {
    let column: number[] = [];
    let y = 0;
    let width = 0;
    const close = (): void => {
      // Around a common middle, which is moved to the picture's afterwards.
      for (const block of column) {
        const place = at[block];
        if (place !== undefined) place.y -= (y - ROW_GAP_PX) / 2;
      }
      x += width;
      column = [];
      y = 0;
      width = 0;
    };
    for (const block of row) {
      const size = sizes[block];
      if (size === undefined) continue;
      if (column.length > 0 && y + size.height > heightMax) {
        close();
        x += ROW_GAP_PX;
      }
      at[block] = { x, y };
      column.push(block);
      y += size.height + ROW_GAP_PX;
      width = Math.max(width, size.width);
    }
    close();
    x += gap;
  }
  const top = at.reduce((least, place) => Math.min(least, place.y), 0);
  for (const place of at) place.y -= top;
  const height = at.reduce(
    (most, { y }, block) => Math.max(most, y + (sizes[block]?.height ?? 0)),
    0,
  );
  return { at, width: Math.max(0, x - gap), height };
}

/** Cells stand in the order of what they read, so that edges cross little. */
function orderCells(
  structure: GraphStructure,
  { blocks, order, placeOf, blockOf }: GraphLayout,
): void {
  const heights = new Float64Array(placeOf.length).fill(0.5);
  const note = (block: Block): void => {
    for (let at = 0; at < block.count; at += 1) {
      heights[order[block.first + at] ?? 0] = (at + 0.5) / block.count;
    }
  };
  for (const block of blocks) note(block);
  const byLayer = blocks.toSorted((a, b) => a.layer - b.layer);
  // Back first: what is read by one task stands together before its reader is placed.
  for (const [row, lists] of [
    [byLayer.toReversed(), structure.readers],
    [byLayer, structure.inputs],
  ] as const) {
    for (const block of row) {
      if (block.count < 2) continue;
      const tasks = order.subarray(block.first, block.first + block.count);
      const wanted = new Map<number, number>();
      for (const task of tasks) {
        let sum = 0;
        let number = 0;
        for (const other of listOf(lists, task)) {
          // A folded neighbour says nothing about the order.
          if (placeOf[other] === -1 || blockOf[other] === blockOf[task]) continue;
          sum += heights[other] ?? 0;
          number += 1;
        }
        wanted.set(task, number === 0 ? (heights[task] ?? 0) : sum / number);
      }
      tasks.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0));
      note(block);
    }
  }
  order.forEach((task, place) => (placeOf[task] = place));
}

/** The top left corner of a task's cell; null in a folded group. */
export function cellPlace(
  { blocks, blockOf, placeOf }: GraphLayout,
  task: number,
): { readonly x: number; readonly y: number } | null {
  const place = placeOf[task] ?? -1;
  const block = blocks[blockOf[task] ?? -1];
  if (place === -1 || block === undefined) return null;
  const at = place - block.first;
  return {
    x: block.x + Math.floor(at / block.rows) * PITCH_PX,
    y: block.y + LABEL_PX + (at % block.rows) * PITCH_PX,
  };
}
