// Tests of what the simulation form means: the article's values, grids, and a sentence for each bad value.
import { describe, expect, test } from "vitest";
import { ARTICLE_OPTION } from "../../../shared/monte-carlo/asian-option.ts";
import {
  ARTICLE_FIELDS,
  fieldsOf,
  readSimulation,
  type SimulationFields,
} from "./simulation-fields.ts";

const read = (change: Partial<SimulationFields>) =>
  readSimulation({ ...ARTICLE_FIELDS, ...change });
const problemsOf = (change: Partial<SimulationFields>) => [...read(change).problems];

describe("readSimulation", () => {
  test("untouched, it is the article's option", () => {
    expect(read({})).toEqual({
      options: {
        scenarios: [ARTICLE_OPTION],
        paths: 1_000_000,
        control: "none",
        seed: 1,
        targetStandardError: null,
      },
      problems: new Map(),
    });
  });

  test("lists make every combination, in the order of the fields", () => {
    const { options } = read({ s0: "90, 100", strike: "95 to 105 by 5", type: "put" });
    expect(options?.scenarios.map(({ s0, strike, type }) => [s0, strike, type])).toEqual([
      [90, 95, "put"],
      [90, 100, "put"],
      [90, 105, "put"],
      [100, 95, "put"],
      [100, 100, "put"],
      [100, 105, "put"],
    ]);
  });

  test("a target is a number, percent and million are understood", () => {
    const { options } = read({ sigma: "20%", paths: "10 million", targetStandardError: "0.01" });
    expect(options).toMatchObject({ paths: 1e7, targetStandardError: 0.01 });
    expect(options?.scenarios[0]?.sigma).toBe(0.2);
  });

  test.each<[Partial<SimulationFields>, string, RegExp]>([
    [{ s0: "0" }, "s0", /first price is 0; give a number from/],
    [{ sigma: "20" }, "sigma", /volatility is 20; give a number/],
    [{ strike: "0,5" }, "strike", /several ways/],
    [{ points: "10.5" }, "points", /10.5; give a whole number/],
    [{ stepsPerYear: "" }, "stepsPerYear", /empty/],
    [{ mu: "1 2" }, "mu", /takes one/],
    [{ paths: "2 billion" }, "paths", /1,000,000,000/],
    [{ paths: "1001", control: "antithetic" }, "paths", /pairs/],
    [{ seed: "-1" }, "seed", /seed is -1/],
    [{ targetStandardError: "0" }, "targetStandardError", /above 0/],
    [{ targetStandardError: "small" }, "targetStandardError", /not a number/],
    [{ s0: "80 to 120 by 1", strike: "90, 100, 110" }, "s0", /41 × 3 values make 123 scenarios/],
    [{ sigma: "9", points: "100,000", stepsPerYear: "1" }, "sigma", /beyond all numbers/],
  ])("%o is refused beside its field", (change, field, words) => {
    const { options, problems } = read(change);
    expect(options).toBeNull();
    expect([...problems.keys()]).toEqual([field]);
    expect(problems.get(field as never)).toMatch(words);
  });

  test("several bad fields are all told", () => {
    expect(problemsOf({ mu: "x", seed: "y", strike: "-1" }).map(([field]) => field)).toEqual([
      "mu",
      "seed",
      "strike",
    ]);
  });

  test("a form filled in for options means these options again", () => {
    const change = {
      s0: "90, 100",
      strike: "95, 105",
      type: "put",
      control: "antithetic",
    } as const;
    const { options } = read({ ...change, paths: "10 million", targetStandardError: "0.01" });
    if (options === null) throw new Error("These options are sound.");
    expect(readSimulation(fieldsOf(options)).options).toEqual(options);
    expect(fieldsOf(options)).toMatchObject({ s0: "90, 100", paths: "10,000,000" });
  });
});
