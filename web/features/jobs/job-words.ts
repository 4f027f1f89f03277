// What the job page says: the state of the job in a headline, a sentence, and the figures beside it.
import { unreachable } from "../../../shared/assert.ts";
import type { JobView, WorkerView } from "../../../shared/protocol/messages.ts";
import {
  formatDuration,
  formatLarge,
  formatPercent,
  formatPlural,
  formatTimeLeft,
} from "../../components/format.ts";
import type { Estimate } from "./progress-estimate.ts";
import { withNames } from "./story-words.ts";

type JobPhase =
  | "waiting"
  | "open"
  | "running"
  | "collecting"
  | "paused"
  | "done"
  | "failed"
  | "cancelled";

export interface JobStory {
  readonly phase: JobPhase;
  readonly headline: string;
  /** One sentence that says what it means or what to do; may be empty. */
  readonly text: string;
}

/** What the work of a job is counted in, as its kind has it. */
export interface JobWork {
  /** "pair" and "pairs". */
  readonly one: string;
  readonly many: string;
  readonly total: number;
  /** Of the total, what this page has. */
  readonly known: number;
  /** What else is worth counting a second: a name and how many the whole job has. */
  readonly alsoCounted?: { readonly many: string; readonly total: number };
}

/** Of a program's job, or one whose results cannot be read yet. */
export const programWork = ({ targetsTotal }: JobView): JobWork => ({
  one: "result",
  many: "results",
  total: targetsTotal,
  known: targetsTotal,
});

/** What the page of a program's job says under its title. */
export const programAbout = ({ isOpen }: JobView): string =>
  isOpen ? "Asked for by a program, which may ask for more" : "Asked for by a program";

export interface JobFacts {
  readonly job: JobView;
  readonly workers: readonly WorkerView[];
  readonly estimate: Estimate | null;
  readonly work: JobWork;
}

/**
 * The share of the job that is computed, 0 to 1. Targets are what one waits for; of a job that ended
 * early the coordinator tells only its tasks.
 */
export function doneShare(job: JobView): number {
  const isCutShort = job.state === "failed" || job.state === "cancelled";
  const [done, total] = isCutShort
    ? [job.tasksDone, job.tasksTotal]
    : [job.targetsDone, job.targetsTotal];
  return total === 0 ? 0 : done / total;
}

export const knownShare = ({ known, total }: JobWork): number => (total === 0 ? 1 : known / total);

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
      return failedStory(facts);
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

function failedStory(facts: JobFacts): JobStory {
  const { job, workers } = facts;
  const names = new Map<string, string>(
    [...job.timing.workers, ...workers].map(({ worker, name }) => [worker, name]),
  );
  const { failure } = job;
  const reason = failure?.thrown ?? withNames(failure?.message ?? "No reason is known", names);
  return {
    phase: "failed",
    headline: `Ended at ${formatPercent(doneShare(job))}: a part could not be computed`,
    text: `${sentence(reason)} ${partialWords(facts)}`,
  };
}

function runningStory({ job, workers, estimate, work }: JobFacts): JobStory {
  const active = workers.filter((worker) => worker.state !== "paused" && worker.state !== "silent");
  const threads = active.reduce((sum, worker) => sum + worker.threads, 0);
  if (threads === 0 && job.targetsDone + job.targetsFailed < job.targetsTotal) {
    return {
      phase: "waiting",
      headline: "Waiting for a machine",
      text:
        workers.length === 0
          ? "No machine has joined yet. Open the join address of the dashboard on any device; the work starts by itself."
          : "Every machine is paused or silent. Resume one, or join another; the work goes on by itself.",
    };
  }
  if (job.isOpen && job.targetsDone + job.targetsFailed === job.targetsTotal) {
    return {
      phase: "open",
      headline: "Open: all that was asked for is there",
      text: "The program that sent it may ask for more. It ends when the program, or you, close it.",
    };
  }
  if (job.tasksDone === job.tasksTotal) {
    return {
      phase: "collecting",
      headline: "Nearly done: storing the last results",
      text: `Every ${work.one} is computed; the last results are on their way from the machines.`,
    };
  }
  const where = `${formatPlural(threads, "thread")} on ${formatPlural(active.length, "machine")}`;
  const pace = estimate === null ? "measuring the speed" : paceWords(work, estimate.sharePerSecond);
  const left = estimate === null ? "" : `, ${formatTimeLeft(estimate.leftMs)}`;
  return {
    phase: "running",
    headline: `Computing: ${formatPercent(doneShare(job))}${left}`,
    text: `${where}, ${pace}`,
  };
}

/** "1.2 million paths/s, 1.8 billion steps/s". */
function paceWords({ many, total, alsoCounted }: JobWork, sharePerSecond: number): string {
  const rate = (whole: number, unit: string): string =>
    `${formatLarge(Math.round(sharePerSecond * whole))} ${unit}/s`;
  const pace = rate(total, many);
  return alsoCounted === undefined ? pace : `${pace}, ${rate(alsoCounted.total, alsoCounted.many)}`;
}

function doneStory({ job, work }: JobFacts): JobStory {
  const tookMs = job.finishedAtMs === null ? null : job.finishedAtMs - job.submittedAtMs;
  const headline = tookMs === null ? "Done" : `Done in ${formatDuration(tookMs)}`;
  if (work.known < work.total) {
    const share = formatPercent(knownShare(work));
    return {
      phase: "done",
      headline,
      text: `The results are on their way to this page: ${share}.`,
    };
  }
  const sharePerSecond = tookMs === null || tookMs <= 0 ? 0 : 1_000 / tookMs;
  const pace =
    sharePerSecond * work.total < 1 ? "" : `, ${paceWords(work, sharePerSecond)} from start to end`;
  return {
    phase: "done",
    headline,
    text: `${formatPlural(work.total, work.one, work.many)}${pace}.`,
  };
}

function partialWords({ job, work }: JobFacts): string {
  const share = doneShare(job);
  if (share === 0) return `No ${work.one} was computed before that.`;
  const [done, total] = [Math.round(share * work.total), work.total].map(formatLarge);
  return `The results until then (about ${done} of ${total} ${work.many}) are shown below.`;
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
