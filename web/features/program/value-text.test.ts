import { expect, test } from "vitest";
import { valueText } from "./value-text.ts";

test("values are jotted down on one line", () => {
  expect(valueText(42)).toBe("42");
  expect(valueText("a\nb")).toBe('"a\\nb"');
  expect(valueText(undefined)).toBe("undefined");
  expect(valueText(12n)).toBe("12n");
  expect(valueText([1, [2, { a: null }]])).toBe("[1, [2, { a: null }]]");
  expect(valueText(new Float64Array([1, 2]))).toBe("Float64Array [1, 2]");
  expect(valueText({ shape: [2, 3], data: new Float32Array(6) })).toBe("Float32Array of 2 × 3");
});

test("what is large is cut short", () => {
  expect(valueText(Array.from({ length: 1_000 }, (_, i) => i))).toMatch(
    /^\[0, 1, 2, 3, 4, 5, … 994 more\]$/u,
  );
  expect(valueText([[[[1, 2]]]])).toBe("[[[2 items]]]");
  expect(valueText("x".repeat(500))).toHaveLength(120);
});
