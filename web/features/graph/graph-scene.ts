// What the picture of a graph is made of, and what lies at a place of it.
import type { GroupCounts, GroupName } from "../jobs/group-rows.ts";
import { LABEL_PX, PITCH_PX, type Block, type GraphLayout } from "./graph-layout.ts";
import type { GraphStructure } from "./graph-structure.ts";

/** A group's box, a task's cell, or the words above cells. */
export type Spot =
  | { readonly kind: "box"; readonly block: number }
  | { readonly kind: "label"; readonly block: number }
  | { readonly kind: "task"; readonly task: number };

export interface GraphScene {
  /** Null where the tasks are too many to be told. */
  readonly structure: GraphStructure | null;
  readonly layout: GraphLayout;
  /** By group. */
  readonly names: readonly GroupName[];
  readonly counts: readonly (GroupCounts | undefined)[];
  /** Place in `cellLooks` by task. */
  readonly looks: Uint8Array;
}

export interface GraphViewport {
  /** The place of the picture at the canvas's corner, in the picture's pixels. */
  readonly x: number;
  readonly y: number;
  /** Screen pixels a pixel of the picture. */
  readonly scale: number;
}

const MARGIN_PX = 24;
/** Far in: words and cells are large enough for any eye. */
const SCALE_MAX = 3;

export interface CanvasSize {
  readonly widthPx: number;
  readonly heightPx: number;
}

/** The scale at which the whole picture is in view; a small one is not blown up. */
const fitScaleOf = ({ width, height }: GraphLayout, size: CanvasSize): number =>
  Math.min(
    1.6,
    (size.widthPx - 2 * MARGIN_PX) / Math.max(1, width),
    (size.heightPx - 2 * MARGIN_PX) / Math.max(1, height),
  );

export function wholeGraph(layout: GraphLayout, size: CanvasSize): GraphViewport {
  const scale = fitScaleOf(layout, size);
  return {
    scale,
    x: layout.width / 2 - size.widthPx / 2 / scale,
    y: layout.height / 2 - size.heightPx / 2 / scale,
  };
}

/** The nearest viewport that still shows some of the picture. */
export function clampGraph(
  { x, y, scale }: GraphViewport,
  layout: GraphLayout,
  size: CanvasSize,
): GraphViewport {
  const least = Math.min(0.5, fitScaleOf(layout, size) * 0.8);
  const clamped = Math.min(SCALE_MAX, Math.max(least, scale));
  const within = (start: number, length: number, shown: number): number =>
    Math.min(length - shown / 4, Math.max(shown / 4 - shown, start));
  return {
    scale: clamped,
    x: within(x, layout.width, size.widthPx / clamped),
    y: within(y, layout.height, size.heightPx / clamped),
  };
}

export function zoomGraph(
  { x, y, scale }: GraphViewport,
  factor: number,
  xPx: number,
  yPx: number,
): GraphViewport {
  const next = Math.min(SCALE_MAX, scale * factor);
  return { scale: next, x: x + xPx / scale - xPx / next, y: y + yPx / scale - yPx / next };
}

/** What is at a place of the picture; null between things. */
export function spotAt({ layout }: Pick<GraphScene, "layout">, x: number, y: number): Spot | null {
  const index = layout.blocks.findIndex(
    (block) =>
      x >= block.x && y >= block.y && x < block.x + block.width && y < block.y + block.height,
  );
  const block = layout.blocks[index];
  if (block === undefined) return null;
  if (block.isFolded) return { kind: "box", block: index };
  if (y < block.y + LABEL_PX) return { kind: "label", block: index };
  const task = taskInBlock(layout, block, x, y);
  return task === null ? null : { kind: "task", task };
}

function taskInBlock({ order }: GraphLayout, block: Block, x: number, y: number): number | null {
  const column = Math.floor((x - block.x) / PITCH_PX);
  const row = Math.floor((y - block.y - LABEL_PX) / PITCH_PX);
  const at = column * block.rows + row;
  return row >= block.rows || at >= block.count ? null : (order[block.first + at] ?? null);
}

export const sameSpot = (a: Spot | null, b: Spot | null): boolean =>
  a === b ||
  (a !== null &&
    b !== null &&
    (a.kind === "task" || b.kind === "task"
      ? a.kind === "task" && b.kind === "task" && a.task === b.task
      : a.kind === b.kind && a.block === b.block));

/** The rectangle of a spot, in the picture's pixels. */
export function spotBox(
  { layout }: Pick<GraphScene, "layout">,
  spot: Spot,
): Pick<Block, "x" | "y" | "width" | "height"> | null {
  if (spot.kind !== "task") {
    const block = layout.blocks[spot.block];
    if (block === undefined) return null;
    return spot.kind === "box" ? block : { ...block, height: LABEL_PX };
  }
  const block = layout.blocks[layout.blockOf[spot.task] ?? -1];
  const place = layout.placeOf[spot.task] ?? -1;
  if (block === undefined || place === -1) return null;
  const at = place - block.first;
  return {
    x: block.x + Math.floor(at / block.rows) * PITCH_PX,
    y: block.y + LABEL_PX + (at % block.rows) * PITCH_PX,
    width: PITCH_PX,
    height: PITCH_PX,
  };
}
