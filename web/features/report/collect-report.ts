// Gathers what a report tells of a job that is over: result, timing, attempts, failures.
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import type { TargetFailure } from "../../../shared/graph/task.ts";
import type { JobResult, JobView } from "../../../shared/protocol/messages.ts";
import {
  formatBytes,
  formatClock,
  formatCount,
  formatDay,
  formatDuration,
  formatPercent,
  formatPlural,
  formatTimes,
} from "../../components/format.ts";
import { headlineOf, knownFailures } from "../jobs/failure-groups.ts";
import type { JobShown } from "../jobs/job-readers.ts";
import { jobStory, programWork } from "../jobs/job-words.ts";
import { speedUpOf } from "../jobs/speed-up.ts";
import { withNames } from "../jobs/story-words.ts";
import { busyThreads, timingParts, workerShares } from "../jobs/timing-model.ts";
import { listed } from "../program/program-store.ts";
import { ActivityHistory } from "../stream/activity-core.ts";
import { readActivity } from "../stream/activity-store.ts";
import { layOut } from "../stream/stream-layout.ts";
import type { Html } from "./html-text.ts";
import { ROWS_MAX, type Report, type ReportTable } from "./report-model.ts";
import {
  correlationParts,
  programParts,
  simulationParts,
  type ResultParts,
} from "./result-parts.ts";
import { streamSvg } from "./stream-svg.ts";

export interface ReportSource {
  readonly job: JobView;
  /** What the page shows of the result; null for the job of a program. */
  readonly shown: JobShown | null;
  /** What the page says that the job is. */
  readonly about: string;
  readonly client: Pick<ClusterClient, "read" | "follow">;
  readonly nowMs: number;
}

/** Rejects with ClusterError when the coordinator does not answer. */
export async function collectReport(source: ReportSource): Promise<Report> {
  const { job, shown, client, about, nowMs } = source;
  const history = new ActivityHistory();
  const [program] = await Promise.all([
    shown === null ? readTargets(job, client) : null,
    readActivity(history, { client, job: job.job }),
  ]);
  const parts = await partsOf(shown, program, job);
  const failures = failuresOf(job, program?.failures ?? []);
  const { headline } = jobStory({ job, workers: [], estimate: null, work: programWork(job) });
  const endedMs = job.finishedAtMs ?? nowMs;
  return {
    title: job.title,
    about,
    outcome: headline,
    when: `${formatDay(job.submittedAtMs)}, ${formatClock(job.submittedAtMs, 1_000)} to ${formatClock(endedMs, 1_000)}`,
    ...parts,
    timing: timingFigures(job),
    machines: machinesTable(job),
    stream: streamOf(history),
    failures,
    madeBy: `Made with Tabswarm on ${formatDay(nowMs)}, ${formatClock(nowMs, 60_000)}. This file asks for nothing from any network.`,
  };
}

interface Targets {
  readonly results: readonly JobResult[];
  readonly failures: readonly TargetFailure[];
}

async function partsOf(
  shown: JobShown | null,
  program: Targets | null,
  job: JobView,
): Promise<ResultParts> {
  if (shown?.kind === "correlation") return correlationParts(shown);
  if (shown?.kind === "monte-carlo") return simulationParts(shown);
  const latest = (program?.results ?? []).slice(-ROWS_MAX).toReversed();
  return programParts(latest.map(listed), job.targetsDone);
}

/** All targets of a job that is over, as they are told once. */
function readTargets(job: JobView, client: Pick<ClusterClient, "follow">): Promise<Targets> {
  return new Promise((resolve) => {
    const results: JobResult[] = [];
    const failures: TargetFailure[] = [];
    const stop = client.follow(job.job, {
      onResults: (news) => void results.push(...news),
      onFailures: (news) => void failures.push(...news),
      // The end may be told while `follow` still runs, before there is anything to stop.
      onEnd: () =>
        queueMicrotask(() => {
          stop();
          resolve({ results, failures });
        }),
    });
  });
}

function failuresOf(job: JobView, told: readonly TargetFailure[]): string[] {
  const failures = knownFailures(job, told);
  const names = new Map(job.timing.workers.map(({ worker, name }) => [String(worker), name]));
  const texts = failures.slice(0, ROWS_MAX).map((failure) => withNames(headlineOf(failure), names));
  const left = failures.length - texts.length;
  return [...texts, ...(left > 0 ? [`${formatCount(left)} more failures`] : [])];
}

function timingFigures(job: JobView) {
  const [compute, transfer, wait] = timingParts(job.timing);
  const share = (part: typeof compute): string =>
    `${formatDuration(part.ms)}, ${formatPercent(part.share)}`;
  const busy = busyThreads(job);
  const speedUp = speedUpOf(job);
  return [
    ...(speedUp === null
      ? []
      : [
          {
            name: `As fast as ${speedUp.name} alone, the best machine`,
            value: formatTimes(speedUp.factor),
          },
        ]),
    { name: "Computing", value: share(compute) },
    { name: "Moving data", value: share(transfer) },
    { name: "Waiting for a thread", value: share(wait) },
    { name: "Data moved to machines", value: formatBytes(job.timing.bytesMoved) },
    ...(busy === null ? [] : [{ name: "Threads computing on average", value: busy.toFixed(1) }]),
  ];
}

function machinesTable(job: JobView): ReportTable {
  const all = workerShares(job.timing, []);
  const rows = all
    .slice(0, ROWS_MAX)
    .map(({ timing, share }) => [
      timing.name,
      formatPercent(share),
      formatCount(timing.tasks),
      formatDuration(timing.computeMs),
      formatDuration(timing.fetchMs),
      formatDuration(timing.waitMs),
      formatBytes(timing.bytesFetched),
    ]);
  const left = all.length - rows.length;
  return {
    title: "Machines",
    head: ["Machine", "Share", "Tasks", "Computing", "Moving data", "Waiting", "Received"],
    rows,
    note: left > 0 ? `And ${formatPlural(left, "more machine")}.` : "",
  };
}

function streamOf(history: ActivityHistory): Html | null {
  const [fromMs, toMs] = [history.firstMs, history.lastMs];
  if (fromMs === null || toMs === null) return null;
  return streamSvg(layOut(history.machines, new Map(), []), { fromMs, toMs });
}
