// Tests of the tiles that the command line collects from a job's results.
import { describe, expect, test } from "vitest";
import { encodeNpy } from "../../shared/codecs/npy.ts";
import { asTaskKey, type TaskKey } from "../../shared/ids.ts";
import { createResultTiles, type DoneFuture } from "./result-tiles.ts";

const tileAt = (rowStart: number, colStart: number) => ({
  rowStart,
  rowCount: 1,
  colStart,
  colCount: 1,
});
const futureOf = (task: TaskKey, ...outputs: (() => Uint8Array)[]): DoneFuture => ({
  key: task,
  sizes: outputs.map(() => 1),
  blocks: async () => outputs.map((output) => output()),
});
const one = (data: Float64Array | Uint16Array) => encodeNpy({ shape: [1], data });

describe("createResultTiles", () => {
  test("a result that belongs to several tiles is fetched once and read as each", async () => {
    const task = asTaskKey("a".repeat(64));
    const places = [tileAt(0, 0), tileAt(1, 1)];
    let fetched = 0;
    const tiles = createResultTiles(
      new Map([[task, { kind: "tiles", tiles: places }]]),
      new AbortController().signal,
    );
    const r = (): Uint8Array => {
      fetched += 1;
      return one(Float64Array.of(0.5));
    };
    tiles.add(futureOf(task, r, () => one(Uint16Array.of(9))));
    await tiles.settled();
    for (const place of places) {
      const { r, n } = await tiles.readTile(place);
      expect([r[0], n[0]]).toEqual([0.5, 9]);
    }
    expect(fetched).toBe(1);
    await expect(tiles.readTile(tileAt(0, 1))).rejects.toThrow(/without one of its tiles/);
  });

  test("moments come by panel, in panel order, and are missed when they lack", async () => {
    const [first, other] = [asTaskKey("a".repeat(64)), asTaskKey("b".repeat(64))];
    const tiles = createResultTiles(
      new Map([
        [first, { kind: "moments", panels: [0, 2] }],
        [other, { kind: "moments", panels: [1] }],
      ]),
      new AbortController().signal,
    );
    const moments = (digit: number) => () => one(Float64Array.of(digit));
    tiles.add(futureOf(first, moments(1), moments(2)));
    await tiles.settled();
    await expect(tiles.readMoments(3)).rejects.toThrow(/without the moments of a panel/);
    tiles.add(futureOf(other, moments(3), moments(4)));
    const panels = await tiles.readMoments(3);
    expect(panels.map((panel) => panel.map(({ data }) => data[0]))).toEqual([
      [1, 2],
      [3, 4],
      [1, 2],
    ]);
    await expect(tiles.readTile(tileAt(0, 0))).rejects.toThrow(/without one of its tiles/);
  });
});
