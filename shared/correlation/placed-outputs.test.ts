// Tests of where the outputs of finished targets go.
import { expect, test } from "vitest";
import { asTaskKey } from "../ids.ts";
import { createPlacedOutputs } from "./placed-outputs.ts";
import type { CorrelationTargets } from "./plan.ts";

const key = (digit: string) => asTaskKey(digit.repeat(64));
const tileAt = (rowStart: number, colStart: number) => ({
  rowStart,
  rowCount: 8,
  colStart,
  colCount: 8,
});
const targets: CorrelationTargets = new Map([
  [key("1"), { kind: "tiles", tiles: [tileAt(0, 0), tileAt(8, 8)] }],
  [key("2"), { kind: "tiles", tiles: [tileAt(0, 8)] }],
  [key("3"), { kind: "moments", panels: [0, 2] }],
  [key("4"), { kind: "moments", panels: [1] }],
]);

test("tiles and moments are kept apart, each in all of its places", () => {
  const placed = createPlacedOutputs<string>(targets);
  expect(placed.add({ task: key("1"), outputs: ["r", "n"] })).toBe(true);
  expect(placed.add({ task: key("3"), outputs: ["m", "s"] })).toBe(true);
  expect(placed.ofTile(tileAt(0, 0))).toEqual(["r", "n"]);
  expect(placed.ofTile(tileAt(8, 8))).toEqual(["r", "n"]);
  expect(placed.ofTile(tileAt(0, 8))).toBeUndefined();
  expect(placed.ofPanels(3)).toBeUndefined();
  placed.add({ task: key("4"), outputs: ["M", "S"] });
  expect(placed.ofPanels(3)).toEqual([
    ["m", "s"],
    ["M", "S"],
    ["m", "s"],
  ]);
});

test("a task of another job, and a tile without its second output, are nothing", () => {
  const placed = createPlacedOutputs<string>(targets);
  expect(placed.add({ task: key("9"), outputs: ["r", "n"] })).toBe(false);
  expect(placed.add({ task: key("2"), outputs: ["r"] })).toBe(true);
  expect(placed.ofTile(tileAt(0, 8))).toBeUndefined();
});
