// Checks that cells tell the truth about a machine's threads.
import { describe, expect, it } from "vitest";
import { cellsOf, describeCells, type CellSource } from "./cell-states.ts";

const machine = (change: Partial<CellSource>): CellSource => ({
  state: "idle",
  threads: 4,
  running: 0,
  leased: 0,
  ...change,
});

describe("cellsOf", () => {
  it("shows running attempts as computing and the rest as waiting", () => {
    expect(cellsOf(machine({ state: "computing", running: 3, leased: 6 }))).toEqual([
      "computing",
      "computing",
      "computing",
      "waiting",
    ]);
  });

  it("shows leases whose inputs are on their way as moving, never beyond the threads", () => {
    expect(cellsOf(machine({ state: "fetching", running: 1, leased: 3 }))).toEqual([
      "computing",
      "moving",
      "moving",
      "waiting",
    ]);
    expect(cellsOf(machine({ state: "fetching", leased: 9 }))).toEqual([
      "moving",
      "moving",
      "moving",
      "moving",
    ]);
  });

  it("shows a paused or silent machine whole, whatever it was running", () => {
    expect(cellsOf(machine({ state: "paused", running: 2, threads: 2 }))).toEqual([
      "paused",
      "paused",
    ]);
    expect(cellsOf(machine({ state: "silent", running: 1, threads: 1 }))).toEqual(["lost"]);
  });
});

describe("describeCells", () => {
  it("counts states in words", () => {
    expect(describeCells(["waiting", "computing", "computing", "computing"])).toBe(
      "4 threads: 3 computing, 1 waiting",
    );
    expect(describeCells(["lost"])).toBe("1 thread: 1 silent");
    expect(describeCells([])).toBe("0 threads");
  });
});
