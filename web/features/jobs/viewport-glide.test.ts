// Tests of gliding between viewports.
import { expect, test } from "vitest";
import { ViewportGlide } from "./viewport-glide.ts";
import { zoomAbout, type Frame } from "./viewport.ts";

const frame: Frame = { size: 1_000, widthPx: 500, heightPx: 500 };

test("a glide starts where it is, ends exactly at its target, and is over", () => {
  const glide = new ViewportGlide();
  const from = { x: 0, y: 0, scale: 0.5 };
  const to = { x: 100, y: 200, scale: 5 };
  glide.start(from, to, 1_000);
  expect(glide.at(990)).toEqual(from);
  expect(glide.at(1_200)).toBe(to);
  expect(glide.target).toBeNull();
  expect(glide.at(1_300)).toBeNull();
});

test("the point zoomed about stays where it is all the way", () => {
  const glide = new ViewportGlide();
  const from = { x: 200, y: 300, scale: 1 };
  glide.start(from, zoomAbout(from, frame, 4, 120, 340), 0);
  for (let nowMs = 0; nowMs < 200; nowMs += 20) {
    const now = glide.at(nowMs);
    expect((now?.x ?? NaN) + 120 / (now?.scale ?? NaN)).toBeCloseTo(320, 9);
    expect((now?.y ?? NaN) + 340 / (now?.scale ?? NaN)).toBeCloseTo(640, 9);
  }
});

test("a move without zoom is even", () => {
  const glide = new ViewportGlide();
  glide.start({ x: 0, y: 0, scale: 2 }, { x: 10, y: 20, scale: 2 }, 0);
  const middle = glide.at(100);
  expect((middle?.y ?? 0) / (middle?.x ?? 1)).toBeCloseTo(2, 9);
});
