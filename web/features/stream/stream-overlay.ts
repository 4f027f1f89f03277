// Draws what lies over the lanes: lines of time, now, names in wide bars, rings around attempts; and the axis.
import { formatClock } from "../../components/format.ts";
import { cutText } from "../jobs/heatmap-axes.ts";
import { COMPUTING, walkLane } from "./lane-walk.ts";
import type { StreamScene } from "./stream-painter.ts";
import { stretchOf, type Picked } from "./stream-pick.ts";
import { DATA_PX } from "./stream-layout.ts";
import { placeOf, toMsOf } from "./stream-viewport.ts";
import { timeTicks, type TimeTicks } from "./time-axis.ts";

export interface OverlayInks {
  readonly text: string;
  readonly muted: string;
  readonly line: string;
  readonly onAccent: string;
  readonly font: string;
}

export const AXIS_PX = 28;
/** Room for one time on the axis. */
const TICK_PX = 96;
/** Bars this wide have their name inside, where there is room for a word. */
const LABEL_FROM_PX = 64;
const LABEL_BAR_FROM_PX = 14;
const RING_PX = 2;

const ticksOf = (scene: StreamScene, widthPx: number): TimeTicks => {
  const { fromMs } = scene.viewport;
  const zoneMs = -new Date(fromMs).getTimezoneOffset() * 60_000;
  return timeTicks(fromMs, toMsOf(scene.viewport, widthPx), widthPx / TICK_PX, zoneMs);
};

export function drawAxis(
  context: CanvasRenderingContext2D,
  scene: StreamScene,
  widthPx: number,
  ratio: number,
  inks: OverlayInks,
): void {
  const { stepMs, timesMs } = ticksOf(scene, widthPx);
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, widthPx, AXIS_PX);
  context.font = inks.font;
  context.fillStyle = inks.muted;
  context.textBaseline = "middle";
  for (const timeMs of timesMs) {
    const x = placeOf(scene.viewport, timeMs);
    const words = formatClock(timeMs, stepMs);
    const half = context.measureText(words).width / 2;
    if (x - half < 0 || x + half > widthPx) continue;
    context.fillText(words, x - half, AXIS_PX / 2);
  }
}

export interface OverlayScene extends StreamScene {
  readonly hovered: Picked | null;
  readonly selected: Picked | null;
  readonly groups: readonly string[];
  readonly showsNow: boolean;
}

export function drawOverlay(
  context: CanvasRenderingContext2D,
  scene: OverlayScene,
  [widthPx, heightPx]: readonly [number, number],
  ratio: number,
  inks: OverlayInks,
): void {
  context.setTransform(ratio, 0, 0, ratio, 0, 0);
  context.clearRect(0, 0, widthPx, heightPx);
  context.fillStyle = inks.line;
  for (const timeMs of ticksOf(scene, widthPx).timesMs) {
    context.fillRect(Math.round(placeOf(scene.viewport, timeMs)), 0, 1, heightPx);
  }
  if (scene.showsNow) {
    context.fillStyle = inks.text;
    const x = Math.min(widthPx - 1, Math.round(placeOf(scene.viewport, scene.nowMs)));
    if (x >= 0) context.fillRect(x, 0, 1, heightPx);
  }
  if (scene.layout.barPx >= LABEL_BAR_FROM_PX) {
    drawLabels(context, scene, widthPx, heightPx, inks);
  }
  for (const picked of [scene.hovered, scene.selected]) {
    if (picked !== null) drawRing(context, scene, picked, widthPx, inks);
  }
}

function drawLabels(
  context: CanvasRenderingContext2D,
  { layout, viewport, scrollPx, groups }: OverlayScene,
  widthPx: number,
  heightPx: number,
  inks: OverlayInks,
): void {
  const toMs = toMsOf(viewport, widthPx);
  context.font = inks.font;
  context.fillStyle = inks.onAccent;
  context.textBaseline = "middle";
  const measure = (text: string): number => context.measureText(text).width;
  for (const { threads } of layout.machines) {
    for (const { lane, topPx } of threads) {
      const y = topPx - scrollPx;
      if (lane === null || y < -layout.barPx || y > heightPx) continue;
      // Where so many are in view, few can be wide: looking for them would cost more than it shows.
      const shown = lane.firstEndingAfter(toMs) - lane.firstEndingAfter(viewport.fromMs);
      if (shown > widthPx / 8) continue;
      walkLane(lane, viewport.fromMs, toMs, (startMs, endMs, phase, place) => {
        if (phase !== COMPUTING || lane.outcomeAt(place) !== "finished") return;
        if (lane.isSpeculativeAt(place)) return;
        const from = Math.max(0, placeOf(viewport, startMs));
        const room = Math.min(widthPx, placeOf(viewport, endMs)) - from - 12;
        if (room < LABEL_FROM_PX) return;
        const words = cutText(groups[lane.group[place] ?? 0] ?? "", room, measure);
        context.fillText(words, from + 6, y + layout.barPx / 2 + 0.5);
      });
    }
  }
}

/** Where a picked attempt's bar is: CSS pixels from the top left corner of the lanes. */
export function boxOf(
  picked: Picked,
  { viewport, scrollPx, nowMs, layout }: StreamScene,
): {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
} {
  const { fromMs, toMs } = stretchOf(picked, nowMs);
  const left = placeOf(viewport, fromMs);
  const isData = picked.thread < 0;
  const row = picked.rows.threads[picked.thread]?.topPx ?? picked.rows.dataTopPx;
  return {
    left,
    top: (isData ? picked.rows.dataTopPx : row) - scrollPx,
    width: Math.max(1, placeOf(viewport, toMs) - left),
    height: isData ? DATA_PX : layout.barPx,
  };
}

function drawRing(
  context: CanvasRenderingContext2D,
  scene: StreamScene,
  picked: Picked,
  widthPx: number,
  inks: OverlayInks,
): void {
  const { left, top, width, height } = boxOf(picked, scene);
  const from = Math.max(-8, left);
  const to = Math.min(widthPx + 8, left + width);
  context.strokeStyle = inks.text;
  context.lineWidth = RING_PX;
  context.strokeRect(
    from - RING_PX / 2,
    top - RING_PX / 2,
    Math.max(RING_PX, to - from) + RING_PX,
    height + RING_PX,
  );
}
