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
  /** Aborted when a worker dies, or none is left and no other machine may join. */
  readonly lost: AbortController;
  readonly say: (line: string) => void;
}

const LOOPBACK = "127.0.0.1";

/** Resolves when all workers have joined; `cleanups` ends everything. Throws CommandError. */
export async function startLocalCluster(options: LocalClusterOptions): Promise<LocalCluster> {
  const { workers, name, cleanups, lost, say, host = LOOPBACK } = options;
  const executablePath = await findBrowser(say);
  const local = await startLocalCoordinator(say, host);
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
  void headless.ended.then(({ why, sentence }) => {
    if (why === "lost") lost.abort(new CommandError(sentence));
    else if (host === LOOPBACK) lost.abort(new CommandError(`${sentence} No worker is left.`));
    else say(`${sentence} Other machines may still join.`);
  });
  return { ...local, executablePath };
}
