// Where the threads' time went: the figures behind the timing section.
import type { JobView, WorkerView } from "../../../shared/protocol/messages.ts";

type Timing = JobView["timing"];
type WorkerTiming = Timing["workers"][number];

export interface TimingPart {
  readonly key: "compute" | "transfer" | "wait";
  readonly ms: number;
  /** Of the sum of the three parts, 0 to 1. */
  readonly share: number;
}

/** Computing, moving inputs, waiting for a thread; shares add up to 1 unless nothing was timed. */
export function timingParts(
  timing: Pick<WorkerTiming, "computeMs" | "fetchMs" | "waitMs">,
): readonly [TimingPart, TimingPart, TimingPart] {
  const total = timing.computeMs + timing.fetchMs + timing.waitMs;
  const part = (key: TimingPart["key"], ms: number): TimingPart => ({
    key,
    ms,
    share: total === 0 ? 0 : ms / total,
  });
  return [
    part("compute", timing.computeMs),
    part("transfer", timing.fetchMs),
    part("wait", timing.waitMs),
  ];
}

export interface WorkerShare {
  readonly timing: WorkerTiming;
  /** The machine as it is now; null when it has left. */
  readonly worker: WorkerView | null;
  /** Of all computing, 0 to 1. */
  readonly share: number;
}

/** The machines that worked on the job, the largest share first; ties by name. */
export function workerShares(timing: Timing, workers: readonly WorkerView[]): WorkerShare[] {
  const present = new Map(workers.map((worker) => [worker.worker, worker]));
  const total = timing.workers.reduce((sum, one) => sum + one.computeMs, 0);
  return timing.workers
    .map((one) => ({
      timing: one,
      worker: present.get(one.worker) ?? null,
      share: total === 0 ? 0 : one.computeMs / total,
    }))
    .sort(
      (a, b) =>
        b.timing.computeMs - a.timing.computeMs || a.timing.name.localeCompare(b.timing.name),
    );
}

/** How many threads computed on average, from start to end (or now); null when it cannot be said. */
export function busyThreads(job: JobView): number | null {
  if (job.finishedAtMs === null) return null;
  const elapsedMs = job.finishedAtMs - job.submittedAtMs;
  return elapsedMs > 0 && job.timing.computeMs > 0 ? job.timing.computeMs / elapsedMs : null;
}
