// Runs a bundled script with `cluster` in scope, and tells of what it throws in its own lines.
import { readFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { setSourceNamer } from "../../shared/client/callable.ts";
import { connect, functionRef, type Cluster, type FunctionRef } from "../client.ts";
import * as library from "../client.ts";
import { BUNDLE_FILE, type RunSettings, SETTINGS_FILE } from "./run-settings.ts";
import { BundleError, bundleModule, LIBRARY_SYMBOL } from "./bundle-script.ts";
import type { LoadedModule, RunCluster } from "./run-cluster.ts";
import { errorText, StackMapper } from "./stack-mapper.ts";

/** How long Ctrl-C waits for a coordinator that is slow to answer. */
const CANCEL_TIMEOUT_MS = 2_000;

/** `folder` holds the settings and the bundle. Sets the process' exit status. */
export async function runScript(folder: string): Promise<void> {
  const settings = JSON.parse(await readFile(join(folder, SETTINGS_FILE), "utf8")) as RunSettings;
  const bundleFile = join(folder, BUNDLE_FILE);
  const mapper = new StackMapper();
  mapper.setBundle(await readFile(bundleFile, "utf8"), await readFile(`${bundleFile}.map`, "utf8"));
  setSourceNamer((text) => mapper.nameFunction(text));

  const fail = (thrown: unknown): void => {
    process.stderr.write(`${errorText(thrown, mapper)}\n`);
    process.exitCode = 1;
  };
  // A rejection that nobody handles comes here as well.
  process.on("uncaughtException", (thrown) => {
    fail(thrown);
    process.exit(1);
  });
  const { baseUrl, token, ca } = settings;
  const connected = await connect(baseUrl, { token, ...(ca === undefined ? {} : { ca }) });
  const cluster = connected.options({ title: settings.title });
  endOnSignals(cluster, settings.title);

  Object.assign(globalThis, {
    cluster: withLoad(cluster, settings.script, mapper),
    [Symbol.for(LIBRARY_SYMBOL)]: library,
  });
  process.argv = [process.execPath, settings.script, ...settings.args];
  try {
    await import(pathToFileURL(bundleFile).href);
  } catch (thrown) {
    fail(thrown);
  }
  // What the script did not wait for is not wanted. Its own timers and servers still hold the process.
  await cluster.close();
}

/** The cluster with `load`, which needs files and a bundler, and is therefore no part of the library. */
function withLoad(cluster: Cluster, script: string, mapper: StackMapper): RunCluster {
  const load = async (path: string): Promise<LoadedModule> => {
    const module = await bundleModule(resolve(dirname(script), path)).catch((error: unknown) => {
      throw error instanceof BundleError ? new Error(`cluster.load: ${error.message}`) : error;
    });
    mapper.addModule(module.sourceName, module.map);
    const refs = module.exportNames.map((name): [string, FunctionRef] => [
      name,
      functionRef(module.text, name),
    ]);
    return Object.fromEntries(refs);
  };
  return Object.assign(cluster, { load }) as RunCluster;
}

/** Whoever presses Ctrl-C wants nothing more of it, on other machines either. */
function endOnSignals(cluster: Cluster, title: string): void {
  const end = (): void => {
    const timer = setTimeout(() => process.exit(130), CANCEL_TIMEOUT_MS);
    void cancelJobs(cluster, title)
      .catch(() => undefined)
      .finally(() => {
        clearTimeout(timer);
        process.exit(130);
      });
  };
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, end);
}

async function cancelJobs(cluster: Cluster, title: string): Promise<void> {
  const jobs = await cluster.jobs();
  const ours = jobs.filter((job) => job.title === title && job.state === "running");
  await Promise.all(ours.map(async ({ job }) => (await cluster.attach(job)).cancel()));
}
