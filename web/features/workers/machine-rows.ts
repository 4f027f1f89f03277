// The machines as rows of words: equal words are the same object again, so that only rows that show
// something new are drawn.
import type { WorkerId } from "../../../shared/ids.ts";
import type { WorkerView } from "../../../shared/protocol/messages.ts";
import { cellsOf, type CellState } from "../../components/cell-states.ts";
import { formatBytes, formatCount, formatPercent, formatSpan } from "../../components/format.ts";
import {
  batteryWords,
  deviceWords,
  pathWhy,
  pathWords,
  speedFactor,
  speedWords,
  standingStory,
  standingWords,
  stateAndPlace,
} from "./machine-words.ts";

/** What a row and a card show of a machine; everything is text, or changes as seldom. */
export interface MachineRow {
  readonly worker: WorkerId;
  readonly name: string;
  readonly device: string;
  readonly gpu: string | null;
  /** Its address, and its graphics if it has any. */
  readonly place: string;
  readonly state: WorkerView["state"];
  readonly stateWords: string;
  readonly cells: readonly CellState[];
  /** Whole percents, for the meter. */
  readonly busyPercent: number;
  readonly busy: string;
  /** "1.8×"; null before anything was timed. */
  readonly speed: string | null;
  readonly speedWords: string;
  readonly path: string;
  readonly pathWhy: string | null;
  readonly memory: string;
  readonly cache: string;
  readonly tasksDone: string;
  /** Null when none failed. */
  readonly tasksFailed: string | null;
  readonly standing: string;
  readonly isDoubtful: boolean;
  readonly standingStory: string;
  readonly battery: string | null;
  readonly here: string;
}

function machineRow(worker: WorkerView, nowMs: number): MachineRow {
  const { condition } = worker;
  return {
    worker: worker.worker,
    name: worker.name,
    device: deviceWords(worker),
    gpu: worker.device.gpu ?? null,
    place: [worker.address, ...(worker.device.gpu === undefined ? [] : [worker.device.gpu])].join(
      ", ",
    ),
    state: worker.state,
    stateWords: stateAndPlace(worker),
    cells: cellsOf(worker),
    busyPercent: Math.round(condition.busyShare * 100),
    busy: formatPercent(Math.round(condition.busyShare * 100) / 100),
    speed: speedFactor(worker),
    speedWords: speedWords(worker),
    path: pathWords(worker),
    pathWhy: pathWhy(worker),
    memory: formatBytes(condition.memoryBytes),
    cache: formatBytes(worker.cacheBytes),
    tasksDone: formatCount(worker.tasksDone),
    tasksFailed: worker.tasksFailed === 0 ? null : formatCount(worker.tasksFailed),
    standing: standingWords(worker),
    isDoubtful: worker.standing === "doubtful",
    standingStory: standingStory(worker),
    battery: batteryWords(condition),
    here: formatSpan(nowMs - worker.joinedAtMs),
  };
}

/** The rows of these machines; those that say what they said before are the objects from before. */
export class MachineRows {
  #kept = new Map<WorkerId, { readonly text: string; readonly row: MachineRow }>();

  update(workers: readonly WorkerView[], nowMs: number): ReadonlyMap<WorkerId, MachineRow> {
    const kept = new Map<WorkerId, { readonly text: string; readonly row: MachineRow }>();
    for (const worker of workers) {
      const row = machineRow(worker, nowMs);
      const text = JSON.stringify(row);
      const before = this.#kept.get(worker.worker);
      kept.set(worker.worker, before?.text === text ? before : { text, row });
    }
    this.#kept = kept;
    return new Map([...kept].map(([worker, { row }]) => [worker, row]));
  }
}
