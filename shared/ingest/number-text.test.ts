import fc from "fast-check";
import { expect, test } from "vitest";
import { guessDecimal, isMissingText, parseNumber } from "./number-text.ts";

const cases: [string, "." | ",", number][] = [
  ["1.5", ".", 1.5],
  ["-0.25", ".", -0.25],
  ["+3", ".", 3],
  [".5", ".", 0.5],
  ["5.", ".", 5],
  ["1e-7", ".", 1e-7],
  ["0e5", ".", 0],
  ["000", ".", 0],
  ["007", ".", 7],
  [" 12 ", ".", 12],
  ["\t12", ".", 12],
  ["1,234", ".", 1234],
  ["1,234.5", ".", 1234.5],
  ["-1,234,567.25", ".", -1_234_567.25],
  ["1 234 567", ".", 1_234_567],
  ["1'234.5", ".", 1234.5],
  ["1,23", ".", Number.NaN],
  ["1,2345", ".", Number.NaN],
  ["1.2.3", ".", Number.NaN],
  ["2,6", ",", 2.6],
  ["-1,25", ",", -1.25],
  ["1.234,5", ",", 1234.5],
  ["1.234", ",", 1234],
  ["1,234", ",", 1.234],
  ["15", ",", 15],
  ["1.5", ",", Number.NaN],
  ["1,5e3", ",", 1500],
  ["inf", ".", Infinity],
  ["-Infinity", ".", -Infinity],
  ["-inf", ",", -Infinity],
  ["+INF", ".", Infinity],
  ["\u22125", ".", -5],
  ["0x1f", ".", Number.NaN],
  ["0b1", ".", Number.NaN],
  ["", ".", Number.NaN],
  [" ", ".", Number.NaN],
  ["abc", ".", Number.NaN],
  ["1_000", ".", 1000],
  ["NaN", ".", Number.NaN],
];

test.each(cases)("%j with the decimal sign %s is %d", (text, decimal, value) => {
  expect(parseNumber(text, decimal)).toBe(value);
});

test("knows what stands for a missing value, and what does not", () => {
  for (const text of [
    "",
    "  ",
    "NA",
    "N/A",
    "#N/A",
    "ND",
    "null",
    "NULL",
    "nan",
    "-NaN",
    "-",
    ".",
  ]) {
    expect([text, isMissingText(text)]).toEqual([text, true]);
  }
  for (const text of ["None", "..", "#N/A N/A", "#VALUE!", "<NA>", "NaT", "\\N"]) {
    expect([text, isMissingText(text)]).toEqual([text, true]);
  }
  for (const text of ["0", "x", "inf", "TRUE", "-1", "nano", "n/a (holiday)"]) {
    expect([text, isMissingText(text)]).toEqual([text, false]);
  }
});

test("reads every float64 back from its shortest text, with either decimal sign", () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (value) => {
      const text = String(value);
      // The text of -0 is "0".
      expect(parseNumber(text, ".") === value).toBe(true);
      expect(parseNumber(text.replace(".", ","), ",") === value).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});

test("guesses the decimal sign from what is unambiguous", () => {
  expect(guessDecimal(["1.5", "2"], ",")).toBe(".");
  expect(guessDecimal(["2,6", "1360"], ";")).toBe(",");
  expect(guessDecimal(["1,234", "1.5"], ";")).toBe(".");
  expect(guessDecimal(["1.234,5", "7"], ";")).toBe(",");
  expect(guessDecimal(["0,987", "1,234"], ";")).toBe(",");
  expect(guessDecimal(["1,234", "5,678"], ";")).toBe(",");
  expect(guessDecimal(["1,234", "5,678"], ",")).toBe(".");
  expect(guessDecimal(["12", "x"], ";")).toBe(".");
});
