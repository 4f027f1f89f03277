// The three canvases of the stream: lanes, what lies over them, and the axis; drawn when they changed.
import { assert } from "../../../shared/assert.ts";
import {
  AXIS_PX,
  drawAxis,
  drawOverlay,
  type OverlayInks,
  type OverlayScene,
} from "./stream-overlay.ts";
import { RATIO_MAX, StreamPainter } from "./stream-painter.ts";

/** Measures of frames are kept for observers, but not for ever. */
const MEASURES_MAX = 1_000;
/** Named so that a profile, or a test, can find what a frame of the stream takes. */
const PAINT_MEASURE = "tabswarm:stream-paint";

export class StreamCanvases {
  readonly #base = document.createElement("canvas");
  readonly #overlay = document.createElement("canvas");
  readonly #axis = document.createElement("canvas");
  readonly #painter = new StreamPainter(this.#base);
  #size: readonly [number, number] = [0, 0];
  #ratio = 1;
  #measures = 0;

  /** `holder` is for the lanes, `axis` for the times above them. */
  constructor(holder: HTMLElement, axis: HTMLElement) {
    for (const canvas of [this.#base, this.#overlay]) {
      Object.assign(canvas.style, { position: "absolute", left: "0", top: "0" });
    }
    holder.append(this.#base, this.#overlay);
    axis.append(this.#axis);
  }

  /** Pixels a CSS pixel. */
  get ratio(): number {
    return this.#ratio;
  }

  /** Everything is empty until the next `draw`. */
  resize(widthPx: number, heightPx: number): void {
    this.#size = [widthPx, heightPx];
    this.#ratio = Math.min(RATIO_MAX, window.devicePixelRatio);
    this.#painter.resize(widthPx, heightPx, this.#ratio);
    for (const [canvas, height] of [
      [this.#base, heightPx],
      [this.#overlay, heightPx],
      [this.#axis, AXIS_PX],
    ] as const) {
      canvas.style.width = `${widthPx}px`;
      canvas.style.height = `${height}px`;
      if (canvas === this.#base) continue;
      canvas.width = Math.round(widthPx * this.#ratio);
      canvas.height = Math.round(height * this.#ratio);
    }
  }

  /** `hasNewOverlay`: rings changed; what lies over the lanes is drawn anew whenever they are, too. */
  draw(scene: OverlayScene, inks: OverlayInks, hasNewOverlay: boolean): void {
    const startMs = performance.now();
    const hasPainted = this.#painter.paint(scene);
    if (!hasPainted && !hasNewOverlay) return;
    drawOverlay(contextOf(this.#overlay), scene, this.#size, this.#ratio, inks);
    drawAxis(contextOf(this.#axis), scene, this.#size[0], this.#ratio, inks);
    this.#measure(startMs);
  }

  close(): void {
    for (const canvas of [this.#base, this.#overlay, this.#axis]) canvas.remove();
  }

  #measure(startMs: number): void {
    performance.measure(PAINT_MEASURE, { start: startMs, end: performance.now() });
    this.#measures += 1;
    if (this.#measures < MEASURES_MAX) return;
    this.#measures = 0;
    performance.clearMeasures(PAINT_MEASURE);
  }
}

function contextOf(canvas: HTMLCanvasElement): CanvasRenderingContext2D {
  const context = canvas.getContext("2d");
  assert(context !== null, "a canvas that nobody else uses has a 2d context");
  return context;
}
