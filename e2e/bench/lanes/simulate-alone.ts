// A Monte Carlo job by the kernel alone: the job's own plan and reduction around runKernel.
import { decodeNpy } from "../../../shared/codecs/npy.ts";
import type { KernelRegistry } from "../../../shared/kernels/registry.ts";
import { runKernel } from "../../../shared/kernels/run-task.ts";
import { ARTICLE_OPTION } from "../../../shared/monte-carlo/asian-option.ts";
import { MonteCarloResult } from "../../../shared/monte-carlo/estimate.ts";
import { planMonteCarlo } from "../../../shared/monte-carlo/plan.ts";
import { plannedTasks } from "../../../shared/testing/planned-tasks.ts";
import { laneTools } from "./lane-tools.ts";
import type { SimulateRequest, Simulated } from "./lane-work.ts";

export function simulateAlone(registry: KernelRegistry, request: SimulateRequest): Simulated {
  const plan = planMonteCarlo(
    {
      scenarios: [ARTICLE_OPTION],
      paths: request.paths,
      control: "none",
      seed: request.seed,
      targetStandardError: null,
    },
    { threads: 1, ...laneTools },
  );
  const result = new MonteCarloResult(plan.meta);
  let seconds = 0;
  for (const task of plannedTasks(plan.calls, laneTools)) {
    const startMs = performance.now();
    const outcome = runKernel(registry, task.kernel, task.params, []);
    seconds += (performance.now() - startMs) / 1_000;
    if (!outcome.ok) {
      const why = outcome.reason === "missing-inputs" ? outcome.reason : outcome.message;
      throw new Error(`${task.kernel}: ${why}`);
    }
    const arrays = outcome.outputs.map(decodeNpy);
    for (const chunk of plan.chunks.get(task.key) ?? []) result.add(chunk, arrays);
  }
  const scenario = result.scenario(0);
  if (scenario === null) throw new Error("No path was simulated.");
  const { estimate, standardError } = scenario;
  return { seconds, steps: result.stepsDone, estimate, standardError };
}
