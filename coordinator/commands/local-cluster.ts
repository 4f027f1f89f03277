// A whole cluster for one command: a coordinator and headless workers on this machine.
import { availableParallelism } from "node:os";
import { findBrowser } from "../browser/find-browser.ts";
import { startHeadlessWorkers } from "../browser/headless-worker.ts";
import type { Cleanups } from "./cleanups.ts";
import { CommandError } from "./command-error.ts";
import { startLocalCoordinator, type LocalCoordinator } from "./local-coordinator.ts";

export interface LocalCluster extends LocalCoordinator {
  readonly executablePath: string;
}

export interface LocalClusterOptions {
  readonly workers: number;
  /** The workers' name. */
  readonly name: string;
  /** Functions of users may run there, sandboxed. */
  readonly runsFunctions?: boolean;
  /** Where to listen; loopback unless others may join. */
  readonly host?: string;
  readonly cleanups: Cleanups;
  /** Aborted when a worker ends without being asked to. */
  readonly lost: AbortController;
  readonly say: (line: string) => void;
}

/** Resolves when all workers have joined; `cleanups` ends everything. Throws CommandError. */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const { workers, name, cleanups, lost, say } = options;
  const executablePath = await findBrowser(say);
  const local = await startLocalCoordinator(say, options.host);
  cleanups.add(() => local.close());
  const headless = await startHeadlessWorkers({
    joinUrl: local.joinUrl,
    browsers: workers,
    // The workers share this machine.
    threads: Math.max(1, Math.floor(availableParallelism() / workers)),
    name,
    runsFunctions: options.runsFunctions === true,
    executablePath,
    say,
  });
  cleanups.add(() => headless.stop());
  void headless.ended.then((reason) => lost.abort(new CommandError(reason)));
  return { ...local, executablePath };
}
