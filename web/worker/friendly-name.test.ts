import { expect, test } from "vitest";
import { NAME_LENGTH_MAX } from "../../shared/limits.ts";
import { friendlyName } from "./friendly-name.ts";

test("names are two words from lists without doubles, by kind of device", () => {
  const names = { true: new Set<string>(), false: new Set<string>() };
  for (const isMobile of [true, false]) {
    for (let first = 0; first < 200; first += 1) {
      let call = 0;
      // The first word stays and the second goes through its list.
      names[`${isMobile}`].add(friendlyName(isMobile, () => (call++ === 0 ? 0 : first)));
    }
  }
  expect(names.false).toContain("Amber Otter");
  expect(names.true).toContain("Amber Wren");
  expect([...names.true].filter((name) => names.false.has(name))).toEqual([]);
  for (const name of [...names.true, ...names.false]) {
    expect(name).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+$/);
    expect(name.length).toBeLessThan(NAME_LENGTH_MAX / 2);
  }
  // Thousands of names, so that a class of thirty seldom has two of one.
  expect(names.false.size).toBeGreaterThan(50);
});
