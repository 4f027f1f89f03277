// SPEC.md and the tests name the same rules.
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";

const folder = import.meta.dirname;
const specified = [
  ...readFileSync(join(folder, "SPEC.md"), "utf8").matchAll(/^- \*\*([A-Z]\d+)\*\*/gm),
].map((match) => match[1]);

const quoted = [folder, join(folder, "../testing")].flatMap((path) =>
  readdirSync(path)
    .filter((name) => name.endsWith(".test.ts"))
    .flatMap((name) => [
      ...readFileSync(join(path, name), "utf8").matchAll(
        /\bit(?:\.each\([^)]*\))?\(\s*["`]((?:\[[A-Z]\d+\])+)/g,
      ),
    ])
    .flatMap((match) => [...(match[1] ?? "").matchAll(/[A-Z]\d+/g)].map((rule) => rule[0])),
);

describe("the specification", () => {
  it("numbers each rule once", () => {
    expect(new Set(specified).size).toBe(specified.length);
    expect(specified.length).toBeGreaterThan(50);
  });

  it("has every rule quoted in a test's title", () => {
    expect(specified.filter((rule) => !quoted.includes(rule as string))).toEqual([]);
  });

  it("knows every rule that a test's title quotes", () => {
    expect(quoted.filter((rule) => !specified.includes(rule))).toEqual([]);
  });
});
