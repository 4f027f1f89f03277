// What the job page says: the state of the job in a headline, a sentence, and the figures beside it.
import { unreachable } from "../../../shared/assert.ts";
import type { JobView, WorkerView } from "../../../shared/protocol/messages.ts";
import {
  formatCount,
  formatDuration,
  formatPercent,
  formatPlural,
  formatTimeLeft,
} from "../../components/format.ts";
import { doneShare } from "./job-store.ts";
import type { Estimate } from "./progress-estimate.ts";

type JobPhase = "waiting" | "running" | "collecting" | "paused" | "done" | "failed" | "cancelled";

export interface JobStory {
  readonly phase: JobPhase;
  readonly headline: string;
  /** One sentence that says what it means or what to do; may be empty. */
  readonly text: string;
}

export interface JobFacts {
  readonly job: JobView;
  readonly workers: readonly WorkerView[];
  readonly estimate: Estimate | null;
  readonly pairsTotal: number;
  readonly pairsKnown: number;
}

/** "24.5 million", "8,000". */
export function formatLarge(value: number): string {
  if (value < 1_000_000) return formatCount(value);
  const millions = value / 1_000_000;
  const [figure, unit] = millions < 1_000 ? [millions, "million"] : [millions / 1_000, "billion"];
  return `${figure < 99.95 ? figure.toFixed(1) : formatCount(figure)} ${unit}`;
}

export function jobStory(facts: JobFacts): JobStory {
  const { job } = facts;
  switch (job.state) {
    case "running":
      return runningStory(facts);
    case "paused":
      return {
        phase: "paused",
        headline: `Paused at ${formatPercent(doneShare(job))}`,
        text: "What is computed stays computed. Resume to go on from here.",
      };
    case "done":
      return doneStory(facts);
    case "failed":
      return {
        phase: "failed",
        headline: `Stopped at ${formatPercent(doneShare(job))}: one part could not be computed`,
        text: `${sentence(job.failure?.message ?? "No reason is known")} ${partialWords(facts)}`,
      };
    case "cancelled":
      return {
        phase: "cancelled",
        headline: `Cancelled at ${formatPercent(doneShare(job))}`,
        text: partialWords(facts),
      };
    default:
      return unreachable(job.state);
  }
}

function runningStory({ job, workers, estimate, pairsTotal }: JobFacts): JobStory {
  const active = workers.filter((worker) => worker.state !== "paused" && worker.state !== "silent");
  const threads = active.reduce((sum, worker) => sum + worker.threads, 0);
  if (threads === 0 && job.targetsDone < job.targetsTotal) {
    return {
      phase: "waiting",
      headline: "Waiting for a machine",
      text:
        workers.length === 0
          ? "No machine has joined yet. Open the join address of the dashboard on any device; the work starts by itself."
          : "Every machine is paused or silent. Resume one, or join another; the work goes on by itself.",
    };
  }
  if (job.tasksDone === job.tasksTotal) {
    return {
      phase: "collecting",
      headline: "Nearly done: storing the last results",
      text: "Every pair is computed; the last results are on their way from the machines.",
    };
  }
  const where = `${formatPlural(threads, "thread")} on ${formatPlural(active.length, "machine")}`;
  const pace =
    estimate === null
      ? "measuring the speed"
      : `${formatLarge(Math.round(estimate.sharePerSecond * pairsTotal))} pairs/s`;
  const left = estimate === null ? "" : `, ${formatTimeLeft(estimate.leftMs)}`;
  return {
    phase: "running",
    headline: `Computing: ${formatPercent(doneShare(job))}${left}`,
    text: `${where}, ${pace}`,
  };
}

function doneStory({ job, pairsTotal, pairsKnown }: JobFacts): JobStory {
  const tookMs = job.finishedAtMs === null ? null : job.finishedAtMs - job.submittedAtMs;
  const headline = tookMs === null ? "Done" : `Done in ${formatDuration(tookMs)}`;
  if (pairsKnown < pairsTotal) {
    const share = formatPercent(pairsTotal === 0 ? 1 : pairsKnown / pairsTotal);
    return {
      phase: "done",
      headline,
      text: `The results are on their way to this page: ${share}.`,
    };
  }
  const perSecond = tookMs === null || tookMs <= 0 ? 0 : (pairsTotal / tookMs) * 1_000;
  const pace =
    perSecond < 1 ? "" : `, ${formatLarge(Math.round(perSecond))} pairs/s from start to end`;
  return { phase: "done", headline, text: `${formatPlural(pairsTotal, "pair")}${pace}.` };
}

function partialWords({ job, pairsTotal }: JobFacts): string {
  if (job.targetsDone === 0) return "No pair was computed before that.";
  const pairs = Math.round(doneShare(job) * pairsTotal);
  return `The results until then (about ${formatLarge(pairs)} of ${formatLarge(pairsTotal)} pairs) are shown below.`;
}

const sentence = (text: string): string => (/[.!?]$/.test(text.trim()) ? text : `${text}.`);

/** A file name without characters that some system refuses: "daily prices.csv" gives "daily-prices". */
export function fileStem(datasetName: string): string {
  const stem = datasetName
    .replace(/\.[a-z0-9]{1,5}$/i, "")
    .replace(/[^\p{L}\p{N}]+/gu, "-")
    .replace(/^-+|-+$/g, "");
  return stem === "" ? "table" : stem.slice(0, 80);
}
