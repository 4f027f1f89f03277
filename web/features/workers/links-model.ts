// The measured ways between machines as a matrix: rows receive from columns.
import { unreachable } from "../../../shared/assert.ts";
import type { WorkerId } from "../../../shared/ids.ts";
import type { Links } from "../../../shared/protocol/telemetry.ts";
import { formatByteRate, formatBytes, formatFigure } from "../../components/format.ts";

/** More rows than this cannot be read; then only machines with a measured way are shown. */
export const MATRIX_MACHINES_MAX = 50;

type Link = Links["links"][number];

export interface MatrixMachine {
  readonly worker: WorkerId;
  readonly name: string;
}

export type MatrixCell =
  /** A machine and itself. */
  | { readonly kind: "self" }
  | { readonly kind: "none" }
  | { readonly kind: "connecting" }
  | { readonly kind: "failed"; readonly why: string | null; readonly bytes: number }
  /** Open, but nothing was measured so far. */
  | { readonly kind: "open"; readonly bytes: number }
  | {
      readonly kind: "measured";
      readonly bytes: number;
      readonly bytesPerSecond: number;
      /** Its place on the scale, 0 to 1. */
      readonly share: number;
    };

export interface LinkMatrix {
  /** Those that receive; the columns are the coordinator and then these again. */
  readonly machines: readonly MatrixMachine[];
  /** One row a machine: the coordinator's column first. */
  readonly rows: readonly (readonly MatrixCell[])[];
  /** Bytes a second at the ends of the scale; null while nothing was measured. */
  readonly scale: { readonly from: number; readonly to: number } | null;
  /** Machines left out because there are too many. */
  readonly omitted: number;
}

const key = (to: WorkerId, from: WorkerId | null): string => `${to} ${from ?? ""}`;

/** Whole decades around all rates, so that colours do not move with every measurement. */
function scaleOf(links: readonly Link[]): LinkMatrix["scale"] {
  const rates = links
    .map((link) => (link.bytesPerMs ?? 0) * 1_000)
    .filter((bytesPerSecond) => bytesPerSecond > 0);
  if (rates.length === 0) return null;
  const from = 10 ** Math.floor(Math.log10(Math.min(...rates)));
  const to = 10 ** Math.ceil(Math.log10(Math.max(...rates)));
  return { from, to: to > from ? to : from * 10 };
}

function chosenMachines(workers: readonly MatrixMachine[], links: readonly Link[]) {
  if (workers.length <= MATRIX_MACHINES_MAX) return workers;
  const bytes = new Map<WorkerId, number>();
  const add = (worker: WorkerId, count: number): void =>
    void bytes.set(worker, (bytes.get(worker) ?? 0) + count);
  for (const link of links) {
    // Way between machines; that the coordinator carries bytes for all of them goes without saying.
    if (link.from === null) continue;
    add(link.to, link.bytes);
    add(link.from, link.bytes);
  }
  return workers
    .filter(({ worker }) => bytes.has(worker))
    .toSorted((a, b) => (bytes.get(b.worker) ?? 0) - (bytes.get(a.worker) ?? 0))
    .slice(0, MATRIX_MACHINES_MAX);
}

const collator = new Intl.Collator(undefined, { numeric: true, sensitivity: "base" });

export function linkMatrix(links: readonly Link[], workers: readonly MatrixMachine[]): LinkMatrix {
  const machines = chosenMachines(workers, links)
    .map(({ worker, name }) => ({ worker, name }))
    .toSorted((a, b) => collator.compare(a.name, b.name) || (a.worker < b.worker ? -1 : 1));
  const byEnds = new Map(links.map((link) => [key(link.to, link.from), link]));
  const scale = scaleOf(links);
  const columns: readonly (WorkerId | null)[] = [null, ...machines.map(({ worker }) => worker)];
  const rows = machines.map(({ worker }) =>
    columns.map((from): MatrixCell => {
      if (from === worker) return { kind: "self" };
      return cellOf(byEnds.get(key(worker, from)), scale);
    }),
  );
  return { machines, rows, scale, omitted: workers.length - machines.length };
}

function cellOf(link: Link | undefined, scale: LinkMatrix["scale"]): MatrixCell {
  if (link === undefined) return { kind: "none" };
  const { state, bytes, why } = link;
  if (state === "failed") return { kind: "failed", why, bytes };
  const bytesPerSecond = (link.bytesPerMs ?? 0) * 1_000;
  if (bytesPerSecond > 0 && scale !== null) {
    return { kind: "measured", bytes, bytesPerSecond, share: shareOf(bytesPerSecond, scale) };
  }
  return state === "connecting" ? { kind: "connecting" } : { kind: "open", bytes };
}

/** The place of a rate on the scale, which is logarithmic: 1 and 100 MB/s both matter. */
export function shareOf(
  bytesPerSecond: number,
  { from, to }: { from: number; to: number },
): number {
  const share = Math.log(bytesPerSecond / from) / Math.log(to / from);
  return Math.min(1, Math.max(0, share));
}

/** The decades of the scale, for the colour bar. */
export function scaleTicks(scale: NonNullable<LinkMatrix["scale"]>): readonly number[] {
  const ticks: number[] = [];
  for (let tick = scale.from; tick <= scale.to * 1.001; tick *= 10) ticks.push(tick);
  return ticks;
}

/** The figure in a cell, in MB/s, in as few characters as it can be told with. */
export function cellFigure(cell: MatrixCell): string {
  switch (cell.kind) {
    case "measured": {
      const megabytes = cell.bytesPerSecond / 1e6;
      if (megabytes < 0.095) return "<0.1";
      return formatFigure(megabytes, megabytes < 9.95 ? 1 : 0);
    }
    case "failed":
      return "×";
    case "connecting":
      return "…";
    case "open":
      return "–";
    case "none":
    case "self":
      return "";
    default:
      return unreachable(cell);
  }
}

/** The cell in a sentence. */
export function cellWords(cell: MatrixCell, to: string, from: string): string {
  const way = `${to} from ${from}`;
  switch (cell.kind) {
    case "self":
      return `${to} itself`;
    case "none":
      return `${way}: no way was needed yet`;
    case "connecting":
      return `${way}: connecting`;
    case "open":
      return `${way}: open, ${cell.bytes === 0 ? "nothing moved yet" : `${formatBytes(cell.bytes)}, too little to measure`}`;
    case "failed":
      return `${way}: no direct way. ${cell.why ?? "The channel did not open."}`;
    case "measured":
      return `${way}: ${formatByteRate(cell.bytesPerSecond)}, ${formatBytes(cell.bytes)} so far`;
    default:
      return unreachable(cell);
  }
}
