// The heatmap as a PNG file: every pair in its own pixel, in the order shown, on light ground.
import { assert, present } from "../../../shared/assert.ts";
import { colourTable, lightPalette } from "../../../shared/correlation/colour.ts";
import { packRgb, PATTERN_SIDE } from "../../../shared/correlation/colour.ts";
import type { CorrelationMatrix } from "../../../shared/correlation/matrix.ts";
import { coverCells, createBoxSums, drawByMean, type Inks } from "./heatmap-raster-core.ts";

/** Browsers make canvases of this side; larger matrices show the mean of several pairs a pixel. */
const SIDE_MAX = 8_192;
/** Small matrices are enlarged by a whole number up to about this side. */
const SIDE_SMALL = 1_000;
/** Rows of pixels made at a time: 8 MB at the largest side. */
const STRIP_ROWS = 256;

/** Pixels along a side of the picture of `size` series. */
function pngSide(size: number, sideMax: number): number {
  if (size > sideMax) return sideMax;
  const enlarged = Math.min(Math.ceil(SIDE_SMALL / size), Math.floor(sideMax / size));
  return size * Math.max(1, enlarged);
}

/** Flat colours for pairs without a value: a pattern of single pixels would be noise. */
function flatInks(): Inks {
  const area = PATTERN_SIDE * PATTERN_SIDE;
  const patterns = new Uint32Array(2 * area);
  patterns.fill(packRgb(lightPalette.notYet), 0, area);
  patterns.fill(packRgb(lightPalette.undefined), area);
  return { colours: colourTable(lightPalette), patterns };
}

/** At most `sideMax` pixels along a side. Rejects when the browser cannot make such an image. */
export async function heatmapPng(
  matrix: CorrelationMatrix,
  order: Uint32Array,
  sideMax: number = SIDE_MAX,
): Promise<Blob> {
  const side = pngSide(matrix.seriesCount, sideMax);
  const canvas = document.createElement("canvas");
  canvas.width = side;
  canvas.height = side;
  const context = canvas.getContext("2d", { alpha: false });
  assert(context !== null, "a canvas that nobody else uses has a 2d context");
  const starts = new Int32Array(side);
  const ends = new Int32Array(side);
  coverCells(starts, ends, matrix.seriesCount, 0, matrix.seriesCount / side);
  const inks = flatInks();
  const box = createBoxSums(side);
  for (let from = 0; from < side; from += STRIP_ROWS) {
    const height = Math.min(STRIP_ROWS, side - from);
    const image = new ImageData(side, height);
    const scene = {
      levels: present(matrix.levels, "the levels of a matrix that is drawn"),
      size: matrix.seriesCount,
      inks,
      order,
      pixels: new Uint32Array(image.data.buffer),
      widthPx: side,
      colStarts: starts,
      colEnds: ends,
      rowStarts: starts.subarray(from, from + height),
      rowEnds: ends.subarray(from, from + height),
    };
    for (let line = 0; line < height; line += 1) drawByMean(scene, line, box);
    context.putImageData(image, 0, from);
    // Between strips the page answers its user.
    await new Promise((resolve) => setTimeout(resolve, 0));
  }
  const blob = await new Promise<Blob | null>((resolve) => canvas.toBlob(resolve, "image/png"));
  if (blob === null) {
    throw new Error(
      `This browser cannot make a picture of ${side} × ${side} pixels. The matrix as NPY or CSV holds the same values.`,
    );
  }
  return blob;
}
