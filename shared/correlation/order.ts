// Orders of the series: similar ones next to each other, by hierarchical clustering.
import { assert } from "../assert.ts";
import { distancesInPlace, mergeByChains } from "./order-core.ts";

/** A tree over n series: merge m joins nodes left[m] and right[m]; leaf i is node i, merge m node n + m. */
export interface Linkage {
  readonly left: Uint32Array;
  readonly right: Uint32Array;
  /** Mean distance of the two sides, ascending. */
  readonly heights: Float32Array;
}

/**
 * Average linkage of n series from their condensed correlations (rows of the strict upper triangle,
 * NaN as 0), which are overwritten. O(n²) time, no further memory of that size.
 */
export function clusterSeries(correlations: Float32Array, n: number): Linkage {
  assert(correlations.length === (n * (n - 1)) / 2, "one correlation a pair is needed");
  distancesInPlace(correlations);
  const merges = mergeByChains(correlations, n);
  // Chains find merges out of order; a parent is never lower than its children, and a stable sort
  // keeps children first at equal heights.
  const order = Array.from(merges.heights.keys());
  const height = (merge: number): number => merges.heights[merge] ?? 0;
  order.sort((a, b) => height(a) - height(b) || a - b);
  const nodes = Uint32Array.from({ length: n }, (_, i) => i);
  const linkage: Linkage = {
    left: new Uint32Array(order.length),
    right: new Uint32Array(order.length),
    heights: new Float32Array(order.length),
  };
  order.forEach((merge, rank) => {
    const kept = merges.kept[merge] ?? 0;
    linkage.left[rank] = nodes[kept] ?? 0;
    linkage.right[rank] = nodes[merges.absorbed[merge] ?? 0] ?? 0;
    linkage.heights[rank] = height(merge);
    nodes[kept] = n + rank;
  });
  return linkage;
}

/**
 * The leaves from left to right. Each merge turns its two sides so that the most similar ends meet
 * (Gruvaeus & Wainer 1972); ties keep the sides as they are.
 */
export function leafOrder(
  linkage: Linkage,
  n: number,
  similarity: (i: number, j: number) => number,
): Uint32Array {
  const nodes = n + linkage.left.length;
  const first = Uint32Array.from({ length: nodes }, (_, i) => i);
  const last = Uint32Array.from({ length: nodes }, (_, i) => i);
  const turned = new Uint8Array(nodes);
  linkage.left.forEach((left, merge) => {
    const right = linkage.right[merge] ?? 0;
    const [a, b] = [first[left] ?? 0, last[left] ?? 0];
    const [c, d] = [first[right] ?? 0, last[right] ?? 0];
    let best = similarity(b, c);
    let turnLeft = 0;
    let turnRight = 0;
    for (const [value, isLeft, isRight] of [
      [similarity(b, d), 0, 1],
      [similarity(a, c), 1, 0],
      [similarity(a, d), 1, 1],
    ] as const) {
      if (value <= best) continue;
      best = value;
      turnLeft = isLeft;
      turnRight = isRight;
    }
    turned[left] = turnLeft;
    turned[right] = turnRight;
    first[n + merge] = turnLeft === 1 ? b : a;
    last[n + merge] = turnRight === 1 ? c : d;
  });
  return leaves(linkage, n, turned);
}

/** Walks the tree with an explicit stack: a chain of n merges would overflow the call stack. */
function leaves(linkage: Linkage, n: number, turned: Uint8Array): Uint32Array {
  const order = new Uint32Array(n);
  let count = 0;
  const stack: { readonly node: number; readonly isTurned: boolean }[] = [];
  if (n > 0) stack.push({ node: n + linkage.left.length - 1, isTurned: false });
  for (let top = stack.pop(); top !== undefined; top = stack.pop()) {
    const { node } = top;
    if (node < n) {
      order[count] = node;
      count += 1;
      continue;
    }
    const isTurned = top.isTurned !== (turned[node] === 1);
    const left = { node: linkage.left[node - n] ?? 0, isTurned };
    const right = { node: linkage.right[node - n] ?? 0, isTurned };
    // The side that comes first goes on top of the stack.
    if (isTurned) stack.push(left, right);
    else stack.push(right, left);
  }
  return order;
}

/** Series sorted by name, digits by their value ("A2" before "A10"); ties by position. */
export function nameOrder(names: readonly string[]): Uint32Array {
  const collator = new Intl.Collator("en", { numeric: true });
  const order = Uint32Array.from(names.keys());
  return order.sort((a, b) => collator.compare(names[a] ?? "", names[b] ?? "") || a - b);
}
