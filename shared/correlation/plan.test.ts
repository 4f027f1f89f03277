// The planner: every pair exactly once, deterministic keys, tiles that suit the cluster.
import fc from "fast-check";
import { createBLAKE3 } from "hash-wasm";
import { describe, expect, test } from "vitest";
import { asBlockId, asDatasetId } from "../ids.ts";
import { BLOCK_BYTES_MAX } from "../limits.ts";
import type { DatasetRecord } from "../protocol/http.ts";
import {
  autoTile,
  parseCorrelationMeta,
  planCorrelation,
  PlanError,
  replanCorrelation,
  tileGrid,
  tileOutputBytes,
  type PearsonTileParams,
  type Tile,
} from "./plan.ts";

const blake3 = await createBLAKE3();
const tools = {
  hash: (bytes: Uint8Array) => blake3.init().update(bytes).digest("hex"),
  encode: (text: string) => new TextEncoder().encode(text),
};

/** `contentOf` gives panels of equal number the same bytes. */
function datasetOf(
  seriesCount: number,
  dateCount: number,
  panelSeries: number,
  contentOf: (panel: number) => number = (panel) => panel,
): DatasetRecord {
  return {
    dataset: asDatasetId(`d_${"a".repeat(22)}`),
    createdAtMs: 0,
    name: "prices.csv",
    series: Array.from({ length: seriesCount }, (_, i) => `S${i}`),
    dates: Array.from({ length: dateCount }, (_, i) => `${i}`),
    missingShare: 0,
    dropped: [],
    panelSeries,
    panels: Array.from({ length: Math.ceil(seriesCount / panelSeries) }, (_, i) => ({
      block: asBlockId(contentOf(i).toString(16).padStart(64, "0")),
      sizeBytes: 100,
    })),
  };
}

const options = { minPeriods: 1, precision: "f64", tile: "auto" } as const;

describe("planCorrelation", () => {
  test("covers every pair and every diagonal element exactly once", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 90 }), fc.integer({ min: 1, max: 40 }), (p, tile) => {
        const seen = new Uint8Array(p * p);
        for (const part of tileGrid(p, tile)) {
          for (let i = 0; i < part.rowCount; i += 1) {
            for (let j = 0; j < part.colCount; j += 1) {
              const [row, col] = [part.rowStart + i, part.colStart + j];
              // A diagonal tile is a full symmetric square: only its upper half counts.
              if (row <= col) seen[row * p + col] = (seen[row * p + col] ?? 0) + 1;
            }
          }
        }
        for (let row = 0; row < p; row += 1) {
          for (let col = row; col < p; col += 1) expect(seen[row * p + col]).toBe(1);
        }
      }),
    );
  });

  test("every task's inputs and ranges name exactly the series of its tile", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 120 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 8, max: 64 }),
        (p, panelSeries, tile) => {
          const record = datasetOf(p, 10, panelSeries);
          const plan = planCorrelation(record, { ...options, tile }, { ...tools, threads: 1 });
          for (const task of plan.submission.tasks) {
            const params = task.params as unknown as PearsonTileParams;
            const [part, ...others] = plan.tiles.get(task.key) ?? [];
            expect(others).toEqual([]);
            const inputs = task.inputs.map((input) =>
              "block" in input ? parseInt(input.block, 16) : -1,
            );
            const rows = inputs.slice(0, params.rows.panels);
            expect((rows[0] ?? -1) * panelSeries + params.rows.start).toBe(part?.rowStart);
            expect(params.rows.count).toBe(part?.rowCount);
            const cols = inputs.slice(params.rows.panels);
            if (params.cols === null) {
              expect(part?.rowStart).toBe(part?.colStart);
              expect(cols).toEqual([]);
            } else {
              expect((cols[0] ?? -1) * panelSeries + params.cols.start).toBe(part?.colStart);
              expect(params.cols.count).toBe(part?.colCount);
              expect(cols).toHaveLength(params.cols.panels);
            }
            expect(params.rows.start + params.rows.count).toBeLessThanOrEqual(
              rows.length * panelSeries,
            );
            expect(rows).toEqual(rows.map((_, i) => (rows[0] ?? -1) + i));
          }
        },
      ),
    );
  });

  test("equal panels make one task for several tiles, and no tile is lost", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 120 }),
        fc.integer({ min: 4, max: 32 }),
        fc.integer({ min: 8, max: 64 }),
        (p, panelSeries, tile) => {
          // Two panels by turns; the last is shorter, and thus another.
          const last = Math.floor(p / panelSeries);
          const contentOf = (panel: number) => (panel === last ? 2 : panel % 2);
          const record = datasetOf(p, 10, panelSeries, contentOf);
          const plan = planCorrelation(record, { ...options, tile }, { ...tools, threads: 1 });
          const { tasks, targets } = plan.submission;
          expect(new Set(targets).size).toBe(targets.length);
          expect(tasks.map((task) => task.key)).toEqual(targets);
          expect([...plan.tiles.keys()]).toEqual(targets);
          const byPlace = (a: Tile, b: Tile) => a.rowStart - b.rowStart || a.colStart - b.colStart;
          const placed = [...plan.tiles.values()].flat().toSorted(byPlace);
          expect(placed).toEqual(tileGrid(p, tile).toSorted(byPlace));
          const series = (start: number, count: number) =>
            Array.from({ length: count }, (_, i) => start + i)
              .map((at) => `${contentOf(Math.floor(at / panelSeries))}:${at % panelSeries}`)
              .join(" ");
          for (const places of plan.tiles.values()) {
            const sides = places.map(
              ({ rowStart, rowCount, colStart, colCount }) =>
                `${series(rowStart, rowCount)} × ${series(colStart, colCount)}`,
            );
            expect(new Set(sides).size).toBe(1);
          }
        },
      ),
    );
  });

  test("a table of one repeated panel is two tasks: a diagonal tile, and one beside it", () => {
    const record = datasetOf(32, 10, 8, () => 7);
    const plan = planCorrelation(record, { ...options, tile: 8 }, { ...tools, threads: 1 });
    expect([...plan.tiles.values()].map((places) => places.length)).toEqual([4, 6]);
    expect(plan.submission.tasks.map((task) => task.inputs.length)).toEqual([1, 2]);
    expect(replanCorrelation(record, plan.meta, tools)).toEqual(plan.tiles);
  });

  test("a replan gives the same tiles under the same keys", () => {
    const record = datasetOf(300, 100, 70);
    const plan = planCorrelation(record, options, { ...tools, threads: 8 });
    expect(replanCorrelation(record, plan.meta, tools)).toEqual(plan.tiles);
    expect(parseCorrelationMeta(plan.submission.meta)).toEqual(plan.meta);
    expect(plan.submission.targets).toEqual([...plan.tiles.keys()]);
  });

  test("keys differ when options do", () => {
    const record = datasetOf(20, 100, 20);
    const keyOf = (change: object) =>
      planCorrelation(record, { ...options, ...change }, { ...tools, threads: 1 }).submission
        .targets[0];
    const keys = [keyOf({}), keyOf({ minPeriods: 2 }), keyOf({ precision: "f32" })];
    expect(new Set(keys).size).toBe(3);
  });

  test("sixteen tasks in a row need ten or fewer parts of the table, on average", () => {
    const grid = tileGrid(64 * 14, 64);
    const sides = grid.slice(0, -15).map((_, from) => {
      const run = grid.slice(from, from + 16);
      return new Set(run.flatMap((tile) => [tile.rowStart, tile.colStart])).size;
    });
    expect(grid[0]).toMatchObject({ rowStart: 0, colStart: 0 });
    // Row by row it would be 14, which is every part.
    expect(sides.reduce((sum, n) => sum + n, 0) / sides.length).toBeLessThanOrEqual(10);
  });

  test.each([
    [{ tile: 7 }, /tile of 7 series/],
    [{ tile: 2_049 }, /tile of 2049 series/],
    [{ tile: 8.5 }, /whole number/],
    [{ minPeriods: 0 }, /minimum of common observations is 0/],
    [{ minPeriods: 1.5 }, /whole number/],
  ])("refuses %o in plain words", (change, message) => {
    const record = datasetOf(20, 10, 20);
    const plan = () => planCorrelation(record, { ...options, ...change }, { ...tools, threads: 1 });
    expect(plan).toThrow(PlanError);
    expect(plan).toThrow(message);
  });

  test("refuses tiles so small that the submission would not be accepted", () => {
    const record = datasetOf(20_000, 10, 1_000);
    expect(() =>
      planCorrelation(record, { ...options, tile: 8 }, { ...tools, threads: 1 }),
    ).toThrow(/choose larger tiles/);
  });

  test("refuses meta of another kind of job", () => {
    expect(() => parseCorrelationMeta({ samples: 10 })).toThrow(PlanError);
    expect(() => parseCorrelationMeta(null)).toThrow(PlanError);
  });
});

describe("autoTile", () => {
  test("gives four tiles a thread and at least twelve, from 64 to 512 series", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 320, max: 20_000 }),
        fc.integer({ min: 2, max: 6_000 }),
        fc.integer({ min: 1, max: 64 }),
        (p, dates, threads) => {
          const panelSeries = Math.max(1, Math.floor(2 ** 22 / (8 * dates)));
          const tile = autoTile(p, dates, panelSeries, threads);
          expect(tile).toBeGreaterThanOrEqual(64);
          expect(tile).toBeLessThanOrEqual(512);
          const tiles = tileGrid(p, tile).length;
          const most = tileGrid(p, 64).length;
          expect(tiles).toBeGreaterThanOrEqual(Math.min(most, Math.max(12, 4 * threads)));
        },
      ),
    );
  });

  test("few series still make several tiles", () => {
    expect(tileGrid(20, autoTile(20, 7_000, 72, 2)).length).toBe(6);
    expect(tileGrid(200, autoTile(200, 1_000, 512, 2)).length).toBe(15);
    expect(autoTile(1, 100, 512, 2)).toBe(8);
  });

  test("aligns with panels where that costs little", () => {
    expect(autoTile(7_000, 2_500, 208, 8)).toBe(416);
    expect(autoTile(2_000, 2_500, 200, 2)).toBe(400);
  });

  test("very long series get tiles that fit a thread's memory and a task's inputs", () => {
    const record = datasetOf(500, 1_000_000, 1);
    const plan = planCorrelation(record, options, { ...tools, threads: 4 });
    expect(plan.meta.tile).toBe(8);
  });

  test("the largest tile's outputs fit blocks", () => {
    const largest = { rowStart: 0, rowCount: 2_048, colStart: 0, colCount: 2_048 };
    expect(tileOutputBytes(largest, 1_000_000, "f64")).toBeLessThanOrEqual(BLOCK_BYTES_MAX);
  });
});
