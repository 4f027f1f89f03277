// Shrinkage against scikit-learn, and its bits over every layout of tiles.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, test } from "vitest";
import { decodeNpy, type NdArray, type NdData } from "../codecs/npy.ts";
import { asBlockId } from "../ids.ts";
import { correlateAll } from "../kernels/correlation/pearson-reference.ts";
import { createSeriesMoments } from "../kernels/series-moments/series-moments.ts";
import { createTileShrinker, ledoitWolf, ShrinkageError, type Shrinkage } from "./ledoit-wolf.ts";
import type { Tile } from "./plan.ts";
import { tileGrid } from "./tile-grid.ts";

const folder = join(import.meta.dirname, "../../e2e/fixtures/shrinkage");
const load = (name: string): NdArray => decodeNpy(readFileSync(join(folder, name)));
const cases = JSON.parse(readFileSync(join(folder, "cases.json"), "utf8")) as {
  readonly name: string;
  readonly shrinkage: number;
  readonly meanVariance: number;
}[];

interface Table {
  readonly series: readonly Float64Array[];
  readonly dateCount: number;
}

const tableOf = ({ shape, data }: NdArray): Table => {
  const [seriesCount = 0, dateCount = 0] = shape;
  const series = Array.from({ length: seriesCount }, (_, i) =>
    Float64Array.from(data.subarray(i * dateCount, (i + 1) * dateCount)),
  );
  return { series, dateCount };
};

/** The moments of panels of so many series, by the kernel. */
function momentsOf({ series, dateCount }: Table, panelSeries: number): (readonly NdArray[])[] {
  const kernel = createSeriesMoments();
  const panels: (readonly NdArray[])[] = [];
  for (let start = 0; start < series.length; start += panelSeries) {
    const part = series.slice(start, start + panelSeries);
    const data = Float64Array.from(part.flatMap((line) => [...line]));
    const array = { shape: [part.length, dateCount], data };
    panels.push(kernel.run({}, [{ block: asBlockId("1".repeat(64)), array }]));
  }
  return panels;
}

/** Reads tiles of the table's correlations, as the exact kernel defines them. */
function readerOf(
  { series }: Table,
  make: typeof Float64Array | typeof Float32Array = Float64Array,
) {
  const { r } = correlateAll(series, 1);
  return async ({ rowStart, rowCount, colStart, colCount }: Tile): Promise<NdData> => {
    const rows = Array.from({ length: rowCount }, (_, i) => (rowStart + i) * series.length);
    return make.from(
      rows.flatMap((row) => [...r.subarray(row + colStart, row + colStart + colCount)]),
    );
  };
}

const shrink = (table: Table, tile: number, panelSeries = 5) =>
  ledoitWolf(
    { seriesCount: table.series.length, dateCount: table.dateCount, tile },
    momentsOf(table, panelSeries),
    readerOf(table),
  );

/** The square matrix that a shrinker makes of all tiles. */
async function matrixOf(
  table: Table,
  tile: number,
  make: (tile: Tile, r: NdData) => NdData,
  read = readerOf(table),
): Promise<number[][]> {
  const side = table.series.length;
  const matrix = Array.from({ length: side }, () => Array.from({ length: side }, () => NaN));
  for (const part of tileGrid(side, tile)) {
    const values = make(part, await read(part));
    for (const [at, value] of values.entries()) {
      const [i, j] = [
        part.rowStart + Math.floor(at / part.colCount),
        part.colStart + (at % part.colCount),
      ];
      (matrix[i] ?? [])[j] = value;
      (matrix[j] ?? [])[i] = value;
    }
  }
  return matrix;
}

const relative = (value: number, expected: number) =>
  value === expected ? 0 : Math.abs(value - expected) / Math.abs(expected);

describe.each(cases)("$name, as scikit-learn has it", ({ name, shrinkage, meanVariance }) => {
  const table = tableOf(load(`${name}.values.npy`));
  const side = table.series.length;
  const expected = load(`${name}.covariance.npy`);
  const at = (i: number, j: number) => expected.data[i * side + j] ?? NaN;

  test("intensity, mean variance, covariance and correlation", async () => {
    const found = await shrink(table, 4);
    expect(relative(found.intensity, shrinkage)).toBeLessThan(1e-12);
    expect(relative(found.meanVariance, meanVariance)).toBeLessThan(1e-13);
    const shrinker = createTileShrinker(found);
    const covariance = await matrixOf(table, 4, shrinker.covariances);
    const correlation = await matrixOf(table, 4, shrinker.correlations);
    for (let i = 0; i < side; i += 1) {
      for (let j = 0; j < side; j += 1) {
        // Covariances are compared on the scale of their series: small ones are differences of large.
        const scale = Math.sqrt(at(i, i) * at(j, j));
        expect(Math.abs((covariance[i]?.[j] ?? NaN) - at(i, j)) / scale).toBeLessThan(1e-12);
        expect(Math.abs((correlation[i]?.[j] ?? NaN) - at(i, j) / scale)).toBeLessThan(1e-12);
      }
      expect(correlation[i]?.[i]).toBe(1);
    }
  });

  test("the same bits over any size of tiles", async () => {
    const found = await Promise.all([1, 3, 8, 64].map((tile) => shrink(table, tile)));
    expect(new Set(found.map(({ intensity }) => intensity)).size).toBe(1);
    const matrices = await Promise.all(
      [3, 64].map((tile) =>
        matrixOf(table, tile, createTileShrinker(found[0] as Shrinkage).correlations),
      ),
    );
    expect(matrices[0]).toEqual(matrices[1]);
  });

  test("panels of other sizes change no more than the last digits", async () => {
    const [one, other] = await Promise.all([shrink(table, 4, 3), shrink(table, 4, side)]);
    expect(relative(one.intensity, other.intensity)).toBeLessThan(1e-12);
    expect(one.variances).toEqual(other.variances);
  });
});

describe("what scikit-learn leaves open", () => {
  const constant = Float64Array.of(3, 3, 3, 3);
  const tableWith = (...series: readonly (readonly number[] | Float64Array)[]): Table => ({
    series: series.map((line) => Float64Array.from(line)),
    dateCount: series[0]?.length ?? 0,
  });

  test("a constant series varies with no other, and has the variance that it is shrunk to", async () => {
    const table = tableWith([1, -1, 1, -1], constant, [4, 1, -3, 2]);
    const found = await shrink(table, 8);
    expect(found.intensity).toBeGreaterThan(0);
    const shrinker = createTileShrinker(found);
    const correlation = await matrixOf(table, 8, shrinker.correlations);
    expect(correlation[1]).toEqual([0, 1, 0]);
    const covariance = await matrixOf(table, 8, shrinker.covariances);
    expect(covariance[1]).toEqual([0, found.intensity * found.meanVariance, 0]);
  });

  test("where nothing varies at all, nothing correlates", async () => {
    const table = tableWith(constant, constant);
    const found = await shrink(table, 8);
    expect(found).toMatchObject({ intensity: 0, meanVariance: 0 });
    const shrinker = createTileShrinker(found);
    expect((await matrixOf(table, 8, shrinker.correlations)).flat()).toEqual([NaN, NaN, NaN, NaN]);
    expect((await matrixOf(table, 8, shrinker.covariances)).flat()).toEqual([0, 0, 0, 0]);
  });

  test.each([
    ["of noise", [1, 2, 4, 9.1]],
    // Every date is as far from the mean as every other: no noise, and by rounding less than that.
    ["of two values", [0.1, -0.1, 0.1, -0.1, 0.1, -0.1]],
    ["of other two", [0.7, -0.7, -0.7, 0.7, 0.7, -0.7]],
  ])("a single series %s stays as it is", async (_, values) => {
    const table = tableWith(values);
    const found = await shrink(table, 8);
    expect(found.intensity).toBe(0);
    const covariance = await matrixOf(table, 8, createTileShrinker(found).covariances);
    expect(covariance[0]?.[0]).toBe(found.variances[0]);
  });

  test("correlations in single precision stay so, and covariances do not", async () => {
    const table = tableOf(load("returns.values.npy"));
    const found = await shrink(table, 4);
    const shrinker = createTileShrinker(found);
    const part = { rowStart: 0, rowCount: 4, colStart: 4, colCount: 4 };
    const [exact, single] = [
      await readerOf(table)(part),
      await readerOf(table, Float32Array)(part),
    ];
    const r = shrinker.correlations(part, single);
    expect(r).toBeInstanceOf(Float32Array);
    shrinker.correlations(part, exact).forEach((value, at) => expect(r[at]).toBeCloseTo(value, 6));
    expect(shrinker.covariances(part, single)).toBeInstanceOf(Float64Array);
  });
});

describe("refusals in plain words", () => {
  const table: Table = {
    series: [Float64Array.of(1, 2, 4), Float64Array.of(3, 1, 1)],
    dateCount: 3,
  };
  const layout = { seriesCount: 2, dateCount: 3, tile: 8 };

  test("values that cannot be squared", async () => {
    const huge = {
      ...table,
      series: [Float64Array.of(1e200, -1e200, 0), ...table.series.slice(1)],
    };
    await expect(shrink(huge, 8)).rejects.toThrow(ShrinkageError);
    await expect(shrink(huge, 8)).rejects.toThrow(/too large or too small to be squared/);
  });

  test("moments that do not belong to the table", async () => {
    const [panel = []] = momentsOf(table, 2);
    const other = momentsOf({ series: [Float64Array.of(1, 2)], dateCount: 2 }, 1);
    for (const panels of [[], [panel, panel], other, [[]], [panel.slice(0, 1)]]) {
      await expect(ledoitWolf(layout, panels, readerOf(table))).rejects.toThrow(ShrinkageError);
    }
    await expect(ledoitWolf(layout, [panel], readerOf(table))).resolves.toBeDefined();
  });
});
