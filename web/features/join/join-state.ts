// The join page's state in one word, what of it is urgent, and what the address asks for.
import { NAME_LENGTH_MAX, THREADS_PER_WORKER_MAX } from "../../../shared/limits.ts";
import type { StartWorkerOptions, WorkerSnapshot } from "../../worker/start-worker.ts";

export type JoinState = WorkerSnapshot;

/** One word for the page's state, written on the document for scripts that drive headless workers. */
export type WorkerStateWord =
  | "connecting"
  | "lost"
  | "refused"
  | "paused"
  | "computing"
  | "fetching"
  | "idle";

export function workerStateOf(
  state: Pick<JoinState, "connection" | "paused" | "running" | "fetching">,
): WorkerStateWord {
  if (state.connection.state !== "welcomed") return state.connection.state;
  if (state.paused) return "paused";
  if (state.running.length > 0) return "computing";
  return state.fetching > 0 ? "fetching" : "idle";
}

/** Changes that a person made or must see at once; the rest may wait for the next sample. */
export function isUrgent(before: JoinState, after: JoinState): boolean {
  return (
    before.connection.state !== after.connection.state ||
    before.paused !== after.paused ||
    before.name !== after.name ||
    before.runsFunctions !== after.runsFunctions ||
    before.threads !== after.threads
  );
}

/** What the address asks for, for pages that no person sits at. */
export function askedByAddress(
  search: string,
): Pick<StartWorkerOptions, "name" | "threads" | "runsFunctions"> {
  const query = new URLSearchParams(search);
  const name = query.get("name")?.trim().slice(0, NAME_LENGTH_MAX) ?? "";
  const threads = Number(query.get("threads") ?? Number.NaN);
  const isCount = Number.isInteger(threads) && threads >= 1 && threads <= THREADS_PER_WORKER_MAX;
  return {
    ...(name === "" ? {} : { name }),
    ...(isCount ? { threads } : {}),
    ...(query.get("functions") === "1" ? { runsFunctions: true } : {}),
  };
}
