// The cluster in four figures: machines, threads that compute, tasks a second, memory held.
import type { WorkerView } from "../../../shared/protocol/messages.ts";
import { formatBytes, formatCount, formatRate } from "../../components/format.ts";
import type { History } from "../system/system-history.ts";

/** The sparkline shows a minute. */
const MINUTE_MS = 60_000;
/** Seconds that the rate is the mean of: single ones flicker. */
const RATE_SAMPLES = 3;

export interface Glance {
  readonly machines: number;
  readonly threads: number;
  readonly computing: number;
  /** Null before the coordinator told. */
  readonly tasksPerSecond: number | null;
  /** Tasks a second in each second of the last minute, oldest first. */
  readonly lastMinute: readonly number[];
  readonly memoryBytes: number;
}

export function glanceOf(workers: readonly WorkerView[], history: History): Glance {
  const { samples, intervalMs } = history;
  const endMs = samples.atMs.at(-1) ?? 0;
  const first = samples.atMs.findIndex((atMs) => atMs > endMs - MINUTE_MS);
  const perSecond = 1_000 / intervalMs;
  const lastMinute =
    first === -1 ? [] : samples.tasksDone.slice(first).map((tasks) => tasks * perSecond);
  const recent = lastMinute.slice(-RATE_SAMPLES);
  return {
    machines: workers.length,
    threads: sumOf(workers, ({ threads }) => threads),
    // A status may be older than a change of the threads.
    computing: sumOf(workers, ({ running, threads }) => Math.min(running, threads)),
    tasksPerSecond:
      recent.length === 0 ? null : recent.reduce((sum, rate) => sum + rate, 0) / recent.length,
    lastMinute,
    memoryBytes: sumOf(workers, ({ condition }) => condition.memoryBytes),
  };
}

const sumOf = (workers: readonly WorkerView[], of: (worker: WorkerView) => number): number =>
  workers.reduce((sum, worker) => sum + of(worker), 0);

export interface GlanceFigure {
  readonly label: string;
  readonly value: string;
  readonly detail: string;
}

export function glanceFigures(glance: Glance): readonly GlanceFigure[] {
  const { machines, threads, computing, tasksPerSecond, memoryBytes } = glance;
  return [
    { label: "Machines", value: formatCount(machines), detail: "joined" },
    {
      label: "Threads computing",
      value: formatCount(computing),
      detail: `of ${formatCount(threads)}`,
    },
    {
      label: "Rate",
      value: tasksPerSecond === null ? "–" : formatRate(tasksPerSecond, "tasks"),
      detail: "",
    },
    { label: "Memory held", value: formatBytes(memoryBytes), detail: "in their pages" },
  ];
}

/** The points of a line over the minute in a box, as SVG wants them; empty where there is no line. */
export function sparkPoints(values: readonly number[], width: number, height: number): string {
  if (values.length < 2) return "";
  const highest = Math.max(...values, 1);
  return values
    .map((value, at) => {
      const x = (at / (values.length - 1)) * width;
      const y = height - (value / highest) * height;
      return `${x.toFixed(1)},${y.toFixed(1)}`;
    })
    .join(" ");
}
