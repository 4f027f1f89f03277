// A worker for tests of Monte Carlo jobs: answers leases with made-up samples, whose statistics are
// known without a cluster.
import { encodeNpy, type NdArray } from "../../shared/codecs/npy.ts";
import { asBlockId, type BlockId } from "../../shared/ids.ts";
import type { AsianOptionParams } from "../../shared/monte-carlo/asian-option.ts";
import { MonteCarloResult, type ScenarioResult } from "../../shared/monte-carlo/estimate.ts";
import { outputsOf, usualSamples } from "../../shared/monte-carlo/made-samples.ts";
import { type MonteCarloMeta, rangeCount, rangeOf } from "../../shared/monte-carlo/plan.ts";
import { httpPaths } from "../../shared/protocol/http.ts";
import type { CoordinatorMessage } from "../../shared/protocol/messages.ts";
import type { NodeTools } from "../node-client.ts";
import { freshWorkerId, httpOf, ScriptedSocket, workerHello } from "../scripted-pages.ts";
import type { Coordinator } from "../start-coordinator.ts";

/** Null: the lease is kept and never answered. */
type Answer = (params: AsianOptionParams) => readonly NdArray[] | null;

/** Scenarios are told apart by their strikes: 100, 101 … */
export const answerWithSamples = (params: AsianOptionParams): readonly NdArray[] => {
  const { option, control, firstBatch, paths } = params;
  const chunk = { scenario: option.strike - 100, range: 0, firstBatch, paths };
  return outputsOf(chunk, control, usualSamples[control]);
};

/** What the reduction makes of the same samples. */
export function expectedResult(meta: MonteCarloMeta, scenario = 0): ScenarioResult {
  const result = new MonteCarloResult(meta);
  for (let range = 0; range < rangeCount(meta); range += 1) {
    for (const [index, { strike }] of meta.scenarios.entries()) {
      const chunk = { scenario: index, range, ...rangeOf(meta, range) };
      const made = { ...chunk, scenario: strike - 100 };
      result.add(chunk, outputsOf(made, meta.control, usualSamples[meta.control]));
    }
  }
  const found = result.scenario(scenario);
  if (found === null) throw new Error("There is no result.");
  return found;
}

/** Resolves when the worker is welcome. */
export async function joinSimulatingWorker(
  coordinator: Coordinator,
  tools: NodeTools,
  answer: Answer = answerWithSamples,
): Promise<void> {
  const http = httpOf(coordinator, coordinator.joinToken);
  const socket = await new ScriptedSocket(coordinator.port).opened();
  const made = new Map<BlockId, Uint8Array<ArrayBuffer>>();
  const finish = (lease: Extract<CoordinatorMessage, { type: "lease" }>): void => {
    const arrays = answer(lease.params as unknown as AsianOptionParams);
    if (arrays === null) return;
    const outputs = arrays.map((array) => {
      const bytes = encodeNpy(array);
      const block = asBlockId(tools.hash(bytes));
      made.set(block, bytes);
      return { block, sizeBytes: bytes.length };
    });
    const measured = { computeMs: 1, fetchMs: 0, waitMs: 1, bytesFetched: 0 };
    socket.send({ type: "attempt-finished", attempt: lease.attempt, outputs, ...measured });
  };
  socket.onMessage = (message) => {
    if (message.type === "lease") finish(message);
    if (message.type !== "store-blocks") return;
    for (const block of message.blocks) {
      // A coordinator that is just being closed cannot take it.
      http("PUT", httpPaths.block(block), made.get(block)).catch(() => undefined);
    }
  };
  socket.send(workerHello(coordinator.joinToken, freshWorkerId()));
  await socket.next("welcome");
}
