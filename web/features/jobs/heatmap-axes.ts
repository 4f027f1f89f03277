// Draws what lies over and beside the heatmap's pixels: names, crosshair, numbers, the marked pair.
import { formatCorrelation } from "../../components/format.ts";
import type { Cell, Frame, Viewport } from "./viewport.ts";

/** Colours of the page that the canvas cannot take from style sheets by itself. */
export interface AxisInks {
  readonly ground: string;
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly accent: string;
}

export interface AxesScene {
  readonly frame: Frame;
  readonly viewport: Viewport;
  /** Width of the left and height of the top margin that hold the names. */
  readonly gutterPx: number;
  readonly names: readonly string[];
  readonly order: Uint32Array;
  readonly pointed: Cell | null;
  readonly marked: Cell | null;
  readonly inks: AxisInks;
  /** For the numbers in large cells: the value, and whether its cell is dark. */
  value(cell: Cell): { readonly value: number | undefined; readonly isDark: boolean };
}

const FONT = "11px system-ui, sans-serif";
const FONT_STRONG = "600 11px system-ui, sans-serif";
/** Every name is shown when rows are this high; fewer names otherwise, this far apart. */
const NAME_EVERY_CELL_PX = 12;
const NAME_SPACING_PX = 44;
const NUMBERS_FROM_PX = 38;
/** Longer names are cut even where they are pointed at. */
const CHIP_TEXT_PX = 180;
const TICK_PX = 4;
const PADDING_PX = 8;

/** The text cut with an ellipsis so that it fits. */
export function cutText(text: string, widthPx: number, measure: (text: string) => number): string {
  if (measure(text) <= widthPx) return text;
  let fits = 0;
  for (let high = text.length - 1; fits < high;) {
    const middle = Math.ceil((fits + high) / 2);
    if (measure(`${text.slice(0, middle)}…`) <= widthPx) fits = middle;
    else high = middle - 1;
  }
  return `${text.slice(0, fits).trimEnd()}…`;
}

/** Places of the order that get a name: all, or every so many, the same ones wherever one pans. */
export function namedPlaces(start: number, shownPx: number, scale: number, size: number): number[] {
  const step = scale >= NAME_EVERY_CELL_PX ? 1 : Math.ceil(NAME_SPACING_PX / scale);
  const places: number[] = [];
  const first = Math.max(0, Math.ceil((start - 0.5) / step) * step);
  for (let place = first; place < size; place += step) {
    const middlePx = (place + 0.5 - start) * scale;
    if (middlePx > shownPx) break;
    if (middlePx >= 0) places.push(place);
  }
  return places;
}

export class AxesPainter {
  readonly #context: CanvasRenderingContext2D;
  readonly #cut = new Map<string, string>();

  constructor(context: CanvasRenderingContext2D) {
    this.#context = context;
  }

  /** Room that the names need beside the plot. */
  gutterFor(names: readonly string[], widthPx: number): number {
    this.#context.font = FONT;
    this.#cut.clear();
    const step = Math.max(1, Math.floor(names.length / 300));
    const widths: number[] = [];
    for (let at = 0; at < names.length; at += step) {
      widths.push(this.#context.measureText(names[at] ?? "").width);
    }
    widths.sort((a, b) => a - b);
    // A few long names are cut rather than let take the room from the plot.
    const usual = widths[Math.floor(widths.length * 0.9)] ?? 0;
    const most = Math.min(104, widthPx * 0.2);
    return Math.round(Math.min(most, Math.max(32, usual + TICK_PX + PADDING_PX)));
  }

  draw(scene: AxesScene, ratio: number): void {
    const context = this.#context;
    const { frame, gutterPx } = scene;
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    context.clearRect(0, 0, frame.widthPx + gutterPx, frame.heightPx + gutterPx);
    context.textBaseline = "middle";
    this.#names(scene, "rows");
    this.#names(scene, "cols");
    context.save();
    context.translate(gutterPx, gutterPx);
    context.beginPath();
    context.rect(0, 0, frame.widthPx, frame.heightPx);
    context.clip();
    if (scene.viewport.scale >= NUMBERS_FROM_PX) this.#numbers(scene);
    if (scene.marked !== null) this.#ring(scene, scene.marked, scene.inks.accent, 2);
    if (scene.pointed !== null) this.#crosshair(scene, scene.pointed);
    context.restore();
    const named = scene.pointed ?? scene.marked;
    if (named !== null) {
      this.#chip(scene, named.row, "rows");
      this.#chip(scene, named.col, "cols");
    }
  }

  /** Turns the canvas so that both axes are drawn as if they were rows at the left. */
  #along(scene: AxesScene, axis: "rows" | "cols", place: number): void {
    const { viewport, gutterPx } = scene;
    const start = axis === "rows" ? viewport.y : viewport.x;
    const middlePx = gutterPx + (place + 0.5 - start) * viewport.scale;
    const context = this.#context;
    if (axis === "rows") {
      context.translate(gutterPx, middlePx);
    } else {
      context.translate(middlePx, gutterPx);
      context.rotate(Math.PI / 2);
    }
  }

  #names(scene: AxesScene, axis: "rows" | "cols"): void {
    const { frame, viewport, gutterPx, names, order, inks } = scene;
    const context = this.#context;
    const [start, shownPx] =
      axis === "rows" ? [viewport.y, frame.heightPx] : [viewport.x, frame.widthPx];
    context.font = FONT;
    context.textAlign = "right";
    for (const place of namedPlaces(start, shownPx, viewport.scale, frame.size)) {
      context.save();
      this.#along(scene, axis, place);
      context.fillStyle = inks.line;
      context.fillRect(-TICK_PX, -0.5, TICK_PX - 1, 1);
      context.fillStyle = inks.muted;
      const name = this.#fitted(names[order[place] ?? 0] ?? "", gutterPx - TICK_PX - 4);
      context.fillText(name, -TICK_PX - 3, 0);
      context.restore();
    }
  }

  /** The name of the pointed (or else the marked) row or column, on a dark label above all other names. */
  #chip(scene: AxesScene, place: number, axis: "rows" | "cols"): void {
    const { names, order, gutterPx, inks } = scene;
    const context = this.#context;
    const { viewport, frame } = scene;
    const [start, shownPx] =
      axis === "rows" ? [viewport.y, frame.heightPx] : [viewport.x, frame.widthPx];
    const middlePx = (place + 0.5 - start) * viewport.scale;
    if (middlePx < 0 || middlePx > shownPx) return;
    context.save();
    this.#along(scene, axis, place);
    context.font = FONT_STRONG;
    context.textAlign = "right";
    const measure = (text: string): number => context.measureText(text).width;
    const name = cutText(names[order[place] ?? 0] ?? "", CHIP_TEXT_PX, measure);
    const width = measure(name) + 12;
    // A name longer than the margin reaches over the plot rather than out of the picture.
    const right = Math.max(-1, width - gutterPx);
    context.fillStyle = inks.text;
    context.beginPath();
    context.roundRect(right - width, -9, width, 18, 4);
    context.fill();
    context.fillStyle = inks.ground;
    context.fillText(name, right - 6, 0.5);
    context.restore();
  }

  #crosshair(scene: AxesScene, cell: Cell): void {
    const { viewport, frame, inks } = scene;
    const context = this.#context;
    const x = (cell.col - viewport.x) * viewport.scale;
    const y = (cell.row - viewport.y) * viewport.scale;
    const side = Math.max(1, viewport.scale);
    this.#ring(scene, cell, inks.text, 1.5);
    // Lines would cross out the numbers in large cells.
    if (viewport.scale >= NUMBERS_FROM_PX) return;
    // Two thin lines, light on dark, are seen on every colour of the scale.
    for (const [style, inset] of [
      [inks.ground, 0],
      [inks.text, 1],
    ] as const) {
      context.fillStyle = style;
      context.globalAlpha = inset === 0 ? 0.75 : 0.6;
      const width = 3 - 2 * inset;
      context.fillRect(0, y + side / 2 - width / 2, x, width);
      context.fillRect(x + side, y + side / 2 - width / 2, frame.widthPx, width);
      context.fillRect(x + side / 2 - width / 2, 0, width, y);
      context.fillRect(x + side / 2 - width / 2, y + side, width, frame.heightPx);
    }
    context.globalAlpha = 1;
  }

  #ring(scene: AxesScene, cell: Cell, style: string, lineWidth: number): void {
    const { viewport, inks } = scene;
    const context = this.#context;
    // A cell too small to be seen gets a ring around it.
    const side = Math.max(9, viewport.scale);
    const margin = (side - viewport.scale) / 2;
    const x = (cell.col - viewport.x) * viewport.scale - margin;
    const y = (cell.row - viewport.y) * viewport.scale - margin;
    for (const [colour, width] of [
      [inks.ground, lineWidth + 2],
      [style, lineWidth],
    ] as const) {
      context.strokeStyle = colour;
      context.lineWidth = width;
      context.strokeRect(x - 0.5, y - 0.5, side + 1, side + 1);
    }
  }

  #numbers(scene: AxesScene): void {
    const { viewport, frame } = scene;
    const context = this.#context;
    const { scale } = viewport;
    const range = (start: number, shownPx: number): [number, number] => [
      Math.max(0, Math.floor(start)),
      Math.min(frame.size, Math.ceil(start + shownPx / scale)),
    ];
    const [colStart, colEnd] = range(viewport.x, frame.widthPx);
    const [rowStart, rowEnd] = range(viewport.y, frame.heightPx);
    context.font = FONT;
    context.textAlign = "center";
    for (let row = rowStart; row < rowEnd; row += 1) {
      for (let col = colStart; col < colEnd; col += 1) {
        const { value, isDark } = scene.value({ row, col });
        if (value === undefined || Number.isNaN(value)) continue;
        context.fillStyle = isDark ? "rgb(255 255 255 / 92%)" : "rgb(0 0 0 / 82%)";
        context.fillText(
          formatCorrelation(value, 2),
          (col + 0.5 - viewport.x) * scale,
          (row + 0.5 - viewport.y) * scale,
        );
      }
    }
  }

  #fitted(name: string, widthPx: number): string {
    let cut = this.#cut.get(name);
    if (cut === undefined) {
      cut = cutText(name, widthPx, (text) => this.#context.measureText(text).width);
      this.#cut.set(name, cut);
    }
    return cut;
  }
}
