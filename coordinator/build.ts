// Builds kernels, the web app and the client library into dist/, when missing or out of date.
import { existsSync } from "node:fs";
import { readdir, rename, rm, stat } from "node:fs/promises";
import { join, resolve } from "node:path";
import { randomUUID } from "node:crypto";
import { buildClient, isClientBuilt } from "./build-client.ts";
import { buildKernels } from "./build-kernels.ts";

const root = resolve(import.meta.dirname, "..");
/** Where the web app lies once built; served by the coordinator. */
export const webFolder = join(root, "dist/web");
const SOURCES = [
  "web",
  "shared",
  "coordinator/client.ts",
  "coordinator/node-client.ts",
  "coordinator/node-trust.ts",
  "dist/kernels",
  "vite.config.ts",
  "package-lock.json",
];
/** Changed at every build, as its scripts are named by their content. */
const PROOF = join(webFolder, "index.html");

/** Makes dist/ current; `say` hears of it only when there is something to do. */
export async function ensureBuilt(say: (line: string) => void, force = false): Promise<void> {
  // Announced before the kernels, as a first run builds both and takes its time.
  const isFirst = !existsSync(PROOF);
  if (isFirst) say("Building the web app (first run) …");
  await buildKernels({ force });
  const isWebCurrent = !force && !isFirst && (await isCurrent());
  if (!isWebCurrent || !isClientBuilt()) await buildClient({ hasTypes: force });
  if (isWebCurrent) return;
  if (!isFirst) say("Building the web app …");
  await buildWeb(force ? "warn" : "error");
}

async function isCurrent(): Promise<boolean> {
  const builtMs = (await stat(PROOF)).mtimeMs;
  for (const source of SOURCES) {
    if ((await newestChangeMs(join(root, source))) > builtMs) return false;
  }
  return true;
}

/** The newest change of a file, or of anything within a folder but tests. */
async function newestChangeMs(path: string): Promise<number> {
  const info = await stat(path).catch(() => null);
  if (info === null) return 0;
  if (!info.isDirectory()) return path.endsWith(".test.ts") ? 0 : info.mtimeMs;
  const names = await readdir(path);
  const times = await Promise.all(names.map((name) => newestChangeMs(join(path, name))));
  // A folder's own time tells of files that were removed.
  return Math.max(info.mtimeMs, ...times);
}

/** Builds beside the old app and then swaps: a coordinator that serves it never sees half of one. */
async function buildWeb(logLevel: "error" | "warn"): Promise<void> {
  // vite is large and only needed here, so that starting an up-to-date build does not load it.
  const { build } = await import("vite");
  const draft = `${webFolder}-${randomUUID()}`;
  try {
    await build({
      configFile: join(root, "vite.config.ts"),
      // The configuration names it from this folder; a command may run in any other.
      root: join(root, "web"),
      mode: "production",
      // Whoever only wants to start something has no use for a bundler's warnings.
      logLevel,
      build: { outDir: draft, emptyOutDir: true },
    });
    await rm(webFolder, { recursive: true, force: true });
    await rename(draft, webFolder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}
