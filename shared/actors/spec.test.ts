// SPEC.md and the tests name the same rules.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";

const folder = import.meta.dirname;
const specified = [
  ...readFileSync(join(folder, "SPEC.md"), "utf8").matchAll(/^- \*\*([A-Z]\d+)\*\*/gm),
].map((match) => match[1]);

const files = [
  ...readdirSync(folder)
    .filter((name) => name.endsWith(".test.ts"))
    .map((name) => join(folder, name)),
  join(folder, "../../coordinator/actors.test.ts"),
  join(folder, "../../coordinator/actor-lines.test.ts"),
];
const quoted = files
  .flatMap((path) => [...readFileSync(path, "utf8").matchAll(/\bit\(\s*["`]((?:\[[A-Z]\d+\])+)/g)])
  .flatMap((match) => [...(match[1] ?? "").matchAll(/[A-Z]\d+/g)].map((rule) => rule[0]));

test("every rule has one number, and is quoted in the title of a test", () => {
  expect(new Set(specified).size).toBe(specified.length);
  expect(specified.length).toBeGreaterThan(20);
  expect(specified.filter((rule) => !quoted.includes(rule as string))).toEqual([]);
  expect(quoted.filter((rule) => !specified.includes(rule))).toEqual([]);
});
