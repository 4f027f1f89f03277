// Stops a simulation that has reached its target, once what it needs to be seen again is stored.
import { ClusterError } from "../../../shared/client/cluster-client.ts";
import type { TaskKey } from "../../../shared/ids.ts";
import type { ReaderPlace } from "../jobs/job-reader.ts";

/** Storing a few kilobytes takes one round trip: asking more often would not show it sooner. */
const STORED_CHECK_MS = 500;
const RETRY_MS = 3_000;

/**
 * The results that reached the target may still be with their workers only, and a cancelled job's
 * workers let go of theirs. So the job goes on until the coordinator's store has those that count:
 * whoever opens the job later then finds the same figures.
 */
export class TargetStop {
  readonly #place: Pick<ReaderPlace, "client" | "jobId" | "after">;
  #unwatch: () => void = () => undefined;
  #cancelTimer: () => void = () => undefined;
  #hasBegun = false;
  #isClosed = false;

  constructor(place: Pick<ReaderPlace, "client" | "jobId" | "after">) {
    this.#place = place;
  }

  /** Stops the job as soon as the results of these tasks are stored; later calls change nothing. */
  begin(tasks: Iterable<TaskKey>): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#await(new Set(tasks));
  }

  close(): void {
    this.#isClosed = true;
    this.#unwatch();
    this.#cancelTimer();
  }

  /** Watching anew tells of every result where it is now. */
  #await(missing: Set<TaskKey>): void {
    const { client, jobId, after } = this.#place;
    this.#unwatch();
    this.#unwatch = client.watch(jobId, (results, isLast) => {
      if (this.#isClosed) return;
      for (const { task, outputs } of results) {
        if (outputs.every((output) => output.stored)) missing.delete(task);
      }
      if (missing.size > 0 && !isLast) return;
      this.#unwatch();
      this.#cancelTimer();
      // A job that has ended by itself needs no stopping.
      if (!isLast) this.#stop();
    });
    this.#cancelTimer = after(STORED_CHECK_MS, () => this.#await(missing));
  }

  #stop(): void {
    const { client, jobId, after } = this.#place;
    client.cancel(jobId).catch((error: unknown) => {
      // A coordinator that refuses has its reasons; one that is silent is asked again.
      const isFinal = error instanceof ClusterError && error.status >= 400 && error.status < 500;
      if (!isFinal && !this.#isClosed) this.#cancelTimer = after(RETRY_MS, () => this.#stop());
    });
  }
}
