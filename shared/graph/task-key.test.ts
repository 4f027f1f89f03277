// Checks the text that keys are hashes of: journals hold keys of earlier versions.
import { expect, test } from "vitest";
import { asBlockId, asTaskKey } from "../ids.ts";
import type { TaskWork } from "./task.ts";
import { taskKey } from "./task-key.ts";

const block = asBlockId("ab".repeat(32));
const task = asTaskKey("cd".repeat(32));

const hashedText = (work: TaskWork): string => {
  let text = "";
  taskKey(
    work,
    () => "00".repeat(32),
    (encoded) => {
      text = encoded;
      return new Uint8Array();
    },
  );
  return text;
};

test("a key is the hash of what is computed, in canonical JSON: names sorted, no spaces", () => {
  const inputs = [
    { block, sizeBytes: 10 },
    { task, output: 2 },
  ];
  const params = { b: [1, null, "é"], a: { d: true, c: 0.5 } };
  expect(hashedText({ kernel: "mean@1", params, inputs })).toBe(
    `{"inputs":[{"block":"${block}"},{"output":2,"task":"${task}"}],` +
      `"kernel":"mean@1","params":{"a":{"c":0.5,"d":true},"b":[1,null,"é"]}}`,
  );
  expect(hashedText({ kernel: "none@1", params: null, inputs: [] })).toBe(
    '{"inputs":[],"kernel":"none@1","params":null}',
  );
});

test("a number that JSON does not have is refused", () => {
  expect(() => hashedText({ kernel: "mean@1", params: [Number.NaN], inputs: [] })).toThrow(
    /finite numbers, got NaN/,
  );
});
