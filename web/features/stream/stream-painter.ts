// Keeps the pixels of the stream: paints rows that changed, and all of them only when time moved.
import { assert } from "../../../shared/assert.ts";
import { DataCover, LaneCover, type Columns, type GroupFilter } from "./lane-cover.ts";
import type { LiveAttempt, Machine } from "./machine-lanes.ts";
import { PATTERN_PX } from "./stream-looks.ts";
import type { LaneRow, MachineRows, StreamLayout } from "./stream-layout.ts";
import { RowPainter, type Palette } from "./stream-raster-core.ts";
import type { TimeViewport } from "./stream-viewport.ts";

export interface StreamScene {
  readonly layout: StreamLayout;
  readonly viewport: TimeViewport;
  /** How far the lanes are scrolled, CSS pixels. */
  readonly scrollPx: number;
  readonly liveOf: (machine: Machine) => readonly LiveAttempt[];
  readonly nowMs: number;
  readonly filter: GroupFilter;
  readonly palette: Palette;
}

/** Finer pictures than two pixels a CSS pixel cannot be told apart and cost twice. */
export const RATIO_MAX = 2;

interface Size {
  readonly image: ImageData;
  readonly pixels: Uint32Array;
  readonly ratio: number;
  readonly lane: LaneCover;
  readonly data: DataCover;
  readonly rows: RowPainter;
}

/** The columns of a viewport on a fixed grid of time, so that nothing flickers while it moves. */
function columnsOf(viewport: TimeViewport, ratio: number, count: number): Columns {
  const msPerColumn = viewport.msPerPx / ratio;
  return { count, msPerColumn, fromMs: Math.floor(viewport.fromMs / msPerColumn) * msPerColumn };
}

export class StreamPainter {
  readonly #context: CanvasRenderingContext2D;
  readonly #canvas: HTMLCanvasElement;
  #size: Size | null = null;
  /** What the pixels show; another value of any of these means to paint all. */
  #painted: readonly unknown[] = [];
  #versions = new Map<string, string>();
  #nowColumn = -1;

  constructor(canvas: HTMLCanvasElement) {
    const context = canvas.getContext("2d", { alpha: false });
    assert(context !== null, "a canvas that nobody else uses has a 2d context");
    this.#canvas = canvas;
    this.#context = context;
  }

  resize(widthPx: number, heightPx: number, ratio: number): void {
    const width = Math.max(1, Math.round(widthPx * ratio));
    const height = Math.max(1, Math.round(heightPx * ratio));
    const image = new ImageData(width, height);
    this.#size = {
      image,
      pixels: new Uint32Array(image.data.buffer),
      ratio,
      lane: new LaneCover(width),
      data: new DataCover(width),
      rows: new RowPainter(width),
    };
    this.#canvas.width = width;
    this.#canvas.height = height;
    this.#painted = [];
  }

  /** Brings the canvas up to date; true when any pixel was painted. */
  paint(scene: StreamScene): boolean {
    const size = this.#size;
    if (size === null) return false;
    const { image, pixels, ratio } = size;
    const columns = columnsOf(scene.viewport, ratio, image.width);
    const { layout, scrollPx, filter, palette } = scene;
    const wanted = [columns.fromMs, columns.msPerColumn, layout, scrollPx, filter, palette];
    const isWhole = wanted.some((value, index) => value !== this.#painted[index]);
    this.#painted = wanted;
    if (isWhole) {
      pixels.fill(palette.ground);
      this.#versions.clear();
    }
    const nowColumn = Math.floor((scene.nowMs - columns.fromMs) / columns.msPerColumn);
    const hasNowMoved = nowColumn !== this.#nowColumn;
    this.#nowColumn = nowColumn;
    let [top, bottom] = [image.height, 0];
    for (const rows of layout.machines) {
      const topPx = Math.round((rows.topPx - scrollPx) * ratio);
      const bottomPx = topPx + Math.ceil((rows.heightPx + 1) * ratio);
      if (bottomPx <= 0 || topPx >= image.height) continue;
      if (!this.#paintMachine(rows, scene, columns, size, hasNowMoved)) continue;
      top = Math.min(top, Math.max(0, topPx));
      bottom = Math.max(bottom, Math.min(image.height, bottomPx));
    }
    if (isWhole) this.#context.putImageData(image, 0, 0);
    else if (top < bottom) {
      this.#context.putImageData(image, 0, 0, 0, top, image.width, bottom - top);
    }
    return isWhole || top < bottom;
  }

  /** True when the machine's pixels changed. */
  #paintMachine(
    rows: MachineRows,
    scene: StreamScene,
    columns: Columns,
    size: Size,
    hasNowMoved: boolean,
  ): boolean {
    const live = rows.machine === null ? [] : scene.liveOf(rows.machine);
    let hasPainted = false;
    for (const [thread, row] of rows.threads.entries()) {
      const seated = live.filter((one) => one.thread === thread);
      const version = stampOf(row.lane?.version ?? 0, seated);
      const isStale = this.#isStale(`${rows.worker}/${thread}`, version);
      if (!isStale && !(hasNowMoved && seated.length > 0)) continue;
      this.#paintThread(row, seated, scene, columns, size);
      hasPainted = true;
    }
    const { machine } = rows;
    const lanes = machine === null ? [] : [...machine.threads, machine.unplaced];
    const changes = lanes.reduce((sum, lane) => sum + lane.version, 0);
    const version = stampOf(changes, live);
    const isStale = this.#isStale(`${rows.worker}/data`, version);
    if (!isStale && !(hasNowMoved && live.length > 0)) return hasPainted;
    const { data, ratio, pixels, image } = size;
    data.clear();
    for (const lane of lanes) data.add(lane, columns);
    data.addLive(live, columns, scene.nowMs);
    data.finish();
    const topPx = Math.round((rows.dataTopPx - scene.scrollPx) * ratio);
    const target = { pixels, widthPx: image.width, heightPx: image.height, ratio, shift: 0 };
    size.rows.paintData(data, scene.palette, target, topPx);
    return true;
  }

  #paintThread(
    row: LaneRow,
    seated: readonly LiveAttempt[],
    { layout, scrollPx, nowMs, filter, palette }: StreamScene,
    columns: Columns,
    { lane, rows, image, pixels, ratio }: Size,
  ): void {
    lane.clear();
    if (row.lane !== null) lane.addLane(row.lane, columns, filter);
    lane.addLive(seated, columns, nowMs, filter);
    const shift = Math.round(columns.fromMs / columns.msPerColumn) % (PATTERN_PX * 1_000 * ratio);
    const target = { pixels, widthPx: image.width, heightPx: image.height, ratio, shift };
    const topPx = Math.round((row.topPx - scrollPx) * ratio);
    rows.paintLane(lane, palette, target, topPx, Math.round(layout.barPx * ratio));
  }

  #isStale(key: string, version: string): boolean {
    if (this.#versions.get(key) === version) return false;
    this.#versions.set(key, version);
    return true;
  }
}

/** Another text when other attempts are under way. */
const stampOf = (version: number, live: readonly LiveAttempt[]): string =>
  `${version}${live.map((one) => `${one.computingFromMs === null ? "-" : "+"}${one.attempt}`).join("")}`;
