// Waits for a job's end, telling of results and progress; every way in which it can end is an answer.
import { ClusterError } from "../../shared/client/cluster-client.ts";
import type { Future } from "../../shared/client/future.ts";
import type { Job } from "../../shared/client/job.ts";
import type { JobView } from "../../shared/protocol/messages.ts";
import { CommandError } from "./command-error.ts";
import { unlessAborted } from "./unless-aborted.ts";

export interface Listeners {
  /** Each target as it comes. */
  readonly onResult: (future: Future) => void;
  /** Every newer view of the job until it has ended. */
  readonly onProgress: (view: JobView) => void;
}

export interface FollowedJob {
  /** Resolves when every target is there. Rejects with CommandError, or with the signal's reason. */
  readonly complete: Promise<void>;
  /** The job's last view, with its timing; comes a moment after `complete`. Rejects likewise. */
  readonly finalView: Promise<JobView>;
}

export function untilDone(job: Job, signal: AbortSignal, listeners: Listeners): FollowedJob {
  const stop = job.onView((view) => listeners.onProgress(view));
  const finalView = unlessAborted(job.ended(), signal)
    .then(requireDone, (error: unknown) => {
      throw error instanceof ClusterError ? new CommandError(error.message) : error;
    })
    .finally(stop);
  const settled = job.futures.map(async (future) => {
    await future.settled();
    if (future.status === "done") listeners.onResult(future);
    return future.status === "done";
  });
  const complete = unlessAborted(Promise.all(settled), signal).then(async (areDone) => {
    // A job that ends badly settles its futures as well: only its view tells why.
    if (!areDone.every(Boolean)) await finalView;
  });
  // Whoever waits for one of the two hears of a failure there; the other must not be unhandled.
  complete.catch(() => undefined);
  finalView.catch(() => undefined);
  return { complete, finalView };
}

function requireDone(view: JobView): JobView {
  if (view.state === "done") return view;
  throw new CommandError(
    view.state === "failed"
      ? `The job failed. ${view.failure?.message ?? ""}`
      : "The job was cancelled in a dashboard.",
  );
}
