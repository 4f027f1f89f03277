// How much work each machine does of a job in a time, compared with the others that worked on it.
import type { WorkerId } from "../shared/ids.ts";

interface Work {
  operations: number;
  computeMs: number;
}

/** Kernels and functions that are told apart; a job of more has its pace from these. */
const GROUPS_MAX = 256;

export class JobPaces {
  readonly #groups = new Map<string, Work>();
  readonly #workers = new Map<WorkerId, Map<string, Work>>();

  /** A thread of the worker took so many milliseconds for a task of the group. */
  note(worker: WorkerId, group: string, operations: number, computeMs: number): void {
    if (!this.#groups.has(group) && this.#groups.size >= GROUPS_MAX) return;
    const ofWorker = this.#workers.get(worker) ?? new Map<string, Work>();
    this.#workers.set(worker, ofWorker);
    // Tasks that declare no cost count as one operation.
    const work = { operations: Math.max(1, operations), computeMs };
    add(this.#groups, group, work);
    add(ofWorker, group, work);
  }

  /**
   * The time that the worker's tasks would have taken an average thread of this job, over the time
   * that they took: operations are comparable within a group only. Null before anything was timed.
   */
  paceOf(worker: WorkerId): number | null {
    let tookMs = 0;
    let averageMs = 0;
    for (const [group, { operations, computeMs }] of this.#workers.get(worker) ?? []) {
      const all = this.#groups.get(group);
      if (all === undefined) continue;
      tookMs += computeMs;
      averageMs += (operations * all.computeMs) / all.operations;
    }
    return tookMs > 0 ? averageMs / tookMs : null;
  }
}

function add(map: Map<string, Work>, group: string, { operations, computeMs }: Work): void {
  const work = map.get(group) ?? { operations: 0, computeMs: 0 };
  work.operations += operations;
  work.computeMs += computeMs;
  map.set(group, work);
}
