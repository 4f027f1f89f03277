// The charts of the system page: what each shows, in which words, and its picture.
import {
  formatBytes,
  formatByteRate,
  formatClock,
  formatCount,
  formatDuration,
  formatFigure,
  formatPercent,
  formatRate,
} from "../../components/format.ts";
import { roundMax, type PlotPicture } from "../../components/plot-picture.ts";
import type { History } from "./system-history.ts";
import { extentOf, seriesOf, type LineWish, type Series } from "./system-series.ts";

export interface Chart {
  readonly id: string;
  readonly title: string;
  /** One or two lines. */
  readonly lines: readonly (LineWish & {
    /** What the line is of; empty where the title says it. */
    readonly name: string;
  })[];
  readonly words: (value: number) => string;
  /** The least end of the vertical axis, in the unit of the values. */
  readonly least: number;
  readonly tick: (value: number) => string;
}

const perSecond = { of: "mean", isPerSecond: true } as const;
const mean = { of: "mean" } as const;

const shortCount = (value: number): string => formatFigure(value, value < 1 && value > 0 ? 1 : 0);
const milliseconds = (ms: number): string =>
  ms < 9.95 ? `${formatFigure(ms, 1)} ms` : formatDuration(ms);

export const CHARTS: readonly Chart[] = [
  {
    id: "processor",
    title: "Processor",
    lines: [{ column: "cpuShare", name: "", ...mean }],
    words: (share) => `${formatPercent(share)} of one core`,
    least: 0.2,
    tick: formatPercent,
  },
  {
    id: "memory",
    title: "Memory",
    lines: [
      { column: "residentBytes", name: "in all", ...mean },
      { column: "heapBytes", name: "JavaScript", ...mean },
    ],
    words: formatBytes,
    least: 1e8,
    tick: formatBytes,
  },
  {
    id: "delay",
    title: "Delay of the event loop",
    lines: [
      { column: "delayHighMs", name: "slowest hundredth", of: "highest" },
      { column: "delayMedianMs", name: "median", ...mean },
    ],
    words: milliseconds,
    least: 10,
    tick: (ms) => `${shortCount(ms)} ms`,
  },
  {
    id: "messages",
    title: "Messages",
    lines: [
      { column: "messagesIn", name: "received", ...perSecond },
      { column: "messagesOut", name: "sent", ...perSecond },
    ],
    words: (rate) => `${formatFigure(rate, rate < 9.95 ? 1 : 0)}/s`,
    least: 10,
    tick: (rate) => `${shortCount(rate)}/s`,
  },
  {
    id: "network",
    title: "Network",
    lines: [
      { column: "bytesIn", name: "received", ...perSecond },
      { column: "bytesOut", name: "sent", ...perSecond },
    ],
    words: formatByteRate,
    least: 1e5,
    tick: formatByteRate,
  },
  {
    id: "store",
    title: "Blocks in the store",
    lines: [{ column: "storeBytes", name: "", ...mean }],
    words: formatBytes,
    least: 1e6,
    tick: formatBytes,
  },
  {
    id: "tasks",
    title: "Tasks",
    lines: [{ column: "tasksDone", name: "", ...perSecond }],
    words: (rate) => formatRate(rate, "tasks"),
    least: 10,
    tick: (rate) => `${shortCount(rate)}/s`,
  },
  {
    id: "threads",
    title: "Threads",
    lines: [
      { column: "threadsComputing", name: "computing", ...mean },
      { column: "threads", name: "joined", ...mean },
    ],
    words: (threads) => formatFigure(threads, Number.isInteger(threads) ? 0 : 1),
    least: 4,
    tick: formatCount,
  },
];

export interface Span {
  readonly ms: number;
  /** On the button. */
  readonly words: string;
  /** "over the last 5 minutes" */
  readonly over: string;
}

export const SPANS: readonly Span[] = [
  { ms: 300_000, words: "5 min", over: "over the last 5 minutes" },
  { ms: 900_000, words: "15 min", over: "over the last 15 minutes" },
  { ms: 3_600_000, words: "1 h", over: "over the last hour" },
];

export interface ShownChart {
  readonly series: Series;
  readonly picture: PlotPicture;
  /** For those who do not see it: the latest, lowest and highest of each line. */
  readonly label: string;
}

export function showChart(chart: Chart, history: History, span: Span): ShownChart {
  const series = seriesOf(history, chart.lines, span.ms);
  const extents = series.lines.map(extentOf);
  const highest = Math.max(0, ...extents.map((extent) => extent?.highest ?? 0));
  const endMs = history.samples.atMs.at(-1) ?? span.ms;
  return {
    series,
    picture: {
      xs: series.xs,
      x: {
        range: [endMs - span.ms, endMs],
        isLog: false,
        isTime: true,
        label: null,
        tick: (atMs) => formatClock(atMs, 60_000),
      },
      y: {
        range: [0, roundMax(highest, chart.least)],
        isLog: false,
        label: null,
        tick: chart.tick,
      },
      layers: series.lines.map((values, at) =>
        at === 0 ? { kind: "line", values } : { kind: "line", values, isSecond: true },
      ),
      marks: [],
    },
    label: `${chart.title} ${span.over}: ${labelWords(chart, extents)}`,
  };
}

function labelWords(chart: Chart, extents: readonly ReturnType<typeof extentOf>[]): string {
  const { words, lines } = chart;
  const parts = lines.map(({ name }, at) => {
    const extent = extents[at];
    if (extent === null || extent === undefined) return "nothing yet";
    const figures = `latest ${words(extent.latest)}, lowest ${words(extent.lowest)}, highest ${words(extent.highest)}`;
    return name === "" ? figures : `${name} ${figures}`;
  });
  return parts.join("; ");
}

/** The values of a chart's lines at a point, the newest by default, as words; "–" where there is none. */
export function valuesAt(chart: Chart, series: Series, index: number | null): readonly string[] {
  return series.lines.map((line) => {
    const value = index === null ? line.at(-1) : line[index];
    return value === null || value === undefined ? "–" : chart.words(value);
  });
}
