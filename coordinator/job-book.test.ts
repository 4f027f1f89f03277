import { expect, test } from "vitest";
import type { Task } from "../shared/graph/task.ts";
import { asBlockId, asJobId, asTaskKey, type TaskKey } from "../shared/ids.ts";
import { JobBook } from "./job-book.ts";

const key = (digit: string): TaskKey => asTaskKey(digit.repeat(64));
const task = (own: string, ...inputs: string[]): Task => ({
  key: key(own),
  kernel: "k@1",
  params: null,
  inputs: inputs.map((one) => ({ task: key(one), output: 0 })),
  cost: { operations: 1, outputBytes: 1 },
  retries: 0,
});
const row = {
  job: asJobId(`j_${"x".repeat(22)}`),
  head: { kind: "test", title: "Chain", meta: null, priority: 0 },
  submittedAtMs: 0,
  isOpen: false,
  unattendedMs: 0,
  timing: { computeMs: 0, fetchMs: 0, waitMs: 0, bytesMoved: 0, workers: [] },
};

test("after a restart the work behind known results counts as done", () => {
  const tasks = [task("a"), task("b", "a"), task("c", "b"), task("d")];
  const targets = [key("c"), key("d")];
  const book = new JobBook(() => []);
  book.open(row, { tasks, targets }, [], false);
  expect(book.view(row.job)).toMatchObject({ tasksTotal: 4, tasksDone: 0 });
  const outputs = [{ block: asBlockId("e".repeat(64)), sizeBytes: 1 }];
  book.open(row, { tasks, targets }, [{ task: key("b"), outputs }], false);
  expect(book.view(row.job)).toMatchObject({ tasksTotal: 4, tasksDone: 2, targetsDone: 0 });
});

test("tasks that no target needs do not count", () => {
  const book = new JobBook(() => []);
  book.open(row, { tasks: [task("a"), task("b")], targets: [key("b")] }, [], false);
  expect(book.view(row.job)).toMatchObject({ tasksTotal: 1 });
});
