// Who follows which job's results, over reconnects, each result delivered once to each follower.
import type { JobId, TaskKey } from "../ids.ts";
import type { ClientMessage, JobResult } from "../protocol/messages.ts";

type ResultsListener = (results: readonly JobResult[], isLast: boolean) => void;

export interface JobWatches {
  add(job: JobId, listener: ResultsListener): () => void;
  /** Results came from the coordinator. */
  receive(job: JobId, results: readonly JobResult[], isLast: boolean): void;
  /** A coordinator has just welcomed us and knows of no watch. */
  resume(): void;
  clear(): void;
}

interface Watch {
  readonly seen: Set<TaskKey>;
  readonly listener: ResultsListener;
}

export function createJobWatches(send: (message: ClientMessage) => void): JobWatches {
  const watches = new Map<JobId, Set<Watch>>();

  const remove = (job: JobId, watch: Watch): void => {
    const ofJob = watches.get(job);
    if (ofJob?.delete(watch) !== true || ofJob.size > 0) return;
    watches.delete(job);
    send({ type: "unwatch-job", job });
  };

  return {
    add: (job, listener) => {
      const watch: Watch = { seen: new Set(), listener };
      const ofJob = watches.get(job) ?? new Set();
      watches.set(job, ofJob.add(watch));
      // Also for a second watch: the coordinator answers with everything so far, which this one needs.
      send({ type: "watch-job", job });
      return () => remove(job, watch);
    },
    receive: (job, results, isLast) => {
      for (const watch of watches.get(job) ?? []) {
        const fresh = results.filter((result) => !watch.seen.has(result.task));
        for (const result of fresh) watch.seen.add(result.task);
        if (isLast) remove(job, watch);
        if (fresh.length > 0 || isLast) watch.listener(fresh, isLast);
      }
    },
    resume: () => {
      for (const job of watches.keys()) send({ type: "watch-job", job });
    },
    clear: () => {
      watches.clear();
    },
  };
}
