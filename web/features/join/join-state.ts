// The join page's state in one word, what of it is urgent, and what the address asks for.
import { NAME_LENGTH_MAX, THREADS_PER_WORKER_MAX } from "../../../shared/limits.ts";
import type { StartWorkerOptions } from "../../worker/start-worker.ts";
import type { WorkerSnapshot } from "../../worker/worker-snapshot.ts";

export type JoinState = WorkerSnapshot;

/** One word for the page's state, written on the document for scripts that drive headless workers. */
export type WorkerStateWord =
  /** Nobody has said yet that this machine shall compute. */
  | "not-joined"
  | "connecting"
  | "lost"
  | "refused"
  | "paused"
  | "computing"
  | "fetching"
  | "idle"
  | "left";

export function workerStateOf(
  state: Pick<JoinState, "connection" | "paused" | "running" | "fetching">,
): WorkerStateWord {
  if (state.connection.state !== "welcomed") return state.connection.state;
  if (state.paused) return "paused";
  if (state.running.length > 0) return "computing";
  return state.fetching > 0 ? "fetching" : "idle";
}

/** What a person made or must see at once; the rest may wait for the next sample. */
const URGENT = [
  "paused",
  "pausedBy",
  "endedBy",
  "name",
  "runsFunctions",
  "threads",
  "screen",
  "changedAtDashboard",
] as const satisfies readonly (keyof JoinState)[];

export function isUrgent(before: JoinState, after: JoinState): boolean {
  return (
    before.connection.state !== after.connection.state ||
    before.courtesy.settings !== after.courtesy.settings ||
    before.courtesy.pausedUntilMs !== after.courtesy.pausedUntilMs ||
    URGENT.some((key) => before[key] !== after[key])
  );
}

export interface AskedByAddress extends Omit<StartWorkerOptions, "token"> {
  /** Join without waiting for a person to press the button. */
  readonly isAuto: boolean;
}

/** What the address asks for, for pages that no person sits at. */
export function askedByAddress(search: string): AskedByAddress {
  const query = new URLSearchParams(search);
  const name = query.get("name")?.trim().slice(0, NAME_LENGTH_MAX) ?? "";
  const threads = Number(query.get("threads") ?? Number.NaN);
  const isCount = Number.isInteger(threads) && threads >= 1 && threads <= THREADS_PER_WORKER_MAX;
  const auto = query.get("auto");
  return {
    isAuto: auto !== null && auto !== "0",
    courtesy: {
      ...(isCount ? { threads } : {}),
      // Nobody else's work can suffer on a machine that was started for this alone.
      ...(query.get("yield") === "0" ? { givesWay: false } : {}),
    },
    ...(name === "" ? {} : { name }),
    ...(query.get("functions") === "1" ? { runsFunctions: true } : {}),
  };
}
