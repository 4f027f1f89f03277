// The grid of tiles: every pair exactly once, in an order that reuses panels, of sizes that suit the cluster.
import fc from "fast-check";
import { describe, expect, test } from "vitest";
import { BLOCK_BYTES_MAX, INPUTS_PER_TASK_MAX } from "../limits.ts";
import { autoTile, bandsOf, tileCount, tileGrid, tileOutputBytes } from "./tile-grid.ts";

describe("tileGrid", () => {
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

  test("bands hold every tile once by its rows, and once more by its columns, in order", () => {
    const size = fc.integer({ min: 1, max: 90 });
    fc.assert(
      fc.property(size, fc.integer({ min: 1, max: 40 }), (p, tile) => {
        const grid = tileGrid(p, tile);
        expect(grid).toHaveLength(tileCount(p, tile));
        const bands = bandsOf(p, tile);
        const name = (part: { rowStart: number; colStart: number }) =>
          `${part.rowStart},${part.colStart}`;
        const right = bands.flatMap((band) => band.right);
        const left = bands.flatMap((band) => band.left);
        expect(right.map(name).toSorted()).toEqual(grid.map(name).toSorted());
        const beside = grid.filter((part) => part.rowStart < part.colStart);
        expect(left.map(name).toSorted()).toEqual(beside.map(name).toSorted());
        let row = 0;
        for (const band of bands) {
          expect(band.start).toBe(row);
          row = band.end;
          // Left and right together are the band from its first column to its last.
          const columns = [
            ...band.left.map((part) => [part.rowStart, part.rowCount] as const),
            ...band.right.map((part) => [part.colStart, part.colCount] as const),
          ];
          let column = 0;
          for (const [start, count] of columns) {
            expect(start).toBe(column);
            column += count;
          }
          expect(column).toBe(p);
        }
        expect(row).toBe(p);
      }),
      { numRuns: 50 },
    );
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
    const tile = autoTile(500, 1_000_000, 1, 4);
    expect(tile).toBe(8);
    expect(2 * (tile + 1)).toBeLessThanOrEqual(INPUTS_PER_TASK_MAX);
  });

  test("the largest tile's outputs fit blocks", () => {
    const largest = { rowStart: 0, rowCount: 2_048, colStart: 0, colCount: 2_048 };
    expect(tileOutputBytes(largest, 1_000_000, "f64")).toBeLessThanOrEqual(BLOCK_BYTES_MAX);
  });
});
