// A submitted graph: its futures, in their order or as they complete, and the job as a whole.
import type { JobId } from "../ids.ts";
import type { JobView } from "../protocol/messages.ts";
import { asCompleted } from "./as-completed.ts";
import { ClusterError, type ClusterClient } from "./cluster-client.ts";
import type { Future } from "./future.ts";

/** A job on the cluster; iterating over it yields its futures as they settle. */
export class Job<T = unknown> implements AsyncIterable<Future<T>> {
  /** For `cluster.attach`, from any client. */
  readonly id: JobId;
  /** One for each target, in the order in which they were given. */
  readonly futures: readonly Future<T>[];
  readonly #client: ClusterClient;

  /** Not for users: `cluster.compute` and `cluster.attach` make them. */
  constructor(id: JobId, futures: readonly Future<T>[], client: ClusterClient) {
    this.id = id;
    this.futures = futures;
    this.#client = client;
  }

  [Symbol.asyncIterator](): AsyncIterator<Future<T>> {
    return asCompleted(this.futures);
  }

  /** The values of all targets; rejects with the first failure. */
  results(): Promise<T[]> {
    return Promise.all(this.futures.map((future) => future.result()));
  }

  /** Progress, timing and state as they are now. Rejects with ClusterError when the job was deleted. */
  async view(): Promise<JobView> {
    const view = (await this.#client.jobs()).find(({ job }) => job === this.id);
    if (view !== undefined) return view;
    throw new ClusterError("There is no such job; it may have been deleted.", 404);
  }

  /** Calls the listener with the job's view, whenever there is a newer one, until the returned function is called. */
  onView(listener: (view: JobView) => void): () => void {
    const tell = (): void => {
      const view = this.#client.view.jobs.find(({ job }) => job === this.id);
      if (view !== undefined) listener(view);
    };
    tell();
    return this.#client.onView(tell);
  }

  /**
   * Resolves with the job's last view when it has ended, in whatever way. Rejects with ClusterError when
   * the coordinator will not have us any more.
   */
  ended(): Promise<JobView> {
    return new Promise((resolve, reject) => {
      const stops: (() => void)[] = [];
      const end = (settle: () => void): void => {
        settle();
        // Later, for the first telling comes before there is anything to stop.
        void Promise.resolve().then(() => stops.splice(0).forEach((stop) => stop()));
      };
      stops.push(
        this.onView((view) => {
          if (view.finishedAtMs !== null) end(() => resolve(view));
        }),
        this.#client.onConnection((connection) => {
          if (connection.state !== "refused") return;
          end(() => reject(new ClusterError(connection.message, 0)));
        }),
      );
    });
  }

  /** Lets its futures go here; the job itself goes on. */
  leave(): void {
    for (const future of this.futures) future.release();
  }

  /** Ends it: nothing of it is computed any more. */
  cancel(): Promise<void> {
    return this.#client.cancel(this.id);
  }

  /** Ends it with the targets that are done. */
  finish(): Promise<void> {
    return this.#client.finish(this.id);
  }

  /** Leases nothing of it until `resume`. */
  pause(): Promise<void> {
    return this.#client.pause(this.id);
  }

  /** Ends a pause. */
  resume(): Promise<void> {
    return this.#client.resume(this.id);
  }

  /** Of a job that another client left open: it ends when everything in it is done. */
  close(): Promise<void> {
    return this.#client.closeJob(this.id);
  }

  /** Deletes its record and its results. */
  forget(): Promise<void> {
    return this.#client.forget(this.id);
  }
}
