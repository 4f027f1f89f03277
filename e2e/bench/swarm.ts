// A cluster on this machine for one bench: a coordinator in this process, and headless workers.
import { startHeadlessWorkers } from "../../coordinator/browser/headless-worker.ts";
import { CommandError } from "../../coordinator/commands/command-error.ts";
import {
  startLocalCoordinator,
  type LocalCoordinator,
} from "../../coordinator/commands/local-coordinator.ts";
import { unlessAborted } from "../../coordinator/commands/unless-aborted.ts";
import { clusterOf } from "../../coordinator/node-cluster.ts";
import { createNodeTools, openNodeClient, type NodeTools } from "../../coordinator/node-client.ts";
import type { Cluster } from "../../shared/client/cluster.ts";
import type { ClusterClient, ClusterView } from "../../shared/client/cluster-client.ts";
import type { Stage } from "./stage.ts";

export interface Swarm {
  readonly coordinator: LocalCoordinator;
  readonly cluster: Cluster;
  readonly tools: NodeTools;
  readonly threads: number;
  /** Aborted when the bench is, or when a worker ends without being asked to. */
  readonly signal: AbortSignal;
}

export interface SwarmSize {
  readonly workers: number;
  readonly threadsPerWorker: number;
  /** Functions of users may run there, sandboxed. */
  readonly runsFunctions?: boolean;
}

/** Resolves when all workers have joined; everything ends with the bench. */
export async function startSwarm(stage: Stage, size: SwarmSize): Promise<Swarm> {
  const { cleanups, executablePath, say } = stage;
  const coordinator = await startLocalCoordinator(say);
  cleanups.add(() => coordinator.close());
  const workers = await startHeadlessWorkers({
    joinUrl: coordinator.joinUrl,
    browsers: size.workers,
    threads: size.threadsPerWorker,
    runsFunctions: size.runsFunctions === true,
    name: "Bench",
    executablePath,
    say,
  });
  cleanups.add(() => workers.stop());
  const lost = new AbortController();
  void workers.ended.then(({ sentence }) => lost.abort(new CommandError(sentence)));
  const tools = await createNodeTools();
  const client = openNodeClient(coordinator.address, tools);
  const cluster = clusterOf(client, tools);
  cleanups.add(() => cluster.close());
  const signal = AbortSignal.any([stage.signal, lost.signal]);
  await untilView(client, signal, (view) => view.workers.length === size.workers);
  const threads = size.workers * size.threadsPerWorker;
  return { coordinator, cluster, tools, threads, signal };
}

/** Resolves as soon as the client's view is as wished for. */
async function untilView(
  client: ClusterClient,
  signal: AbortSignal,
  isReady: (view: ClusterView) => boolean,
): Promise<void> {
  let stop = (): void => undefined;
  const ready = new Promise<void>((resolve) => {
    const look = (): void => {
      if (isReady(client.view)) resolve();
    };
    stop = client.onView(look);
    look();
  });
  await unlessAborted(ready, signal).finally(stop);
}
