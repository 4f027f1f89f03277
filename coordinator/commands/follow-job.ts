// Waits for a job's end, telling of its progress; every way in which it can end is an answer.
import type { ClusterClient } from "../../shared/client/cluster-client.ts";
import type { JobId } from "../../shared/ids.ts";
import type { JobResult, JobView } from "../../shared/protocol/messages.ts";
import { CommandError } from "./command-error.ts";

export interface FollowOptions {
  readonly onResults: (results: readonly JobResult[]) => void;
  readonly onProgress: (job: JobView) => void;
}

export interface FollowedJob {
  /** Resolves when the last result was announced. Rejects with CommandError. */
  readonly complete: Promise<void>;
  /** The job's last view, with its timing; comes a moment after `complete`. Rejects likewise. */
  readonly finalView: Promise<JobView>;
  stop(): void;
}

export function followJob(client: ClusterClient, job: JobId, options: FollowOptions): FollowedJob {
  const stops: (() => void)[] = [];
  const stop = (): void => {
    for (const one of stops.splice(0)) one();
  };
  const failures = new Set<(error: CommandError) => void>();
  const fail = (message: string): void => {
    stop();
    for (const reject of failures) reject(new CommandError(message));
  };

  const complete = new Promise<void>((resolve, reject) => {
    failures.add(reject);
    const unwatch = client.watch(job, (results, isLast) => {
      options.onResults(results);
      if (isLast) resolve();
    });
    stops.push(unwatch);
  });
  const finalView = new Promise<JobView>((resolve, reject) => {
    failures.add(reject);
    const look = (): void => {
      const view = client.view.jobs.find((one) => one.job === job);
      if (view === undefined) return;
      options.onProgress(view);
      if (view.state === "done") resolve(view);
      else if (view.state === "failed") fail(`The job failed. ${view.failure?.message ?? ""}`);
      else if (view.state === "cancelled") fail("The job was cancelled in a dashboard.");
    };
    stops.push(client.onView(look));
    look();
  });
  stops.push(
    client.onConnection((connection) => {
      if (connection.state === "refused") fail(connection.message);
    }),
  );
  // Whoever waits for one of the two hears of a failure there; the other must not be unhandled.
  complete.catch(() => undefined);
  finalView.catch(() => undefined);
  return { complete, finalView, stop };
}
