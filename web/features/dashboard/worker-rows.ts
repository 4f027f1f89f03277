// What the list of machines says about each: its path, its share of the work, its state in words.
import type { JobView, WorkerView } from "../../../shared/protocol/messages.ts";
import type { WorkerId } from "../../../shared/ids.ts";
import { cellsOf, type CellState } from "../../components/cell-states.ts";
import {
  deviceWords,
  movedWords,
  pathWhy,
  pathWords,
  stateAndPlace,
} from "../workers/machine-words.ts";

/** Words and figures that change only when a row shows something else. */
export interface WorkerRow {
  readonly worker: WorkerId;
  readonly name: string;
  readonly address: string;
  readonly device: string;
  readonly state: WorkerView["state"];
  readonly cells: readonly CellState[];
  readonly stateWords: string;
  readonly pathWords: string;
  readonly pathWhy: string | null;
  /** What moved on which way; null when nothing did. */
  readonly moved: string | null;
  readonly tasksDone: number;
  readonly tasksFailed: number;
  /** Of the compute time of the running jobs, or of the last one; null before there was any. */
  readonly share: number | null;
}

/** The jobs whose timing counts for the shares: those running, or else the one that ended last. */
export function jobsForShares(jobs: readonly JobView[]): readonly JobView[] {
  const running = jobs.filter((job) => job.state === "running");
  if (running.length > 0) return running;
  const ended = jobs.filter((job) => job.finishedAtMs !== null);
  const last = ended.toSorted((a, b) => (b.finishedAtMs ?? 0) - (a.finishedAtMs ?? 0))[0];
  return last === undefined ? [] : [last];
}

export function workerRows(
  workers: readonly WorkerView[],
  jobs: readonly JobView[],
): readonly WorkerRow[] {
  const computeMs = new Map<WorkerId, number>();
  let totalMs = 0;
  for (const job of jobsForShares(jobs)) {
    for (const part of job.timing.workers) {
      computeMs.set(part.worker, (computeMs.get(part.worker) ?? 0) + part.computeMs);
      totalMs += part.computeMs;
    }
  }
  return workers.map((worker) => ({
    worker: worker.worker,
    name: worker.name,
    address: worker.address,
    state: worker.state,
    cells: cellsOf(worker),
    device: deviceWords(worker),
    stateWords: stateAndPlace(worker),
    pathWords: pathWords(worker),
    pathWhy: pathWhy(worker),
    moved: movedWords(worker),
    tasksDone: worker.tasksDone,
    tasksFailed: worker.tasksFailed,
    share: totalMs === 0 ? null : (computeMs.get(worker.worker) ?? 0) / totalMs,
  }));
}
