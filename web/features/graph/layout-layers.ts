// Which layer each block belongs to, left to right, and in which order the blocks of a layer stand.

/** An edge from a block to one that reads it, by their places. */
export interface BlockEdge {
  readonly from: number;
  readonly to: number;
  readonly inputs: number;
}

interface Neighbours {
  readonly before: readonly number[][];
  readonly after: readonly number[][];
}

function neighboursOf(count: number, edges: readonly BlockEdge[]): Neighbours {
  const before: number[][] = Array.from({ length: count }, () => []);
  const after: number[][] = Array.from({ length: count }, () => []);
  for (const { from, to } of edges) {
    after[from]?.push(to);
    before[to]?.push(from);
  }
  return { before, after };
}

/**
 * Layers by the longest way from a block that reads nothing. Folded groups may read each other in
 * circles (f calls g, whose result f reads): the block whose first task lies least deep comes first
 * then. `depths`: of each block's first task.
 */
export function layersOf(depths: readonly number[], edges: readonly BlockEdge[]): number[] {
  const count = depths.length;
  const { before, after } = neighboursOf(count, edges);
  const open = before.map((list) => list.length);
  const layers = Array.from({ length: count }, () => 0);
  const isPlaced = Array.from({ length: count }, () => false);
  // In the order in which circles are broken, should there be any.
  const byDepth = depths.map((_, block) => block).toSorted((a, b) => depthAt(a) - depthAt(b));
  function depthAt(block: number): number {
    return depths[block] ?? 0;
  }
  let nextForced = 0;
  const queue = byDepth.filter((block) => open[block] === 0);
  for (let taken = 0; taken < count; taken += 1) {
    let block = queue[taken];
    if (block === undefined) {
      while (isPlaced[byDepth[nextForced] ?? 0] === true) nextForced += 1;
      block = byDepth[nextForced] ?? 0;
      queue.push(block);
    }
    isPlaced[block] = true;
    for (const reader of after[block] ?? []) {
      if (isPlaced[reader] === true) continue;
      layers[reader] = Math.max(layers[reader] ?? 0, (layers[block] ?? 0) + 1);
      const left = (open[reader] ?? 0) - 1;
      open[reader] = left;
      if (left === 0) queue.push(reader);
    }
  }
  pullSources(layers, { before, after });
  return layers;
}

/** What reads nothing stands just before its first reader, not at the far left. */
function pullSources(layers: number[], { before, after }: Neighbours): void {
  before.forEach((list, block) => {
    const readers = (after[block] ?? []).map((reader) => layers[reader] ?? 0);
    const nearest = Math.min(...readers);
    if (list.length === 0 && Number.isFinite(nearest)) layers[block] = Math.max(0, nearest - 1);
  });
}

/** There and back as often as this; more changes little. */
const SWEEPS = 6;

/** The blocks of each layer, top to bottom: each near the mean height of its neighbours. */
export function orderLayers(
  layers: readonly number[],
  edges: readonly BlockEdge[],
): readonly number[][] {
  const layerCount = layers.length === 0 ? 0 : layers.reduce((a, b) => Math.max(a, b), 0) + 1;
  const rows: number[][] = Array.from({ length: layerCount }, () => []);
  layers.forEach((layer, block) => rows[layer]?.push(block));
  const { before, after } = neighboursOf(layers.length, edges);
  const heights = layers.map(() => 0);
  const spread = (row: readonly number[]): void =>
    row.forEach((block, place) => (heights[block] = (place + 0.5) / row.length));
  rows.forEach(spread);
  for (let sweep = 0; sweep < SWEEPS; sweep += 1) {
    const isForward = sweep % 2 === 0;
    const sources = isForward ? before : after;
    for (const row of isForward ? rows : rows.toReversed()) {
      const wanted = new Map(
        row.map((block) => [block, mean(sources[block] ?? [], heights) ?? heights[block] ?? 0]),
      );
      row.sort((a, b) => (wanted.get(a) ?? 0) - (wanted.get(b) ?? 0));
      spread(row);
    }
  }
  return rows;
}

function mean(blocks: readonly number[], heights: readonly number[]): number | null {
  if (blocks.length === 0) return null;
  return blocks.reduce((sum, block) => sum + (heights[block] ?? 0), 0) / blocks.length;
}
