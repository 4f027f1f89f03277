// Tests of the pixels of the heatmap.
import { describe, expect, test } from "vitest";
import { PATTERN_SIDE } from "../../../shared/correlation/colour.ts";
import {
  coverCells,
  createBoxSums,
  drawByMean,
  drawByPoint,
  type Scene,
} from "./heatmap-raster-core.ts";

/** Colours equal levels, and patterns 1000 + level, so that pixels can be read. */
const colours = Uint32Array.from({ length: 256 }, (_, level) => level);
const area = PATTERN_SIDE * PATTERN_SIDE;
const patterns = new Uint32Array(2 * area).fill(1_000, 0, area).fill(1_001, area);

function scene(levels: readonly number[], order: readonly number[], side: number): Scene {
  const size = order.length;
  const starts = new Int32Array(side);
  const ends = new Int32Array(side);
  coverCells(starts, ends, size, 0, size / side);
  return {
    levels: Uint8Array.from(levels),
    size,
    inks: { colours, patterns },
    order: Uint32Array.from(order),
    pixels: new Uint32Array(side * side),
    widthPx: side,
    colStarts: starts,
    colEnds: ends,
    rowStarts: starts,
    rowEnds: ends,
  };
}

const byMean = (drawn: Scene): number[] => {
  const box = createBoxSums(drawn.widthPx);
  for (let line = 0; line < drawn.rowStarts.length; line += 1) drawByMean(drawn, line, box);
  return [...drawn.pixels];
};

const byPoint = (drawn: Scene): number[] => {
  drawByPoint(drawn, 0, drawn.rowStarts.length);
  return [...drawn.pixels];
};

describe("coverCells", () => {
  test.each([
    [7_000, 900],
    [1_000, 999],
    [10, 3],
  ])("every one of %i cells belongs to exactly one of %i pixels", (size, side) => {
    const starts = new Int32Array(side);
    const ends = new Int32Array(side);
    coverCells(starts, ends, size, 0, size / side);
    expect(starts[0]).toBe(0);
    expect(ends[side - 1]).toBe(size);
    for (let pixel = 1; pixel < side; pixel += 1) expect(starts[pixel]).toBe(ends[pixel - 1]);
  });

  test("cells larger than pixels repeat, and the margin has none", () => {
    const starts = new Int32Array(8);
    coverCells(starts, new Int32Array(8), 2, -1, 0.5);
    expect([...starts]).toEqual([-1, -1, 0, 0, 1, 1, -1, -1]);
  });
});

describe("drawing", () => {
  const levels = [254, 100, 1, 100, 254, 0, 1, 0, 254];

  test.each([
    ["one look a pixel", byPoint],
    ["means", byMean],
  ])("%s: a pixel a cell shows the levels in the order asked for", (_, draw) => {
    expect(draw(scene(levels, [0, 1, 2], 3))).toEqual([
      254, 100, 1_001, 100, 254, 1_000, 1_001, 1_000, 254,
    ]);
    expect(draw(scene(levels, [2, 0, 1], 3))).toEqual([
      254, 1_001, 1_000, 1_001, 254, 100, 1_000, 100, 254,
    ]);
  });

  test("cells larger than pixels are drawn alike by both", () => {
    expect(byPoint(scene(levels, [1, 0, 2], 12))).toEqual(byMean(scene(levels, [1, 0, 2], 12)));
  });

  test("patterns run on through cells of several pixels", () => {
    const side = PATTERN_SIDE;
    const drawn = scene([0], [0], side);
    patterns.forEach((_, at) => (patterns[at] = at));
    const expected = Array.from({ length: area }, (_, at) => at);
    expect([byPoint(drawn), byMean(drawn)]).toEqual([expected, expected]);
    patterns.fill(1_000, 0, area).fill(1_001, area);
  });

  test("a small pixel shows the mean of its values; pairs without one do not count", () => {
    const square = [10, 20, 0, 0, 30, 44, 0, 0, 1, 0, 0, 0, 50, 0, 0, 1];
    expect(byMean(scene(square, [0, 1, 2, 3], 2))).toEqual([26, 1_000, 50, 1_001]);
  });

  test("margins are transparent", () => {
    const drawn = scene([9], [0], 1);
    drawn.colStarts[0] = -1;
    expect([byPoint(drawn), byMean(drawn)]).toEqual([[0], [0]]);
  });
});
