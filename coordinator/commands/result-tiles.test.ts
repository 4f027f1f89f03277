// Tests of the tiles that the command line collects from a job's results.
import { describe, expect, test } from "vitest";
import { encodeNpy } from "../../shared/codecs/npy.ts";
import { asBlockId, asTaskKey } from "../../shared/ids.ts";
import { createResultTiles } from "./result-tiles.ts";

const tileAt = (rowStart: number, colStart: number) => ({
  rowStart,
  rowCount: 1,
  colStart,
  colCount: 1,
});
const located = (digit: string) => ({
  block: asBlockId(digit.repeat(64)),
  sizeBytes: 1,
  peers: [],
  stored: true,
});

describe("createResultTiles", () => {
  test("a result that belongs to several tiles is fetched once and read as each", async () => {
    const task = asTaskKey("a".repeat(64));
    const places = [tileAt(0, 0), tileAt(1, 1)];
    const fetched: string[] = [];
    const tiles = createResultTiles(
      {
        connection: { state: "connected" },
        fetchBlock: async ({ block }) => {
          fetched.push(block);
          const data = block.startsWith("1") ? Float64Array.of(0.5) : Uint16Array.of(9);
          return encodeNpy({ shape: [1, 1], data });
        },
      },
      new Map([[task, { kind: "tiles", tiles: places }]]),
      new AbortController().signal,
    );
    tiles.add([{ task, outputs: [located("1"), located("2")] }]);
    await tiles.settled();
    for (const place of places) {
      const { r, n } = await tiles.readTile(place);
      expect([r[0], n[0]]).toEqual([0.5, 9]);
    }
    expect(fetched).toHaveLength(2);
    await expect(tiles.readTile(tileAt(0, 1))).rejects.toThrow(/without one of its tiles/);
  });

  test("moments come by panel, in panel order, and are missed when they lack", async () => {
    const [one, other] = [asTaskKey("a".repeat(64)), asTaskKey("b".repeat(64))];
    const tiles = createResultTiles(
      {
        connection: { state: "connected" },
        fetchBlock: async ({ block }) =>
          encodeNpy({ shape: [1], data: Float64Array.of(Number(block[0])) }),
      },
      new Map([
        [one, { kind: "moments", panels: [0, 2] }],
        [other, { kind: "moments", panels: [1] }],
      ]),
      new AbortController().signal,
    );
    tiles.add([{ task: one, outputs: [located("1"), located("2")] }]);
    await tiles.settled();
    await expect(tiles.readMoments(3)).rejects.toThrow(/without the moments of a panel/);
    tiles.add([{ task: other, outputs: [located("3"), located("4")] }]);
    const panels = await tiles.readMoments(3);
    expect(panels.map((panel) => panel.map(({ data }) => data[0]))).toEqual([
      [1, 2],
      [3, 4],
      [1, 2],
    ]);
    await expect(tiles.readTile(tileAt(0, 0))).rejects.toThrow(/without one of its tiles/);
  });
});
