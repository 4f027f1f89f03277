// Tests of the stretch of time in view, and of the ticks below it.
import { expect, test } from "vitest";
import {
  following,
  panBy,
  placeOf,
  reveal,
  timeAt,
  toMsOf,
  wholeOf,
  zoomAbout,
} from "./stream-viewport.ts";
import { timeTicks } from "./time-axis.ts";

const span = { fromMs: 1_000_000, toMs: 1_060_000 };
const WIDTH = 1_000;

test("everything is in view with a little room", () => {
  const whole = wholeOf(span, WIDTH);
  expect(placeOf(whole, span.fromMs)).toBeCloseTo(1_000 / 52);
  expect(placeOf(whole, span.toMs)).toBeCloseTo(WIDTH - 1_000 / 52);
});

test("zooming keeps what is under the pointer, and ends at everything", () => {
  const whole = wholeOf(span, WIDTH);
  const closer = zoomAbout(whole, span, WIDTH, 8, 300);
  expect(timeAt(closer, 300)).toBeCloseTo(timeAt(whole, 300));
  expect(closer.msPerPx).toBeCloseTo(whole.msPerPx / 8);
  expect(zoomAbout(closer, span, WIDTH, 1e-9, 300).msPerPx).toBe(whole.msPerPx);
  expect(zoomAbout(closer, span, WIDTH, 1e12, 300).msPerPx).toBe(0.01);
});

test("panning ends where half of the view is empty", () => {
  const closer = zoomAbout(wholeOf(span, WIDTH), span, WIDTH, 10, 0);
  const far = panBy(closer, span, WIDTH, -1e9);
  expect(timeAt(far, WIDTH / 2)).toBeCloseTo(span.toMs);
  expect(timeAt(panBy(closer, span, WIDTH, 1e9), WIDTH / 2)).toBeCloseTo(span.fromMs);
});

test("following keeps now at the right end", () => {
  expect(toMsOf(following({ fromMs: 0, msPerPx: 5 }, 777_000, WIDTH), WIDTH)).toBe(777_000);
});

test("a stretch is brought into view by as little as possible", () => {
  const view = { fromMs: 1_010_000, msPerPx: 10 };
  expect(reveal(view, { fromMs: 1_012_000, toMs: 1_013_000 }, span, WIDTH)).toBe(view);
  const after = reveal(view, { fromMs: 1_030_000, toMs: 1_031_000 }, span, WIDTH);
  expect(placeOf(after, 1_031_000)).toBeCloseTo(900);
  const before = reveal(view, { fromMs: 1_005_000, toMs: 1_006_000 }, span, WIDTH);
  expect(placeOf(before, 1_005_000)).toBeCloseTo(100);
});

test("ticks are round times of the person's clock", () => {
  const noon = Date.UTC(2026, 10, 27, 12);
  const { stepMs, timesMs } = timeTicks(noon - 500, noon + 61_000, 8, 0);
  expect(stepMs).toBe(10_000);
  expect(timesMs).toEqual([0, 1, 2, 3, 4, 5, 6].map((tick) => noon + tick * 10_000));
  // Half an hour beside UTC, as in India: hours are those of the wall's clock.
  const zoneMs = 5.5 * 3_600_000;
  const hours = timeTicks(noon, noon + 4 * 3_600_000, 5, zoneMs);
  expect(hours.timesMs.map((timeMs) => (timeMs + zoneMs) % 3_600_000)).toEqual([0, 0, 0, 0]);
  const days = timeTicks(noon, noon + 100 * 86_400_000, 8, 0);
  expect(days.timesMs.length).toBeLessThanOrEqual(8);
});
