// The benches themselves: each runs at toy size, and none can time a wrong result or leave anything behind.
import { expect, test } from "@playwright/test";
import { defineBench, type Row } from "./bench.ts";
import { BENCHES } from "./benches/all.ts";
import { requireEstimate } from "./benches/option-value.ts";
import { startNodeLanes } from "./lanes/node-lanes.ts";
import { makeTable } from "./made-table.ts";
import { findPython, type PythonLibrary } from "./peers/python.ts";
import { median, race, type Contender, WrongOutputError } from "./race.ts";
import { writeReport, type Report } from "./report.ts";
import { runSuite } from "./suite.ts";
import { createTileCheck, requireClose } from "./tile-check.ts";

const quiet = { signal: new AbortController().signal, say: () => undefined };

/** What some benches have nothing to say without. */
const NEEDED: Readonly<Record<string, PythonLibrary>> = {
  corrcoef: "numpy",
  "monte-carlo": "numpy",
  "whole-job": "pandas",
  dask: "distributed",
};

test("every bench runs at toy size, and what it compares is right", async () => {
  test.setTimeout(240_000);
  const python = await findPython();
  const report = await runSuite({
    ...quiet,
    benches: BENCHES,
    scale: "toy",
    findPython: () => Promise.resolve(python),
  });
  expect(report.outcomes.map(({ name }) => name)).toEqual(BENCHES.map(({ name }) => name));
  for (const { name, rows, failure } of report.outcomes) {
    expect(failure, name).toBeNull();
    const needed = NEEDED[name];
    const isPossible = needed === undefined || python?.libraries[needed] !== undefined;
    expect(rows.length > 0, name).toBe(isPossible);
    for (const { work, figure } of rows) {
      expect(Number.isFinite(figure.value) && figure.value > 0, `${work}: ${figure.value}`).toBe(
        true,
      );
    }
  }
});

test("without Python its rows are left out, and the report says so", async () => {
  const benches = BENCHES.filter(({ name }) => name in NEEDED);
  const findPython = () => Promise.resolve(null);
  const report = await runSuite({ ...quiet, benches, scale: "toy", findPython });
  for (const { rows, failure } of report.outcomes) expect({ rows, failure }).toEqual(NOTHING);
  expect(report.outcomes.map(({ name }) => name).toSorted()).toEqual(
    Object.keys(NEEDED).toSorted(),
  );
  expect(report.leftOut).toHaveLength(benches.length);
  expect(writeReport(report)).toContain("Left out: DataFrame.corr, as there is no Python");
});

const NOTHING = { rows: [], failure: null };

const ROW: Row = {
  work: "Work",
  measured: "2 s",
  against: "peer, 3 s",
  figure: { value: 1.5, unit: "times faster", isLeast: true },
  goal: { bound: "at least", value: 2 },
};

test("a bench that is stopped ends what it started, and keeps its rows", async () => {
  const stop = new AbortController();
  const ended: string[] = [];
  const endless = defineBench<{ limitSeconds: number }>({
    name: "endless",
    sizes: { full: ENDLESS, quick: ENDLESS, toy: ENDLESS },
    run: async (stage) => {
      const [lane] = startNodeLanes(stage, 1);
      stage.add(ROW);
      stage.cleanups.add(() => void ended.push("cleanups"));
      const work = lane?.work.simulate({ seed: 0, paths: 1_000_000_000 });
      stop.abort(new Error("Stopped."));
      await work?.catch(() => stage.cleanups.add(() => void ended.push("late cleanup")));
    },
  });
  const report = await runSuite({
    ...quiet,
    benches: [endless, endless],
    scale: "toy",
    signal: stop.signal,
    findPython: () => Promise.resolve(null),
  });
  expect(report.outcomes).toEqual([{ name: "endless", rows: [ROW], failure: "Stopped." }]);
  // The lane's work ends, with an error, only because its process does.
  await expect.poll(() => ended).toEqual(["cleanups", "late cleanup"]);
});

const ENDLESS = { limitSeconds: 60 };

/** Writes down what it is asked for. */
function contender(name: string, log: string[], values: number[]): Contender {
  return {
    name,
    verify: async () => void log.push(`${name} verified`),
    measure: async (round) => {
      log.push(name);
      return values[round - 1] ?? NaN;
    },
  };
}

const patient = { untilMs: Infinity, nowMs: () => 0 };

test("nothing is timed when one contender computes something else", async () => {
  const log: string[] = [];
  const wrong: Contender = {
    ...contender("wrong", log, []),
    verify: () => Promise.reject(new WrongOutputError("It is wrong.")),
  };
  const contenders = [contender("right", log, [1]), wrong];
  await expect(race(contenders, { ...patient, rounds: 1 })).rejects.toThrow("It is wrong.");
  expect(log).toEqual(["right verified"]);
});

test("contenders take turns and change places; ratios are of rounds, not of medians", async () => {
  const log: string[] = [];
  const contenders = [contender("a", log, [2, 30, 4]), contender("b", log, [1, 10, 4])];
  const result = await race(contenders, { ...patient, rounds: 3 });
  expect(log).toEqual(["a verified", "b verified", "a", "b", "b", "a", "a", "b"]);
  expect(result.ratio("a", "b")).toBe(2);
  expect(result.median("a")).toBe(4);
  expect(median([3, 1, 2, 10])).toBe(2.5);
});

test("a race begins no round that would end too late, but runs one in any case", async () => {
  for (const { untilMs, rounds } of [
    { untilMs: -1, rounds: 1 },
    { untilMs: 34, rounds: 3 },
  ]) {
    let nowMs = 0;
    const slow: Contender = {
      name: "slow",
      verify: () => Promise.resolve(),
      measure: async () => (nowMs += 10),
    };
    const result = await race([slow], { rounds: 9, untilMs, nowMs: () => nowMs });
    expect(result.rounds).toBe(rounds);
  }
});

test("a matrix that is a little off, or lacks a date, is found out", () => {
  const shape = { seed: 9, series: 4, dates: 50, missing: 0.1 };
  const tile = { rowStart: 0, rowCount: 4, colStart: 0, colCount: 4 };
  const check = createTileCheck(shape);
  // Correlations and counts from the definition, in two passes over the common dates.
  const table = makeTable(shape);
  const common = (i: number, j: number): [number, number][] => {
    const y = table.at(j);
    return [...table.at(i)]
      .map((value, date): [number, number] => [value, y[date] ?? NaN])
      .filter((pair) => pair.every(Number.isFinite));
  };
  const correlate = (pairs: [number, number][]): number => {
    const mean = (side: 0 | 1) => pairs.reduce((sum, pair) => sum + pair[side], 0) / pairs.length;
    const means = [mean(0), mean(1)] as const;
    const product = (a: 0 | 1, b: 0 | 1) =>
      pairs.reduce((sum, pair) => sum + (pair[a] - means[a]) * (pair[b] - means[b]), 0);
    return product(0, 1) / Math.sqrt(product(0, 0) * product(1, 1));
  };
  const places = Array.from({ length: 16 }, (_, at) => common(at >> 2, at & 3));
  const r = Float64Array.from(places, correlate);
  const n = Uint16Array.from(places, (pairs) => pairs.length);
  expect(check(tile, { r, n }, 100)).toBeLessThan(1e-12);
  expect(check(tile, { r: r.map((value) => value + 1e-9), n }, 100)).toBeGreaterThan(1e-10);
  expect(check(tile, { r, n: n.map((count) => count - 1) }, 100)).toBe(Infinity);
  expect(check(tile, { r: r.map(() => NaN), n }, 100)).toBe(Infinity);
  expect(() => requireClose("It", 1e-9, "f64")).toThrow(WrongOutputError);
});

test("an estimate too far from the option's value is refused", () => {
  requireEstimate("It", { estimate: 11.65, standardError: 0.01 });
  const far = { estimate: 11.66, standardError: 0.01 };
  expect(() => requireEstimate("It", far)).toThrow(WrongOutputError);
});

test("the report gives verdicts on goals at full size only, and names what failed", () => {
  const outcomes = [
    { name: "good", rows: [ROW, { ...ROW, goal: null }], failure: null },
    { name: "bad", rows: [], failure: "It broke\nin two." },
  ];
  const report: Report = {
    scale: "full",
    date: "2030-01-02",
    machine: ["A machine"],
    outcomes,
    leftOut: [],
  };
  const full = writeReport(report);
  expect(full).toContain("more than 1.5× the speed");
  expect(full).toContain("at least 2× the speed: missed |");
  expect(full).toContain("- The bench bad did not end: It broke in two.");
  expect(writeReport({ ...report, scale: "quick" })).toContain("| at least 2× the speed |");
});
