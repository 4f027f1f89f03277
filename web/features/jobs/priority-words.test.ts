// Checks that priorities have words, and odd ones their number.
import { expect, test } from "vitest";
import { priorityChoices, priorityNote, priorityWords } from "./priority-words.ts";

test("three priorities have words; another is offered beside them as its number", () => {
  expect(priorityChoices(0)).toEqual([10, 0, -10]);
  expect(priorityChoices(-3).map(priorityWords)).toEqual(["High", "Normal", "−3", "Low"]);
  expect([0, 10, -10, 7].map(priorityNote)).toEqual([
    "",
    "High priority",
    "Low priority",
    "Priority 7",
  ]);
});
