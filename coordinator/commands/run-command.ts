// `tabswarm run`: a script of the user's with a cluster in its scope.
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtemp, rm, stat, writeFile } from "node:fs/promises";
import { hostname, tmpdir } from "node:os";
import { basename, join, resolve } from "node:path";
import * as library from "../client.ts";
import type { CoordinatorAddress } from "../node-client.ts";
import { BundleError, bundleScript, type Bundle } from "../run/bundle-script.ts";
import { BUNDLE_FILE, type RunSettings, SETTINGS_FILE } from "../run/run-settings.ts";
import { createCleanups } from "./cleanups.ts";
import { startHeadlessCluster } from "./cluster-options.ts";
import { CommandError } from "./command-error.ts";
import { checkAnswers, remoteCoordinator } from "./connect.ts";
import { listenForStop } from "./stop-signal.ts";
import { unlessAborted } from "./unless-aborted.ts";

export interface RunOptions {
  readonly coordinator?: string;
  readonly token?: string;
  readonly ca?: string;
  readonly workers: number;
}

const childFile = join(import.meta.dirname, "../run/run-script.js");

/** Runs the script and sets this process' exit status to its own. Throws CommandError. */
export async function run(
  script: string,
  args: readonly string[],
  options: RunOptions,
): Promise<void> {
  const say = (line: string): void => void process.stderr.write(`${line}\n`);
  const cleanups = createCleanups();
  const stop = listenForStop();
  cleanups.add(() => stop.release());
  const lost = new AbortController();
  const signal = AbortSignal.any([stop.signal, lost.signal]);
  try {
    const remote = await remoteCoordinator(options);
    await checkScript(script);
    if (remote !== undefined) await checkAnswers(remote);
    const bundle = await bundleOrRefuse(script);
    const starting =
      remote ??
      startHeadlessCluster({
        workers: options.workers,
        // The script is of whoever runs it here.
        runsFunctions: true,
        cleanups,
        lost,
        say,
      });
    const address = await Promise.resolve(starting);
    signal.throwIfAborted();
    const folder = await prepareFolder(script, args, address, bundle);
    cleanups.add(() => rm(folder, { recursive: true, force: true }));
    process.exitCode = await runChild(folder, signal);
    lost.signal.throwIfAborted();
  } catch (error) {
    if (!stop.signal.aborted) throw lost.signal.aborted ? lost.signal.reason : error;
    process.exitCode = STOPPED_STATUS;
  } finally {
    await cleanups.run();
  }
}

/** What shells expect of a program that Ctrl-C ended. */
const STOPPED_STATUS = 130;

async function checkScript(script: string): Promise<void> {
  const info = await stat(script).catch(() => null);
  if (info === null) throw new CommandError(`There is no script ${script}. Check its path.`, 2);
  if (!info.isFile()) {
    throw new CommandError(`${script} is a folder. Give the name of a script in it.`, 2);
  }
  if (!/\.[cm]?[jt]sx?$/.test(script)) {
    throw new CommandError(`${script} is no script: its name should end in .ts or .js.`, 2);
  }
}

async function bundleOrRefuse(script: string): Promise<Bundle> {
  try {
    return await bundleScript(script, Object.keys(library));
  } catch (error) {
    if (error instanceof BundleError) throw new CommandError(error.message, 1, { cause: error });
    throw error;
  }
}

/** A folder that only this user can read, for the settings have the token. */
async function prepareFolder(
  script: string,
  args: readonly string[],
  { baseUrl, token, ca }: CoordinatorAddress,
  { text, map }: Bundle,
): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "tabswarm-run-"));
  const title = `${basename(script)} (${hostname()}, process ${process.pid})`.slice(-200);
  const address = { baseUrl, token, ...(ca === undefined ? {} : { ca }) };
  const settings: RunSettings = { ...address, script: resolve(script), args, title };
  await writeFile(join(folder, SETTINGS_FILE), JSON.stringify(settings), { mode: 0o600 });
  await writeFile(join(folder, BUNDLE_FILE), `${text}\n//# sourceMappingURL=${BUNDLE_FILE}.map\n`);
  await writeFile(join(folder, `${BUNDLE_FILE}.map`), map);
  return folder;
}

/** Resolves to the status of the script's process. An abort asks it to end first, and then waits for it. */
async function runChild(folder: string, signal: AbortSignal): Promise<number> {
  const child = spawn(process.execPath, ["--enable-source-maps", childFile, folder], {
    stdio: "inherit",
  });
  const ended = statusOf(child);
  try {
    return await unlessAborted(ended, signal);
  } catch (error) {
    child.kill("SIGTERM");
    await ended;
    throw error;
  }
}

function statusOf(child: ChildProcess): Promise<number> {
  return new Promise((done, fail) => {
    child.once("error", fail);
    child.once("close", (status) => done(status ?? 1));
  });
}
