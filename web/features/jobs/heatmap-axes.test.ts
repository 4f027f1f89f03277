// Tests of the names beside the heatmap.
import { describe, expect, test } from "vitest";
import { cutText, namedPlaces } from "./heatmap-axes.ts";

const measure = (text: string): number => text.length * 10;

describe("cutText", () => {
  test("leaves what fits, cuts the rest with an ellipsis", () => {
    expect(cutText("AAPL", 40, measure)).toBe("AAPL");
    expect(cutText("Consumer", 50, measure)).toBe("Cons…");
    expect(cutText("To be", 40, measure)).toBe("To…");
    expect(cutText("AAPL", 0, measure)).toBe("…");
  });
});

describe("namedPlaces", () => {
  test("names every row where there is room", () => {
    expect(namedPlaces(3.5, 60, 20, 100)).toEqual([3, 4, 5, 6]);
  });

  test("names the same rows wherever one pans", () => {
    const scale = 900 / 7_000;
    const whole = namedPlaces(0, 900, scale, 7_000);
    expect(whole.length).toBeGreaterThan(15);
    expect(whole.length).toBeLessThan(25);
    const panned = namedPlaces(1_234.5, 450, scale, 7_000);
    expect(panned.every((place) => whole.includes(place))).toBe(true);
  });

  test("names nothing outside the matrix", () => {
    expect(namedPlaces(-10, 300, 30, 3)).toEqual([]);
    expect(namedPlaces(-2, 300, 30, 3)).toEqual([0, 1, 2]);
  });
});
