// Checks the cluster's four figures, the line of the last minute, and the first machine's welcome.
import { describe, expect, it } from "vitest";
import { workerView } from "../../../shared/testing/views.ts";
import { emptyHistory, type History } from "../system/system-history.ts";
import { glanceFigures, glanceOf, sparkPoints } from "./glance.ts";
import { nextWelcome } from "./welcome.ts";

const { condition } = workerView();

function history(tasksDone: readonly number[]): History {
  const atMs = tasksDone.map((_, at) => 1e12 + at * 1_000);
  return { ...emptyHistory, samples: { ...emptyHistory.samples, atMs, tasksDone: [...tasksDone] } };
}

describe("glanceOf", () => {
  it("sums over machines, and counts no more threads than there are", () => {
    const workers = [
      workerView({ threads: 4, running: 3, condition: { ...condition, memoryBytes: 1e9 } }),
      workerView({ threads: 2, running: 5, condition: { ...condition, memoryBytes: 2e8 } }),
    ];
    const glance = glanceOf(workers, history([10, 20, 30]));
    expect(glance).toMatchObject({ machines: 2, threads: 6, computing: 5, tasksPerSecond: 20 });
    expect(glanceFigures(glance).map(({ value, detail }) => `${value} ${detail}`.trim())).toEqual([
      "2 joined",
      "5 of 6",
      "20 tasks/s",
      "1.2 GB in their pages",
    ]);
  });

  it("shows a minute, and no rate before the coordinator told", () => {
    const long = Array.from({ length: 200 }, (_, at) => at);
    expect(glanceOf([], history(long)).lastMinute).toEqual(long.slice(-60));
    const empty = glanceOf([], emptyHistory);
    expect(empty.tasksPerSecond).toBeNull();
    expect(glanceFigures(empty)[2]?.value).toBe("–");
  });
});

describe("sparkPoints", () => {
  it("fills its box with the highest at the top", () => {
    expect(sparkPoints([0, 5, 10], 100, 20)).toBe("0.0,20.0 50.0,10.0 100.0,0.0");
  });

  it("lies on the ground while nothing is done, and is not there before two seconds are known", () => {
    expect(sparkPoints([0, 0], 100, 20)).toBe("0.0,20.0 100.0,20.0");
    expect(sparkPoints([7], 100, 20)).toBe("");
  });
});

describe("nextWelcome", () => {
  const nobody = { workers: [] };
  const one = { workers: [workerView()] };

  it("welcomes whoever joins while the page invites, and stays", () => {
    expect(nextWelcome("none", false, nobody)).toBe("none");
    expect(nextWelcome("none", true, nobody)).toBe("invited");
    expect(nextWelcome("invited", true, one)).toBe("ready");
    expect(nextWelcome("ready", true, one)).toBe("ready");
    expect(nextWelcome("ready", true, nobody)).toBe("invited");
  });

  it("says nothing of machines that were there before", () => {
    expect(nextWelcome("none", true, one)).toBe("none");
  });
});
