// Tests of which correlation options can be chosen, and of the reasons against the others.
import { describe, expect, test } from "vitest";
import {
  choicesOf,
  firstChoices,
  obstacleTo,
  obstacleToChange,
  type Choices,
  type ChoiceTable,
} from "./correlate-choices.ts";

const here: ChoiceTable = { transport: null, missingShare: 0 };
const plain: Choices = firstChoices(here);

describe("obstacleTo", () => {
  test("a table that is only here takes everything alone", () => {
    const alone: Partial<Choices>[] = [
      {},
      { method: "spearman" },
      { precision: "f32" },
      { precision: "f16" },
      { isFast: true },
      { shrinkage: "ledoit-wolf" },
    ];
    for (const change of alone) expect(obstacleTo({ ...plain, ...change }, here)).toBeNull();
  });

  test("shrinkage is not possible with gaps, and says how many there are", () => {
    const gaps = { ...here, missingShare: 0.25 };
    expect(obstacleTo({ ...plain, shrinkage: "ledoit-wolf" }, gaps)).toMatch(/25% of the values/);
    expect(obstacleTo(plain, gaps)).toBeNull();
  });

  test("a table that was sent keeps its precision", () => {
    expect(obstacleTo(plain, { ...here, transport: "f16" })).toMatch(/half precision/);
    expect(obstacleTo({ ...plain, precision: "f16" }, { ...here, transport: "f64" })).toMatch(
      /already/,
    );
    expect(firstChoices({ ...here, transport: "f16" }).precision).toBe("f16");
  });
});

describe("obstacleToChange", () => {
  test("what does not go with the choices made is refused, with the plan's own reason", () => {
    const spearman: Choices = { ...plain, method: "spearman" };
    expect(obstacleToChange(spearman, { precision: "f16" }, here)).toMatch(/ties/);
    expect(obstacleToChange(spearman, { isFast: true }, here)).toMatch(/Pearson/);
  });

  test("what is chosen is not refused to itself", () => {
    const broken: Choices = { ...plain, method: "spearman", precision: "f16" };
    expect(obstacleTo(broken, here)).not.toBeNull();
    expect(obstacleToChange(broken, { method: "spearman" }, here)).toBeNull();
    expect(obstacleToChange(broken, { method: "pearson" }, here)).toBeNull();
  });
});

test("the choices of a job are found in what it carries", () => {
  const meta = {
    dataset: "d_1",
    seriesCount: 20,
    dateCount: 30,
    method: "pearson",
    minPeriods: 5,
    precision: "f32",
    transport: "f16",
    isFast: true,
    shrinkage: "none",
    tile: 64,
  };
  expect(choicesOf(meta)).toEqual({
    dataset: "d_1",
    options: {
      method: "pearson",
      minPeriods: 5,
      // Sent as halves, computed in single precision: that is the choice "f16".
      precision: "f16",
      isFast: true,
      shrinkage: "none",
      tile: 64,
    },
  });
});
