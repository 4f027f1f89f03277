// Tests of what becomes of a table with gaps.
import { describe, expect, test } from "vitest";
import { contents, mustRead } from "../../shared/testing/read-table.ts";
import { closeGaps } from "./close-gaps.ts";
import { CommandError } from "./command-error.ts";

const complete = "date,A,B,C\n2020-01-01,1,2,3\n2020-01-02,4,5,6\n2020-01-03,7,8,9\n";
const gaps = `${complete}2020-01-04,1,,3\n2020-01-05,1,2,\n2020-01-06,,2,\n`;
const few = "date,A,B\n2020-01-01,1,2\n2020-01-02,4,\n2020-01-03,,8\n2020-01-04,3,8\n";

const refusal = (text: string, options: object): CommandError => {
  try {
    closeGaps(mustRead(text), options);
  } catch (error) {
    if (error instanceof CommandError) return error;
  }
  throw new Error("Nothing was refused.");
};

describe("closeGaps", () => {
  test.each([
    [gaps, {}],
    [complete, { shrink: true }],
    [complete, { commonDates: true }],
  ])("leaves a table that serves as it is", (text, options) => {
    const table = mustRead(text);
    const closed = closeGaps(table, options);
    expect(closed.table).toBe(table);
    expect(closed.notices).toEqual([]);
  });

  test.each([{ commonDates: true }, { commonDates: true, shrink: true }])(
    "keeps the dates that all series have, and says so (%o)",
    (options) => {
      const { table, notices } = closeGaps(mustRead(gaps), options);
      expect(contents(table)).toEqual({ A: [1, 4, 7], B: [2, 5, 8], C: [3, 6, 9] });
      expect(notices).toEqual(["Kept the 3 of 6 dates that all 3 series have."]);
    },
  );

  test("does not shrink over gaps: it counts them, and names the way out", () => {
    const { message, exitStatus } = refusal(gaps, { shrink: true });
    expect(exitStatus).toBe(2);
    expect(message).toBe(
      "--shrink needs a table without gaps, but 3 of 3 series lack values, at 3 of 6 dates. " +
        "Keep the 3 dates that all series have with --common-dates, or leave out --shrink.",
    );
  });

  test("names no way that leads nowhere", () => {
    expect(refusal(few, { shrink: true }).message).toMatch(
      /Leave out the series with the most gaps, or leave out --shrink\.$/,
    );
    const { message, exitStatus } = refusal(few, { commonDates: true });
    expect(exitStatus).toBe(2);
    expect(message).toMatch(/at least 3 dates, but 2 of 4 have values of all 2 series/);
  });
});
