// What a joined page shows of itself, gathered from the agent, its connection and its courtesy.
import type { ControlState } from "../../shared/client/control-connection.ts";
import type { PauseReason } from "../../shared/protocol/messages.ts";
import type { WorkerSettings } from "../../shared/protocol/telemetry.ts";
import { shownReason } from "../../shared/worker/pauses.ts";
import type { RetiredBy, WorkerAgent } from "../../shared/worker/worker-agent.ts";
import type { CacheState } from "../../shared/worker/worker-platform.ts";
import type { BrowserCourtesyView } from "./browser-courtesy.ts";
import type { Contribution } from "./contribution.ts";
import type { WakeState } from "./wake-lock.ts";
import { bytesSentOf, type DataPath, pathOf, type ThreadView, threadViews } from "./worker-view.ts";

/** What a joined page shows of itself. A new object at each change. */
export interface WorkerSnapshot {
  readonly connection: ControlState;
  readonly name: string;
  readonly paused: boolean;
  /** Of several reasons the most telling one; null while it takes work. */
  readonly pausedBy: PauseReason | null;
  /** Why it does not come back by itself; null while it may. */
  readonly endedBy: EndedBy | null;
  /** Functions of others run here, sandboxed: agreed to by whoever uses the machine. */
  readonly runsFunctions: boolean;
  /** Threads in use, and all that there could be. */
  readonly threads: number;
  readonly threadsMax: number;
  /** One a thread up to `threadsMax`; those above `threads` are "off". */
  readonly cells: readonly ThreadView[];
  /** Attempts in a thread, the oldest first; times are of performance.now(). */
  readonly running: readonly { readonly title: string; readonly startedAtMs: number }[];
  /** Leases whose inputs are still on their way. */
  readonly fetching: number;
  /** What is computed, or fetched for, now. */
  readonly currentTitle: string | null;
  /** Transfers to this page now. */
  readonly moving: number;
  readonly tasksDone: number;
  readonly tasksFailed: number;
  /** Thread-milliseconds spent in kernels. */
  readonly computeMs: number;
  readonly bytesReceived: { readonly direct: number; readonly coordinator: number };
  /** Bytes sent to other machines directly. */
  readonly bytesSent: number;
  readonly path: DataPath;
  /** Why bytes do not travel directly, in plain words. */
  readonly pathWhy: string | null;
  /** What this machine gave: since the page was opened, and in all visits. */
  readonly given: { readonly now: Contribution; readonly inAll: Contribution };
  readonly courtesy: BrowserCourtesyView;
  /** Whether the screen is kept on. */
  readonly screen: WakeState;
  /** What the dashboard changed of this machine last, until somebody here changes something. */
  readonly changedAtDashboard: WorkerSettings | null;
  readonly cache: CacheState;
  readonly cacheBytes: number;
}

/**
 * "retired": the dashboard asked it to finish, which it did; "finished": a person here did; "removed":
 * the dashboard ended its connection at once.
 */
export type EndedBy = "retired" | "finished" | "removed";

/** The part of the snapshot that the agent knows. */
export function describeAgent(
  agent: WorkerAgent,
  threadsMax: number,
): Omit<
  WorkerSnapshot,
  "connection" | "endedBy" | "cache" | "given" | "courtesy" | "screen" | "changedAtDashboard"
> {
  const { state, plane } = agent;
  const leases = [...state.leases.values()];
  const running = leases
    .filter((lease) => lease.isRunning)
    .toSorted((a, b) => a.startedAtMs - b.startedAtMs);
  const fetching = leases.filter((lease) => lease.missing.size > 0);
  const links = plane.links();
  return {
    name: state.name,
    paused: state.paused,
    pausedBy: shownReason(state.pauses),
    runsFunctions: state.runsFunctions,
    threads: state.threads,
    threadsMax,
    cells: threadViews(
      running.map(({ title }) => title),
      state.threads,
      threadsMax,
    ),
    running: running.map(({ title, startedAtMs }) => ({ title, startedAtMs })),
    fetching: fetching.length,
    currentTitle: (running[0] ?? fetching[0])?.title ?? null,
    moving: plane.activeTransfers,
    tasksDone: state.tasksDone,
    tasksFailed: state.tasksFailed,
    computeMs: state.computeMs,
    bytesReceived: { ...plane.bytesReceived },
    bytesSent: bytesSentOf(links),
    ...pathOf(links),
    cacheBytes: state.cacheBytes,
  };
}

/** Why it does not come back by itself, from its connection and whoever asked it to finish. */
export function endedBy(connection: ControlState, retiredBy: RetiredBy | null): EndedBy | null {
  if (retiredBy !== null) return retiredBy === "person" ? "finished" : "retired";
  const isRemoved = connection.state === "refused" && connection.reason === "removed";
  return isRemoved ? "removed" : null;
}
