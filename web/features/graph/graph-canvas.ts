// The graph without React: a canvas, a viewport, gestures and keys, one animation frame that draws.
import { attachGestures } from "../jobs/heatmap-gestures.ts";
import { ViewportGlide } from "../jobs/viewport-glide.ts";
import { readGraphInks } from "./graph-inks.ts";
import { GraphPainter } from "./graph-painter.ts";
import {
  clampGraph,
  sameSpot,
  spotAt,
  spotBox,
  wholeGraph,
  zoomGraph,
  type CanvasSize,
  type GraphScene,
  type GraphViewport,
  type Spot,
} from "./graph-scene.ts";
import { firstSpot, spotOfBlock, spotOfTask, stepFrom } from "./graph-steps.ts";

export interface GraphCanvasOptions {
  readonly element: HTMLElement;
  /** What the pointer or the keys are at now; null: nothing. */
  readonly onLooked: (spot: Spot | null) => void;
  /** Click, tap or Enter. */
  readonly onPicked: (spot: Spot) => void;
  /** Backspace: the group of the focused task is to be folded. */
  readonly onFolded: (spot: Spot) => void;
}

const ZOOM_STEP = 1.6;
/** Keys that lead to a spot zoom in until its cell can be seen. */
const FOCUS_SCALE_MIN = 0.5;
const ARROWS: Readonly<Record<string, "left" | "right" | "up" | "down">> = {
  ArrowLeft: "left",
  ArrowRight: "right",
  ArrowUp: "up",
  ArrowDown: "down",
};
const STEPS = { left: [-1, 0], right: [1, 0], up: [0, -1], down: [0, 1] } as const;

export class GraphCanvas {
  readonly #options: GraphCanvasOptions;
  readonly #canvas: HTMLCanvasElement;
  readonly #painter: GraphPainter;
  readonly #glide = new ViewportGlide();
  readonly #releases: (() => void)[] = [];
  #scene: GraphScene | null = null;
  #size: CanvasSize = { widthPx: 0, heightPx: 0 };
  #viewport: GraphViewport = { x: 0, y: 0, scale: 1 };
  #pointed: Spot | null = null;
  #focused: Spot | null = null;
  /** Nobody has moved it yet: the whole stays in view while it grows. */
  #isWhole = true;
  #request = 0;

  constructor(options: GraphCanvasOptions) {
    const { element } = options;
    this.#options = options;
    this.#canvas = document.createElement("canvas");
    Object.assign(this.#canvas.style, {
      position: "absolute",
      inset: "0",
      width: "100%",
      height: "100%",
    });
    element.append(this.#canvas);
    this.#painter = new GraphPainter(this.#canvas, readGraphInks(element));
    this.#listen();
  }

  close(): void {
    for (const release of this.#releases.splice(0)) release();
    cancelAnimationFrame(this.#request);
    this.#canvas.remove();
  }

  /** Another layout; `group`, which was folded or unfolded, stays where it is on the screen. */
  show(scene: GraphScene, group: number | null): void {
    const old = this.#scene;
    this.#scene = scene;
    this.#painter.forget();
    this.#pointed = null;
    this.#focused = old === null ? null : sameIn(scene, old, this.#focused);
    const before = old === null ? null : cornerOf(old, group);
    const after = cornerOf(scene, group);
    if (this.#isWhole || before === null || after === null) {
      this.#glide.stop();
      this.#viewport = this.#wholeOf(scene);
    } else {
      const { x, y, scale } = this.#viewport;
      this.#moveTo({ scale, x: x + after.x - before.x, y: y + after.y - before.y });
    }
    this.#tell();
    this.#ask();
  }

  /** New states or counts of the same layout. */
  update(scene: GraphScene): void {
    if (this.#scene?.looks !== scene.looks) this.#painter.forget();
    this.#scene = scene;
    this.#ask();
  }

  zoomBy(factor: number): void {
    const { widthPx, heightPx } = this.#size;
    this.#glideTo(zoomGraph(this.#target(), factor, widthPx / 2, heightPx / 2));
  }

  whole(): void {
    if (this.#scene === null) return;
    this.#isWhole = true;
    this.#glideTo(this.#wholeOf(this.#scene), true);
  }

  /** Brings a spot into view and gives it the keys. */
  goTo(spot: Spot): void {
    this.#focused = spot;
    this.#reveal(spot);
    this.#tell();
    this.#ask();
  }

  #wholeOf({ layout }: GraphScene): GraphViewport {
    return wholeGraph(layout, this.#size);
  }

  #target(): GraphViewport {
    return this.#glide.target ?? this.#viewport;
  }

  #listen(): void {
    const { element } = this.#options;
    const resize = new ResizeObserver(() => this.#takeSize());
    resize.observe(element);
    const onFocus = (): void => {
      this.#tell();
      this.#ask();
    };
    element.addEventListener("focus", onFocus);
    element.addEventListener("blur", onFocus);
    const scheme = matchMedia("(prefers-color-scheme: dark)");
    const onScheme = (): void => {
      this.#painter.setInks(readGraphInks(element));
      this.#ask();
    };
    scheme.addEventListener("change", onScheme);
    this.#releases.push(
      () => resize.disconnect(),
      () => element.removeEventListener("focus", onFocus),
      () => element.removeEventListener("blur", onFocus),
      () => scheme.removeEventListener("change", onScheme),
      attachGestures(element, {
        zoomBy: (factor, xPx, yPx) => this.#moveTo(zoomGraph(this.#viewport, factor, xPx, yPx)),
        panBy: (dx, dy) => {
          const { x, y, scale } = this.#viewport;
          this.#moveTo({ scale, x: x - dx / scale, y: y - dy / scale });
        },
        pointAt: (place) => this.#point(place === null ? null : this.#spotOn(place)),
        tapAt: (xPx, yPx) => {
          const spot = this.#spotOn({ xPx, yPx });
          if (spot !== null) this.#options.onPicked(spot);
        },
        // Two clicks have opened something already; on the ground they come closer.
        zoomInAt: (xPx, yPx) => {
          if (this.#spotOn({ xPx, yPx }) === null) {
            this.#glideTo(zoomGraph(this.#target(), ZOOM_STEP * ZOOM_STEP, xPx, yPx));
          }
        },
        pressKey: (key, isShift) => this.#pressKey(key, isShift),
      }),
    );
  }

  #spotOn({ xPx, yPx }: { readonly xPx: number; readonly yPx: number }): Spot | null {
    const { x, y, scale } = this.#viewport;
    return this.#scene === null ? null : spotAt(this.#scene, x + xPx / scale, y + yPx / scale);
  }

  #pressKey(key: string, isShift: boolean): boolean {
    const arrow = ARROWS[key];
    if (arrow !== undefined) {
      if (isShift) this.#pan(arrow);
      else this.#step(arrow);
    } else if (key === "+" || key === "=") this.zoomBy(ZOOM_STEP);
    else if (key === "-" || key === "_") this.zoomBy(1 / ZOOM_STEP);
    else if (key === "0" || key === "Home") this.whole();
    else if ((key === "Enter" || key === " ") && this.#focused !== null) {
      this.#options.onPicked(this.#focused);
    } else if (key === "Backspace" && this.#focused !== null) this.#options.onFolded(this.#focused);
    else return false;
    return true;
  }

  #pan(arrow: keyof typeof STEPS): void {
    const { x, y, scale } = this.#target();
    const [right, down] = STEPS[arrow];
    const far = Math.min(this.#size.widthPx, this.#size.heightPx) / 4 / scale;
    this.#glideTo({ scale, x: x + right * far, y: y + down * far });
  }

  #step(arrow: keyof typeof STEPS): void {
    if (this.#scene === null) return;
    const from = this.#focused;
    const next = from === null ? firstSpot(this.#scene) : stepFrom(this.#scene, from, arrow);
    if (next !== null) this.goTo(next);
  }

  /** Moves and zooms no more than needed. */
  #reveal(spot: Spot): void {
    const box = this.#scene === null ? null : spotBox(this.#scene, spot);
    if (box === null) return;
    const { widthPx, heightPx } = this.#size;
    let viewport = this.#target();
    if (viewport.scale < FOCUS_SCALE_MIN) {
      viewport = {
        scale: FOCUS_SCALE_MIN,
        x: box.x + box.width / 2 - widthPx / 2 / FOCUS_SCALE_MIN,
        y: box.y + box.height / 2 - heightPx / 2 / FOCUS_SCALE_MIN,
      };
    }
    const { scale } = viewport;
    const margin = 40 / scale;
    const within = (start: number, shown: number, at: number, length: number): number =>
      Math.max(Math.min(start, at - margin), at + length + margin - shown);
    this.#glideTo({
      scale,
      x: within(viewport.x, widthPx / scale, box.x, box.width),
      y: within(viewport.y, heightPx / scale, box.y, box.height),
    });
  }

  #point(spot: Spot | null): void {
    if (sameSpot(spot, this.#pointed)) return;
    this.#pointed = spot;
    this.#options.element.style.cursor = spot === null ? "grab" : "pointer";
    this.#tell();
    this.#ask();
  }

  get #hasKeys(): boolean {
    return document.activeElement === this.#options.element;
  }

  #tell(): void {
    this.#options.onLooked(this.#pointed ?? (this.#hasKeys ? this.#focused : null));
  }

  /** At once; true when something moved. */
  #moveTo(viewport: GraphViewport): boolean {
    if (this.#scene === null) return false;
    const next = clampGraph(viewport, this.#scene.layout, this.#size);
    const { x, y, scale } = this.#viewport;
    this.#glide.stop();
    if (next.x === x && next.y === y && next.scale === scale) return false;
    this.#isWhole = false;
    this.#viewport = next;
    this.#ask();
    return true;
  }

  #glideTo(viewport: GraphViewport, isWhole = false): void {
    if (this.#scene === null) return;
    const next = isWhole ? viewport : clampGraph(viewport, this.#scene.layout, this.#size);
    this.#isWhole = isWhole;
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) this.#viewport = next;
    else this.#glide.start(this.#viewport, next, performance.now());
    this.#ask();
  }

  #takeSize(): void {
    const { clientWidth: widthPx, clientHeight: heightPx } = this.#options.element;
    if (widthPx === 0 || heightPx === 0) return;
    // The middle stays in the middle.
    const { x, y, scale } = this.#viewport;
    const [wider, higher] = [widthPx - this.#size.widthPx, heightPx - this.#size.heightPx];
    this.#viewport = { scale, x: x - wider / 2 / scale, y: y - higher / 2 / scale };
    this.#glide.stop();
    this.#size = { widthPx, heightPx };
    this.#painter.resize(this.#size, Math.min(3, window.devicePixelRatio));
    if (this.#isWhole && this.#scene !== null) this.#viewport = this.#wholeOf(this.#scene);
    // A canvas that changes its size is empty until it is drawn: not one frame of that.
    this.#draw(performance.now());
  }

  #ask(): void {
    if (this.#request !== 0) return;
    this.#request = requestAnimationFrame((nowMs) => {
      this.#request = 0;
      this.#draw(nowMs);
    });
  }

  #draw(nowMs: number): void {
    if (this.#scene === null || this.#size.widthPx === 0) return;
    this.#viewport = this.#glide.at(nowMs) ?? this.#viewport;
    this.#painter.paint(this.#scene, this.#viewport, {
      pointed: this.#pointed,
      // The keys are elsewhere: a ring would say that they are here.
      focused: this.#hasKeys ? this.#focused : null,
    });
    if (this.#glide.target !== null) this.#ask();
  }
}

/** The first block of a group. */
const cornerOf = ({ layout }: GraphScene, group: number | null) =>
  layout.blocks.find((block) => block.group === group) ?? null;

/** The same task or group in another layout of the same graph. */
function sameIn(scene: GraphScene, old: GraphScene, spot: Spot | null): Spot | null {
  if (spot === null) return null;
  if (spot.kind === "task") return spotOfTask(scene.layout, spot.task);
  const group = old.layout.blocks[spot.block]?.group;
  return spotOfBlock(
    scene.layout,
    scene.layout.blocks.findIndex((block) => block.group === group),
  );
}
