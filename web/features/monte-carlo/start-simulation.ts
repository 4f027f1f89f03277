// Plans a simulation for the cluster as it is now, and submits it.
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import type { JobId } from "../../../shared/ids.ts";
import { planMonteCarlo, type MonteCarloOptions } from "../../../shared/monte-carlo/plan.ts";
import { createHash } from "../../transport/hash.ts";

export async function startSimulation(
  client: Pick<ClusterClient, "view" | "submit">,
  options: MonteCarloOptions,
): Promise<JobId> {
  const encoder = new TextEncoder();
  const { submission } = planMonteCarlo(options, {
    threads: client.view.workers.reduce((sum, worker) => sum + worker.threads, 0),
    hash: await createHash(),
    encode: (text) => encoder.encode(text),
  });
  return client.submit(submission);
}
