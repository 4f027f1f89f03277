// The division of a tile into work for the GPU covers what it must, once.
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BlockKind,
  ITEM_NUMBERS,
  type SeriesExtent,
  colsPerThread,
  listWork,
  paddedDates,
} from "./tile-layout.ts";

const STEP = 16;

interface Item {
  readonly kind: BlockKind;
  readonly row: number;
  readonly col: number;
  readonly firstDate: number;
  readonly endDate: number;
}

function itemsOf(work: ReturnType<typeof listWork>): Item[] {
  return work.flatMap(({ kind, items }) =>
    Array.from({ length: items.length / ITEM_NUMBERS }, (_, i) => {
      const [row = 0, col = 0, step = 0, steps = 0] = items.slice(i * ITEM_NUMBERS);
      return { kind, row, col, firstDate: step * STEP, endDate: (step + steps) * STEP };
    }),
  );
}

/** Series of up to 900 dates; some are complete, some empty. */
const seriesArbitrary = (dates: number): fc.Arbitrary<SeriesExtent> =>
  fc.oneof(
    fc.constant({ complete: true, firstDate: 0, endDate: dates }),
    fc.constant({ complete: false, firstDate: dates, endDate: 0 }),
    fc.tuple(fc.nat(dates - 1), fc.nat(dates - 1)).map(([a, b]) => ({
      complete: false,
      firstDate: Math.min(a, b),
      endDate: Math.max(a, b) + 1,
    })),
  );

const tileArbitrary = fc.integer({ min: 1, max: 900 }).chain((dates) =>
  fc.record({
    dates: fc.constant(dates),
    rows: fc.array(seriesArbitrary(dates), { minLength: 1, maxLength: 150 }),
    cols: fc.array(seriesArbitrary(dates), { minLength: 1, maxLength: 150 }),
    diagonal: fc.boolean(),
  }),
);

describe("the work of a tile", () => {
  it("has the common dates of every pair exactly once, in a block that knows of its gaps", () => {
    fc.assert(
      fc.property(tileArbitrary, fc.nat(), fc.nat(), (tile, anyRow, anyCol) => {
        const { rows, diagonal, dates } = tile;
        const cols = diagonal ? rows : tile.cols;
        // Any pair of the tile; on the diagonal one above it.
        const i = anyRow % rows.length;
        const j = diagonal ? i + 1 + (anyCol % (rows.length - i)) : anyCol % cols.length;
        const x = rows[i];
        const y = cols[j];
        fc.pre(x !== undefined && y !== undefined);
        const stripe = { top: 0, end: rows.length, diagonal };
        const items = itemsOf(listWork(rows, cols, stripe)).filter(
          ({ kind, row, col }) =>
            i >= row && i < row + 64 && j >= col && j < col + 16 * colsPerThread(kind),
        );
        for (
          let t = Math.max(x.firstDate, y.firstDate);
          t < Math.min(x.endDate, y.endDate);
          t += 1
        ) {
          const holding = items.filter(({ firstDate, endDate }) => t >= firstDate && t < endDate);
          expect(holding).toHaveLength(1);
          if (!x.complete || !y.complete) expect(holding[0]?.kind).toBe("gaps");
        }
        // No item reads beyond the padded lines, none is summed longer than a slice.
        for (const { firstDate, endDate } of items) {
          expect(endDate).toBeLessThanOrEqual(paddedDates(dates));
          expect(endDate - firstDate).toBeGreaterThan(0);
          expect(Math.floor((endDate - 1) / 256)).toBe(Math.floor(firstDate / 256));
        }
      }),
      { numRuns: 300 },
    );
  });

  it("leaves out what nobody reads: below the diagonal, and dates that a side does not have", () => {
    const early = { complete: false, firstDate: 0, endDate: 300 };
    const late = { complete: false, firstDate: 600, endDate: 900 };
    const sides = [
      ...Array.from({ length: 64 }, () => early),
      ...Array.from({ length: 64 }, () => late),
    ];
    const items = itemsOf(listWork(sides, sides, { top: 0, end: 128, diagonal: true }));
    // Early with early in two slices, late with late in two, each in two halves of 32 columns.
    expect(items.map(({ row, col, firstDate }) => [row, col, firstDate])).toEqual([
      [0, 0, 0],
      [0, 0, 256],
      [0, 32, 0],
      [0, 32, 256],
      [64, 64, 512],
      [64, 64, 768],
      [64, 96, 512],
      [64, 96, 768],
    ]);
  });
});
