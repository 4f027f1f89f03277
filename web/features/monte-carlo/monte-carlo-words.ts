// What the page of a simulation says: its state, what is simulated, and how good the estimate is.
import { unreachable } from "../../../shared/assert.ts";
import type { AsianOption, Control } from "../../../shared/monte-carlo/asian-option.ts";
import type { MonteCarloMeta } from "../../../shared/monte-carlo/plan.ts";
import type { JobView, WorkerView } from "../../../shared/protocol/messages.ts";
import {
  digitsOf,
  formatCount,
  formatDuration,
  formatFigure,
  formatPlain,
  formatRound,
  formatTimeLeft,
} from "../../components/format.ts";
import { doneShare, jobStory, knownShare, type JobStory, type JobWork } from "../jobs/job-words.ts";
import type { Estimate } from "../jobs/progress-estimate.ts";
import type { MonteCarloShown } from "./monte-carlo-reader.ts";

export interface SimulationFacts {
  readonly job: JobView;
  readonly workers: readonly WorkerView[];
  readonly estimate: Estimate | null;
  readonly shown: MonteCarloShown;
  /** Whether results are known to exist that this page does not have yet. */
  readonly isArriving: boolean;
}

export const CONTROL_WORDS: Record<Control, string> = {
  none: "plain",
  antithetic: "antithetic pairs",
  geometric: "geometric control",
};

/** Paths of all scenarios; once the target is reached nothing more is waited for. */
export function simulationWork({ meta, pathsDone, isTargetReached }: MonteCarloShown): JobWork {
  const total = meta.paths * meta.scenarios.length;
  const steps = meta.scenarios.reduce((sum, { points }) => sum + meta.paths * (points - 1), 0);
  return {
    one: "path",
    many: "paths",
    total,
    known: isTargetReached ? total : pathsDone * meta.scenarios.length,
    ...(steps === 0 ? {} : { alsoCounted: { many: "steps", total: steps } }),
  };
}

/** "± 0.0051": with two figures, or more of them. */
export const errorWords = (standardError: number, moreDigits = 0): string =>
  `± ${formatFigure(standardError, digitsOf(standardError) + moreDigits)}`;

/**
 * Paths that the target will take, by the error so far, which falls with the root of their number;
 * all of them where that is not enough.
 */
function pathsNeeded({ meta, pathsDone, standardError }: MonteCarloShown): number {
  const { targetStandardError, paths } = meta;
  if (targetStandardError === null || standardError === null || !(standardError > 0)) return paths;
  return Math.min(paths, pathsDone * (standardError / targetStandardError) ** 2);
}

/** How far the job is and how much of it this page has, both from 0 to 1. */
export function simulationShares(facts: SimulationFacts): { done: number; known: number } {
  const { job, shown } = facts;
  const known = knownShare(simulationWork(shown));
  const done = doneShare(job);
  if (shown.isTargetReached) return { done: 1, known: 1 };
  const needed = pathsNeeded(shown) / shown.meta.paths;
  // Only just not reached is not reached.
  const ofNeeded = (share: number): number => Math.min(share / needed, 0.99);
  if (needed >= 1 || needed <= 0) return { done, known };
  return { done: ofNeeded(done), known: ofNeeded(known) };
}

export function simulationStory(facts: SimulationFacts): JobStory {
  const { job, workers, estimate, shown } = facts;
  const story = jobStory({ job, workers, estimate, work: simulationWork(shown) });
  const target = shown.meta.targetStandardError;
  if (target === null || shown.standardError === null) {
    const isUnsure = target !== null && facts.isArriving && job.state === "cancelled";
    return isUnsure ? arrivingStory : story;
  }
  if (shown.isTargetReached) return reachedStory(facts, story, target, shown.standardError);
  if (story.phase === "running") {
    const left = estimate === null ? "" : `, ${formatTimeLeft(leftMs(shown, estimate))}`;
    // One figure more than elsewhere: near the end two would read as the target itself.
    const error = errorWords(shown.standardError, 1);
    const headline = `Computing: ${error} of ± ${formatPlain(target)} wanted${left}`;
    return { ...story, headline };
  }
  if (story.phase === "done") {
    const paths = shown.meta.paths * (shown.standardError / target) ** 2;
    const text =
      `${errorWords(shown.standardError)} after all ${formatRound(shown.meta.paths)} paths: the ` +
      `± ${formatPlain(target)} asked for would need about ${roughly(paths)}.`;
    return facts.isArriving ? story : { ...story, text };
  }
  // A cancelled job may have reached its target: that shows when its last result is here.
  return story.phase === "cancelled" && facts.isArriving ? arrivingStory : story;
}

const arrivingStory: JobStory = {
  phase: "collecting",
  headline: "Stopped early",
  text: "The results until then are on their way to this page.",
};

function reachedStory(
  { job, shown }: SimulationFacts,
  story: JobStory,
  target: number,
  standardError: number,
): JobStory {
  const { meta, pathsDone } = shown;
  const reached = `${errorWords(standardError)}, within the ± ${formatPlain(target)} asked for`;
  switch (job.state) {
    case "running":
    case "paused":
      return {
        phase: "collecting",
        headline: "Target reached: storing the results",
        text: `${reached}. The paths that are left are not computed.`,
      };
    case "done":
    case "cancelled": {
      const tookMs = job.finishedAtMs === null ? null : job.finishedAtMs - job.submittedAtMs;
      const headline =
        tookMs === null ? "Target reached" : `Target reached in ${formatDuration(tookMs)}`;
      const needed = `${formatCount(pathsDone)} of at most ${formatRound(meta.paths)} paths were needed`;
      return { phase: "done", headline, text: `${reached}: ${needed}.` };
    }
    case "failed":
      return { ...story, text: `${story.text} The target was reached before that: ${reached}.` };
    default:
      return unreachable(job.state);
  }
}

function leftMs(shown: MonteCarloShown, { sharePerSecond }: Estimate): number {
  const { paths } = shown.meta;
  return ((pathsNeeded(shown) - shown.pathsDone) / paths / sharePerSecond) * 1_000;
}

/** A number of paths as people would round it: "3.3 million". */
function roughly(paths: number): string {
  const rounded = Number(paths.toPrecision(2));
  return `${formatRound(rounded)} paths`;
}

const LABELS = {
  type: ({ type }: AsianOption) => (type === "call" ? "Call" : "Put"),
  strike: ({ strike }: AsianOption) => `strike ${formatPlain(strike)}`,
  s0: ({ s0 }: AsianOption) => `first price ${formatPlain(s0)}`,
  sigma: ({ sigma }: AsianOption) => `volatility ${percent(sigma)}`,
  mu: ({ mu }: AsianOption) => `drift ${percent(mu)} a year`,
} as const;

const percent = (share: number): string => `${formatPlain(share * 100)}%`;

/** One line of what all scenarios have in common: "Call · strike 100 · first price 100 · …". */
export function simulationAbout(meta: MonteCarloMeta): string {
  const [first, ...rest] = meta.scenarios;
  if (first === undefined) return "";
  const isCommon = (key: keyof typeof LABELS): boolean =>
    rest.every((option) => option[key] === first[key]);
  const common = (Object.keys(LABELS) as (keyof typeof LABELS)[])
    .filter(isCommon)
    .map((key) => LABELS[key](first));
  return [
    ...(rest.length > 0 ? [`${meta.scenarios.length} scenarios`] : []),
    ...common,
    `average of ${formatCount(first.points)} prices${spanWords(first)}`,
    first.discounted ? "discounted" : "not discounted",
    CONTROL_WORDS[meta.control],
    `seed ${meta.seed}`,
  ].join(" · ");
}

/** " over 4 years"; nothing where it would not be said in a few digits. */
export function spanWords({ points, stepsPerYear }: Pick<AsianOption, "points" | "stepsPerYear">) {
  const years = Number((points / stepsPerYear).toPrecision(2));
  return years === 1 ? " over 1 year" : ` over ${formatPlain(years)} years`;
}
