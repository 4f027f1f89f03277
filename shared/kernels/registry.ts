// Which kernels exist here, by id, and which blocks they keep prepared between tasks.
import type { BlockId } from "../ids.ts";
import type { PearsonEngine } from "./correlation/pearson-engine.ts";
import { createPearsonTile } from "./correlation/pearson-tile.ts";
import { createTypescriptEngine } from "./correlation/typescript-engine.ts";
import {
  type PearsonBlocks,
  type PearsonExports,
  createWasmEngine,
} from "./correlation/wasm-engine.ts";
import type { Kernel } from "./kernel.ts";
import { createAsianOption } from "./monte-carlo/asian-option.ts";
import type { AsianOptionExports } from "./monte-carlo/wasm-engine.ts";
import { createSeriesMoments } from "./series-moments/series-moments.ts";
import { createSpearmanTile } from "./spearman/spearman-tile.ts";
import { createSpearmanTypescriptEngine } from "./spearman/typescript-engine.ts";
import { type SpearmanExports, createSpearmanWasmEngine } from "./spearman/wasm-engine.ts";

/**
 * Prepared panels of one thread; a page's threads together may take this times their number. Of 7,000
 * series × 5,284 dates (300 MB) two thirds have room beside a tile's workspace.
 */
const MEMORY_BUDGET_BYTES = 240 * 2 ** 20;

/** The instantiated WebAssembly modules that the host has; a missing one means plain TypeScript. */
export interface KernelModules {
  readonly pearson?: PearsonExports;
  /** With fused multiply-adds, instantiated on the memory of `pearson`. */
  readonly pearsonRelaxed?: PearsonBlocks;
  readonly spearman?: SpearmanExports;
  readonly asianOption?: AsianOptionExports;
}

export interface KernelRegistry {
  readonly ids: readonly string[];
  /** The kernel; its `run` takes what its own `parseParams` returned. */
  get(id: string): Kernel | undefined;
  /** Those of `blocks` whose bytes the kernel would need, because it does not hold them prepared. */
  missingInputs(id: string, blocks: readonly BlockId[]): BlockId[];
}

interface Entry {
  readonly kernel: Kernel;
  /** Keeps prepared blocks between tasks. */
  readonly engine?: { holds(block: BlockId): boolean };
}

export function createKernelRegistry(
  modules: KernelModules,
  options: { readonly memoryBudgetBytes?: number } = {},
): KernelRegistry {
  const budgetBytes = options.memoryBudgetBytes ?? MEMORY_BUDGET_BYTES;
  const [pearson, fastPearson] = pearsonEngines(modules, budgetBytes);
  const spearman =
    modules.spearman === undefined
      ? createSpearmanTypescriptEngine(budgetBytes)
      : createSpearmanWasmEngine(modules.spearman, budgetBytes);
  const entries: readonly Entry[] = [
    { kernel: createPearsonTile(pearson), engine: pearson },
    { kernel: createPearsonTile(fastPearson, "fast"), engine: fastPearson },
    { kernel: createSpearmanTile(spearman), engine: spearman },
    { kernel: createSeriesMoments() },
    { kernel: createAsianOption(modules.asianOption) },
  ];
  const byId = new Map(entries.map((entry) => [entry.kernel.id, entry]));
  return {
    ids: [...byId.keys()],
    get: (id) => byId.get(id)?.kernel,
    missingInputs: (id, blocks) =>
      blocks.filter((block, i) => {
        const isHeld = byId.get(id)?.engine?.holds(block) === true;
        return !isHeld && blocks.indexOf(block) === i;
      }),
  };
}

/** The exact engine and the fast one, which share their panels. */
function pearsonEngines(
  { pearson, pearsonRelaxed }: KernelModules,
  budgetBytes: number,
): readonly [PearsonEngine, PearsonEngine] {
  if (pearson === undefined) {
    const engine = createTypescriptEngine(budgetBytes);
    return [engine, engine];
  }
  const engine = createWasmEngine(pearson, budgetBytes, pearsonRelaxed);
  return [engine, engine.fast];
}
