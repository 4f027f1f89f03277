// Tests of the dates that all series have.
import { expect, test } from "vitest";
import { contents, mustRead } from "../testing/read-table.ts";
import { atCommonDates, findCommonDates } from "./common-dates.ts";

const header = "date,A,B,C";
const rows = ["2020-01-01,1,2,3", "2020-01-02,4,,6", "2020-01-03,7,8,9", "2020-01-04,inf,8,"];
const tail = ["2020-01-05,5,6,7"];

test("counts series with gaps, infinite values among them, and keeps dates without", () => {
  const table = mustRead([header, ...rows, ...tail].join("\n"));
  const common = findCommonDates(table);
  expect(common).toEqual({ seriesWithGaps: 3, kept: [0, 2, 4] });
  const cut = atCommonDates(table, common);
  expect(cut.dates).toEqual(["2020-01-01", "2020-01-03", "2020-01-05"]);
  expect(cut.missingShare).toBe(0);
  expect(contents(cut)).toEqual({ A: [1, 7, 5], B: [2, 8, 6], C: [3, 9, 7] });
  const target = new Float64Array(3);
  cut.read(1, target);
  expect([...target]).toEqual([2, 8, 6]);
});

test("a table without gaps keeps every date", () => {
  const table = mustRead(`${header}\n2020-01-01,1,2,3\n2020-01-02,4,5,6\n2020-01-03,7,8,9\n`);
  expect(findCommonDates(table)).toEqual({ seriesWithGaps: 0, kept: [0, 1, 2] });
});

test("releasing a series gives back the memory of the whole table's", () => {
  const released: number[] = [];
  const table = {
    ...mustRead([header, ...rows].join("\n")),
    release: (index: number) => released.push(index),
  };
  atCommonDates(table, findCommonDates(table)).release(2);
  expect(released).toEqual([2]);
});
