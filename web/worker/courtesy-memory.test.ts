// Checks that choices and pauses survive a visit, and that damaged ones fall back one by one.
import { expect, test } from "vitest";
import {
  rememberedPause,
  rememberedSettings,
  rememberPause,
  rememberSettings,
} from "./courtesy-memory.ts";
import type { Remembering } from "./remembered.ts";

const fallback = { threads: 3, onlyPluggedIn: false, stopsWhenHidden: false, givesWay: true };
function createMemory(): Remembering {
  const texts = new Map<string, string>();
  return {
    read: (key) => texts.get(key) ?? null,
    write: (key, text) => void texts.set(key, text),
    forget: (key) => void texts.delete(key),
  };
}

test("settings come back as they were chosen", () => {
  const memory = createMemory();
  expect(rememberedSettings(memory, fallback)).toEqual(fallback);
  const chosen = { threads: 2, onlyPluggedIn: true, stopsWhenHidden: true, givesWay: false };
  rememberSettings(memory, chosen);
  expect(rememberedSettings(memory, fallback)).toEqual(chosen);
  rememberSettings(memory, { givesWay: true });
  expect(rememberedSettings(memory, fallback)).toEqual({ ...chosen, givesWay: true });
});

test("what is damaged is as at the first visit", () => {
  const memory = createMemory();
  for (const text of ["{", "[]", "7", '{"threads":0,"onlyPluggedIn":"yes"}', '{"threads":1.5}']) {
    memory.write("tabswarm-courtesy", text);
    expect(rememberedSettings(memory, fallback)).toEqual(fallback);
  }
});

test("a pause outlives a reload and ends at its time", () => {
  const memory = createMemory();
  expect(rememberedPause(memory, 0)).toBeNull();
  rememberPause(memory, { untilUnixMs: 500 });
  expect(rememberedPause(memory, 499)).toEqual({ untilUnixMs: 500 });
  expect(rememberedPause(memory, 500)).toBeNull();
  rememberPause(memory, "person");
  expect(rememberedPause(memory, 1e15)).toBe("person");
  rememberPause(memory, null);
  expect(rememberedPause(memory, 0)).toBeNull();
});
