// Checks the matrix of ways: who received from whom, the scale, and what each cell says.
import { describe, expect, it } from "vitest";
import { asWorkerId, type WorkerId } from "../../../shared/ids.ts";
import type { Links } from "../../../shared/protocol/telemetry.ts";
import { workerView } from "../../../shared/testing/views.ts";
import {
  cellFigure,
  cellWords,
  linkMatrix,
  MATRIX_MACHINES_MAX,
  scaleTicks,
  shareOf,
} from "./links-model.ts";

type Link = Links["links"][number];

const id = (number: number): WorkerId => asWorkerId(`w_${String(number).padStart(22, "0")}`);
const machines = (count: number) =>
  Array.from({ length: count }, (_, at) => workerView({ worker: id(at), name: `Machine ${at}` }));
const link = (to: number, from: number | null, change: Partial<Link> = {}): Link => ({
  to: id(to),
  from: from === null ? null : id(from),
  state: "open",
  bytes: 5_000_000,
  bytesPerMs: 4_000,
  why: null,
  ...change,
});

describe("linkMatrix", () => {
  it("puts receivers in rows and senders in columns, the coordinator first", () => {
    const matrix = linkMatrix([link(0, null), link(1, 0, { bytesPerMs: 40_000 })], machines(2));
    expect(matrix.rows.map((row) => row.map((cell) => cell.kind))).toEqual([
      ["measured", "self", "none"],
      ["none", "measured", "self"],
    ]);
    expect(matrix.rows[1]?.[1]).toMatchObject({ bytesPerSecond: 40_000_000 });
  });

  it("scales over whole decades around what was measured", () => {
    const { scale } = linkMatrix([link(0, null), link(1, 0, { bytesPerMs: 40_000 })], machines(2));
    expect(scale).toEqual({ from: 1e6, to: 1e8 });
    expect(scaleTicks({ from: 1e6, to: 1e8 })).toEqual([1e6, 1e7, 1e8]);
    expect(shareOf(1e7, { from: 1e6, to: 1e8 })).toBeCloseTo(0.5);
    expect(linkMatrix([link(0, 1, { bytesPerMs: 1_000 })], machines(2)).scale).toEqual({
      from: 1e6,
      to: 1e7,
    });
    expect(linkMatrix([link(0, 1, { bytesPerMs: null })], machines(2)).scale).toBeNull();
  });

  it("marks failed ways with their reason, whatever was measured before", () => {
    const why = "No candidate pair worked.";
    const failed = link(0, 1, { state: "failed", why });
    const cell = linkMatrix([failed], machines(2)).rows[0]?.[2];
    expect(cell).toEqual({ kind: "failed", why, bytes: 5_000_000 });
  });

  it("leaves out machines without a measured way when there are too many", () => {
    const many = machines(MATRIX_MACHINES_MAX + 10);
    const matrix = linkMatrix([link(3, 55), link(7, null)], many);
    expect(matrix.machines.map(({ name }) => name)).toEqual(["Machine 3", "Machine 55"]);
    expect(matrix.omitted).toBe(many.length - 2);
    expect(linkMatrix([], machines(MATRIX_MACHINES_MAX)).machines).toHaveLength(50);
  });

  it("keeps the busiest when even those are too many, and forgets machines that left", () => {
    const many = machines(60);
    const links = many.map((_, at) =>
      link(at, (at + 1) % 60, { bytes: at === 0 ? 1 : 1_000 + at }),
    );
    const matrix = linkMatrix([...links, link(99, 0)], many);
    expect(matrix.machines).toHaveLength(MATRIX_MACHINES_MAX);
    expect(matrix.machines.some(({ name }) => name === "Machine 59")).toBe(true);
    expect(matrix.machines.some(({ name }) => name === "Machine 99")).toBe(false);
  });
});

describe("a cell in words", () => {
  const cellOf = (change: Partial<Link>) =>
    linkMatrix([link(0, 1, change)], machines(2)).rows[0]?.[2] ?? { kind: "none" };

  it.each<[Partial<Link>, string, RegExp]>([
    [{}, "4.0", /^A from B: 4\.0 MB\/s, 5\.0 MB so far$/],
    [{ bytesPerMs: 41_000 }, "41", /41 MB\/s/],
    [{ bytesPerMs: 20 }, "<0.1", /20 kB\/s/],
    [{ bytesPerMs: null, bytes: 0 }, "–", /nothing moved yet/],
    [{ bytesPerMs: null, bytes: 300 }, "–", /300 B, too little to measure/],
    [{ state: "connecting", bytesPerMs: null }, "…", /connecting/],
    [{ state: "failed", why: "UDP is blocked." }, "×", /no direct way\. UDP is blocked\.$/],
  ])("%j", (change, figure, words) => {
    expect(cellFigure(cellOf(change))).toBe(figure);
    expect(cellWords(cellOf(change), "A", "B")).toMatch(words);
  });
});
