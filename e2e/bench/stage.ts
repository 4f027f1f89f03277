// What a bench works with: its scale, its signal, and what it must end when it is over.
import type { Cleanups } from "../../coordinator/commands/cleanups.ts";
import type { Row, Scale } from "./bench.ts";
import type { LaneHost } from "./lanes/browser-lanes.ts";
import type { PythonFound } from "./peers/python.ts";
import { race, type Contender, type RaceResult } from "./race.ts";

export interface Stage {
  readonly scale: Scale;
  /** Aborted by Ctrl-C and at the bench's time limit. */
  readonly signal: AbortSignal;
  /** No further round of a race is begun that would end after this, by `performance.now()`. */
  readonly softLimitMs: number;
  /** Runs when the bench is over, however it ends. */
  readonly cleanups: Cleanups;
  /** Of this run; deleted at its end. */
  readonly folder: string;
  readonly executablePath: string;
  /** Null where there is no Python with NumPy. */
  readonly python: PythonFound | null;
  /** Where lanes run in a browser; started when first asked for. */
  laneHost(): Promise<LaneHost>;
  readonly say: (line: string) => void;
  /** Takes a row for the table; it stays there even if the bench fails later. */
  readonly add: (row: Row) => void;
  /** Notes, beside the table, that something could not be compared, and why. */
  readonly leaveOut: (what: string, why: string) => void;
}

/** A race within the bench's time. */
export function raceOn(
  stage: Stage,
  contenders: readonly Contender[],
  rounds: number,
): Promise<RaceResult> {
  stage.say(`  ${contenders.map(({ name }) => name).join(" · ")}`);
  const untilMs = stage.softLimitMs;
  return race(contenders, { rounds, untilMs, nowMs: () => performance.now() });
}
