// What the list of jobs says about each.
import { unreachable } from "../../../shared/assert.ts";
import {
  CORRELATION_KIND,
  parseCorrelationMeta,
  type CorrelationMeta,
} from "../../../shared/correlation/plan.ts";
import type { DatasetId } from "../../../shared/ids.ts";
import {
  MONTE_CARLO_KIND,
  parseMonteCarloMeta,
  type MonteCarloMeta,
} from "../../../shared/monte-carlo/plan.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";
import {
  formatDuration,
  formatPercent,
  formatPlain,
  formatPlural,
} from "../../components/format.ts";
import { CONTROL_WORDS } from "../monte-carlo/monte-carlo-words.ts";

/** Jobs shown before "Show all": what fits a glance. */
export const RECENT_JOBS_MAX = 6;

/** The share of the work that is done, 0 to 1; targets count, since they are what one waits for. */
export function progressOf(job: JobView): number {
  if (job.state === "done") return 1;
  return job.tasksTotal === 0 ? 0 : job.tasksDone / job.tasksTotal;
}

export function jobWords(job: JobView): string {
  const doneWords = formatPercent(progressOf(job));
  switch (job.state) {
    case "running":
      if (job.isOpen && job.targetsDone + job.targetsFailed === job.targetsTotal) return "Open";
      if (job.tasksRunning === 0 && job.tasksDone === 0) return "Waiting for machines";
      return job.tasksDone === job.tasksTotal ? "Storing the results" : `${doneWords} done`;
    case "paused":
      return `Paused at ${doneWords}`;
    case "done":
      return job.finishedAtMs === null
        ? "Done"
        : `Done in ${formatDuration(job.finishedAtMs - job.submittedAtMs)}`;
    case "failed":
      return `Failed at ${doneWords}`;
    case "cancelled":
      // Whether that was at the target only the job's page can tell, which reads the results.
      return simulationMetaOf(job)?.targetStandardError == null
        ? `Cancelled at ${doneWords}`
        : "Stopped early";
    default:
      return unreachable(job.state);
  }
}

/** The options of a correlation job; null for other kinds of job. */
function correlationMetaOf(job: JobView): CorrelationMeta | null {
  if (job.kind !== CORRELATION_KIND) return null;
  try {
    return parseCorrelationMeta(job.meta);
  } catch {
    return null;
  }
}

function simulationMetaOf(job: JobView): MonteCarloMeta | null {
  if (job.kind !== MONTE_CARLO_KIND) return null;
  try {
    return parseMonteCarloMeta(job.meta);
  } catch {
    return null;
  }
}

/** "2,000 series × 2,500 dates", or what a simulation is of. */
export function jobSizeWords(job: JobView): string | null {
  const simulation = simulationMetaOf(job);
  if (simulation !== null) return simulationWords(simulation);
  const meta = correlationMetaOf(job);
  if (meta === null) return null;
  const series = formatPlural(meta.seriesCount, "series", "series");
  return `${series} × ${formatPlural(meta.dateCount, "date")}`;
}

/** "1,460 prices a path, until ± 0.01": what the title leaves out. */
function simulationWords({ scenarios, control, targetStandardError }: MonteCarloMeta): string {
  const points = Math.max(...scenarios.map((option) => option.points));
  return [
    `${formatPlural(points, "price")} a path`,
    ...(control === "none" ? [] : [CONTROL_WORDS[control]]),
    ...(targetStandardError === null ? [] : [`until ± ${formatPlain(targetStandardError)}`]),
  ].join(", ");
}

/** A table that the coordinator still has, as earlier jobs name it. */
export interface KnownTable {
  readonly dataset: DatasetId;
  readonly name: string;
  readonly seriesCount: number;
}

/** Tables of earlier jobs, the last used first, each once. */
export function knownTables(jobs: readonly JobView[], countMax: number): readonly KnownTable[] {
  const tables = new Map<DatasetId, KnownTable>();
  for (const job of newestFirst(jobs)) {
    const meta = correlationMetaOf(job);
    if (meta === null || tables.has(meta.dataset)) continue;
    const name = job.title.replace(/^Correlate /, "");
    tables.set(meta.dataset, { dataset: meta.dataset, name, seriesCount: meta.seriesCount });
    if (tables.size === countMax) break;
  }
  return [...tables.values()];
}

export const newestFirst = (jobs: readonly JobView[]): readonly JobView[] =>
  jobs.toSorted((a, b) => b.submittedAtMs - a.submittedAtMs);
