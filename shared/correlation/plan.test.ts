// The planner: every pair exactly once, deterministic keys, tiles that suit the cluster.
import fc from "fast-check";
import { createBLAKE3 } from "hash-wasm";
import { describe, expect, test } from "vitest";
import { asBlockId, asDatasetId } from "../ids.ts";
import type { DatasetRecord } from "../protocol/http.ts";
import { plannedTasks } from "../testing/planned-tasks.ts";
import {
  conflictOf,
  parseCorrelationMeta,
  planCorrelation,
  PlanError,
  replanCorrelation,
  transportFor,
  transportOf,
  type CorrelationOptions,
  type CorrelationPlan,
  type PearsonTileParams,
  type Tile,
} from "./plan.ts";
import { tileGrid } from "./tile-grid.ts";

const blake3 = await createBLAKE3();
const tools = {
  hash: (bytes: Uint8Array) => blake3.init().update(bytes).digest("hex"),
  encode: (text: string) => new TextEncoder().encode(text),
};

/** The tasks that a client makes of the planned calls. */
const tasksOf = ({ calls }: CorrelationPlan) => plannedTasks(calls, tools);

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

const options: CorrelationOptions = {
  method: "pearson",
  minPeriods: 1,
  precision: "f64",
  isFast: false,
  shrinkage: "none",
  tile: "auto",
};

/** The tiles of each task, in the order of the tasks; empty for one of another kind. */
const tilesOf = ({ targets }: CorrelationPlan): readonly (readonly Tile[])[] =>
  [...targets.values()].map((place) => (place.kind === "tiles" ? place.tiles : []));

describe("planCorrelation", () => {
  test("every task's inputs and ranges name exactly the series of its tile", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 120 }),
        fc.integer({ min: 1, max: 50 }),
        fc.integer({ min: 8, max: 64 }),
        (p, panelSeries, tile) => {
          const record = datasetOf(p, 10, panelSeries);
          const plan = planCorrelation(record, { ...options, tile }, { ...tools, threads: 1 });
          const tiles = tilesOf(plan);
          for (const [at, task] of tasksOf(plan).entries()) {
            const params = task.params as unknown as PearsonTileParams;
            const [part, ...others] = tiles[at] ?? [];
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
          const tasks = tasksOf(plan);
          const targets = [...plan.targets.keys()];
          expect(new Set(targets).size).toBe(targets.length);
          expect(tasks.map((task) => task.key)).toEqual(targets);
          expect([...plan.targets.keys()]).toEqual(targets);
          const byPlace = (a: Tile, b: Tile) => a.rowStart - b.rowStart || a.colStart - b.colStart;
          const placed = tilesOf(plan).flat().toSorted(byPlace);
          expect(placed).toEqual(tileGrid(p, tile).toSorted(byPlace));
          const series = (start: number, count: number) =>
            Array.from({ length: count }, (_, i) => start + i)
              .map((at) => `${contentOf(Math.floor(at / panelSeries))}:${at % panelSeries}`)
              .join(" ");
          for (const places of tilesOf(plan)) {
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
    expect(tilesOf(plan).map((places) => places.length)).toEqual([4, 6]);
    expect(tasksOf(plan).map((task) => task.inputs.length)).toEqual([1, 2]);
    expect(replanCorrelation(record, plan.meta, tools)).toEqual(plan.targets);
  });

  test("a replan gives the same tiles under the same keys", () => {
    const record = datasetOf(300, 100, 70);
    const plan = planCorrelation(record, options, { ...tools, threads: 8 });
    expect(replanCorrelation(record, plan.meta, tools)).toEqual(plan.targets);
    expect(parseCorrelationMeta(plan.job.meta)).toEqual(plan.meta);
    expect(tasksOf(plan).map(({ key }) => key)).toEqual([...plan.targets.keys()]);
  });

  test.each([
    [{}, "pearson-tile@3"],
    [{ isFast: true }, "pearson-tile-fast@1"],
    [{ precision: "f16", isFast: true }, "pearson-tile-fast@1"],
    [{ method: "spearman" }, "spearman-tile@1"],
  ] as const)("%o are computed by %s", (change, kernel) => {
    const chosen = { ...options, ...change };
    const record = { ...datasetOf(200, 100, 20), transport: transportFor(chosen) };
    const chosenPlan = planCorrelation(record, chosen, { ...tools, threads: 1 });
    expect(new Set(tasksOf(chosenPlan).map((task) => task.kernel))).toEqual(new Set([kernel]));
  });

  test("keys differ when options do", () => {
    const keyOf = (change: Partial<CorrelationOptions>) => {
      const chosen = { ...options, ...change };
      const record = { ...datasetOf(20, 100, 20), transport: transportFor(chosen) };
      return [...planCorrelation(record, chosen, { ...tools, threads: 1 }).targets.keys()][0];
    };
    const changes: Partial<CorrelationOptions>[] = [
      {},
      { minPeriods: 2 },
      { precision: "f32" },
      { isFast: true },
      { method: "spearman" },
    ];
    expect(new Set(changes.map(keyOf)).size).toBe(changes.length);
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
    const { meta } = planCorrelation(datasetOf(20, 10, 20), options, { ...tools, threads: 1 });
    expect(parseCorrelationMeta({ ...meta })).toEqual(meta);
    const others = [
      null,
      { samples: 10 },
      { ...meta, method: "kendall" },
      { ...meta, transport: "f8" },
      { ...meta, isFast: 1 },
      { ...meta, shrinkage: 0.5 },
      { ...meta, precision: "f16" },
    ];
    for (const other of others) expect(() => parseCorrelationMeta(other)).toThrow(PlanError);
  });

  test("jobs of earlier versions are exact, full-precision Pearson without shrinkage", () => {
    const record = datasetOf(300, 100, 70);
    const plan = planCorrelation(record, options, { ...tools, threads: 2 });
    const { dataset, seriesCount, dateCount, minPeriods, precision, tile } = plan.meta;
    const old = { dataset, seriesCount, dateCount, minPeriods, precision, tile };
    const meta = parseCorrelationMeta(old);
    expect(meta).toEqual({
      ...old,
      method: "pearson",
      transport: "f64",
      isFast: false,
      shrinkage: "none",
    });
    expect(replanCorrelation(record, meta, tools)).toEqual(plan.targets);
  });
});

describe("choices that do not go together", () => {
  test.each([
    [{ method: "spearman", precision: "f16" }, /Spearman cannot use f16/],
    [{ method: "spearman", isFast: true }, /fast kernel computes Pearson only/],
    [{ method: "spearman", shrinkage: "ledoit-wolf" }, /shrinks a covariance, which Spearman/],
    [{ precision: "f16", shrinkage: "ledoit-wolf" }, /variance of each series, which f16/],
  ] as const)("%o", (change, message) => {
    const chosen = { ...options, ...change };
    expect(conflictOf(chosen)).toMatch(message);
    const record = { ...datasetOf(20, 10, 20), transport: transportFor(chosen) };
    const plan = () => planCorrelation(record, chosen, { ...tools, threads: 1 });
    expect(plan).toThrow(PlanError);
    expect(plan).toThrow(message);
  });

  test.each([
    { precision: "f16", isFast: true },
    { method: "spearman", precision: "f32" },
    { shrinkage: "ledoit-wolf", precision: "f32", isFast: true },
  ] as const)("but %o do", (change) => {
    expect(conflictOf({ ...options, ...change })).toBeNull();
  });
});

describe("half precision", () => {
  const half = { ...options, precision: "f16" } as const;
  const record = { ...datasetOf(200, 100, 64), transport: "f16" as const };

  test("is computed in f32, and the job remembers how its table came", () => {
    const plan = planCorrelation(record, half, { ...tools, threads: 1 });
    expect(plan.meta).toMatchObject({ precision: "f32", transport: "f16" });
    const [task] = tasksOf(plan);
    expect(task?.params).toMatchObject({ precision: "f32" });
    expect(replanCorrelation(record, plan.meta, tools)).toEqual(plan.targets);
  });

  test("a table in halves serves no other job, and one in full precision is not taken for halves", () => {
    const full = datasetOf(200, 100, 64);
    expect([transportOf(full), transportOf(record)]).toEqual(["f64", "f16"]);
    for (const precision of ["f64", "f32"] as const) {
      expect(() =>
        planCorrelation(record, { ...options, precision }, { ...tools, threads: 1 }),
      ).toThrow(/sent in half precision\. Choose f16/);
    }
    expect(() => planCorrelation(full, half, { ...tools, threads: 1 })).toThrow(
      /there in full precision already/,
    );
    const { meta } = planCorrelation(full, options, { ...tools, threads: 1 });
    expect(() => replanCorrelation(record, meta, tools)).toThrow(PlanError);
  });
});

describe("shrinkage", () => {
  const shrunk = { ...options, shrinkage: "ledoit-wolf", tile: 16 } as const;

  test("adds the moments of each panel, after the tiles", () => {
    const record = datasetOf(50, 30, 20);
    const plan = planCorrelation(record, shrunk, { ...tools, threads: 1 });
    const plain = planCorrelation(
      record,
      { ...shrunk, shrinkage: "none" },
      { ...tools, threads: 1 },
    );
    const tasks = tasksOf(plan);
    const targets = [...plan.targets.keys()];
    expect(tasks.slice(0, -3)).toEqual(tasksOf(plain));
    expect(tasks.slice(-3)).toEqual(
      record.panels.map((panel, index) => ({
        kernel: "series-moments@1",
        params: {},
        inputs: [panel],
        key: targets.at(index - 3),
        cost: {
          operations: 5 * 30 * (index === 2 ? 10 : 20),
          outputBytes: 8 * (2 * (index === 2 ? 10 : 20) + 30) + 256,
        },
        retries: 2,
      })),
    );
    expect(targets.slice(-3).map((key) => plan.targets.get(key))).toEqual([
      { kind: "moments", panels: [0] },
      { kind: "moments", panels: [1] },
      { kind: "moments", panels: [2] },
    ]);
    expect(replanCorrelation(record, plan.meta, tools)).toEqual(plan.targets);
  });

  test("equal panels share their moments", () => {
    const plan = planCorrelation(
      datasetOf(48, 30, 16, (panel) => panel % 2),
      shrunk,
      {
        ...tools,
        threads: 1,
      },
    );
    const moments = [...plan.targets.values()].filter((place) => place.kind === "moments");
    expect(moments).toEqual([
      { kind: "moments", panels: [0, 2] },
      { kind: "moments", panels: [1] },
    ]);
  });

  test("needs a table without gaps, and every pair", () => {
    const gaps = { ...datasetOf(50, 30, 20), missingShare: 0.0512 };
    expect(() => planCorrelation(gaps, shrunk, { ...tools, threads: 1 })).toThrow(
      /without gaps, but 5\.1 % of this one’s values are missing/,
    );
    const record = datasetOf(50, 30, 20);
    expect(() =>
      planCorrelation(record, { ...shrunk, minPeriods: 31 }, { ...tools, threads: 1 }),
    ).toThrow(/31 common observations cannot be had from 30 dates/);
  });
});
