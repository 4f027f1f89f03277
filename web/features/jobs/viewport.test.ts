// Tests of zooming and panning.
import { describe, expect, test } from "vitest";
import {
  cellAt,
  centreOn,
  clampViewport,
  fitScale,
  panBy,
  resizeViewport,
  reveal,
  wholeMatrix,
  zoomAbout,
  type Frame,
} from "./viewport.ts";

const frame: Frame = { size: 7_000, widthPx: 900, heightPx: 900 };

describe("viewport", () => {
  test("the whole matrix fits, centred where the plot is not square", () => {
    expect(wholeMatrix(frame)).toEqual({ x: 0, y: 0, scale: 900 / 7_000 });
    expect(wholeMatrix({ size: 10, widthPx: 300, heightPx: 100 })).toEqual({
      x: -10,
      y: 0,
      scale: 10,
    });
  });

  test("zooming keeps what is under the pointer", () => {
    let viewport = wholeMatrix(frame);
    const before = cellAt(viewport, frame, 321.5, 654.5);
    for (let step = 0; step < 12; step += 1)
      viewport = zoomAbout(viewport, frame, 1.5, 321.5, 654.5);
    expect(cellAt(viewport, frame, 321.5, 654.5)).toEqual(before);
    expect(viewport.scale).toBeGreaterThan(10);
  });

  test("zooming out ends at the whole matrix, zooming in at cells that hold a number", () => {
    let viewport = zoomAbout(wholeMatrix(frame), frame, 9, 800, 20);
    expect(zoomAbout(viewport, frame, 1e-9, 3, 3)).toEqual(wholeMatrix(frame));
    viewport = zoomAbout(viewport, frame, 1e9, 450, 450);
    expect(viewport.scale).toBe(56);
    const small: Frame = { size: 4, widthPx: 900, heightPx: 900 };
    expect(zoomAbout(wholeMatrix(small), small, 3, 10, 10)).toEqual(wholeMatrix(small));
  });

  test("panning stops at the edges", () => {
    const near = zoomAbout(wholeMatrix(frame), frame, 100, 450, 450);
    const corner = panBy(near, frame, 1e9, -1e9);
    expect(corner.x).toBe(0);
    expect(corner.y).toBeCloseTo(7_000 - 900 / near.scale, 9);
    expect(panBy(wholeMatrix(frame), frame, 50, 50)).toEqual(wholeMatrix(frame));
  });

  test("a dragged cell follows the pointer", () => {
    const near = zoomAbout(wholeMatrix(frame), frame, 200, 450, 450);
    const cell = cellAt(near, frame, 400, 300);
    expect(cellAt(panBy(near, frame, 77, -31), frame, 477, 269)).toEqual(cell);
  });

  test("there is no cell in the margin or outside the plot", () => {
    const wide: Frame = { size: 10, widthPx: 300, heightPx: 100 };
    const viewport = wholeMatrix(wide);
    expect(cellAt(viewport, wide, 99, 50)).toBeNull();
    expect(cellAt(viewport, wide, 100, 50)).toEqual({ row: 5, col: 0 });
    expect(cellAt(viewport, wide, 199.9, 99.9)).toEqual({ row: 9, col: 9 });
    expect(cellAt(viewport, wide, 150, 100)).toBeNull();
    const near = zoomAbout(viewport, wide, 3, 150, 50);
    expect(cellAt(near, wide, 299, 50)).not.toBeNull();
    expect(cellAt(near, wide, 150, 101)).toBeNull();
    expect(cellAt(near, wide, 150, -1)).toBeNull();
  });

  test("revealing moves only as far as needed", () => {
    const near = clampViewport({ x: 100, y: 100, scale: 9 }, frame);
    expect(reveal(near, frame, { row: 150, col: 199 })).toEqual(near);
    expect(reveal(near, frame, { row: 99, col: 200 })).toEqual({ x: 101, y: 99, scale: 9 });
  });

  test("centring puts the cell in the middle, and zooms in if cells are smaller than asked", () => {
    const viewport = centreOn(wholeMatrix(frame), frame, { row: 3_000, col: 1_234 }, 20);
    expect(viewport.scale).toBe(20);
    expect(cellAt(viewport, frame, 450, 450)).toEqual({ row: 3_000, col: 1_234 });
  });

  test("a resized plot keeps its middle and its zoom", () => {
    const near = centreOn(wholeMatrix(frame), frame, { row: 3_000, col: 1_234 }, 2);
    const smaller: Frame = { size: 7_000, widthPx: 300, heightPx: 300 };
    const resized = resizeViewport(near, frame, smaller);
    expect(cellAt(resized, smaller, 150, 150)).toEqual({ row: 3_000, col: 1_234 });
    expect(resized.scale / fitScale(smaller)).toBeCloseTo(near.scale / fitScale(frame), 9);
    expect(resizeViewport(wholeMatrix(frame), frame, smaller)).toEqual(wholeMatrix(smaller));
  });
});
