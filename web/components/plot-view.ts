// Draws plots into an element: the façade of uPlot, in the colours of the page's scheme.
import uPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import { unreachable } from "../../shared/assert.ts";
import {
  logTicks,
  timeTicks,
  type PlotAxis,
  type PlotLayer,
  type PlotPicture,
} from "./plot-picture.ts";

const SCHEME = "(prefers-color-scheme: dark)";
/** Room for one tick's words along the bottom. */
const TICK_WIDTH_PX = 88;
const TICK_HEIGHT_PX = 36;
/** Words along the left take steps of this width, so that the plot seldom moves with them. */
const LEFT_STEP_PX = 12;
const TICK_PX = 4;
const GAP_PX = 4;
const BOTTOM_PX = 28;
/** Half of the words of a tick at the very end. */
const RIGHT_PX = 28;
const LABEL_PX = 20;
const FONT_PX = 12;
const FAR_AWAY = -10;
/** Where thin lines cross they add up. */
const THIN_ALPHA = 0.5;
const SECOND_DASH = [6, 3] as const;

export interface PlotViewOptions {
  /** The place on x under the pointer or chosen by keys, by its index; null when there is none. */
  readonly onPoint: (index: number | null) => void;
  /** Plots of one name share their cross hair. */
  readonly shared?: string;
}

interface SharingPlot {
  setCursor(
    place: { readonly left: number; readonly top: number },
    isTold: boolean,
    isShared: boolean,
  ): void;
}

type PlotLine = Extract<PlotLayer, { kind: "line" }>;

interface Inks {
  readonly text: string;
  readonly muted: string;
  readonly grid: string;
  readonly line: string;
  readonly second: string;
  readonly band: string;
  readonly bars: string;
  readonly ground: string;
  readonly font: string;
}

export class PlotView {
  readonly #element: HTMLElement;
  readonly #options: PlotViewOptions;
  readonly #listening = new AbortController();
  readonly #resizes: ResizeObserver;
  #picture: PlotPicture;
  #plot: uPlot;
  #shape: string;
  #inks: Inks;

  constructor(element: HTMLElement, picture: PlotPicture, options: PlotViewOptions) {
    this.#element = element;
    this.#options = options;
    this.#picture = picture;
    this.#shape = shapeOf(picture);
    this.#inks = readInks(element);
    this.#plot = this.#create();
    const { signal } = this.#listening;
    matchMedia(SCHEME).addEventListener("change", () => this.#recreate(), { signal });
    element.addEventListener("keydown", (event) => this.#takeKey(event), { signal });
    element.addEventListener("blur", () => this.#point(null), { signal });
    this.#resizes = new ResizeObserver(() => this.#plot.setSize(sizeOf(element)));
    this.#resizes.observe(element);
  }

  show(picture: PlotPicture): void {
    if (picture === this.#picture) return;
    this.#picture = picture;
    const shape = shapeOf(picture);
    if (shape === this.#shape) {
      this.#plot.setData(dataOf(picture));
      return;
    }
    this.#shape = shape;
    this.#recreate();
  }

  close(): void {
    this.#listening.abort();
    this.#resizes.disconnect();
    this.#plot.destroy();
  }

  #recreate(): void {
    this.#plot.destroy();
    this.#inks = readInks(this.#element);
    this.#plot = this.#create();
  }

  #create(): uPlot {
    const inks = this.#inks;
    const series = this.#picture.layers.flatMap((layer) => seriesOf(layer, inks));
    const options: uPlot.Options = {
      ...sizeOf(this.#element),
      legend: { show: false },
      cursor: {
        y: false,
        drag: { x: false, y: false },
        points: { show: false },
        ...(this.#options.shared === undefined
          ? {}
          : { sync: { key: this.#options.shared, scales: ["x", null] } }),
      },
      padding: [8, RIGHT_PX, 0, 0],
      scales: { x: this.#scale("x"), y: this.#scale("y") },
      axes: [this.#axis("x"), this.#axis("y")],
      series: [{}, ...series],
      bands: bandsOf(this.#picture.layers, inks),
      hooks: {
        draw: [(plot) => this.#drawMarks(plot)],
        setCursor: [(plot) => this.#options.onPoint(plot.cursor.idx ?? null)],
      },
    };
    return new uPlot(options, dataOf(this.#picture), this.#element);
  }

  #scale(key: "x" | "y"): uPlot.Scale {
    return {
      time: false,
      distr: this.#picture[key].isLog ? 3 : 1,
      range: () => [...this.#picture[key].range],
    };
  }

  #axis(key: "x" | "y"): uPlot.Axis {
    const { muted, grid, font } = this.#inks;
    const axis = (): PlotAxis => this.#picture[key];
    const isX = key === "x";
    return {
      stroke: muted,
      font,
      labelFont: font,
      ...(axis().label === null ? {} : { label: axis().label ?? "" }),
      labelSize: LABEL_PX,
      size: isX ? BOTTOM_PX : (plot, values) => this.#widthOf(plot, values),
      gap: GAP_PX,
      space: isX ? TICK_WIDTH_PX : TICK_HEIGHT_PX,
      grid: { stroke: grid, width: 1, show: !isX },
      ticks: { stroke: grid, width: 1, size: TICK_PX },
      values: (_, splits, __, ___, step) =>
        splits.map((value) => axis().tick(value, axis().isLog ? 0 : step)),
      ...(axis().isLog || axis().isTime
        ? {
            splits: (plot) => {
              const room = isX ? plot.width / TICK_WIDTH_PX : plot.height / TICK_HEIGHT_PX;
              const ticks = axis().isLog ? logTicks : timeTicks;
              return ticks(...axis().range, Math.floor(room));
            },
            filter: (_, splits) => splits,
          }
        : {}),
    };
  }

  /** Room for the ticks' words along the left. */
  #widthOf({ ctx }: uPlot, values: readonly string[] | null): number {
    ctx.save();
    ctx.font = this.#inks.font;
    const widths = (values ?? []).map((words) => ctx.measureText(words).width);
    ctx.restore();
    const width = Math.max(0, ...widths) + TICK_PX + GAP_PX;
    return Math.ceil(width / LEFT_STEP_PX) * LEFT_STEP_PX;
  }

  #drawMarks(plot: uPlot): void {
    const { ctx, bbox } = plot;
    const { text, ground, font } = this.#inks;
    const ratio = uPlot.pxRatio;
    ctx.save();
    ctx.beginPath();
    ctx.rect(bbox.left, bbox.top, bbox.width, bbox.height);
    ctx.clip();
    ctx.font = scaled(font, ratio);
    for (const { axis, value, words } of this.#picture.marks) {
      const at = Math.round(plot.valToPos(value, axis, true));
      ctx.beginPath();
      ctx.moveTo(axis === "x" ? at : bbox.left, axis === "x" ? bbox.top : at);
      ctx.lineTo(
        axis === "x" ? at : bbox.left + bbox.width,
        axis === "x" ? bbox.top + bbox.height : at,
      );
      ctx.setLineDash([4 * ratio, 4 * ratio]);
      ctx.lineWidth = ratio;
      ctx.strokeStyle = text;
      ctx.stroke();
      ctx.setLineDash([]);
      // A halo in the colour of the ground keeps the words readable over anything.
      ctx.lineWidth = 4 * ratio;
      ctx.strokeStyle = ground;
      ctx.fillStyle = text;
      const isX = axis === "x";
      ctx.textAlign = isX ? "left" : "right";
      ctx.textBaseline = isX ? "top" : "bottom";
      const left = isX ? at + 6 * ratio : bbox.left + bbox.width - 4 * ratio;
      const top = isX ? bbox.top + 4 * ratio : at - 4 * ratio;
      ctx.strokeText(words, left, top);
      ctx.fillText(words, left, top);
    }
    ctx.restore();
  }

  #takeKey(event: KeyboardEvent): void {
    const last = this.#picture.xs.length - 1;
    const now = this.#plot.cursor.idx ?? null;
    const step = event.shiftKey ? 10 : 1;
    const next: Record<string, number | null> = {
      ArrowRight: now === null ? 0 : Math.min(last, now + step),
      ArrowLeft: now === null ? last : Math.max(0, now - step),
      Home: 0,
      End: last,
      Escape: null,
    };
    const index = next[event.key];
    if (index === undefined || event.ctrlKey || event.metaKey || event.altKey) return;
    event.preventDefault();
    this.#point(index);
  }

  #point(index: number | null): void {
    const x = index === null ? undefined : this.#picture.xs[index];
    const left = x === undefined ? FAR_AWAY : this.#plot.valToPos(x, "x");
    const top = x === undefined ? FAR_AWAY : 0;
    // Its types leave out the third argument, which tells the plots that share the cross hair.
    const plot: SharingPlot = this.#plot;
    plot.setCursor({ left, top }, true, true);
  }
}

const sizeOf = (element: HTMLElement): { width: number; height: number } => ({
  width: Math.max(1, element.clientWidth),
  height: Math.max(1, element.clientHeight),
});

/** Plots of one shape differ in their numbers only. */
const shapeOf = ({ x, y, layers }: PlotPicture): string =>
  JSON.stringify([
    [x.isLog, x.label, y.isLog, y.label],
    layers.map((layer) => (layer.kind === "line" && layer.isSecond ? "second" : layer.kind)),
  ]);

function dataOf({ xs, layers }: PlotPicture): uPlot.AlignedData {
  const rows = layers.flatMap((layer) =>
    layer.kind === "band" ? [[...layer.low], [...layer.high]] : [[...layer.values]],
  );
  return [[...xs], ...rows];
}

function seriesOf(layer: PlotLayer, inks: Inks): uPlot.Series[] {
  const points = { show: false };
  switch (layer.kind) {
    case "band":
      return [
        { points, width: 0 },
        { points, width: 0 },
      ];
    case "line":
      return [lineOf(layer, inks)];
    case "bars": {
      const paths = uPlot.paths.bars?.({ align: 1, size: [1, Infinity], gap: 1 });
      const bars = { points, width: 0, fill: inks.bars };
      return [paths === undefined ? bars : { ...bars, paths }];
    }
    default:
      return unreachable(layer);
  }
}

function lineOf({ isThin, isSecond }: PlotLine, inks: Inks): uPlot.Series {
  const points = { show: false };
  if (isThin) return { points, width: 1, stroke: inks.line, alpha: THIN_ALPHA };
  if (isSecond) return { points, width: 2, stroke: inks.second, dash: [...SECOND_DASH] };
  return { points, width: 2, stroke: inks.line };
}

function bandsOf(layers: readonly PlotLayer[], inks: Inks): uPlot.Band[] {
  const bands: uPlot.Band[] = [];
  // Series 0 is x.
  let series = 1;
  for (const layer of layers) {
    if (layer.kind === "band") bands.push({ series: [series + 1, series], fill: inks.band });
    series += layer.kind === "band" ? 2 : 1;
  }
  return bands;
}

function readInks(element: HTMLElement): Inks {
  const style = getComputedStyle(element);
  const read = (name: string): string => style.getPropertyValue(name).trim();
  return {
    text: read("--text"),
    muted: read("--text-muted"),
    grid: read("--line"),
    line: read("--accent-text"),
    second: read("--state-moving"),
    band: read("--accent-band"),
    bars: read("--accent"),
    ground: read("--ground"),
    font: `${FONT_PX}px ${style.fontFamily}`,
  };
}

const scaled = (font: string, ratio: number): string =>
  font.replace(`${FONT_PX}px`, `${FONT_PX * ratio}px`);
