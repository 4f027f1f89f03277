// Where machines and their lanes stand below each other; all heights in CSS pixels.
import type { WorkerId } from "../../../shared/ids.ts";
import type { LaneColumns } from "./lane-columns.ts";
import type { Machine } from "./machine-lanes.ts";

export interface LaneRow {
  readonly topPx: number;
  /** Null for a thread that has not been heard of. */
  readonly lane: LaneColumns | null;
}

export interface MachineRows {
  readonly worker: WorkerId;
  readonly name: string;
  /** Null for a machine that is here but has no attempts yet. */
  readonly machine: Machine | null;
  readonly topPx: number;
  readonly threads: readonly LaneRow[];
  /** The thin row under the threads: data on its way, and what never came to a thread. */
  readonly dataTopPx: number;
  readonly heightPx: number;
}

export interface StreamLayout {
  readonly machines: readonly MachineRows[];
  readonly heightPx: number;
  /** A thread's bar, as high as the cell at its head. */
  readonly barPx: number;
  /** From one bar to the next: the cells' own distance. */
  readonly pitchPx: number;
  readonly cells: "small" | "medium";
}

export interface PresentMachine {
  readonly worker: WorkerId;
  readonly name: string;
  readonly threads: number;
}

export const DATA_PX = 8;
const MACHINE_GAP_PX = 12;
const DATA_GAP_PX = 1;
/** From so many lanes on they are drawn small. */
const LANES_ROOMY_MAX = 32;
/** As the styles of the cells have them. */
const SIZES = { medium: { barPx: 14, pitchPx: 18 }, small: { barPx: 8, pitchPx: 11 } } as const;

/** Machines by name, those present and those that left something to see. */
export function layOut(
  machines: readonly Machine[],
  liveLanes: ReadonlyMap<WorkerId, number>,
  present: readonly PresentMachine[],
): StreamLayout {
  const known = new Map(machines.map((machine) => [machine.worker, machine]));
  const here = new Map(present.map((one) => [one.worker, one]));
  const shown = [...new Set([...known.keys(), ...here.keys()])].flatMap((worker) => {
    const machine = known.get(worker) ?? null;
    const one = here.get(worker);
    const hasAny =
      machine !== null && (machine.unplaced.count > 0 || machine.threads.some((l) => l.count > 0));
    const lanes = Math.max(lanesOf(machine), liveLanes.get(worker) ?? 0, one?.threads ?? 0);
    if (!hasAny && one === undefined && !liveLanes.has(worker)) return [];
    return [{ worker, machine, name: one?.name ?? machine?.name ?? "", lanes }];
  });
  const collator = new Intl.Collator(undefined, { numeric: true });
  shown.sort((a, b) => collator.compare(a.name, b.name) || (a.worker < b.worker ? -1 : 1));
  const laneCount = shown.reduce((sum, { lanes }) => sum + lanes, 0);
  const cells = laneCount <= LANES_ROOMY_MAX ? "medium" : "small";
  const { barPx, pitchPx } = SIZES[cells];
  let topPx = MACHINE_GAP_PX / 2;
  const rows = shown.map(({ worker, name, machine, lanes }): MachineRows => {
    const dataTopPx = topPx + lanes * pitchPx + DATA_GAP_PX;
    const row = {
      worker,
      name,
      machine,
      topPx,
      threads: Array.from({ length: lanes }, (_, thread) => ({
        topPx: topPx + thread * pitchPx,
        lane: machine?.threads[thread] ?? null,
      })),
      dataTopPx,
      heightPx: dataTopPx + DATA_PX - topPx,
    };
    topPx += row.heightPx + MACHINE_GAP_PX;
    return row;
  });
  return { machines: rows, heightPx: topPx, barPx, pitchPx, cells };
}

/** Threads up to the last one that still has attempts. */
function lanesOf(machine: Machine | null): number {
  if (machine === null) return 0;
  return machine.threads.findLastIndex((lane) => lane.count > 0) + 1;
}

/** What is at a height: a thread, or the row of data (−1); null between machines. */
export function rowAt(
  layout: StreamLayout,
  yPx: number,
): { readonly rows: MachineRows; readonly thread: number } | null {
  const rows = layout.machines.find((one) => yPx >= one.topPx && yPx < one.topPx + one.heightPx);
  if (rows === undefined) return null;
  const thread = Math.floor((yPx - rows.topPx) / layout.pitchPx);
  return { rows, thread: thread < rows.threads.length ? thread : -1 };
}
