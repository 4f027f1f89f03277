// Draws the graph: edges between blocks, cells, boxes, and what the pointer or the keys are at. Only
// what is in view is drawn, and far out a block of cells is one small picture, so that a frame's work
// has a bound however large the graph is.
import { present } from "../../../shared/assert.ts";
import type { BoxPainter } from "./box-painter.ts";
import { createBoxPainter } from "./box-painter.ts";
import type { GraphInks } from "./graph-inks.ts";
import { cellLooks } from "./graph-inks.ts";
import { CELL_PX, LABEL_PX, PITCH_PX, type Block } from "./graph-layout.ts";
import {
  spotBox,
  type CanvasSize,
  type GraphScene,
  type GraphViewport,
  type Spot,
} from "./graph-scene.ts";
import { listOf } from "./graph-structure.ts";

export interface GraphMarks {
  readonly pointed: Spot | null;
  readonly focused: Spot | null;
}

/** Edges between blocks drawn at once, the widest first. */
const BANDS_MAX = 3_000;
/** Single edges drawn at once; more would be a grey mist, which the bands say better. */
const LINES_MAX = 2_500;
/** Edges of the spot that is looked at. */
const MARKED_LINES_MAX = 600;
/** Cells smaller than this on the screen are drawn as pixels of their block. */
const CELL_SCREEN_MIN_PX = 4;
/** From this size on, cells have patterns and edges of their own. */
const CELL_CLEAR_PX = 8;

export class GraphPainter {
  readonly #canvas: HTMLCanvasElement;
  readonly #pen: CanvasRenderingContext2D;
  readonly #pictures = new Map<number, HTMLCanvasElement>();
  #boxes: BoxPainter;
  #inks: GraphInks;
  #size: CanvasSize = { widthPx: 1, heightPx: 1 };
  #ratio = 1;

  constructor(canvas: HTMLCanvasElement, inks: GraphInks) {
    this.#canvas = canvas;
    this.#pen = present(canvas.getContext("2d"), "a canvas that nobody else uses");
    this.#inks = inks;
    this.#boxes = createBoxPainter(this.#pen, inks);
  }

  resize(size: CanvasSize, ratio: number): void {
    this.#size = size;
    this.#ratio = ratio;
    this.#canvas.width = Math.round(size.widthPx * ratio);
    this.#canvas.height = Math.round(size.heightPx * ratio);
  }

  setInks(inks: GraphInks): void {
    this.#inks = inks;
    this.#boxes = createBoxPainter(this.#pen, inks);
    this.forget();
  }

  /** States or layout changed: the small pictures are made anew as they come into view. */
  forget(): void {
    this.#pictures.clear();
  }

  paint(scene: GraphScene, viewport: GraphViewport, marks: GraphMarks): void {
    const pen = this.#pen;
    const { x, y, scale } = viewport;
    pen.setTransform(1, 0, 0, 1, 0, 0);
    pen.fillStyle = this.#inks.ground;
    pen.fillRect(0, 0, this.#canvas.width, this.#canvas.height);
    const zoom = scale * this.#ratio;
    pen.setTransform(zoom, 0, 0, zoom, -x * zoom, -y * zoom);
    const visible = this.#visibleBlocks(scene, viewport);
    const lines = scale * CELL_PX >= CELL_CLEAR_PX ? this.#linesIn(scene, visible) : null;
    this.#paintBands(scene, viewport, lines !== null);
    if (lines !== null) this.#strokeLines(scene, lines, this.#inks.lineStrong, 0.55 / scale);
    for (const index of visible) {
      const block = scene.layout.blocks[index];
      if (block === undefined) continue;
      if (block.isFolded) this.#boxes.box(scene, block, scale);
      else this.#paintCells(scene, block, index, viewport);
    }
    if (marks.pointed !== null) this.#mark(scene, marks.pointed, scale, false);
    if (marks.focused !== null) this.#mark(scene, marks.focused, scale, true);
  }

  #visibleBlocks({ layout }: GraphScene, { x, y, scale }: GraphViewport): number[] {
    const right = x + this.#size.widthPx / scale;
    const bottom = y + this.#size.heightPx / scale;
    const visible: number[] = [];
    layout.blocks.forEach((block, index) => {
      const isBeside = block.x > right || block.x + block.width < x;
      if (!isBeside && block.y <= bottom && block.y + block.height >= y) visible.push(index);
    });
    return visible;
  }

  /** Pairs of tasks, reader first; null when they are too many to be told apart. */
  #linesIn({ structure, layout }: GraphScene, visible: readonly number[]): number[] | null {
    if (structure === null) return null;
    const isVisible = new Set(visible);
    const lines: number[] = [];
    for (const index of visible) {
      const block = layout.blocks[index];
      if (block === undefined || block.isFolded) continue;
      for (const task of layout.order.subarray(block.first, block.first + block.count)) {
        for (const input of listOf(structure.inputs, task)) {
          if (layout.placeOf[input] !== -1) lines.push(task, input);
        }
        for (const reader of listOf(structure.readers, task)) {
          // Of readers in view, the reader draws the line.
          if (layout.placeOf[reader] !== -1 && !isVisible.has(layout.blockOf[reader] ?? -1)) {
            lines.push(reader, task);
          }
        }
        if (lines.length > 2 * LINES_MAX) return null;
      }
    }
    return lines;
  }

  #strokeLines(scene: GraphScene, lines: readonly number[], colour: string, width: number): void {
    const pen = this.#pen;
    pen.strokeStyle = colour;
    pen.lineWidth = width;
    pen.beginPath();
    for (let at = 0; at < lines.length; at += 2) {
      const to = this.#ends(scene, lines[at] ?? 0);
      const from = this.#ends(scene, lines[at + 1] ?? 0);
      if (to === null || from === null) continue;
      pen.moveTo(from.right, from.y);
      pen.lineTo(to.left, to.y);
    }
    pen.stroke();
  }

  /** Where the edges of a task begin and end: at its cell, or at its group's box. */
  #ends(scene: GraphScene, task: number): { left: number; right: number; y: number } | null {
    const { layout } = scene;
    const isCell = layout.placeOf[task] !== -1;
    const block = layout.blockOf[task] ?? -1;
    const box = spotBox(scene, isCell ? { kind: "task", task } : { kind: "box", block });
    if (box === null) return null;
    const width = isCell ? CELL_PX : box.width;
    const height = isCell ? CELL_PX : box.height;
    return { left: box.x, right: box.x + width, y: box.y + height / 2 };
  }

  #paintBands({ layout }: GraphScene, viewport: GraphViewport, hasLines: boolean): void {
    const pen = this.#pen;
    const { x, y, scale } = viewport;
    const right = x + this.#size.widthPx / scale;
    const bottom = y + this.#size.heightPx / scale;
    pen.strokeStyle = this.#inks.line;
    pen.globalAlpha = layout.edges.length > 200 ? 0.7 : 1;
    let drawn = 0;
    for (const { from, to, inputs } of layout.edges) {
      const a = layout.blocks[from];
      const b = layout.blocks[to];
      if (a === undefined || b === undefined) continue;
      // Their edges are drawn one by one.
      if (hasLines && !a.isFolded && !b.isFolded) continue;
      if (Math.max(a.x + a.width, b.x + b.width) < x || Math.min(a.x, b.x) > right) continue;
      if (Math.max(a.y + a.height, b.y + b.height) < y || Math.min(a.y, b.y) > bottom) continue;
      pen.lineWidth = Math.max(0.8 / scale, 1 + Math.log2(1 + inputs));
      pen.beginPath();
      curve(pen, a, b);
      pen.stroke();
      drawn += 1;
      if (drawn >= BANDS_MAX) break;
    }
    pen.globalAlpha = 1;
  }

  #paintCells(scene: GraphScene, block: Block, index: number, viewport: GraphViewport): void {
    const { scale } = viewport;
    if (scale * CELL_PX < CELL_SCREEN_MIN_PX) {
      const pen = this.#pen;
      pen.imageSmoothingEnabled = scale * PITCH_PX < 1;
      const columns = Math.ceil(block.count / block.rows);
      const [width, height] = [columns * PITCH_PX, block.rows * PITCH_PX];
      pen.drawImage(this.#picture(scene, block, index), block.x, block.y + LABEL_PX, width, height);
    } else {
      this.#boxes.cells(scene, block, this.#cellsInView(block, viewport), scale);
    }
    this.#boxes.label(scene, block, scale);
  }

  /** The range of columns that may be in view. */
  #cellsInView(block: Block, { x, scale }: GraphViewport): readonly [number, number] {
    const columns = Math.ceil(block.count / block.rows);
    const first = Math.floor((x - block.x) / PITCH_PX);
    const last = Math.ceil((x + this.#size.widthPx / scale - block.x) / PITCH_PX);
    return [Math.max(0, first), Math.min(columns, last)];
  }

  /** A pixel a task. */
  #picture({ layout, looks }: GraphScene, block: Block, index: number): HTMLCanvasElement {
    const known = this.#pictures.get(index);
    if (known !== undefined) return known;
    const canvas = document.createElement("canvas");
    canvas.width = Math.ceil(block.count / block.rows);
    canvas.height = block.rows;
    const pen = present(canvas.getContext("2d"), "a canvas that nobody else uses");
    const image = pen.createImageData(canvas.width, canvas.height);
    const colours = cellLooks.map((look) => this.#inks.pixels[look]);
    for (let at = 0; at < block.count; at += 1) {
      const look = looks[layout.order[block.first + at] ?? 0] ?? 0;
      const [red, green, blue] = colours[look] ?? [0, 0, 0];
      const row = at % block.rows;
      const offset = 4 * (row * canvas.width + Math.floor(at / block.rows));
      image.data.set([red, green, blue, 255], offset);
    }
    pen.putImageData(image, 0, 0);
    this.#pictures.set(index, canvas);
    return canvas;
  }

  /** Rings the spot and shows its edges. */
  #mark(scene: GraphScene, spot: Spot, scale: number, isFocus: boolean): void {
    const box = spotBox(scene, spot);
    if (box === null) return;
    const pen = this.#pen;
    if (spot.kind === "task" && scene.structure !== null) {
      const { inputs, readers } = scene.structure;
      const lines: number[] = [];
      for (const input of listOf(inputs, spot.task).subarray(0, MARKED_LINES_MAX)) {
        lines.push(spot.task, input);
      }
      for (const reader of listOf(readers, spot.task).subarray(0, MARKED_LINES_MAX)) {
        lines.push(reader, spot.task);
      }
      this.#strokeLines(scene, lines, this.#inks.accentText, 1.5 / scale);
    }
    const isCell = spot.kind === "task";
    const width = isCell ? CELL_PX : box.width;
    const height = isCell ? CELL_PX : box.height;
    const away = (isFocus ? 3 : 1.5) / Math.max(0.5, scale);
    pen.strokeStyle = isFocus ? this.#inks.accentText : this.#inks.text;
    pen.lineWidth = (isFocus ? 2 : 1.5) / scale;
    pen.beginPath();
    pen.roundRect(box.x - away, box.y - away, width + 2 * away, height + 2 * away, 4);
    pen.stroke();
  }
}

/** From the right side of a block to the left side of one that reads it. */
function curve(pen: CanvasRenderingContext2D, a: Block, b: Block): void {
  const [fromX, fromY] = [a.x + a.width, a.y + a.height / 2];
  const [toX, toY] = [b.x, b.y + b.height / 2];
  // What reads backwards, in circles of groups, swings around.
  const reach = toX > fromX ? (toX - fromX) / 2 : 96;
  pen.moveTo(fromX, fromY);
  pen.bezierCurveTo(fromX + reach, fromY, toX - reach, toY, toX, toY);
}
