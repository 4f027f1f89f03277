// About how long a simulation will take, by the speed of the last one on this cluster.
import {
  MONTE_CARLO_KIND,
  parseMonteCarloMeta,
  type MonteCarloOptions,
} from "../../../shared/monte-carlo/plan.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";

/** Steps of all paths of all scenarios. */
export const stepsOf = ({ scenarios, paths }: Pick<MonteCarloOptions, "scenarios" | "paths">) =>
  scenarios.reduce((sum, { points }) => sum + paths * (points - 1), 0);

/** Less than this was mostly starting up. */
const COMPUTE_MS_MIN = 200;

/** Steps that one thread makes in a millisecond, by the newest job that tells; null without one. */
export function stepsPerThreadMs(jobs: readonly JobView[]): number | null {
  const newest = jobs
    .filter((job) => job.kind === MONTE_CARLO_KIND && job.timing.computeMs >= COMPUTE_MS_MIN)
    .toSorted((a, b) => b.submittedAtMs - a.submittedAtMs);
  for (const job of newest) {
    const steps = stepsDone(job);
    if (steps > 0) return steps / job.timing.computeMs;
  }
  return null;
}

function stepsDone(job: JobView): number {
  try {
    const share = job.tasksTotal === 0 ? 0 : job.tasksDone / job.tasksTotal;
    return stepsOf(parseMonteCarloMeta(job.meta)) * share;
  } catch {
    // A job of another version tells nothing here.
    return 0;
  }
}

/** Milliseconds; null where it cannot be said. */
export function expectedMs(
  options: MonteCarloOptions,
  jobs: readonly JobView[],
  threads: number,
): number | null {
  const pace = stepsPerThreadMs(jobs);
  return pace === null || threads === 0 ? null : stepsOf(options) / pace / threads;
}
