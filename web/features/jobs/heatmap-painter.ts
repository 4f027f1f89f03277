// Keeps the pixels of a heatmap: drawn roughly at once while it moves, finely in slices at rest.
import { assert } from "../../../shared/assert.ts";
import type { Tile } from "../../../shared/correlation/plan.ts";
import {
  coverCells,
  createBoxSums,
  drawByMean,
  drawByPoint,
  type BoxSums,
  type Inks,
} from "./heatmap-raster-core.ts";
import type { Viewport } from "./viewport.ts";

/** More pixels than this are drawn at one a CSS pixel while the picture moves. */
const MOVING_PIXELS_MAX = 1_300_000;
/** Rows drawn between two looks at the clock. */
const ROWS_A_LOOK = 4;

interface Buffer {
  readonly image: ImageData;
  readonly pixels: Uint32Array;
  readonly ratio: number;
  readonly colStarts: Int32Array;
  readonly colEnds: Int32Array;
  readonly rowStarts: Int32Array;
  readonly rowEnds: Int32Array;
}

function createBuffer(widthPx: number, heightPx: number, ratio: number): Buffer {
  const width = Math.max(1, Math.round(widthPx * ratio));
  const height = Math.max(1, Math.round(heightPx * ratio));
  const image = new ImageData(width, height);
  return {
    image,
    pixels: new Uint32Array(image.data.buffer),
    ratio,
    colStarts: new Int32Array(width),
    colEnds: new Int32Array(width),
    rowStarts: new Int32Array(height),
    rowEnds: new Int32Array(height),
  };
}

export interface Picture {
  /** size × size, by series. */
  readonly levels: Uint8Array;
  readonly size: number;
  readonly inks: Inks;
  readonly order: Uint32Array;
}

export class HeatmapPainter {
  readonly #canvas: HTMLCanvasElement;
  readonly #context: CanvasRenderingContext2D;
  #picture: Picture;
  #fine: Buffer = createBuffer(1, 1, 1);
  #coarse: Buffer | null = null;
  #box: BoxSums = createBoxSums(1);
  /** 1 for each row of the fine buffer that does not show what it should. */
  #stale = new Uint8Array(1);
  #staleFrom = 0;

  constructor(canvas: HTMLCanvasElement, picture: Picture) {
    const context = canvas.getContext("2d");
    assert(context !== null, "a canvas that nobody else uses has a 2d context");
    this.#canvas = canvas;
    this.#context = context;
    this.#picture = picture;
  }

  /** Changes order or colours; nothing is drawn until the next `paint`. */
  setPicture(picture: Picture): void {
    this.#picture = picture;
  }

  resize(widthPx: number, heightPx: number, ratio: number): void {
    this.#fine = createBuffer(widthPx, heightPx, ratio);
    const { width, height } = this.#fine.image;
    this.#coarse =
      ratio > 1 && width * height > MOVING_PIXELS_MAX ? createBuffer(widthPx, heightPx, 1) : null;
    this.#box = createBoxSums(width);
    this.#stale = new Uint8Array(height);
    this.#staleFrom = height;
    this.#canvas.width = width;
    this.#canvas.height = height;
  }

  /** Draws the whole part in view at once, one look a pixel; `refine` does the rest. */
  paint(viewport: Viewport): void {
    this.#cover(this.#fine, viewport);
    const cellsPerPixel = 1 / (viewport.scale * this.#fine.ratio);
    // Large cells repeat whole rows, which is cheap at any resolution.
    const coarse = cellsPerPixel > 0.5 ? this.#coarse : null;
    const buffer = coarse ?? this.#fine;
    if (coarse !== null) this.#cover(coarse, viewport);
    drawByPoint(this.#scene(buffer), 0, buffer.image.height);
    const context = this.#context;
    if (coarse === null) {
      context.putImageData(buffer.image, 0, 0);
    } else {
      // putImageData cannot enlarge: it goes to a corner first, and from there over the whole.
      context.putImageData(coarse.image, 0, 0);
      context.imageSmoothingEnabled = false;
      const { width, height } = coarse.image;
      context.globalCompositeOperation = "copy";
      context.drawImage(
        this.#canvas,
        0,
        0,
        width,
        height,
        0,
        0,
        this.#canvas.width,
        this.#canvas.height,
      );
      context.globalCompositeOperation = "source-over";
    }
    this.#stale.fill(coarse !== null || cellsPerPixel > 1 ? 1 : 0);
    this.#staleFrom = 0;
  }

  /** Says that a tile has come: the rows that show its pairs, or their mirror images, are stale. */
  tileArrived(tile: Tile): void {
    const { order } = this.#picture;
    const { rowStarts, rowEnds } = this.#fine;
    const isInside = (series: number): boolean =>
      (series >= tile.rowStart && series < tile.rowStart + tile.rowCount) ||
      (series >= tile.colStart && series < tile.colStart + tile.colCount);
    rowStarts.forEach((start, line) => {
      if (start < 0 || this.#stale[line] === 1) return;
      for (let place = start; place < (rowEnds[line] ?? 0); place += 1) {
        if (!isInside(order[place] ?? -1)) continue;
        this.#stale[line] = 1;
        this.#staleFrom = Math.min(this.#staleFrom, line);
        return;
      }
    });
  }

  /** Redraws stale rows until the deadline (performance.now()); true when some are left. */
  refine(deadlineMs: number): boolean {
    const scene = this.#scene(this.#fine);
    const { width, height } = this.#fine.image;
    let first = height;
    let last = -1;
    let line = this.#staleFrom;
    for (let drawn = 0; line < height; line += 1) {
      if (this.#stale[line] === 0) continue;
      if (drawn % ROWS_A_LOOK === 0 && drawn > 0 && performance.now() >= deadlineMs) break;
      drawByMean(scene, line, this.#box);
      this.#stale[line] = 0;
      first = Math.min(first, line);
      last = line;
      drawn += 1;
    }
    this.#staleFrom = line;
    if (last >= 0) {
      this.#context.putImageData(this.#fine.image, 0, 0, 0, first, width, last - first + 1);
    }
    return line < height;
  }

  #cover(buffer: Buffer, viewport: Viewport): void {
    const { size } = this.#picture;
    const cellsPerPixel = 1 / (viewport.scale * buffer.ratio);
    coverCells(buffer.colStarts, buffer.colEnds, size, viewport.x, cellsPerPixel);
    coverCells(buffer.rowStarts, buffer.rowEnds, size, viewport.y, cellsPerPixel);
  }

  #scene(buffer: Buffer) {
    return { ...this.#picture, ...buffer, widthPx: buffer.image.width };
  }
}
