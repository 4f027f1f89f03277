// Tests of the colour scale.
import { describe, expect, test } from "vitest";
import {
  colourOf,
  colourTable,
  darkPalette,
  LEVEL_UNDEFINED,
  levelOf,
  LEVEL_ZERO,
  lightPalette,
  packRgb,
  patternTable,
  valueOfLevel,
} from "./colour.ts";

describe("levels", () => {
  test("zero has the exact middle, and both signs the same number of levels", () => {
    expect(levelOf(0)).toBe(LEVEL_ZERO);
    expect(levelOf(-0)).toBe(LEVEL_ZERO);
    expect(levelOf(-1)).toBe(2);
    expect(levelOf(1)).toBe(254);
    expect(valueOfLevel(2)).toBe(-1);
    expect(valueOfLevel(254)).toBe(1);
  });

  test("an undefined correlation is no value", () => {
    expect(levelOf(NaN)).toBe(LEVEL_UNDEFINED);
  });

  test("a level's value is within half a level of what it stands for", () => {
    for (let value = -1; value <= 1; value += 0.0037) {
      expect(Math.abs(valueOfLevel(levelOf(value)) - value)).toBeLessThanOrEqual(0.5 / 126 + 1e-12);
    }
  });
});

describe.each([
  ["light", lightPalette],
  ["dark", darkPalette],
])("colours on %s ground", (_, palette) => {
  test("the stops are met exactly", () => {
    expect([-1, -0.5, 0, 0.5, 1].map((value) => colourOf(value, palette))).toEqual(palette.stops);
  });

  test("values outside −1 to 1 take the colour of the end", () => {
    expect(colourOf(1.5, palette)).toEqual(palette.stops[4]);
    expect(colourOf(-7, palette)).toEqual(palette.stops[0]);
  });

  test("negative values are bluer than red, positive ones redder than blue", () => {
    for (let value = 0.05; value <= 1; value += 0.05) {
      const [red, , blue] = colourOf(value, palette);
      expect(red).toBeGreaterThan(blue);
      const [redBelow, , blueBelow] = colourOf(-value, palette);
      expect(blueBelow).toBeGreaterThan(redBelow);
    }
  });

  test("no value of the scale looks like a pair without one", () => {
    const table = colourTable(palette);
    const scale = new Set(table.subarray(2));
    expect(scale.has(packRgb(palette.notYet))).toBe(false);
    expect(scale.has(packRgb(palette.undefined))).toBe(false);
    expect(patternTable(palette).every((colour) => !scale.has(colour))).toBe(true);
  });
});

test("packed colours are RGBA in memory", () => {
  const word = new Uint32Array([packRgb([1, 2, 3])]);
  expect([...new Uint8Array(word.buffer)]).toEqual([1, 2, 3, 255]);
});
