// Follows one correlation job: its view, its tiles as they arrive, and what is read off them.
import { createStore, type StoreApi } from "zustand/vanilla";
import { ClusterError, type ClusterClient } from "../../../shared/client/cluster-client.ts";
import type { NdArray } from "../../../shared/codecs/npy.ts";
import { Extremes, type Pair } from "../../../shared/correlation/extremes.ts";
import { CorrelationMatrix } from "../../../shared/correlation/matrix.ts";
import {
  CORRELATION_KIND,
  parseCorrelationMeta,
  replanCorrelation,
  type CorrelationMeta,
  type PlanTools,
  type TilesByTask,
} from "../../../shared/correlation/plan.ts";
import type { JobId, TaskKey } from "../../../shared/ids.ts";
import type { DatasetRecord } from "../../../shared/protocol/http.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";
import { createSampler, type SamplerTimers } from "../../app/sampler.ts";
import { BlockQueue } from "./block-queue.ts";
import { ProgressEstimator, type Estimate } from "./progress-estimate.ts";

/** Pairs kept at each end of the scale. */
export const EXTREME_PAIRS = 500;
const RETRY_MS = 3_000;
/** A job just submitted may be in the next view only. */
const MISSING_MS = 2_000;

/** The matrix and what it is about; the same objects for the life of the page. */
export interface LiveResult {
  readonly record: DatasetRecord;
  readonly meta: CorrelationMeta;
  readonly matrix: CorrelationMatrix;
}

export interface JobState {
  /** Null: not known yet. */
  readonly job: JobView | null;
  /** The coordinator tells of its jobs, and this one is not among them. */
  readonly isUnknown: boolean;
  readonly result: LiveResult | null;
  /** Why there will be no result to look at, in plain words. */
  readonly problem: string | null;
  readonly pairsKnown: number;
  /** Null while nothing can be said. */
  readonly estimate: Estimate | null;
  readonly positive: readonly Pair[];
  readonly negative: readonly Pair[];
  /** Results that could not be fetched so far; they are tried again. */
  readonly lateResults: number;
}

export interface JobStore {
  readonly store: StoreApi<JobState>;
  /** Starts following, from nothing; the answer ends every fetch, timer and subscription. */
  readonly follow: () => () => void;
}

export type JobSource = Pick<
  ClusterClient,
  "connection" | "view" | "onView" | "watch" | "fetchBlock" | "dataset"
>;

const initialState: JobState = {
  job: null,
  isUnknown: false,
  result: null,
  problem: null,
  pairsKnown: 0,
  estimate: null,
  positive: [],
  negative: [],
  lateResults: 0,
};

export function createJobStore(
  client: JobSource,
  jobId: JobId,
  planTools: () => Promise<PlanTools>,
  timers: SamplerTimers,
): JobStore {
  const store = createStore<JobState>(() => initialState);
  return {
    store,
    follow: () => {
      store.setState(initialState);
      const follower = new JobFollower(store, client, jobId, planTools, timers);
      return () => follower.close();
    },
  };
}

class JobFollower {
  readonly #store: StoreApi<JobState>;
  readonly #client: JobSource;
  readonly #jobId: JobId;
  readonly #planTools: () => Promise<PlanTools>;
  readonly #timers: SamplerTimers;
  readonly #releases: (() => void)[] = [];
  readonly #estimator = new ProgressEstimator();
  readonly #sampler;
  #tiles: TilesByTask = new Map();
  #extremes: Extremes | null = null;
  #queue: BlockQueue | null = null;
  #unwatch: () => void = () => undefined;
  #cancelRetry: () => void = () => undefined;
  #cancelMissing: (() => void) | null = null;
  #isOpening = false;
  #isClosed = false;

  constructor(
    store: StoreApi<JobState>,
    client: JobSource,
    jobId: JobId,
    planTools: () => Promise<PlanTools>,
    timers: SamplerTimers,
  ) {
    this.#store = store;
    this.#client = client;
    this.#jobId = jobId;
    this.#planTools = planTools;
    this.#timers = timers;
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
  }

  #takeView(): void {
    const job = this.#client.view.jobs.find((one) => one.job === this.#jobId) ?? null;
    const before = this.#store.getState();
    if (job === null) {
      this.#cancelMissing ??= this.#timers.after(MISSING_MS, () => {
        this.#store.setState({ isUnknown: true });
      });
      return;
    }
    this.#cancelMissing?.();
    this.#cancelMissing = null;
    if (job.state === "running") {
      this.#estimator.note(doneShare(job), this.#timers.nowMs());
    } else {
      this.#estimator.reset();
    }
    // A new state must show at once; figures may wait for their turn.
    if (before.job?.state === job.state && !before.isUnknown) this.#sampler.request();
    else this.#publish();
    if (!this.#isOpening) this.#open(job);
  }

  #open(job: JobView): void {
    this.#isOpening = true;
    if (job.kind !== CORRELATION_KIND) {
      const problem = `This page shows correlations; this job is of the kind “${job.kind}”.`;
      this.#store.setState({ problem });
      return;
    }
    this.#openResult(job).catch((error: unknown) => {
      if (this.#isClosed) return;
      // Other than 4xx, the coordinator may answer later.
      const isFinal =
        !(error instanceof ClusterError) || (error.status >= 400 && error.status < 500);
      if (!isFinal) {
        this.#cancelRetry = this.#timers.after(RETRY_MS, () => this.#open(job));
        return;
      }
      const reason = error instanceof Error ? error.message : String(error);
      this.#store.setState({ problem: `The result cannot be shown here. ${reason}` });
    });
  }

  async #openResult(job: JobView): Promise<void> {
    const meta = parseCorrelationMeta(job.meta);
    const [record, tools] = await Promise.all([
      this.#client.dataset(meta.dataset),
      this.#planTools(),
    ]);
    if (this.#isClosed) return;
    this.#tiles = replanCorrelation(record, meta, tools);
    const matrix = new CorrelationMatrix(meta.seriesCount, meta.tile);
    this.#extremes = new Extremes(matrix, EXTREME_PAIRS);
    this.#queue = new BlockQueue({
      client: this.#client,
      onArrays: (task, arrays) => this.#takeArrays(task, arrays),
      onLost: () => this.#watch(),
      onChange: () => this.#sampler.request(),
      after: (delayMs, call) => this.#timers.after(delayMs, call),
    });
    this.#store.setState({ result: { record, meta, matrix } });
    this.#watch();
  }

  /** Also called again when blocks were lost: watching anew tells where everything is now. */
  #watch(): void {
    this.#unwatch();
    this.#unwatch = this.#client.watch(this.#jobId, (results) => this.#queue?.add(results));
  }

  #takeArrays(task: TaskKey, [values, observations]: readonly NdArray[]): void {
    const tiles = this.#tiles.get(task);
    const matrix = this.#store.getState().result?.matrix;
    if (matrix === undefined || tiles === undefined) {
      throw new Error("A result came for a tile that this job does not have.");
    }
    if (values === undefined || observations === undefined) {
      throw new Error("A tile came without its correlations or observations.");
    }
    for (const tile of tiles) {
      if (matrix.add(tile, values, observations)) this.#extremes?.add(tile, values);
    }
  }

  #publish(): void {
    const job = this.#client.view.jobs.find((one) => one.job === this.#jobId) ?? null;
    const before = this.#store.getState();
    const matrix = before.result?.matrix;
    const pairsKnown = matrix?.pairsKnown ?? 0;
    const hasNewPairs = pairsKnown !== before.pairsKnown;
    this.#store.setState({
      job: job ?? before.job,
      ...(job === null ? {} : { isUnknown: false }),
      pairsKnown,
      estimate: this.#estimator.estimate(this.#timers.nowMs()),
      lateResults: this.#queue?.troubled ?? 0,
      ...(hasNewPairs && this.#extremes !== null
        ? { positive: this.#extremes.positive(), negative: this.#extremes.negative() }
        : {}),
    });
  }
}

/** Targets are what one waits for; tiles are about equally large. */
export const doneShare = (job: JobView): number =>
  job.targetsTotal === 0 ? 0 : job.targetsDone / job.targetsTotal;
