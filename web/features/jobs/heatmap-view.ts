// The heatmap without React: two canvases, a viewport, and one animation frame that draws them.
import { assert, present } from "../../../shared/assert.ts";
import { levelOf } from "../../../shared/correlation/colour.ts";
import { AxesPainter, type AxisInks } from "./heatmap-axes.ts";
import { attachGestures } from "./heatmap-gestures.ts";
import { isDark, readInks } from "./heatmap-inks.ts";
import type { HeatmapOptions } from "./heatmap-options.ts";
import { HeatmapPainter } from "./heatmap-painter.ts";
import type { Inks } from "./heatmap-raster-core.ts";
import { ViewportGlide } from "./viewport-glide.ts";
import {
  cellAt,
  centreOn,
  closestScale,
  fitScale,
  panBy,
  resizeViewport,
  reveal,
  sameViewport,
  wholeMatrix,
  zoomAbout,
  type Cell,
  type Frame,
  type Viewport,
} from "./viewport.ts";

/** Rough pixels become fine ones after the picture has rested this long. */
const REST_MS = 110;
/** Share of a frame that fine pixels may take, so that input is answered in the next one. */
const REFINE_BUDGET_MS = 6;
/** Tiles arrive in bursts; the picture follows this often. */
const TILES_EVERY_MS = 120;
const ZOOM_STEP = 2;
/** Rows and columns that the keys step. */
const ARROWS: Readonly<Record<string, readonly [number, number]>> = {
  ArrowLeft: [0, -1],
  ArrowRight: [0, 1],
  ArrowUp: [-1, 0],
  ArrowDown: [1, 0],
};

export class HeatmapView {
  readonly #options: HeatmapOptions;
  readonly #levels: Uint8Array;
  readonly #painter: HeatmapPainter;
  readonly #axes: AxesPainter;
  readonly #overlay: HTMLCanvasElement;
  readonly #base: HTMLCanvasElement;
  readonly #releases: (() => void)[] = [];
  readonly #glide = new ViewportGlide();
  #order: Uint32Array;
  /** Place of each series in the order. */
  #places: Uint32Array;
  #cells: Inks;
  #inks: AxisInks;
  #frame: Frame;
  #viewport: Viewport;
  #ratio = 1;
  #gutterPx = 0;
  #pointed: Cell | null = null;
  #marked: readonly [number, number] | null = null;
  #hasMoved = true;
  #hasNewOverlay = true;
  #isResting = false;
  #restTimer = 0;
  #tilesTimer = 0;
  #request = 0;

  constructor(options: HeatmapOptions) {
    const { element, matrix, order } = options;
    this.#options = options;
    this.#levels = present(matrix.levels, "the levels of a matrix that is drawn");
    this.#order = order;
    this.#places = placesOf(order);
    this.#base = document.createElement("canvas");
    this.#overlay = document.createElement("canvas");
    this.#base.style.position = "absolute";
    Object.assign(this.#overlay.style, {
      position: "absolute",
      inset: "0",
      width: "100%",
      height: "100%",
    });
    element.append(this.#base, this.#overlay);
    const context = this.#overlay.getContext("2d");
    assert(context !== null, "a canvas that nobody else uses has a 2d context");
    this.#axes = new AxesPainter(context);
    const inks = readInks(element);
    this.#cells = inks.cells;
    this.#inks = inks.axes;
    this.#painter = new HeatmapPainter(this.#base, this.#picture());
    this.#frame = { size: matrix.seriesCount, widthPx: 1, heightPx: 1 };
    this.#viewport = wholeMatrix(this.#frame);
    this.#listen();
  }

  setOrder(order: Uint32Array): void {
    this.#order = order;
    this.#places = placesOf(order);
    this.#painter.setPicture(this.#picture());
    this.#pointed = null;
    this.#options.onPointed(null);
    this.#touch();
  }

  zoomIn(): void {
    this.#glideTo(this.#zoomedAbout(ZOOM_STEP));
  }

  zoomOut(): void {
    this.#glideTo(this.#zoomedAbout(1 / ZOOM_STEP));
  }

  reset(): void {
    this.#glideTo(wholeMatrix(this.#frame));
  }

  /** Goes to a pair of series and rings it; null takes the ring away. */
  mark(pair: readonly [number, number] | null): void {
    this.#marked = pair;
    this.#hasNewOverlay = true;
    const cell = this.#markedCell();
    if (cell !== null) this.#glideTo(centreOn(this.#viewport, this.#frame, cell, 14));
    this.#ask();
  }

  close(): void {
    for (const release of this.#releases.splice(0)) release();
    cancelAnimationFrame(this.#request);
    window.clearTimeout(this.#restTimer);
    window.clearTimeout(this.#tilesTimer);
    this.#base.remove();
    this.#overlay.remove();
  }

  #listen(): void {
    const { element, matrix } = this.#options;
    const resize = new ResizeObserver(() => this.#takeSize());
    resize.observe(element);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const onScheme = (): void => {
      this.#takeColours();
      this.#touch();
    };
    scheme.addEventListener("change", onScheme);
    this.#releases.push(
      () => resize.disconnect(),
      () => scheme.removeEventListener("change", onScheme),
      matrix.subscribe((tile) => {
        this.#painter.tileArrived(tile);
        if (this.#tilesTimer === 0) {
          this.#tilesTimer = window.setTimeout(() => this.#takeTiles(), TILES_EVERY_MS);
        }
      }),
      attachGestures(element, {
        zoomBy: (factor, x, y) => this.#moveTo(this.#zoomedAbout(factor, this.#inPlot(x, y))),
        panBy: (dx, dy) => this.#moveTo(panBy(this.#viewport, this.#frame, dx, dy)),
        pointAt: (place) => {
          const [x, y] = place === null ? [-1, -1] : this.#inPlot(place.xPx, place.yPx);
          this.#point(cellAt(this.#viewport, this.#frame, x, y));
        },
        zoomInAt: (x, y) => this.#glideTo(this.#zoomedAbout(ZOOM_STEP * 2, this.#inPlot(x, y))),
        pressKey: (key, isShift) => this.#pressKey(key, isShift),
      }),
    );
  }

  #inPlot(xPx: number, yPx: number): [number, number] {
    return [xPx - this.#gutterPx, yPx - this.#gutterPx];
  }

  #zoomedAbout(factor: number, place?: readonly [number, number]): Viewport {
    const { widthPx, heightPx } = this.#frame;
    const from = this.#glide.target ?? this.#viewport;
    const [x, y] = place ?? [widthPx / 2, heightPx / 2];
    return zoomAbout(from, this.#frame, factor, x, y);
  }

  #pressKey(key: string, isShift: boolean): boolean {
    const step = ARROWS[key];
    if (step !== undefined) {
      if (isShift) {
        const far = Math.min(this.#frame.widthPx, this.#frame.heightPx) / 4;
        this.#moveTo(panBy(this.#viewport, this.#frame, -step[1] * far, -step[0] * far));
      } else {
        this.#step(step[0], step[1]);
      }
      return true;
    }
    if (key === "+" || key === "=") this.zoomAtPointed(ZOOM_STEP);
    else if (key === "-" || key === "_") this.zoomAtPointed(1 / ZOOM_STEP);
    else if (key === "0" || key === "Home") this.reset();
    else if (key === "Escape" && this.#pointed !== null) this.#point(null);
    else return false;
    return true;
  }

  zoomAtPointed(factor: number): void {
    const cell = this.#pointed;
    const { x, y, scale } = this.#viewport;
    if (cell === null) this.#glideTo(this.#zoomedAbout(factor));
    else {
      const place = [(cell.col + 0.5 - x) * scale, (cell.row + 0.5 - y) * scale] as const;
      this.#glideTo(this.#zoomedAbout(factor, place));
    }
  }

  /** Moves the pointed cell by one, or by enough to be seen where cells are tiny. */
  #step(rows: number, cols: number): void {
    const { frame, viewport } = { frame: this.#frame, viewport: this.#viewport };
    const far = Math.max(1, Math.round(6 / viewport.scale));
    const within = (place: number): number => Math.min(frame.size - 1, Math.max(0, place));
    const from = this.#pointed ?? cellAt(viewport, frame, frame.widthPx / 2, frame.heightPx / 2);
    if (from === null) return;
    const cell =
      this.#pointed === null
        ? from
        : { row: within(from.row + rows * far), col: within(from.col + cols * far) };
    this.#moveTo(reveal(viewport, frame, cell));
    this.#point(cell);
  }

  #point(cell: Cell | null): void {
    if (cell?.row === this.#pointed?.row && cell?.col === this.#pointed?.col) return;
    this.#pointed = cell;
    this.#hasNewOverlay = true;
    this.#tellPointed();
    this.#ask();
  }

  #tellPointed(): void {
    const cell = this.#pointed;
    const { matrix, onPointed } = this.#options;
    if (cell === null) return onPointed(null);
    const [i, j] = this.#pairAt(cell);
    const observations = matrix.observations(i, j);
    onPointed({ i, j, correlation: matrix.value(i, j), observations });
  }

  #pairAt({ row, col }: Cell): [number, number] {
    return [this.#order[row] ?? 0, this.#order[col] ?? 0];
  }

  #markedCell(): Cell | null {
    if (this.#marked === null) return null;
    const [i, j] = this.#marked;
    return { row: this.#places[i] ?? 0, col: this.#places[j] ?? 0 };
  }

  /** At once; true when this is another part of the matrix. */
  #moveTo(viewport: Viewport): boolean {
    const hasChanged = !sameViewport(viewport, this.#viewport);
    this.#glide.stop();
    if (hasChanged) {
      this.#viewport = viewport;
      this.#touch();
    }
    return hasChanged;
  }

  #glideTo(viewport: Viewport): void {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) this.#moveTo(viewport);
    else this.#glide.start(this.#viewport, viewport, performance.now());
    this.#ask();
  }

  /** Everything must be drawn anew; finely once it rests. */
  #touch(): void {
    this.#hasMoved = true;
    this.#hasNewOverlay = true;
    this.#isResting = false;
    window.clearTimeout(this.#restTimer);
    this.#restTimer = window.setTimeout(() => {
      this.#isResting = true;
      this.#ask();
    }, REST_MS);
    const zoom = this.#viewport.scale;
    const isWhole = zoom <= fitScale(this.#frame) * 1.0001;
    this.#options.element.dataset["whole"] = String(isWhole);
    this.#options.onZoomed({ isWhole, isClosest: zoom >= closestScale(this.#frame) * 0.9999 });
    this.#ask();
  }

  #takeTiles(): void {
    this.#tilesTimer = 0;
    this.#hasNewOverlay = true;
    if (this.#pointed !== null) this.#tellPointed();
    this.#ask();
  }

  #takeSize(): void {
    const { element, matrix, names } = this.#options;
    const widthPx = element.clientWidth;
    const heightPx = element.clientHeight;
    if (widthPx === 0 || heightPx === 0) return;
    this.#ratio = Math.min(3, window.devicePixelRatio);
    this.#gutterPx = this.#axes.gutterFor(names, widthPx);
    const frame = {
      size: matrix.seriesCount,
      widthPx: Math.max(1, widthPx - this.#gutterPx),
      heightPx: Math.max(1, heightPx - this.#gutterPx),
    };
    this.#viewport = resizeViewport(this.#viewport, this.#frame, frame);
    this.#frame = frame;
    this.#glide.stop();
    this.#painter.resize(frame.widthPx, frame.heightPx, this.#ratio);
    this.#overlay.width = Math.round(widthPx * this.#ratio);
    this.#overlay.height = Math.round(heightPx * this.#ratio);
    Object.assign(this.#base.style, {
      left: `${this.#gutterPx}px`,
      top: `${this.#gutterPx}px`,
      width: `${frame.widthPx}px`,
      height: `${frame.heightPx}px`,
    });
    this.#touch();
    // A canvas that changes its size is empty until it is drawn: not one frame of that.
    this.#draw(performance.now());
  }

  #takeColours(): void {
    const inks = readInks(this.#options.element);
    this.#cells = inks.cells;
    this.#inks = inks.axes;
    this.#painter.setPicture(this.#picture());
  }

  #picture() {
    return {
      levels: this.#levels,
      size: this.#options.matrix.seriesCount,
      inks: this.#cells,
      order: this.#order,
    };
  }

  #ask(): void {
    if (this.#request !== 0) return;
    this.#request = requestAnimationFrame((nowMs) => {
      this.#request = 0;
      this.#draw(nowMs);
    });
  }

  #draw(nowMs: number): void {
    const gliding = this.#glide.at(nowMs);
    if (gliding !== null) {
      this.#viewport = gliding;
      this.#touch();
    }
    if (this.#hasMoved) {
      this.#hasMoved = false;
      this.#painter.paint(this.#viewport);
    } else if (this.#isResting && this.#painter.refine(performance.now() + REFINE_BUDGET_MS)) {
      this.#ask();
    }
    if (this.#hasNewOverlay) {
      this.#hasNewOverlay = false;
      this.#axes.draw(this.#axesScene(), this.#ratio);
    }
    if (this.#glide.target !== null) this.#ask();
  }

  #axesScene() {
    const { names, matrix } = this.#options;
    return {
      frame: this.#frame,
      viewport: this.#viewport,
      gutterPx: this.#gutterPx,
      names,
      order: this.#order,
      pointed: this.#pointed,
      marked: this.#markedCell(),
      inks: this.#inks,
      value: (cell: Cell) => {
        const value = matrix.value(...this.#pairAt(cell));
        return { value, isDark: isDark(this.#cells.colours[levelOf(value ?? NaN)] ?? 0) };
      },
    };
  }
}

function placesOf(order: Uint32Array): Uint32Array {
  const places = new Uint32Array(order.length);
  order.forEach((series, place) => (places[series] = place));
  return places;
}
