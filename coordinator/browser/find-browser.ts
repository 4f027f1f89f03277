// Which Chromium or Chrome the headless workers run in, by a fixed order of preference.
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { posix, win32 } from "node:path";
import { promisify } from "node:util";
import { chromium } from "playwright";
import { CommandError } from "../commands/command-error.ts";
import { getBrowser } from "./get-browser.ts";

/** Where to look, given from outside so that the order can be tested without any browser. */
export interface BrowserPlaces {
  readonly platform: NodeJS.Platform;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where Playwright keeps its own browser, whether it is there or not. */
  readonly playwrightPath: string;
  readonly exists: (path: string) => boolean;
}

export interface BrowserCandidate {
  readonly path: string;
  readonly origin: "TABSWARM_BROWSER" | "installed" | "playwright";
}

const LINUX_NAMES = [
  "chromium",
  "chromium-browser",
  "google-chrome",
  "google-chrome-stable",
  "google-chrome-beta",
];
const MAC_APPS = [
  "Google Chrome.app/Contents/MacOS/Google Chrome",
  "Chromium.app/Contents/MacOS/Chromium",
];
/** Edge is Chromium too, and on every Windows. */
const WINDOWS_PROGRAMS = [
  "Google\\Chrome\\Application\\chrome.exe",
  "Chromium\\Application\\chrome.exe",
  "Microsoft\\Edge\\Application\\msedge.exe",
];

/** The browsers that exist, best first. Throws CommandError when TABSWARM_BROWSER names nothing. */
export function findCandidates(places: BrowserPlaces): readonly BrowserCandidate[] {
  const chosen = places.environment["TABSWARM_BROWSER"];
  if (chosen !== undefined && chosen !== "") {
    if (places.exists(chosen)) return [{ path: chosen, origin: "TABSWARM_BROWSER" }];
    throw new CommandError(
      `TABSWARM_BROWSER names ${chosen}, which is not there. Correct it, or unset it to search.`,
    );
  }
  const installed = usualPaths(places)
    .filter(places.exists)
    .map((path) => ({ path, origin: "installed" as const }));
  const own = places.exists(places.playwrightPath)
    ? [{ path: places.playwrightPath, origin: "playwright" as const }]
    : [];
  return [...new Map([...installed, ...own].map((found) => [found.path, found])).values()];
}

function usualPaths({ platform, environment }: BrowserPlaces): readonly string[] {
  if (platform === "win32") {
    const roots = ["LOCALAPPDATA", "PROGRAMFILES", "PROGRAMFILES(X86)"]
      .map((name) => environment[name])
      .filter((root) => root !== undefined && root !== "");
    return WINDOWS_PROGRAMS.flatMap((name) => roots.map((root) => win32.join(root ?? "", name)));
  }
  if (platform === "darwin") {
    const roots = ["/Applications", posix.join(environment["HOME"] ?? "/", "Applications")];
    return MAC_APPS.flatMap((app) => roots.map((root) => posix.join(root, app)));
  }
  const onPath = (environment["PATH"] ?? "").split(":").filter((folder) => folder !== "");
  const folders = [...new Set([...onPath, "/usr/bin", "/usr/local/bin", "/snap/bin"])];
  return LINUX_NAMES.flatMap((name) => folders.map((folder) => posix.join(folder, name)));
}

/** The path of a browser that starts; gets one, saying so through `say`, when there is none. */
export async function findBrowser(say: (line: string) => void): Promise<string> {
  const places: BrowserPlaces = {
    platform: process.platform,
    environment: process.env,
    playwrightPath: playwrightPath(),
    exists: existsSync,
  };
  const found = await firstWorking(places);
  if (found !== undefined) return found;
  await getBrowser(say);
  const got = await firstWorking({ ...places, playwrightPath: playwrightPath() });
  if (got !== undefined) return got;
  throw new CommandError(
    "No Chromium or Chrome was found and none could be installed. Install one of them, " +
      'or run "npx playwright install chromium", or set TABSWARM_BROWSER to the path of one.',
  );
}

async function firstWorking(places: BrowserPlaces): Promise<string | undefined> {
  for (const { path, origin } of findCandidates(places)) {
    // A browser that the user names is taken at their word.
    if (origin === "TABSWARM_BROWSER" || (await starts(path, places.platform))) return path;
  }
  return undefined;
}

/** Some systems put a script there that only says how to install the browser; that one fails. */
async function starts(path: string, platform: NodeJS.Platform): Promise<boolean> {
  // On Windows `--version` would open a window instead of answering.
  if (platform === "win32") return true;
  try {
    const { stdout } = await promisify(execFile)(path, ["--version"], { timeout: 20_000 });
    return /\d+\.\d+/.test(stdout);
  } catch {
    return false;
  }
}

function playwrightPath(): string {
  try {
    return chromium.executablePath();
  } catch {
    return "";
  }
}
