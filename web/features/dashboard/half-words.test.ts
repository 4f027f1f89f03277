// Tests of the sentence about the error of half precision.
import { expect, test } from "vitest";
import { halfWords } from "./half-words.ts";

test("bounds are rounded up to one figure", () => {
  expect(halfWords({ pairs: 1_953, largest: 3.2e-4, typical: 1.0e-5, lost: 0 })).toBe(
    "Of 1,953 pairs of this table compared, half change by less than 0.00001, none by more than 0.0004.",
  );
  expect(halfWords({ pairs: 1, largest: 0.96, typical: 0.96, lost: 0 })).toMatch(
    /Of 1 pair .* less than 1\.0, none by more than 1\.0/,
  );
});

test("what is lost, unchanged or unknown is said", () => {
  expect(halfWords({ pairs: 10, largest: 0.01, typical: 0.001, lost: 3 })).toMatch(
    /3 of them lose their correlation/,
  );
  expect(halfWords({ pairs: 10, largest: 0, typical: 0, lost: 0 })).toMatch(/no correlation/);
  expect(halfWords({ pairs: 0, largest: 0, typical: 0, lost: 0 })).toMatch(/not known/);
});
