// Reads a task of the tile kernel; what is not in order here the processor's kernel will explain.
import { NpyError, decodeNpy } from "../../../shared/codecs/npy.ts";
import type { JsonValue } from "../../../shared/graph/task.ts";
import {
  type TileParams,
  parseTileParams,
} from "../../../shared/kernels/correlation/tile-params.ts";
import { type KernelInput, KernelInputError } from "../../../shared/kernels/kernel.ts";
import type { TaskInputBytes } from "../../../shared/kernels/run-task.ts";
import { KernelMemoryError } from "../../../shared/kernels/memory-arena.ts";
import type { DevicePanel, PanelPart, TileParts } from "./tile-sums.ts";

/** The one kernel whose bits may differ between machines: exact jobs never see a GPU. */
const KERNEL = "pearson-tile-fast@1";

/** A task for the GPU: what it computes, and its panels, decoded only when they are asked for. */
export interface TileTask {
  readonly params: TileParams;
  readonly inputs: readonly KernelInput[];
  /** Blocks that came without bytes. */
  readonly without: ReadonlySet<KernelInput["block"]>;
}

/** Null when the task is none for the GPU, which has no double precision, or is not in order. */
export function readTask(
  kernel: string,
  json: JsonValue,
  inputs: readonly TaskInputBytes[],
): TileTask | null {
  if (kernel !== KERNEL) return null;
  const params = parseOrNull(json);
  if (params?.precision !== "f32") return null;
  if (inputs.length !== params.rows.panels + (params.cols?.panels ?? 0)) return null;
  const supplied = new Set(inputs.flatMap(({ block, bytes }) => (bytes === null ? [] : [block])));
  const without = inputs.map(({ block }) => block).filter((block) => !supplied.has(block));
  return { params, inputs: inputs.map(toKernelInput), without: new Set(without) };
}

function parseOrNull(json: JsonValue): TileParams | null {
  try {
    return parseTileParams(json);
  } catch (error) {
    if (error instanceof KernelInputError) return null;
    throw error;
  }
}

function toKernelInput({ block, bytes }: TaskInputBytes): KernelInput {
  return {
    block,
    get array() {
      if (bytes === null) throw new KernelInputError(`The bytes of block ${block} did not come.`);
      return decodeNpy(bytes);
    },
  };
}

/** The tile's rows and columns on its panels. Throws KernelInputError when they do not fit together. */
export function cutParts({ rows, cols }: TileParams, panels: readonly DevicePanel[]): TileParts {
  const dates = panels[0]?.dates ?? 0;
  const rowParts = selectParts(panels.slice(0, rows.panels), rows);
  const colParts = cols === null ? null : selectParts(panels.slice(rows.panels), cols);
  const isWhole =
    rowParts.length > 0 && colParts?.length !== 0 && panels.every((panel) => panel.dates === dates);
  if (!isWhole) throw new KernelInputError("The tile does not lie within its panels.");
  return { rows: rowParts, cols: colParts, dates };
}

/** `count` series from the `start`-th of the panels put end to end; none when there are not so many. */
function selectParts(panels: readonly DevicePanel[], range: TileParams["rows"]): PanelPart[] {
  const parts: PanelPart[] = [];
  let before = 0;
  let missing = range.count;
  for (const panel of panels) {
    const first = Math.max(0, range.start - before);
    const count = Math.min(panel.series.length - first, missing);
    if (count > 0) {
      parts.push({ panel, first, count });
      missing -= count;
    }
    before += panel.series.length;
  }
  return missing === 0 ? parts : [];
}

/** The task itself is at fault, or too large: nothing is wrong with the GPU. */
export const isTaskFault = (error: unknown): boolean =>
  error instanceof KernelInputError ||
  error instanceof NpyError ||
  error instanceof KernelMemoryError;
