// Tests of the pixels of the stream: cover of columns, patterns, failures, and the time it takes.
import { describe, expect, test } from "vitest";
import { ActivityHistory } from "./activity-core.ts";
import { DataCover, LaneCover } from "./lane-cover.ts";
import { LOOKS, parseColour, type StreamColours } from "./stream-looks.ts";
import { createPalette, dataHeight, RowPainter } from "./stream-raster-core.ts";
import { toldActivity, type ToldAttempt } from "./told-activity.ts";

const colours: StreamColours = {
  ground: [255, 255, 255],
  text: [0, 0, 0],
  accent: [240, 160, 0],
  accentSoft: [250, 240, 220],
  moving: [0, 0, 200],
  waiting: [200, 200, 200],
  failed: [200, 0, 0],
  failedSoft: [250, 220, 220],
  line: [100, 100, 100],
};

function machineOf(attempts: readonly ToldAttempt[]) {
  const history = new ActivityHistory();
  history.take(toldActivity(attempts));
  const machine = history.machines[0];
  if (machine === undefined) throw new Error("There is a machine.");
  return machine;
}

function coverOf(attempts: readonly ToldAttempt[], filter: ReadonlySet<number> | null = null) {
  const cover = new LaneCover(10);
  const lane = machineOf(attempts).threads[0];
  if (lane === undefined) throw new Error("There is a lane.");
  cover.addLane(lane, { count: 10, fromMs: 1_000, msPerColumn: 100 }, filter);
  return {
    looks: [...cover.looks].map((look) => LOOKS[look]),
    covered: [...cover.covered].map((share) => Math.round(share * 100) / 100),
    cover,
  };
}

describe("LaneCover", () => {
  test("columns are covered in part at both ends, and by what covers most", () => {
    const { looks, covered } = coverOf([
      { seq: 0, endMs: 1_250, computeMs: 100 },
      { seq: 1, endMs: 1_490, fetchMs: 200, computeMs: 60, isSpeculative: true },
    ]);
    expect(looks.slice(0, 6)).toEqual([
      "none",
      "computing0",
      "computing0",
      "moving",
      "speculative",
      "none",
    ]);
    expect(covered.slice(0, 6)).toEqual([0, 0.5, 1, 1, 0.9, 0]);
  });

  test("a failure is seen however short it is, and among whatever", () => {
    const { looks } = coverOf([
      { seq: 0, endMs: 1_298, computeMs: 98 },
      { seq: 1, endMs: 1_299, computeMs: 0.01, outcome: "failed" },
    ]);
    expect(looks[2]).toBe("failed");
  });

  test("what is not asked for and what was let go is outlined only", () => {
    const rows: ToldAttempt[] = [
      { seq: 0, endMs: 1_300, computeMs: 300, group: 0 },
      { seq: 1, endMs: 1_600, computeMs: 300, group: 1 },
      { seq: 2, endMs: 1_900, computeMs: 300, group: 1, outcome: "cancelled" },
    ];
    const { looks } = coverOf(rows, new Set([1]));
    expect([looks[1], looks[4], looks[7]]).toEqual(["cancelled", "computing1", "cancelled"]);
  });
});

test("a row of data counts what is fetched and waits in each column, also beyond the view", () => {
  const machine = machineOf([
    { seq: 0, endMs: 1_300, computeMs: 100, waitMs: 50, fetchMs: 100 },
    { seq: 1, thread: -1, endMs: 1_850, waitMs: 100, outcome: "failed" },
    // Fetched before the view, computed in it.
    { seq: 2, thread: 1, endMs: 2_000, computeMs: 1_500, fetchMs: 300 },
    // From before the view to beyond it.
    { seq: 3, endMs: 3_000, computeMs: 1_000, waitMs: 400, fetchMs: 1_100 },
  ]);
  const data = new DataCover(10);
  const columns = { count: 10, fromMs: 1_000, msPerColumn: 100 };
  for (const lane of [...machine.threads, machine.unplaced]) data.add(lane, columns);
  data.finish();
  const shown = (heights: Float32Array) =>
    [...heights.subarray(0, 10)].map((height) => Math.round(height * 100) / 100);
  expect(shown(data.moving)).toEqual([1.5, 1.5, 1, 1, 1, 1, 0, 0, 0, 0]);
  expect(shown(data.waiting)).toEqual([0, 0.5, 0, 0, 0, 0, 1, 1.5, 1.5, 1]);
  expect(LOOKS[data.ends[8] ?? 0]).toBe("failed");
});

test("heights of data grow slowly, from a pixel on", () => {
  expect([0, 0.1, 1, 4, 16, 500].map((count) => dataHeight(count, 8))).toEqual([0, 1, 2, 5, 8, 8]);
});

test("every state differs from the others by its pattern, without colour", () => {
  const palette = createPalette(colours);
  const painter = new RowPainter(24);
  const pictures = new Set<string>();
  const looks = ["none", "waiting", "moving", "computing0", "speculative", "cancelled", "failed"];
  for (const look of looks) {
    const cover = new LaneCover(24);
    const isNone = look === "none";
    cover.looks.fill(
      LOOKS.findIndex((one) => one === look),
      2,
      22,
    );
    cover.covered.fill(isNone ? 0 : 1, 2, 22);
    const pixels = new Uint32Array(24 * 14).fill(palette.ground);
    const target = { pixels, widthPx: 24, heightPx: 14, ratio: 1, shift: 0 };
    painter.paintLane(cover, palette, target, 0, 14);
    // Which pixels are alike, in the order in which their colours first appear.
    const order: number[] = [];
    const shape = [...pixels].map((pixel) => {
      if (!order.includes(pixel)) order.push(pixel);
      return order.indexOf(pixel);
    });
    pictures.add(shape.join(""));
  }
  // Waiting and computing are both plain, and differ by lightness: everything else has its own.
  expect(pictures.size).toBe(looks.length - 1);
});

test("rows outside of the picture are left out", () => {
  const palette = createPalette(colours);
  const cover = new LaneCover(4);
  cover.looks.fill(LOOKS.indexOf("computing0"));
  cover.covered.fill(1);
  const pixels = new Uint32Array(4 * 5).fill(1);
  const target = { pixels, widthPx: 4, heightPx: 5, ratio: 1, shift: 0 };
  new RowPainter(4).paintLane(cover, palette, target, -3, 5);
  expect(pixels.slice(0, 12).filter((pixel) => pixel === 1)).toEqual(new Uint32Array(4).fill(1));
  expect(pixels[8]).toBe(1);
});

test("colours are read as style sheets write them, long and short", () => {
  expect(parseColour(" #f3a81c")).toEqual([243, 168, 28]);
  expect(parseColour("#fff")).toEqual([255, 255, 255]);
  expect(parseColour("rgb(243 168 28 / 55%)").slice(0, 3)).toEqual([243, 168, 28]);
});
