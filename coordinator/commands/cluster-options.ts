// The options by which a command chooses its cluster: a coordinator that runs, or headless workers for it alone.
import { type Command, Option } from "commander";
import type { CoordinatorAddress } from "../node-client.ts";
import type { Cleanups } from "./cleanups.ts";
import { CommandError } from "./command-error.ts";
import { BROWSERS_MAX, integer } from "./option-values.ts";

export function addClusterOptions(command: Command): Command {
  return command
    .addOption(
      new Option("--coordinator <url>", "use this coordinator and its workers").conflicts(
        "workers",
      ),
    )
    .addOption(
      new Option("--token <token>", "the coordinator's submit token: see #t= in its address"),
    )
    .addOption(
      new Option(
        "--ca <file>",
        "the https coordinator's authority, from its page /certificate (default: that of ./.tabswarm)",
      ),
    )
    .addOption(
      new Option("--workers <number>", "without --coordinator: headless workers for this run")
        .argParser(integer(1, BROWSERS_MAX))
        .default(2),
    );
}

/** Throws CommandError (2) for a token or an authority without the coordinator that it would be for. */
export function checkClusterOptions(options: {
  readonly token?: string;
  readonly ca?: string;
  readonly coordinator?: string;
}): void {
  if (options.ca !== undefined && options.coordinator === undefined) {
    throw new CommandError("--ca belongs to --coordinator; give both or none.", 2);
  }
  if (options.token !== undefined && options.coordinator === undefined) {
    throw new CommandError("--token belongs to --coordinator; give both or none.", 2);
  }
}

export interface HeadlessCluster {
  readonly workers: number;
  /** Functions of users may run there, sandboxed. */
  readonly runsFunctions?: boolean;
  readonly cleanups: Cleanups;
  /** Aborted when a worker dies, or none is left. */
  readonly lost: AbortController;
  readonly say: (line: string) => void;
}

/** A cluster for one command. Loaded only when it is needed: a remote coordinator needs no browser here. */
export async function startHeadlessCluster(options: HeadlessCluster): Promise<CoordinatorAddress> {
  const { startLocalCluster } = await import("./local-cluster.ts");
  const cluster = await startLocalCluster({ name: "headless", ...options });
  return cluster.address;
}
