// Reads a Monte Carlo job: ranges of paths become estimates, and a target that is reached ends the job.
import type { NdArray } from "../../../shared/codecs/npy.ts";
import type { TaskKey } from "../../../shared/ids.ts";
import { MonteCarloResult, type ScenarioResult } from "../../../shared/monte-carlo/estimate.ts";
import {
  parseMonteCarloMeta,
  replanMonteCarlo,
  type ChunksByTask,
  type MonteCarloMeta,
} from "../../../shared/monte-carlo/plan.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";
import type { JobReader, ReaderPlace } from "../jobs/job-reader.ts";
import { TargetStop } from "./target-stop.ts";

export interface MonteCarloShown {
  readonly kind: "monte-carlo";
  readonly meta: MonteCarloMeta;
  /** In the order of the job's scenarios; empty before their first paths are done. */
  readonly scenarios: readonly ScenarioResult[];
  /** Paths of each scenario that the figures are of. */
  readonly pathsDone: number;
  readonly isTargetReached: boolean;
  /** The largest of the scenarios; null before the first paths are done. */
  readonly standardError: number | null;
}

export async function openMonteCarloReader(
  job: JobView,
  place: ReaderPlace,
): Promise<JobReader<MonteCarloShown>> {
  const meta = parseMonteCarloMeta(job.meta);
  const chunks = replanMonteCarlo(meta, await place.hashTools());
  return new MonteCarloReader(meta, chunks, new TargetStop(place));
}

class MonteCarloReader implements JobReader<MonteCarloShown> {
  readonly #meta: MonteCarloMeta;
  readonly #chunks: ChunksByTask;
  readonly #stop: TargetStop;
  readonly #result: MonteCarloResult;
  #shown: MonteCarloShown;

  constructor(meta: MonteCarloMeta, chunks: ChunksByTask, stop: TargetStop) {
    this.#meta = meta;
    this.#chunks = chunks;
    this.#stop = stop;
    this.#result = new MonteCarloResult(meta);
    this.#shown = {
      kind: "monte-carlo",
      meta,
      scenarios: [],
      pathsDone: 0,
      isTargetReached: false,
      standardError: null,
    };
  }

  take(task: TaskKey, arrays: readonly NdArray[]): void {
    const chunks = this.#chunks.get(task);
    if (chunks === undefined) {
      throw new Error("A result came for paths that this job does not have.");
    }
    for (const chunk of chunks) this.#result.add(chunk, arrays);
  }

  show(job: JobView): MonteCarloShown {
    const { pathsDone, isTargetReached, standardError } = this.#result;
    if (pathsDone !== this.#shown.pathsDone) {
      const scenarios = this.#meta.scenarios.flatMap(
        (_, index) => this.#result.scenario(index) ?? [],
      );
      this.#shown = { ...this.#shown, scenarios, pathsDone, isTargetReached, standardError };
    }
    const isGoingOn = job.state === "running" || job.state === "paused";
    if (isTargetReached && isGoingOn) this.#stop.begin();
    return this.#shown;
  }

  close(): void {
    this.#stop.close();
  }
}
