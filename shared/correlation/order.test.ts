// Tests of clustering and of the orders it gives.
import { describe, expect, test } from "vitest";
import { createPrng, nextFloat } from "../prng.ts";
import { clusterSeries, leafOrder, nameOrder } from "./order.ts";

function randomCorrelations(n: number, seed: number): Float32Array {
  const prng = createPrng(seed);
  return Float32Array.from({ length: (n * (n - 1)) / 2 }, () => nextFloat(prng) * 2 - 1);
}

const at = (i: number, j: number, n: number): number => {
  const [low, high] = i < j ? [i, j] : [j, i];
  return (low * (2 * n - low - 1)) / 2 + high - low - 1;
};

/** Average linkage by its definition: the two closest clusters, by mean distance of their members. */
function naiveHeights(correlations: Float32Array, n: number): number[] {
  const distance = (i: number, j: number): number =>
    Math.sqrt(2 - 2 * (correlations[at(i, j, n)] ?? 0));
  let clusters = Array.from({ length: n }, (_, i) => [i]);
  const heights: number[] = [];
  while (clusters.length > 1) {
    let least = Infinity;
    let pair: readonly [number[], number[]] = [[], []];
    for (const [index, a] of clusters.entries()) {
      for (const b of clusters.slice(index + 1)) {
        const sum = a.flatMap((i) => b.map((j) => distance(i, j))).reduce((x, y) => x + y, 0);
        const mean = sum / (a.length * b.length);
        if (mean < least) [least, pair] = [mean, [a, b]];
      }
    }
    heights.push(least);
    clusters = [...clusters.filter((one) => !pair.includes(one)), [...pair[0], ...pair[1]]];
  }
  return heights;
}

const sortedNumbers = (values: Iterable<number>): number[] => [...values].sort((a, b) => a - b);

describe("clusterSeries", () => {
  test.each([2, 3, 5, 17, 40])("merges %i series at the heights that the definition gives", (n) => {
    for (let seed = 0; seed < 5; seed += 1) {
      const correlations = randomCorrelations(n, seed);
      const expected = naiveHeights(correlations, n);
      const { heights } = clusterSeries(correlations.slice(), n);
      expect(heights).toHaveLength(n - 1);
      heights.forEach((height, merge) => expect(height).toBeCloseTo(expected[merge] ?? NaN, 5));
    }
  });

  test("gives scipy's heights", () => {
    // scipy.cluster.hierarchy.linkage(sqrt(2 - 2 * r), "average") of these six series' pairs.
    const r = [0.9, 0.2, -0.3, 0.1, 0.5, 0.3, -0.2, 0, 0.4, 0.8, 0.6, 0.1, 0.7, -0.6, -0.1];
    const { heights } = clusterSeries(Float32Array.from(r), 6);
    const expected = [0.4472136, 0.63245553, 0.83451193, 1.04772256, 1.44215124];
    expected.forEach((height, merge) => expect(heights[merge]).toBeCloseTo(height, 5));
  });

  test("an undefined correlation counts as none", () => {
    const { heights } = clusterSeries(Float32Array.from([NaN]), 2);
    expect(heights[0]).toBeCloseTo(Math.SQRT2, 6);
  });

  test("ends when every distance is the same", () => {
    const { heights } = clusterSeries(new Float32Array(4_950).fill(0.5), 100);
    expect(new Set(heights)).toEqual(new Set([1]));
  });

  test("one series has no merges", () => {
    const linkage = clusterSeries(new Float32Array(0), 1);
    expect(linkage.heights).toHaveLength(0);
    expect([...leafOrder(linkage, 1, () => 0)]).toEqual([0]);
  });
});

describe("leafOrder", () => {
  test("is a permutation, and the same every time", () => {
    const n = 60;
    const correlations = randomCorrelations(n, 9);
    const order = () =>
      leafOrder(
        clusterSeries(correlations.slice(), n),
        n,
        (i, j) => correlations[at(i, j, n)] ?? 0,
      );
    expect(sortedNumbers(order())).toEqual(Array.from({ length: n }, (_, i) => i));
    expect(order()).toEqual(order());
  });

  test("keeps every cluster together", () => {
    const n = 30;
    const correlations = randomCorrelations(n, 2);
    const linkage = clusterSeries(correlations.slice(), n);
    const order = leafOrder(linkage, n, (i, j) => correlations[at(i, j, n)] ?? 0);
    const places = new Map([...order].map((series, place) => [series, place]));
    const members = Array.from({ length: n }, (_, i) => [i]);
    linkage.left.forEach((left, merge) => {
      const joined = [...(members[left] ?? []), ...(members[linkage.right[merge] ?? 0] ?? [])];
      members.push(joined);
      const taken = sortedNumbers(joined.map((series) => places.get(series) ?? NaN));
      expect((taken.at(-1) ?? 0) - (taken[0] ?? 0)).toBe(joined.length - 1);
    });
    expect(members.at(-1)).toHaveLength(n);
  });

  test("unrolls a line: neighbours in truth are neighbours in the order", () => {
    // Series on a line, similar by nearness, given in a scrambled order.
    const n = 33;
    const position = (i: number): number => (i * 14) % n;
    const similarity = (i: number, j: number): number =>
      1 - (2 * Math.abs(position(i) - position(j)) ** 2) / n ** 2;
    const correlations = new Float32Array((n * (n - 1)) / 2);
    for (let i = 0; i < n; i += 1) {
      for (let j = i + 1; j < n; j += 1) correlations[at(i, j, n)] = similarity(i, j);
    }
    const order = [...leafOrder(clusterSeries(correlations, n), n, similarity)].map(position);
    const ascending = (order[0] ?? 0) < (order.at(-1) ?? 0) ? order : order.toReversed();
    expect(ascending).toEqual(Array.from({ length: n }, (_, i) => i));
  });
});

test("names are ordered with digits by their value", () => {
  const names = ["B", "A10", "A2", "a1"];
  expect([...nameOrder(names)].map((i) => names[i])).toEqual(["a1", "A2", "A10", "B"]);
});
