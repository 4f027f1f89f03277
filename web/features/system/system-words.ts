// How the coordinator is just now, in plain words.
import {
  formatBytes,
  formatByteRate,
  formatFigure,
  formatPercent,
  formatPlural,
  formatRate,
  formatSpan,
} from "../../components/format.ts";
import { latest, type History } from "./system-history.ts";

/** Seconds that the current figures are means of: single ones flicker. */
const RECENT_SAMPLES = 5;

export interface Figure {
  readonly label: string;
  readonly value: string;
  /** What that means. */
  readonly detail: string;
}

const recent = (values: readonly number[]): number => {
  const last = values.slice(-RECENT_SAMPLES);
  return last.length === 0 ? 0 : last.reduce((sum, value) => sum + value, 0) / last.length;
};

function delayVerdict(delayMs: number): string {
  if (delayMs < 20) return "It answers at once";
  return delayMs < 200 ? "It answers a little late" : "It is overloaded: answers come late";
}

/** Null before the first sample. */
export function systemFigures(history: History): readonly Figure[] | null {
  const { samples, about, intervalMs } = history;
  if (samples.atMs.length === 0 || about === null) return null;
  const rate = (values: readonly number[]): number => (recent(values) * 1_000) / intervalMs;
  const delayMs = recent(samples.delayHighMs);
  return [
    {
      label: "Processor",
      value: formatPercent(recent(samples.cpuShare)),
      detail: `of one core; it has ${formatPlural(about.cores, "core")}`,
    },
    {
      label: "Memory",
      value: formatBytes(latest(history, "residentBytes") ?? 0),
      detail: `of ${formatBytes(about.memoryBytes)}`,
    },
    {
      label: "Timers",
      value: `${formatFigure(delayMs, delayMs < 9.95 ? 1 : 0)} ms late`,
      detail: delayVerdict(delayMs),
    },
    {
      label: "Network",
      value: formatByteRate(rate(samples.bytesIn) + rate(samples.bytesOut)),
      detail: `${formatByteRate(rate(samples.bytesIn))} in, ${formatByteRate(rate(samples.bytesOut))} out`,
    },
    {
      label: "Store",
      value: formatBytes(latest(history, "storeBytes") ?? 0),
      detail: "blocks kept on its disk",
    },
    {
      label: "Tasks",
      value: formatRate(rate(samples.tasksDone), "tasks"),
      detail: `${formatFigure(recent(samples.threadsComputing), 0)} of ${formatPlural(latest(history, "threads") ?? 0, "thread")} computing`,
    },
  ];
}

/** "Tabswarm 0.1.0 on Node 20.19.4, Linux x64; up for 2 h 5 min"; null before the first answer. */
export function aboutWords({ about }: History, nowMs: number): string | null {
  if (about === null) return null;
  const { version, node, system, startedAtMs } = about;
  const plainNode = node.replace(/^v/, "");
  return `Tabswarm ${version} on Node ${plainNode}, ${system}; up for ${formatSpan(nowMs - startedAtMs)}`;
}
