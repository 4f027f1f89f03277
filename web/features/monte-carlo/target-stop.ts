// Ends a simulation that has reached its target, with what it has by then.
import { ClusterError } from "../../../shared/client/cluster-client.ts";
import type { ReaderPlace } from "../jobs/job-reader.ts";

const RETRY_MS = 3_000;

/** The one place where a dashboard ends a job by itself: the page that watches it, and no other. */
export class TargetStop {
  readonly #place: Pick<ReaderPlace, "client" | "jobId" | "after">;
  #cancelRetry: () => void = () => undefined;
  #hasBegun = false;
  #isClosed = false;

  constructor(place: Pick<ReaderPlace, "client" | "jobId" | "after">) {
    this.#place = place;
  }

  /** Later calls change nothing. */
  begin(): void {
    if (this.#hasBegun) return;
    this.#hasBegun = true;
    this.#finish();
  }

  close(): void {
    this.#isClosed = true;
    this.#cancelRetry();
  }

  #finish(): void {
    const { client, jobId, after } = this.#place;
    client.finish(jobId).catch((error: unknown) => {
      // A coordinator that refuses has its reasons; one that is silent is asked again.
      const isFinal = error instanceof ClusterError && error.status >= 400 && error.status < 500;
      if (!isFinal && !this.#isClosed) this.#cancelRetry = after(RETRY_MS, () => this.#finish());
    });
  }
}
