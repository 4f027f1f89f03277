// Which stretch of time the stream shows: zoom, pan, and the ways of keeping up with now.

/** Times are Unix milliseconds. */
export interface Span {
  readonly fromMs: number;
  readonly toMs: number;
}

export interface TimeViewport {
  readonly fromMs: number;
  readonly msPerPx: number;
}

/** "whole": everything there is; "follow": the latest stretch; "free": where the person went. */
export type Mode = "whole" | "follow" | "free";

/** A hundredth of a millisecond a pixel: no report is finer. */
const MS_PER_PX_MIN = 0.01;
/** Room beside everything, as a share of it. */
const MARGIN_SHARE = 0.02;
/** What took no time at all still has a place. */
const SPAN_MIN_MS = 10;
/** A stream that has just begun is not stretched over the whole width at once. */
export const LIVE_SPAN_MIN_MS = 2_000;
/** What a following view shows at first: long enough to see a pattern. */
export const FOLLOW_MS = 60_000;

export const toMsOf = (viewport: TimeViewport, widthPx: number): number =>
  viewport.fromMs + viewport.msPerPx * widthPx;

export const timeAt = (viewport: TimeViewport, xPx: number): number =>
  viewport.fromMs + xPx * viewport.msPerPx;

export const placeOf = (viewport: TimeViewport, timeMs: number): number =>
  (timeMs - viewport.fromMs) / viewport.msPerPx;

/** All of the span with a little room on both sides. */
export function wholeOf({ fromMs, toMs }: Span, widthPx: number): TimeViewport {
  const spanMs = Math.max(SPAN_MIN_MS, toMs - fromMs);
  const marginMs = spanMs * MARGIN_SHARE;
  return { fromMs: fromMs - marginMs, msPerPx: (spanMs + 2 * marginMs) / widthPx };
}

/** The same scale with now at the right end. */
export function following(viewport: TimeViewport, nowMs: number, widthPx: number): TimeViewport {
  return { ...viewport, fromMs: nowMs - viewport.msPerPx * widthPx };
}

/** Larger factors show less time; what is at `xPx` stays there, within what there is to see. */
export function zoomAbout(
  viewport: TimeViewport,
  span: Span,
  widthPx: number,
  factor: number,
  xPx: number,
): TimeViewport {
  const msPerPxMax = wholeOf(span, widthPx).msPerPx;
  const msPerPx = Math.min(msPerPxMax, Math.max(MS_PER_PX_MIN, viewport.msPerPx / factor));
  const fromMs = timeAt(viewport, xPx) - xPx * msPerPx;
  return clamped({ fromMs, msPerPx }, span, widthPx);
}

export function panBy(
  viewport: TimeViewport,
  span: Span,
  widthPx: number,
  dxPx: number,
): TimeViewport {
  const fromMs = viewport.fromMs - dxPx * viewport.msPerPx;
  return clamped({ ...viewport, fromMs }, span, widthPx);
}

/** Moves by as little as possible so that the stretch is in view, at most a tenth from the edge. */
export function reveal(
  viewport: TimeViewport,
  stretch: Span,
  span: Span,
  widthPx: number,
): TimeViewport {
  const toMs = toMsOf(viewport, widthPx);
  const roomMs = (toMs - viewport.fromMs) / 10;
  const isLong = stretch.toMs - stretch.fromMs > toMs - viewport.fromMs - 2 * roomMs;
  if (isLong || stretch.fromMs < viewport.fromMs) {
    return clamped({ ...viewport, fromMs: stretch.fromMs - roomMs }, span, widthPx);
  }
  if (stretch.toMs <= toMs) return viewport;
  const fromMs = viewport.fromMs + stretch.toMs + roomMs - toMs;
  return clamped({ ...viewport, fromMs }, span, widthPx);
}

export const sameView = (a: TimeViewport, b: TimeViewport): boolean =>
  a.fromMs === b.fromMs && a.msPerPx === b.msPerPx;

/** Not farther than half of the view beside what there is. */
function clamped(viewport: TimeViewport, span: Span, widthPx: number): TimeViewport {
  const halfMs = (viewport.msPerPx * widthPx) / 2;
  const fromMs = Math.min(span.toMs - halfMs, Math.max(span.fromMs - halfMs, viewport.fromMs));
  return { ...viewport, fromMs };
}
