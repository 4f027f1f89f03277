// Plans a simulation for the cluster as it is now, and submits it.
import type { Cluster } from "../../../shared/client/cluster.ts";
import type { JobId } from "../../../shared/ids.ts";
import { planMonteCarlo, type MonteCarloOptions } from "../../../shared/monte-carlo/plan.ts";
import { createHash } from "../../transport/hash.ts";

export async function startSimulation(
  cluster: Cluster,
  options: MonteCarloOptions,
): Promise<JobId> {
  const encoder = new TextEncoder();
  const plan = planMonteCarlo(options, {
    threads: cluster.threads,
    hash: await createHash(),
    encode: (text) => encoder.encode(text),
  });
  const job = await cluster.compute(plan.calls, plan.job);
  // Its page follows it, as it does jobs of others.
  job.leave();
  return job.id;
}
