// What the pages say about a machine: what it does and why not, how fast it is, how its bytes travel.
import { unreachable } from "../../../shared/assert.ts";
import type { PauseReason, WorkerView } from "../../../shared/protocol/messages.ts";
import {
  formatBytes,
  formatDuration,
  formatFigure,
  formatLarge,
  formatPercent,
} from "../../components/format.ts";

const PAUSED_WORDS: Record<PauseReason, string> = {
  person: "Paused: by hand, at the machine",
  timer: "Paused: for a while, at the machine",
  dashboard: "Paused: from the dashboard",
  battery: "Paused: on battery",
  hidden: "Paused: its page is in the background",
  busy: "Paused: the machine is needed for something else",
  finishing: "Finishing, then leaving",
};

/** What ends a pause that nobody has to end; null where somebody has to. */
const PAUSE_ENDS: Record<PauseReason, string | null> = {
  person: null,
  timer: null,
  dashboard: null,
  battery: "It goes on by itself as soon as it is plugged in.",
  hidden: "It goes on by itself as soon as its page is in front again.",
  busy: "It goes on by itself as soon as the machine is less busy.",
  finishing: "It ends the tasks that it has begun, hands over what only it holds, and leaves.",
};

type Stateful = Pick<WorkerView, "state" | "isRetiring" | "condition">;

/** "Computing", "Paused: on battery". */
export function stateWords({ state, isRetiring, condition }: Stateful): string {
  if (state === "silent") return "Silent: its work may be given to others";
  if (isRetiring) return PAUSED_WORDS.finishing;
  switch (state) {
    case "computing":
      return "Computing";
    case "fetching":
      return "Fetching data";
    case "idle":
      return "Waiting for work";
    case "paused":
      return condition.pausedBy === null ? "Paused there" : PAUSED_WORDS[condition.pausedBy];
    default:
      return unreachable(state);
  }
}

/** Why "Resume" would not help just now, and what will; null where it helps. */
export function pauseEnds({ isRetiring, condition }: Stateful): string | null {
  if (isRetiring) return PAUSE_ENDS.finishing;
  return condition.pausedBy === null ? null : PAUSE_ENDS[condition.pausedBy];
}

/** "Computing, in a background tab"; a pause for that very reason does not say it twice. */
export function stateAndPlace(worker: Stateful & Pick<WorkerView, "hidden">): string {
  const words = stateWords(worker);
  const isSaid = worker.state === "silent" || worker.condition.pausedBy === "hidden";
  return worker.hidden && !isSaid ? `${words}, in a background tab` : words;
}

export function pathWords({ path }: Pick<WorkerView, "path">): string {
  switch (path) {
    case "direct":
      return "Direct";
    case "coordinator":
      return "Through the coordinator";
    case "unknown":
      return "Nothing moved yet";
    default:
      return unreachable(path);
  }
}

/** Why the coordinator carries the bytes; null where it does not, or nobody knows. */
export const pathWhy = ({ path, why }: Pick<WorkerView, "path" | "why">): string | null =>
  path === "coordinator" ? why : null;

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

/** "1.8×": its learned speed beside the mean of the cluster; null before anything was timed. */
export const speedFactor = (worker: Pick<WorkerView, "relativeSpeed" | "speeds">): string | null =>
  worker.speeds.length === 0
    ? null
    : `${formatFigure(worker.relativeSpeed, worker.relativeSpeed < 9.95 ? 1 : 0)}×`;

/** "1.8× the average", "as fast as the average", "not timed yet". */
export function speedWords(worker: Pick<WorkerView, "relativeSpeed" | "speeds">): string {
  const factor = speedFactor(worker);
  if (factor === null) return "not timed yet";
  return factor === "1.0×" ? "as fast as the average" : `${factor} the average`;
}

/** "1.2 billion operations/s" */
export const operationsWords = (operationsPerMs: number): string =>
  `${formatLarge(operationsPerMs * 1_000)} operations/s`;

/** "84%, charging"; null where the browser does not tell. */
export function batteryWords({ battery }: WorkerView["condition"]): string | null {
  if (battery === null) return null;
  return `${formatPercent(battery.level)}, ${battery.isCharging ? "charging" : "on battery"}`;
}

const STANDING_WORDS: Record<WorkerView["standing"], readonly [short: string, long: string]> = {
  new: ["New", "New: too few tasks were done here to know it"],
  good: ["Good", "Good: what it is given, it finishes"],
  doubtful: ["Doubtful", "Doubtful: many of its tasks failed or were lost; it is given fewer"],
};

export const standingWords = ({ standing }: Pick<WorkerView, "standing">): string =>
  STANDING_WORDS[standing][0];
export const standingStory = ({ standing }: Pick<WorkerView, "standing">): string =>
  STANDING_WORDS[standing][1];

const PRESSURE_WORDS: Record<NonNullable<WorkerView["condition"]["pressure"]>, string> = {
  nominal: "Little else to do",
  fair: "Busy, but well",
  serious: "Under pressure",
  critical: "Overloaded",
};

/** "Busy, but well; timers 12 ms late"; null where the browser tells nothing. */
export function loadWords({ pressure, lagMs }: WorkerView["condition"]): string | null {
  const parts = [
    ...(pressure === null ? [] : [PRESSURE_WORDS[pressure]]),
    ...(lagMs === null ? [] : [`timers ${formatDuration(lagMs)} late`]),
  ];
  if (parts.length === 0) return null;
  const [first = "", ...rest] = parts;
  return [first.charAt(0).toUpperCase() + first.slice(1), ...rest].join("; ");
}

/** "Firefox 141, Windows" */
export const deviceWords = ({ device }: Pick<WorkerView, "device">): string =>
  `${device.browser}, ${device.system}`;
