// Checks that equal failures are one line, with all of their tasks and where they happened.
import { expect, test } from "vitest";
import type { TargetFailure } from "../../../shared/graph/task.ts";
import { asTaskKey, asWorkerId } from "../../../shared/ids.ts";
import { groupFailures, whereItFailed } from "./failure-groups.ts";
import type { AttemptStory } from "./story-words.ts";

const task = (digit: string) => asTaskKey(digit.repeat(64));
const thrown = (digit: string, message: string): TargetFailure => ({
  task: task(digit),
  message: "It failed.",
  error: { name: "RangeError", message, stack: `stack of ${digit}` },
});

test("failures with one message are one group, the oldest task first, whatever numbers they name", () => {
  const groups = groupFailures([
    thrown("c", "row 31 is empty"),
    thrown("b", "no"),
    thrown("a", "row 7 is empty"),
  ]);
  expect(groups.map(({ headline }) => headline)).toEqual([
    "RangeError: row 31 is empty",
    "RangeError: no",
  ]);
  expect(groups[0]?.tasks).toEqual([task("a"), task("c")]);
  expect(groups[0]?.error?.stack).toBe("stack of c");
});

test("messages of kernels are the same for any task, attempt and machine", () => {
  const story = (digit: string, id: string): TargetFailure => ({
    task: task(digit),
    message: `Attempt ${digit} on w_${id.repeat(22)} failed (kernel-error): bad. Task ${digit.repeat(8)} failed.`,
    error: null,
  });
  expect(groupFailures([story("1", "x"), story("2", "y")])).toHaveLength(1);
});

test("it is said where the first and the last happened", () => {
  const attempt = (name: string, outcome: AttemptStory["outcome"]): AttemptStory => ({
    attempt: 1,
    worker: asWorkerId(`w_${"1".repeat(22)}`),
    name,
    outcome,
    isSpeculative: false,
    grantedMs: 0,
    endMs: 1,
    fetchMs: null,
    waitMs: null,
    computeMs: null,
    why: null,
  });
  const first = [attempt("Phone", "returned"), attempt("Laptop", "failed")];
  expect(whereItFailed(first, first)).toBe("on Laptop");
  expect(whereItFailed(first, [attempt("Phone", "failed")])).toBe("first on Laptop, last on Phone");
  expect(whereItFailed([], [])).toBe("");
});
