// Follows one job of any kind: its view, its results as they arrive, and what its reader makes of them.
import { createStore, type StoreApi } from "zustand/vanilla";
import { ClusterError } from "../../../shared/client/cluster-client.ts";
import type { JobId } from "../../../shared/ids.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";
import { createSampler, type SamplerTimers } from "../../app/sampler.ts";
import { BlockQueue } from "./block-queue.ts";
import type { HashTools, JobReader, JobSource, Readers } from "./job-reader.ts";
import { doneShare } from "./job-words.ts";
import { ProgressEstimator, type Estimate } from "./progress-estimate.ts";

const RETRY_MS = 3_000;
/** A job just submitted may be in the next view only. */
const MISSING_MS = 2_000;

export interface JobState<Shown> {
  /** Null: not known yet. */
  readonly job: JobView | null;
  /** The coordinator tells of its jobs, and this one is not among them. */
  readonly isUnknown: boolean;
  /** What the job's results show so far; null until they can be read. */
  readonly shown: Shown | null;
  /** Why there will be no result to look at, in plain words. */
  readonly problem: string | null;
  /** Null while nothing can be said. */
  readonly estimate: Estimate | null;
  /** Results that could not be fetched so far; they are tried again. */
  readonly lateResults: number;
  /** Whether the job has results, or may have, that this page has not read yet. */
  readonly isArriving: boolean;
}

export interface JobStore<Shown> {
  readonly store: StoreApi<JobState<Shown>>;
  /** Starts following, from nothing; the answer ends every fetch, timer and subscription. */
  readonly follow: () => () => void;
}

export interface JobStoreParts<Shown> {
  readonly client: JobSource;
  readonly jobId: JobId;
  readonly readers: Readers<Shown>;
  readonly hashTools: () => Promise<HashTools>;
  readonly timers: SamplerTimers;
}

const initialState = {
  job: null,
  isUnknown: false,
  shown: null,
  problem: null,
  estimate: null,
  lateResults: 0,
  isArriving: true,
} as const;

export function createJobStore<Shown>(parts: JobStoreParts<Shown>): JobStore<Shown> {
  const store = createStore<JobState<Shown>>(() => initialState);
  return {
    store,
    follow: () => {
      store.setState(initialState);
      const follower = new JobFollower(store, parts);
      return () => follower.close();
    },
  };
}

const isOver = (job: JobView | null): boolean =>
  job !== null && job.state !== "running" && job.state !== "paused";

class JobFollower<Shown> {
  readonly #store: StoreApi<JobState<Shown>>;
  readonly #parts: JobStoreParts<Shown>;
  readonly #releases: (() => void)[] = [];
  readonly #estimator = new ProgressEstimator();
  readonly #sampler;
  #reader: JobReader<Shown> | null = null;
  #queue: BlockQueue | null = null;
  #unwatch: () => void = () => undefined;
  #cancelRetry: () => void = () => undefined;
  #cancelMissing: (() => void) | null = null;
  #isOpening = false;
  #isClosed = false;
  /** Every result that the job will ever have was told of. */
  #hasAll = false;

  constructor(store: StoreApi<JobState<Shown>>, parts: JobStoreParts<Shown>) {
    this.#store = store;
    this.#parts = parts;
    const { client, timers } = parts;
    this.#sampler = createSampler(() => this.#publish(), timers);
    this.#releases.push(client.onView(() => this.#takeView()));
    // Without a connection an empty view says nothing about the job.
    if (client.connection.state === "connected") this.#takeView();
  }

  close(): void {
    this.#isClosed = true;
    for (const release of this.#releases.splice(0)) release();
    this.#sampler.close();
    this.#unwatch();
    this.#cancelRetry();
    this.#cancelMissing?.();
    this.#queue?.close();
    this.#reader?.close();
  }

  #viewed(): JobView | null {
    const { client, jobId } = this.#parts;
    return client.view.jobs.find((one) => one.job === jobId) ?? null;
  }

  #takeView(): void {
    const { timers } = this.#parts;
    const job = this.#viewed();
    const before = this.#store.getState();
    if (job === null) {
      this.#cancelMissing ??= timers.after(MISSING_MS, () => {
        this.#store.setState({ isUnknown: true });
      });
      return;
    }
    this.#cancelMissing?.();
    this.#cancelMissing = null;
    if (job.state === "running") {
      this.#estimator.note(doneShare(job), timers.nowMs());
    } else {
      this.#estimator.reset();
    }
    // What had failed is tried again: there is news of this job once more.
    if (isOver(before.job) && !isOver(job) && this.#reader !== null) {
      this.#hasAll = false;
      this.#watch();
    }
    // A new state must show at once; figures may wait for their turn.
    if (before.job?.state === job.state && !before.isUnknown) this.#sampler.request();
    else this.#publish();
    if (!this.#isOpening) this.#open(job);
  }

  #open(job: JobView): void {
    this.#isOpening = true;
    this.#openReader(job).catch((error: unknown) => {
      if (this.#isClosed) return;
      // Other than 4xx, the coordinator may answer later.
      const isFinal =
        !(error instanceof ClusterError) || (error.status >= 400 && error.status < 500);
      if (!isFinal) {
        this.#cancelRetry = this.#parts.timers.after(RETRY_MS, () => this.#open(job));
        return;
      }
      const reason = error instanceof Error ? error.message : String(error);
      this.#store.setState({ problem: `The result cannot be shown here. ${reason}` });
    });
  }

  async #openReader(job: JobView): Promise<void> {
    const { client, jobId, readers, hashTools, timers } = this.#parts;
    const open = readers.get(job.kind);
    // A program's job: its results are the program's, and its page follows them by itself.
    if (open === undefined) return;
    const after: SamplerTimers["after"] = (delayMs, call) => timers.after(delayMs, call);
    const onChange = (): void => this.#sampler.request();
    const reader = await open(job, { client, jobId, hashTools, after, onChange });
    if (this.#isClosed) {
      reader.close();
      return;
    }
    this.#reader = reader;
    this.#queue = new BlockQueue({
      client,
      onArrays: (task, arrays) => reader.take(task, arrays),
      onLost: () => this.#watch(),
      onChange,
      after,
    });
    this.#publish();
    this.#watch();
  }

  /** Also called again when blocks were lost: watching anew tells where everything is now. */
  #watch(): void {
    const { client, jobId } = this.#parts;
    this.#unwatch();
    this.#unwatch = client.watch(jobId, (results, isLast) => {
      this.#hasAll ||= isLast;
      this.#queue?.add(results);
      this.#sampler.request();
    });
  }

  #publish(): void {
    const before = this.#store.getState();
    const viewed = this.#viewed();
    const job = viewed ?? before.job;
    this.#store.setState({
      job,
      ...(viewed === null ? {} : { isUnknown: false }),
      estimate: this.#estimator.estimate(this.#parts.timers.nowMs()),
      lateResults: this.#queue?.troubled ?? 0,
      isArriving: !this.#hasAll || this.#queue?.pending !== 0,
      ...(this.#reader === null || job === null ? {} : { shown: this.#reader.show(job) }),
    });
  }
}
