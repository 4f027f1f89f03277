// What the person at this machine chose, remembered by the browser; and a pause, by the tab.
import { THREADS_PER_WORKER_MAX } from "../../shared/limits.ts";
import type { CourtesySettings } from "../../shared/worker/courtesy.ts";
import { readObject, type Remembering } from "./remembered.ts";

const SETTINGS_KEY = "tabswarm-courtesy";
const PAUSE_KEY = "tabswarm-pause";

/** The settings of the last visit; what was never chosen is as `fallback` has it. */
export function rememberedSettings(
  memory: Remembering,
  fallback: CourtesySettings,
): CourtesySettings {
  const stored = readObject(memory, SETTINGS_KEY) ?? {};
  const flag = (key: "onlyPluggedIn" | "stopsWhenHidden" | "givesWay"): boolean => {
    const value = stored[key];
    return typeof value === "boolean" ? value : fallback[key];
  };
  const { threads } = stored;
  const isCount =
    typeof threads === "number" &&
    Number.isInteger(threads) &&
    threads >= 1 &&
    threads <= THREADS_PER_WORKER_MAX;
  return {
    threads: isCount ? threads : fallback.threads,
    onlyPluggedIn: flag("onlyPluggedIn"),
    stopsWhenHidden: flag("stopsWhenHidden"),
    givesWay: flag("givesWay"),
  };
}

/** What was chosen now; what the address asked for, and nobody chose, is not remembered. */
export function rememberSettings(memory: Remembering, chosen: Partial<CourtesySettings>): void {
  const stored = readObject(memory, SETTINGS_KEY) ?? {};
  memory.write(SETTINGS_KEY, JSON.stringify({ ...stored, ...chosen }));
}

/** A pause that a reload must not end: by the person for good, or until a moment (Unix milliseconds). */
export type RememberedPause = "person" | { readonly untilUnixMs: number } | null;

export function rememberedPause(memory: Remembering, nowUnixMs: number): RememberedPause {
  const text = memory.read(PAUSE_KEY);
  if (text === "person") return text;
  const untilUnixMs = Number(text ?? Number.NaN);
  return untilUnixMs > nowUnixMs ? { untilUnixMs } : null;
}

export function rememberPause(memory: Remembering, pause: RememberedPause): void {
  if (pause === null) memory.forget(PAUSE_KEY);
  else memory.write(PAUSE_KEY, pause === "person" ? pause : String(pause.untilUnixMs));
}
