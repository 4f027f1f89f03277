// A scenario's convergence and payoffs as pictures, and in words at each of their places.
import type {
  ConvergencePoint,
  PayoffHistogram,
  ScenarioResult,
} from "../../../shared/monte-carlo/estimate.ts";
import {
  digitsOf,
  formatCount,
  formatFigure,
  formatPercent,
  formatPlain,
  formatRound,
} from "../../components/format.ts";
import { padded, type PlotPicture } from "../../components/plot-picture.ts";
import { errorWords } from "./monte-carlo-words.ts";

/** Quantile of the normal distribution at 97.5 %: the band is the 95 % interval. */
const BAND_ERRORS = 1.96;
/** The first points are so rough that they would flatten the rest: the band fits from here on. */
const FITTED_FROM = 0.02;

export function convergencePicture({ convergence }: ScenarioResult): PlotPicture {
  const low = convergence.map((point) => point.estimate - BAND_ERRORS * point.standardError);
  const high = convergence.map((point) => point.estimate + BAND_ERRORS * point.standardError);
  const paths = convergence.map((point) => point.paths);
  const first = paths[0] ?? 1;
  const last = paths.at(-1) ?? first;
  const from = paths.findIndex((count) => count >= last * FITTED_FROM);
  const fitted: readonly [number, number] = [
    Math.min(...low.slice(from)),
    Math.max(...high.slice(from)),
  ];
  const end = convergence.at(-1);
  const spanMin = Math.max(Math.abs(end?.estimate ?? 0) * 1e-6, 1e-9);
  return {
    xs: paths,
    x: {
      // One place alone has no width: it stands in the middle of two.
      range: first === last ? [first / 2, first * 2] : [first, last],
      isLog: true,
      label: "paths",
      tick: formatRound,
    },
    y: {
      range: padded(fitted, 0.05, spanMin),
      isLog: false,
      label: null,
      tick: stepTick,
    },
    layers: [
      { kind: "band", low, high },
      { kind: "line", values: convergence.map((point) => point.estimate) },
    ],
    marks: [],
  };
}

export function convergenceWords(point: ConvergencePoint): string {
  const { paths, estimate, standardError } = point;
  const value = formatFigure(estimate, digitsOf(standardError));
  return `${value} ${errorWords(standardError)} after ${formatCount(paths)} paths`;
}

/** The histogram's bins as shares of all paths; those that pay nothing or very much are in words. */
export function payoffPicture({ histogram, estimate, paths }: ScenarioResult): PlotPicture {
  const shares = histogram.counts.map((count) => (100 * count) / paths);
  return {
    xs: histogram.lowEdges,
    x: { range: [0, histogram.high], isLog: false, label: "payoff", tick: stepTick },
    y: {
      range: [0, Math.max(...shares, 1e-6) * 1.08],
      isLog: false,
      label: null,
      tick: (value, step) => `${stepTick(value, step)}%`,
    },
    layers: [{ kind: "bars", values: shares }],
    marks: [{ axis: "x", value: estimate, words: "mean of all paths" }],
  };
}

export function payoffWords(histogram: PayoffHistogram, paths: number, bin: number): string {
  const from = histogram.lowEdges[bin] ?? 0;
  const to = histogram.lowEdges[bin + 1] ?? histogram.high;
  const share = formatPercent((histogram.counts[bin] ?? 0) / paths);
  return `${share} of the paths pay ${formatPlain(round(from))} to ${formatPlain(round(to))}`;
}

/** "41% pay nothing, 0.3% pay 160 or more": what the bars leave out. */
export function payoffRestWords({ zero, above, high }: PayoffHistogram, paths: number): string {
  const parts = [
    ...(zero > 0 ? [`${formatPercent(zero / paths)} of the paths pay nothing`] : []),
    ...(above > 0
      ? [`${formatPercent(above / paths)} pay ${formatPlain(round(high))} or more`]
      : []),
  ];
  return parts.length === 0 ? "Every path pays something that is shown" : parts.join(", ");
}

/** Edges of discounted payoffs have endless digits. */
const round = (edge: number): number => Number(edge.toPrecision(4));

/** A tick with the digits that its distance to the next one needs. */
function stepTick(value: number, step: number): string {
  const digits = step > 0 ? Math.max(0, Math.ceil(-Math.log10(step) - 1e-9)) : 0;
  // A step of 2.5 or 0.25 needs one digit more than its power of ten.
  const isExact = Math.abs(step * 10 ** digits - Math.round(step * 10 ** digits)) < 1e-6;
  return formatFigure(value, Math.min(9, isExact ? digits : digits + 1));
}
