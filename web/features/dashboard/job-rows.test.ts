// Checks what the list of jobs says, and which tables it offers again.
import { describe, expect, it } from "vitest";
import { asDatasetId } from "../../../shared/ids.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";
import { ARTICLE_OPTION } from "../../../shared/monte-carlo/asian-option.ts";
import { jobView } from "../../../shared/testing/views.ts";
import { jobSizeWords, jobWords, knownTables, newestFirst } from "./job-rows.ts";

const job = (change: Partial<JobView>): JobView =>
  jobView({
    title: "Correlate prices.csv",
    meta: {
      dataset: `d_${"a".repeat(22)}`,
      seriesCount: 2_000,
      dateCount: 2_500,
      minPeriods: 1,
      precision: "f64",
      tile: 256,
    },
    submittedAtMs: 1_000,
    tasksTotal: 200,
    tasksDone: 50,
    tasksRunning: 4,
    targetsTotal: 200,
    targetsDone: 50,
    ...change,
  });

describe("jobWords", () => {
  it.each([
    [{}, "25% done"],
    [{ tasksDone: 0, tasksRunning: 0 }, "Waiting for machines"],
    [{ tasksDone: 200 }, "Storing the results"],
    [{ state: "paused" }, "Paused at 25%"],
    [{ state: "done", finishedAtMs: 39_000 }, "Done in 38 s"],
    [{ state: "failed", finishedAtMs: 39_000 }, "Failed at 25%"],
    [{ state: "cancelled", finishedAtMs: 39_000 }, "Cancelled at 25%"],
  ] satisfies [Partial<JobView>, string][])("says %j as %s", (change, words) => {
    expect(jobWords(job(change))).toBe(words);
  });
});

describe("jobSizeWords", () => {
  it("tells the size of a correlation and nothing of other jobs", () => {
    expect(jobSizeWords(job({}))).toBe("2,000 series × 2,500 dates");
    expect(jobSizeWords(job({ kind: "other" }))).toBeNull();
    expect(jobSizeWords(job({ meta: { dataset: 3 } }))).toBeNull();
  });
});

describe("knownTables", () => {
  it("lists each table once, the last used first, up to a number", () => {
    const other = { ...(job({}).meta as object), dataset: `d_${"b".repeat(22)}` };
    const jobs = [
      job({ submittedAtMs: 1, title: "Correlate an older name.csv" }),
      job({ submittedAtMs: 3, title: "Correlate fx.csv", meta: other }),
      job({ submittedAtMs: 2 }),
    ];
    expect(knownTables(jobs, 3).map(({ name }) => name)).toEqual(["fx.csv", "prices.csv"]);
    expect(knownTables(jobs, 1)).toEqual([
      { dataset: asDatasetId(`d_${"b".repeat(22)}`), name: "fx.csv", seriesCount: 2_000 },
    ]);
    expect(newestFirst(jobs).map(({ submittedAtMs }) => submittedAtMs)).toEqual([3, 2, 1]);
  });
});

describe("simulations", () => {
  const meta = (change: object = {}) => ({
    scenarios: [{ ...ARTICLE_OPTION }],
    paths: 1_000_000,
    control: "none",
    seed: 1,
    targetStandardError: null,
    batchesPerTask: 25,
    ...change,
  });
  const simulation = (change: Partial<JobView>) =>
    job({ kind: "monte-carlo", meta: meta(), state: "cancelled", ...change });

  it("says what is simulated", () => {
    expect(jobSizeWords(simulation({}))).toBe("1,460 prices a path");
    const change = { control: "geometric", targetStandardError: 0.01 };
    expect(jobSizeWords(simulation({ meta: meta(change) }))).toBe(
      "1,460 prices a path, geometric control, until ± 0.01",
    );
    expect(jobSizeWords(simulation({ meta: { paths: "many" } }))).toBeNull();
  });

  it("one that may have reached its target does not read as given up", () => {
    expect(jobWords(simulation({}))).toBe("Cancelled at 25%");
    expect(jobWords(simulation({ meta: meta({ targetStandardError: 0.01 }) }))).toBe(
      "Stopped early",
    );
  });
});
