// Who follows which job's results, over reconnects: each result once, or whatever is told.
import type { TargetFailure } from "../graph/task.ts";
import type { JobId, TaskKey } from "../ids.ts";
import type { ClientMessage, JobResult } from "../protocol/messages.ts";
import type { JobFollower } from "./cluster-client.ts";

type ResultsListener = (results: readonly JobResult[], isLast: boolean) => void;

export interface JobWatches {
  /** Each result once. */
  add(job: JobId, listener: ResultsListener): () => void;
  /** Everything that is told, failures and repetitions too. */
  follow(job: JobId, follower: JobFollower): () => void;
  receive(job: JobId, news: JobNews): void;
  /** A coordinator has just welcomed us and knows of no watch. */
  resume(): void;
  clear(): void;
}

/** What one message tells about a job. */
interface JobNews {
  readonly results: readonly JobResult[];
  readonly failures: readonly TargetFailure[];
  readonly isLast: boolean;
}

type Watch = (news: JobNews) => void;

export function createJobWatches(send: (message: ClientMessage) => void): JobWatches {
  const watches = new Map<JobId, Set<Watch>>();

  const remove = (job: JobId, watch: Watch): void => {
    const ofJob = watches.get(job);
    if (ofJob?.delete(watch) !== true || ofJob.size > 0) return;
    watches.delete(job);
    send({ type: "unwatch-job", job });
  };

  const start = (job: JobId, watch: Watch): (() => void) => {
    const ofJob = watches.get(job) ?? new Set();
    watches.set(job, ofJob.add(watch));
    // Also for a second watch: the coordinator answers with everything so far, which this one needs.
    send({ type: "watch-job", job });
    return () => remove(job, watch);
  };

  return {
    add: (job, listener) => {
      const seen = new Set<TaskKey>();
      return start(job, ({ results, isLast }) => {
        const fresh = results.filter((result) => !seen.has(result.task));
        for (const result of fresh) seen.add(result.task);
        if (fresh.length > 0 || isLast) listener(fresh, isLast);
      });
    },
    follow: (job, follower) =>
      start(job, ({ results, failures, isLast }) => {
        if (results.length > 0) follower.onResults(results);
        if (failures.length > 0) follower.onFailures(failures);
        if (isLast) follower.onEnd();
      }),
    receive: (job, news) => {
      for (const watch of watches.get(job) ?? []) {
        if (news.isLast) remove(job, watch);
        watch(news);
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
