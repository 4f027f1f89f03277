// The task stream as SVG, one picture a machine: patterns and times as in the page, bounded in size.
import { formatClock, formatDuration, formatPercent } from "../../components/format.ts";
import { DataCover, LaneCover, type Columns } from "../stream/lane-cover.ts";
import type { MachineRows, StreamLayout } from "../stream/stream-layout.ts";
import { LOOKS, type Look } from "../stream/stream-looks.ts";
import { dataHeight } from "../stream/stream-raster-core.ts";
import { totalsOf, type MachineTotals } from "../stream/stream-totals.ts";
import type { Span } from "../stream/stream-viewport.ts";
import { html, Html } from "./html-text.ts";

/** Columns of all lanes together: each costs at most about 20 bytes, so less than 1 MB. */
const CELLS_MAX = 40_000;
const COLUMNS_MAX = 1_000;
const COLUMNS_MIN = 100;
/** More lanes than fit with the fewest columns are left out, and said to be. */
const LANES_MAX = CELLS_MAX / COLUMNS_MIN;
const BAR = 10;
const PITCH = 12;
const DATA = 8;

/** Columns that are covered to less than half are drawn paler. */
type Drawn = Exclude<Look, "none">;

export function streamSvg(layout: StreamLayout, span: Span): Html {
  const shown: MachineRows[] = [];
  let lanes = 0;
  for (const rows of layout.machines) {
    lanes += rows.threads.length + 1;
    if (lanes > LANES_MAX) break;
    shown.push(rows);
  }
  const lanesShown = shown.reduce((sum, { threads }) => sum + threads.length + 1, 0);
  const count = Math.min(COLUMNS_MAX, Math.floor(CELLS_MAX / Math.max(1, lanesShown)));
  const spanMs = Math.max(1, span.toMs - span.fromMs);
  const columns: Columns = { count, fromMs: span.fromMs, msPerColumn: spanMs / count };
  const totals = new Map(totalsOf(layout, span).map((one) => [one.worker, one]));
  const machines = shown.map((rows) => machineSvg(rows, columns, totals.get(rows.worker)));
  const left = layout.machines.length - shown.length;
  const stepMs = spanMs < 10_000 ? 10 : 1_000;
  return html`${PATTERNS}
    <p class="axis">
      <span>${formatClock(span.fromMs, stepMs)}</span><span>${formatDuration(spanMs)}</span
      ><span>${formatClock(span.toMs, stepMs)}</span>
    </p>
    ${machines}
    ${left > 0 ? html`<p class="note">${left} more machines are not drawn; the table has their figures.</p>` : []}`;
}

function machineSvg(rows: MachineRows, columns: Columns, totals: MachineTotals | undefined): Html {
  const paths = new Map<string, string[]>();
  const cover = new LaneCover(columns.count);
  for (const [thread, { lane }] of rows.threads.entries()) {
    cover.clear();
    if (lane !== null) cover.addLane(lane, columns, null);
    addRuns(paths, cover, thread * PITCH);
  }
  const dataTop = rows.threads.length * PITCH;
  addData(paths, rows, columns, dataTop);
  const height = dataTop + DATA;
  const share =
    totals === undefined || totals.totalMs === 0
      ? ""
      : `, computing ${formatPercent(totals.computingMs / totals.totalMs)} of the time`;
  const drawn = [...paths].map(
    ([look, runs]) => html`<path class="${look}" d="${runs.join("")}" />`,
  );
  return html`<figure class="machine">
    <figcaption>${rows.name}</figcaption>
    <svg
      viewBox="0 0 ${columns.count} ${height}"
      height="${height}"
      preserveAspectRatio="none"
      role="img"
      aria-label="${rows.name}: ${rows.threads.length} threads${share}"
    >
      ${drawn}
    </svg>
  </figure>`;
}

function addRuns(paths: Map<string, string[]>, cover: LaneCover, top: number): void {
  const classOf = (column: number): string | null => {
    const look = LOOKS[cover.looks[column] ?? 0] ?? "none";
    if (look === "none") return null;
    const drawn: Drawn = look;
    const isPale = look !== "failed" && (cover.covered[column] ?? 0) < 0.5;
    return isPale ? `${drawn} pale` : drawn;
  };
  const { length } = cover.looks;
  for (let from = 0; from < length;) {
    const look = classOf(from);
    let to = from + 1;
    while (to < length && classOf(to) === look) to += 1;
    if (look !== null) add(paths, look, bar(from, top, to - from, BAR));
    from = to;
  }
}

function addData(
  paths: Map<string, string[]>,
  { machine }: MachineRows,
  columns: Columns,
  top: number,
): void {
  if (machine === null) return;
  const data = new DataCover(columns.count);
  for (const lane of [...machine.threads, machine.unplaced]) data.add(lane, columns);
  data.finish();
  for (const [look, heights] of [
    ["waiting", data.waiting],
    ["moving", data.moving],
  ] as const) {
    for (let from = 0; from < columns.count;) {
      const height = dataHeight(heights[from] ?? 0, DATA);
      let to = from + 1;
      while (to < columns.count && dataHeight(heights[to] ?? 0, DATA) === height) to += 1;
      if (height > 0) add(paths, look, bar(from, top + DATA - height, to - from, height));
      from = to;
    }
  }
  for (const [column, look] of data.ends.entries()) {
    if (look !== 0) add(paths, LOOKS[look] ?? "none", bar(column, top, 1, DATA));
  }
}

const bar = (x: number, y: number, width: number, height: number): string =>
  `M${x} ${y}h${width}v${height}h-${width}z`;

function add(paths: Map<string, string[]>, look: string, run: string): void {
  const runs = paths.get(look);
  if (runs === undefined) paths.set(look, [run]);
  else runs.push(run);
}

const PATTERNS = html`<svg
  class="patterns"
  width="0"
  height="0"
  aria-hidden="true"
  focusable="false"
>
  <defs>
    <pattern
      id="hatch-moving"
      width="6"
      height="6"
      patternUnits="userSpaceOnUse"
      patternTransform="rotate(-45)"
    >
      <rect class="a" width="6" height="6" />
      <rect class="b" width="2" height="6" />
    </pattern>
    <pattern
      id="hatch-speculative"
      width="6"
      height="6"
      patternUnits="userSpaceOnUse"
      patternTransform="rotate(45)"
    >
      <rect class="a" width="6" height="6" />
      <rect class="b" width="3" height="6" />
    </pattern>
    <pattern
      id="hatch-failed"
      width="6"
      height="6"
      patternUnits="userSpaceOnUse"
      patternTransform="rotate(45)"
    >
      <rect class="a" width="6" height="6" />
      <path class="b" d="M0 0h6v1.5h-6zM0 0h1.5v6h-1.5z" />
    </pattern>
  </defs>
</svg>`;
