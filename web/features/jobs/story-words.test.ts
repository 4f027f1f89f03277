// Checks what a task's story says, and how its attempts lie on the line of time.
import { expect, test } from "vitest";
import { asJobId, asTaskKey, asWorkerId } from "../../../shared/ids.ts";
import type { TaskStory } from "../../../shared/protocol/telemetry.ts";
import {
  attemptBars,
  outcomeWords,
  sizeWords,
  storyTitle,
  whatItComputes,
  withNames,
  type AttemptStory,
} from "./story-words.ts";

const task = asTaskKey("3f2a91bc".repeat(8));
const worker = asWorkerId(`w_${"1".repeat(22)}`);

const attempt = (change: Partial<AttemptStory> = {}): AttemptStory => ({
  attempt: 1,
  worker,
  name: "Laptop",
  outcome: "finished",
  isSpeculative: false,
  grantedMs: 1_000,
  endMs: 2_000,
  fetchMs: 100,
  waitMs: 200,
  computeMs: 700,
  why: null,
  ...change,
});

const story = (change: Partial<TaskStory> = {}): TaskStory => ({
  job: asJobId(`j_${"a".repeat(22)}`),
  task,
  kernel: "function@1",
  group: "function:0123456789abcdef:add",
  state: "done",
  isTarget: true,
  reads: [task],
  readBy: [],
  inputBytes: 2_048,
  outputBytes: 16,
  attempts: [attempt()],
  sentences: [],
  error: null,
  ...change,
});

test("a story says what is computed, on what, and whether anybody asked for it", () => {
  expect(storyTitle(story())).toBe("add 3f2a91bc");
  expect(whatItComputes(story())).toBe(
    "It calls the function “add” of a program, on the results of 1 task. Its result is one that the job was asked for.",
  );
  const tile = story({
    kernel: "pearson-tile@2",
    group: "pearson-tile@2",
    reads: [],
    isTarget: false,
  });
  expect(whatItComputes(tile)).toBe(
    "It runs the kernel pearson-tile@2, on inputs that were there from the start.",
  );
  expect(sizeWords(story())).toBe("Inputs of 2.0 kB, result of 16 B");
  expect(sizeWords(story({ inputBytes: 0, outputBytes: null }))).toBe("No inputs, no result yet");
  expect(outcomeWords(attempt({ outcome: null, isSpeculative: true }))).toBe(
    "second copy, under way",
  );
});

test("attempts lie on one line of time, with their phases at their ends", () => {
  const second = attempt({
    grantedMs: 2_000,
    endMs: 3_000,
    fetchMs: null,
    waitMs: null,
    computeMs: null,
    why: null,
  });
  const [one, two] = attemptBars([attempt(), second], 9_000);
  expect(one).toEqual({
    start: 0,
    phases: [
      { key: "transfer", share: 0.05 },
      { key: "wait", share: 0.1 },
      { key: "compute", share: 0.35 },
    ],
  });
  expect(two).toEqual({ start: 0.5, phases: [{ key: "unknown", share: 0.5 }] });
});

test("an attempt under way lasts until now, and none is longer than its lease", () => {
  const [live] = attemptBars(
    [attempt({ endMs: null, outcome: null, fetchMs: 0, waitMs: 0, computeMs: 0 })],
    1_500,
  );
  expect(live?.phases).toEqual([{ key: "unknown", share: 1 }]);
  // What was not measured comes first, and takes nothing from the phases.
  const [short] = attemptBars([attempt({ fetchMs: 0, waitMs: 0, computeMs: 250 })], 0);
  expect(short?.phases).toEqual([
    { key: "unknown", share: 0.75 },
    { key: "compute", share: 0.25 },
  ]);
  const [long] = attemptBars([attempt({ fetchMs: 0, waitMs: 0, computeMs: 4_000 })], 0);
  expect(long?.phases).toEqual([{ key: "compute", share: 1 }]);
});

test("machines are called by their names", () => {
  const names = new Map([[worker as string, "Laptop"]]);
  expect(withNames(`Attempt 4 on ${worker} failed (kernel-error): no.`, names)).toBe(
    "Attempt 4 on Laptop failed (kernel-error): no.",
  );
  expect(withNames(`on w_${"2".repeat(22)}.`, names)).toBe("on a machine.");
});
