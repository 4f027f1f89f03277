// The lanes of a machine, and its attempts under way, as the activity's history holds them.
import type { WorkerId } from "../../../shared/ids.ts";
import type { LaneColumns } from "./lane-columns.ts";

/** One machine's lanes. */
export interface Machine {
  readonly worker: WorkerId;
  name: string;
  /** By the place of the thread; there may be lanes without any attempt. */
  readonly threads: LaneColumns[];
  /** Attempts that never came to a thread. */
  readonly unplaced: LaneColumns;
}

/** An attempt under way. */
export interface LiveAttempt {
  readonly attempt: number;
  readonly machine: Machine;
  /** The lane that it is shown in, as the coordinator hears of the thread at the end; −1: none yet. */
  readonly thread: number;
  readonly group: number;
  readonly grantedMs: number;
  /** Since when it computes, to half a second; null while it does not. */
  readonly computingFromMs: number | null;
  readonly isSpeculative: boolean;
}
