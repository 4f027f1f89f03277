// Checks the words for groups of tasks: counts, an honest time left, names that are told apart.
import { expect, test } from "vitest";
import { groupCountWords, groupNames, groupPace, groupParts, groupSummary } from "./group-rows.ts";

const group = {
  name: "pearson-tile@2",
  total: 100,
  waiting: 0,
  ready: 60,
  leased: 10,
  done: 28,
  failed: 2,
  computeMs: 0,
  tasksPerSecond: 7,
};

test("a group tells how its tasks stand, and leaves out what is none", () => {
  expect(groupParts(group).map(([look]) => look)).toEqual(["done", "computing", "ready", "failed"]);
  expect(groupSummary(group)).toBe("28 done, 10 with machines, 60 ready, 2 failed");
  expect(groupCountWords(group)).toBe("28 of 100 tasks");
  expect(groupCountWords({ ...group, done: 1, total: 1 })).toBe("1 task");
});

test("the time left is said only while the group's own pace carries it", () => {
  expect(groupPace(group)).toEqual({ pace: "7.0 tasks/s", left: "about 10 s left" });
  expect(groupPace({ ...group, tasksPerSecond: 0 })).toBeNull();
  // The rest waits for another group: this group's pace says nothing of its end.
  expect(groupPace({ ...group, ready: 0, leased: 2, waiting: 68 })?.left).toBeNull();
  expect(groupPace({ ...group, done: 3 })?.left).toBeNull();
  expect(groupPace({ ...group, done: 98 })?.left).toBeNull();
});

test("groups that are called the same are told apart", () => {
  const names = groupNames(["function:aaaa1111:f", "function:bbbb2222:f", "series-moments@1"]);
  expect(names.get("function:aaaa1111:f")).toEqual({ label: "f", mark: "aaaa" });
  expect(names.get("series-moments@1")).toEqual({ label: "series-moments", mark: "" });
});
