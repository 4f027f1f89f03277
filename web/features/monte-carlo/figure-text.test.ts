// Tests of reading numbers as people type them, and of refusing what could be misread.
import { describe, expect, test } from "vitest";
import { readNumber, readNumbers, readWhole } from "./figure-text.ts";

describe("readNumber", () => {
  test.each([
    ["0.2", 0.2],
    [" 100 ", 100],
    ["20%", 0.2],
    ["7%", 0.07],
    ["−0.05", -0.05],
    [".5", 0.5],
    ["1e-3", 0.001],
    ["1e2%", Number.NaN],
  ])("%s", (text, value) => {
    const reading = readNumber(text);
    if (Number.isNaN(value)) expect(reading).toHaveProperty("problem");
    else expect(reading).toEqual({ value });
  });

  test("refuses what could be misread, and says how to write it", () => {
    expect(readNumber("0,2")).toEqual({ problem: expect.stringContaining("with a point") });
    expect(readNumber("1,000")).toHaveProperty("problem");
    expect(readNumber("ten")).toEqual({ problem: "“ten” is not a number." });
    expect(readNumber("")).toEqual({ problem: "This field is empty; give a number." });
    expect(readNumber("1 2")).toEqual({ problem: expect.stringContaining("takes one") });
    expect(readNumber("0x10")).toHaveProperty("problem");
    expect(readNumber("Infinity")).toHaveProperty("problem");
  });
});

describe("readWhole", () => {
  test.each([
    ["1,000,000", 1e6],
    ["1 000 000", 1e6],
    ["1460", 1_460],
    ["10 million", 1e7],
    ["8.2 million", 8_200_000],
    ["1 billion", 1e9],
    ["10k", 10_000],
    ["1e6", 1e6],
  ])("%s", (text, value) => {
    expect(readWhole(text)).toEqual({ value });
  });

  test("leaves what is not whole to whoever knows the range", () => {
    expect(readWhole("10.5")).toEqual({ value: 10.5 });
    expect(readWhole("1.2345678 million")).toEqual({ value: 1_234_567.8 });
    expect(readWhole("many")).toHaveProperty("problem");
  });
});

describe("readNumbers", () => {
  test("lists by spaces, semicolons, or commas with a space, each value once", () => {
    expect(readNumbers("80, 90, 100")).toEqual({ value: [80, 90, 100] });
    expect(readNumbers("80 90;100 ; 80")).toEqual({ value: [80, 90, 100] });
    expect(readNumbers("10%, 0.2,")).toEqual({ value: [0.1, 0.2] });
  });

  test("ranges include their end, in spite of binary fractions", () => {
    expect(readNumbers("80 to 120 by 10")).toEqual({ value: [80, 90, 100, 110, 120] });
    expect(readNumbers("0.1 to 0.3 by 0.1")).toEqual({ value: [0.1, 0.2, 0.3] });
    expect(readNumbers("10% to 20% by 5%")).toEqual({ value: [0.1, 0.15, 0.2] });
    expect(readNumbers("100 to 80 by 10")).toHaveProperty("problem");
    expect(readNumbers("1 to 1000 by 1")).toEqual({
      problem: "These are 1000 values; one field takes up to 100.",
    });
  });

  test("one word that is no number spoils the list, by name", () => {
    expect(readNumbers("80, 9o, 100")).toEqual({ problem: "“9o” is not a number." });
  });
});
