// The order in which browsers are preferred, over imagined machines.
import { describe, expect, test } from "vitest";
import { CommandError } from "../commands/command-error.ts";
import { findCandidates, type BrowserPlaces } from "./find-browser.ts";

function machine(
  platform: NodeJS.Platform,
  files: readonly string[],
  environment: BrowserPlaces["environment"] = {},
): BrowserPlaces {
  return {
    platform,
    environment,
    playwrightPath: "/cache/playwright/chrome",
    exists: (path) => files.includes(path),
  };
}
const pathsOf = (places: BrowserPlaces) => findCandidates(places).map(({ path }) => path);

describe("findCandidates", () => {
  test("TABSWARM_BROWSER comes before everything", () => {
    const files = ["/opt/mine", "/usr/bin/chromium", "/cache/playwright/chrome"];
    const places = machine("linux", files, { TABSWARM_BROWSER: "/opt/mine", PATH: "/usr/bin" });
    expect(findCandidates(places)).toEqual([{ path: "/opt/mine", origin: "TABSWARM_BROWSER" }]);
  });

  test("TABSWARM_BROWSER that is not there is an error, not a search", () => {
    const places = machine("linux", ["/usr/bin/chromium"], { TABSWARM_BROWSER: "/opt/gone" });
    expect(() => findCandidates(places)).toThrow(CommandError);
    expect(() => findCandidates(places)).toThrow("/opt/gone");
  });

  test("an installed Chromium or Chrome comes before Playwright's own", () => {
    const files = ["/cache/playwright/chrome", "/home/me/bin/google-chrome", "/usr/bin/chromium"];
    const places = machine("linux", files, { PATH: "/home/me/bin:/usr/bin" });
    expect(pathsOf(places)).toEqual([
      "/usr/bin/chromium",
      "/home/me/bin/google-chrome",
      "/cache/playwright/chrome",
    ]);
    expect(pathsOf(machine("linux", ["/cache/playwright/chrome"]))).toEqual([
      "/cache/playwright/chrome",
    ]);
  });

  test("usual places are searched without a PATH, and an empty variable counts as unset", () => {
    const places = machine("linux", ["/snap/bin/chromium"], { TABSWARM_BROWSER: "" });
    expect(pathsOf(places)).toEqual(["/snap/bin/chromium"]);
  });

  test("macOS and Windows have their own places", () => {
    const chrome = "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome";
    expect(pathsOf(machine("darwin", [chrome], { HOME: "/Users/me" }))).toEqual([chrome]);
    const edge = "C:\\Program Files (x86)\\Microsoft\\Edge\\Application\\msedge.exe";
    const google = "C:\\Users\\me\\AppData\\Local\\Google\\Chrome\\Application\\chrome.exe";
    const environment = {
      LOCALAPPDATA: "C:\\Users\\me\\AppData\\Local",
      "PROGRAMFILES(X86)": "C:\\Program Files (x86)",
    };
    expect(pathsOf(machine("win32", [edge, google], environment))).toEqual([google, edge]);
  });

  test("nothing anywhere gives nothing", () => {
    expect(pathsOf(machine("linux", []))).toEqual([]);
  });
});
