// What the list of machines says about each: its path, its share of the work, its state in words.
import { unreachable } from "../../../shared/assert.ts";
import type { JobView, WorkerView } from "../../../shared/protocol/messages.ts";
import type { WorkerId } from "../../../shared/ids.ts";
import { formatBytes } from "../../components/format.ts";

export interface WorkerRow {
  readonly worker: WorkerView;
  readonly device: string;
  readonly stateWords: string;
  readonly pathWords: string;
  readonly pathWhy: string | null;
  /** Of the compute time of the running jobs, or of the last one; null before there was any. */
  readonly share: number | null;
}

const STATE_WORDS: Record<WorkerView["state"], string> = {
  computing: "Computing",
  fetching: "Fetching data",
  idle: "Waiting for work",
  paused: "Paused there",
  silent: "Silent: its work may be given to others",
};

function pathWordsOf(worker: Pick<WorkerView, "path">): string {
  switch (worker.path) {
    case "direct":
      return "Direct";
    case "coordinator":
      return "Through the coordinator";
    case "unknown":
      return "Nothing moved yet";
    default:
      return unreachable(worker.path);
  }
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
    worker,
    device: `${worker.device.browser}, ${worker.device.system}`,
    stateWords: STATE_WORDS[worker.state] + (worker.hidden ? ", in a background tab" : ""),
    pathWords: pathWordsOf(worker),
    pathWhy: worker.path === "coordinator" ? worker.why : null,
    share: totalMs === 0 ? null : (computeMs.get(worker.worker) ?? 0) / totalMs,
  }));
}

/** "4.1 MB direct, 1.0 MB through the coordinator"; null when nothing was moved. */
export function movedWords(worker: Pick<WorkerView, "bytesDirect" | "bytesCoordinator">) {
  const parts = [
    worker.bytesDirect > 0 ? `${formatBytes(worker.bytesDirect)} direct` : "",
    worker.bytesCoordinator > 0
      ? `${formatBytes(worker.bytesCoordinator)} through the coordinator`
      : "",
  ].filter((part) => part !== "");
  return parts.length === 0 ? null : parts.join(", ");
}
