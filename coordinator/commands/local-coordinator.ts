// A coordinator for one command: a free port, a temporary data folder, gone afterwards.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { ensureBuilt, webFolder } from "../build.ts";
import { createCorrelationExporter } from "../correlation-exporter.ts";
import { MONTE_CARLO_KIND } from "../../shared/monte-carlo/plan.ts";
import { createMonteCarloExporter } from "../monte-carlo-exporter.ts";
import { type CoordinatorAddress, createNodeTools } from "../node-client.ts";
import {
  startCoordinator,
  type Coordinator,
  type CoordinatorOptions,
} from "../start-coordinator.ts";

export interface LocalCoordinator {
  readonly address: CoordinatorAddress;
  readonly joinUrl: string;
  readonly dashboardUrl: string;
  /** For other machines, where there is a network. */
  readonly joinUrls: readonly string[];
  /** Ends it and deletes its data. */
  close(): Promise<void>;
}

/** A coordinator with everything that its users expect: a current web app and downloads. */
export async function startBuiltCoordinator(
  options: Omit<CoordinatorOptions, "staticDir" | "exporters">,
  say: (line: string) => void,
): Promise<Coordinator> {
  await ensureBuilt(say);
  const tools = await createNodeTools();
  const exporters = new Map([
    ["correlation", createCorrelationExporter(tools)],
    [MONTE_CARLO_KIND, createMonteCarloExporter(tools)],
  ]);
  return startCoordinator({ ...options, staticDir: webFolder, exporters });
}

/** On loopback by default: nobody else needs to reach what lives for one command. */
export async function startLocalCoordinator(
  say: (line: string) => void,
  host = "127.0.0.1",
): Promise<LocalCoordinator> {
  const dataDir = await mkdtemp(join(tmpdir(), "tabswarm-"));
  const removeData = (): Promise<void> => rm(dataDir, { recursive: true, force: true });
  try {
    const coordinator = await startBuiltCoordinator({ host, port: 0, dataDir }, say);
    const baseUrl = `http://127.0.0.1:${coordinator.port}`;
    return {
      address: { baseUrl, token: coordinator.submitToken, store: coordinator.store },
      joinUrl: `${baseUrl}/join#t=${coordinator.joinToken}`,
      dashboardUrl: `${baseUrl}/#t=${coordinator.submitToken}`,
      joinUrls: coordinator.urls().join,
      close: async () => {
        await coordinator.close();
        await removeData();
      },
    };
  } catch (error) {
    await removeData();
    throw error;
  }
}
