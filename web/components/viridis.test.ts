// Checks the scale's ends, its order, and that words on it can be read.
import { expect, it } from "vitest";
import { inkOn, viridis } from "./viridis.ts";

const contrast = (a: number, b: number): number =>
  (Math.max(a, b) + 0.05) / (Math.min(a, b) + 0.05);
const linear = (channel: number): number =>
  channel / 255 <= 0.04045 ? channel / 255 / 12.92 : ((channel / 255 + 0.055) / 1.055) ** 2.4;
const luminance = ([red, green, blue]: readonly [number, number, number]): number =>
  0.2126 * linear(red) + 0.7152 * linear(green) + 0.0722 * linear(blue);
const hundredths = Array.from({ length: 101 }, (_, at) => at / 100);

it("runs from violet to yellow, and stops at both ends", () => {
  expect(viridis(0)).toEqual([68, 1, 84]);
  expect(viridis(1)).toEqual([253, 231, 37]);
  expect([viridis(-1), viridis(2)]).toEqual([viridis(0), viridis(1)]);
});

it("grows lighter all the way", () => {
  const lights = hundredths.map((share) => luminance(viridis(share)));
  expect(lights).toEqual(lights.toSorted((a, b) => a - b));
});

it("carries words that can be read everywhere", () => {
  for (const share of hundredths) {
    const ink = inkOn(viridis(share)) === "#000000" ? 0 : 1;
    expect(contrast(luminance(viridis(share)), ink)).toBeGreaterThanOrEqual(4.5);
  }
});
