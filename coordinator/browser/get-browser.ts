// Gets a browser where there is none: Debian's package when that is allowed, else Playwright's.
import { spawn } from "node:child_process";
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";

/** Tries to install a browser; whether that worked is seen by searching again. */
export async function getBrowser(say: (line: string) => void): Promise<void> {
  const isRoot = process.getuid?.() === 0;
  const hasApt = existsSync("/usr/bin/apt-get");
  if (isRoot && hasApt && isDebian()) {
    say("No Chromium or Chrome found: installing Debian's package chromium …");
    const update = await run("apt-get", ["update"]);
    const install = ["install", "--yes", "--no-install-recommends", "chromium"];
    if (update === 0 && (await run("apt-get", install)) === 0) return;
  }
  say('No Chromium or Chrome found: running "npx playwright install chromium" …');
  const cli = join(dirname(createRequire(import.meta.url).resolve("playwright")), "cli.js");
  // The browser's system libraries can only be installed by root.
  const libraries = isRoot && hasApt ? ["--with-deps"] : [];
  await run(process.execPath, [cli, "install", ...libraries, "chromium"]);
}

/** Ubuntu's package of that name is only a pointer to a snap, which containers cannot run. */
function isDebian(): boolean {
  try {
    return /^ID=debian$/m.test(readFileSync("/etc/os-release", "utf8"));
  } catch {
    return false;
  }
}

/** The exit status; everything the program says goes to our stderr. */
function run(program: string, args: readonly string[]): Promise<number> {
  return new Promise((resolve) => {
    const child = spawn(program, args, {
      stdio: ["ignore", 2, 2],
      env: { ...process.env, DEBIAN_FRONTEND: "noninteractive" },
    });
    child.on("error", () => resolve(-1));
    child.on("exit", (status) => resolve(status ?? -1));
  });
}
