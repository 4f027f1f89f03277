// A plot as SVG: the same pictures that the page draws, for files that run no script.
import { unreachable } from "../../../shared/assert.ts";
import {
  logTicks,
  type PlotAxis,
  type PlotLayer,
  type PlotPicture,
} from "../../components/plot-picture.ts";
import { html, Html } from "./html-text.ts";

const WIDTH = 480;
const HEIGHT = 270;
const LEFT = 64;
const RIGHT = 32;
const TOP = 12;
const BOTTOM = 40;
const X_TICKS = 5;
const Y_TICKS = 6;
const EASY_STEPS = [1, 2, 2.5, 5, 10];

/** Ticks of a linear axis at round values, at most about `countMax`, and their distance. */
export function linearTicks(
  from: number,
  to: number,
  countMax: number,
): { readonly step: number; readonly values: readonly number[] } {
  const rough = (to - from) / countMax;
  const power = 10 ** Math.floor(Math.log10(rough));
  const step = power * (EASY_STEPS.find((easy) => easy * power >= rough) ?? 10);
  const values: number[] = [];
  for (let tick = Math.ceil(from / step); tick * step <= to + step * 1e-9; tick += 1) {
    values.push(Number((tick * step).toPrecision(12)));
  }
  return { step, values };
}

const ticksOf = ({ range: [from, to], isLog }: PlotAxis, countMax: number) =>
  isLog ? { step: 0, values: logTicks(from, to, countMax) } : linearTicks(from, to, countMax);

/** Where a value is along an axis, 0 to 1. */
function shareOf({ range: [from, to], isLog }: PlotAxis, value: number): number {
  if (!isLog) return (value - from) / (to - from);
  return Math.log(value / from) / Math.log(to / from);
}

/** `id` must be another for each plot of a page. */
export function plotSvg(picture: PlotPicture, label: string, id: string): Html {
  const { x, y, xs } = picture;
  const placeX = (value: number): number => LEFT + shareOf(x, value) * (WIDTH - LEFT - RIGHT);
  const placeY = (value: number): number =>
    HEIGHT - BOTTOM - shareOf(y, value) * (HEIGHT - TOP - BOTTOM);
  const at = (left: number, top: number): string => `${left.toFixed(1)} ${top.toFixed(1)}`;
  const [xTicks, yTicks] = [ticksOf(x, X_TICKS), ticksOf(y, Y_TICKS)];
  const bottom = HEIGHT - BOTTOM;
  const xWords = xTicks.values.map(
    (value) =>
      html`<text x="${placeX(value).toFixed(1)}" y="${bottom + 18}" text-anchor="middle"
        >${x.tick(value, xTicks.step)}</text
      >`,
  );
  const yWords = yTicks.values.map(
    (value) =>
      html`<path class="grid" d="M${at(LEFT, placeY(value))}H${WIDTH - RIGHT}" /><text
          x="${LEFT - 6}"
          y="${(placeY(value) + 4).toFixed(1)}"
          text-anchor="end"
          >${y.tick(value, yTicks.step)}</text
        >`,
  );
  const layers = picture.layers.map((layer) => layerSvg(layer, xs, x.range[1], placeX, placeY, at));
  const marks = picture.marks.map(({ axis, value, words }) =>
    axis === "x"
      ? html`<path class="mark" d="M${at(placeX(value), TOP)}V${bottom}" /><text
            class="marked"
            x="${(placeX(value) + 6).toFixed(1)}"
            y="${TOP + 12}"
            >${words}</text
          >`
      : html`<path class="mark" d="M${at(LEFT, placeY(value))}H${WIDTH - RIGHT}" /><text
            class="marked"
            x="${WIDTH - RIGHT - 4}"
            y="${(placeY(value) - 4).toFixed(1)}"
            text-anchor="end"
            >${words}</text
          >`,
  );
  return html`<svg class="plot" viewBox="0 0 ${WIDTH} ${HEIGHT}" role="img" aria-label="${label}">
    <clipPath id="${id}">
      <rect x="${LEFT}" y="${TOP}" width="${WIDTH - LEFT - RIGHT}" height="${bottom - TOP}" />
    </clipPath>
    ${yWords}
    <g clip-path="url(#${id})">${layers}</g>
    ${marks} ${xWords}
    <text x="${(LEFT + WIDTH - RIGHT) / 2}" y="${HEIGHT - 4}" text-anchor="middle">
      ${x.label ?? ""}
    </text>
  </svg>`;
}

type Place = (value: number) => number;

function layerSvg(
  layer: PlotLayer,
  xs: readonly number[],
  end: number,
  placeX: Place,
  placeY: Place,
  at: (left: number, top: number) => string,
): Html {
  const points = (values: readonly number[]): string[] =>
    values.map((value, index) => at(placeX(xs[index] ?? 0), placeY(value)));
  switch (layer.kind) {
    case "line": {
      const kind = layer.isThin ? "thin" : layer.isSecond ? "second" : "line";
      let isDrawing = false;
      const steps = layer.values.map((value, index) => {
        const step = isDrawing ? "L" : "M";
        isDrawing = value !== null;
        return value === null ? "" : `${step}${at(placeX(xs[index] ?? 0), placeY(value))}`;
      });
      return html`<path class="${kind}" d="${steps.join("")}" />`;
    }
    case "band":
      return html`<path
        class="band"
        d="M${[...points(layer.low), ...points(layer.high).toReversed()].join("L")}Z"
      />`;
    case "bars": {
      const bars = layer.values.map((value, index) => {
        const from = placeX(xs[index] ?? 0);
        const to = placeX(xs[index + 1] ?? end);
        return `M${at(from, placeY(0))}V${placeY(value).toFixed(1)}H${(to - 0.5).toFixed(1)}V${placeY(0).toFixed(1)}Z`;
      });
      return html`<path class="bars" d="${bars.join("")}" />`;
    }
    default:
      return unreachable(layer);
  }
}
