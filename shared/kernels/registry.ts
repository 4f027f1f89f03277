// Which kernels exist here, by id, and which blocks they keep prepared between tasks.
import type { BlockId } from "../ids.ts";
import { createPearsonTile } from "./correlation/pearson-tile.ts";
import { createTypescriptEngine } from "./correlation/typescript-engine.ts";
import { type PearsonExports, createWasmEngine } from "./correlation/wasm-engine.ts";
import type { Kernel } from "./kernel.ts";

/** Prepared panels of one thread; a page's threads together may take this times their number. */
const MEMORY_BUDGET_BYTES = 512 * 2 ** 20;

/** The instantiated WebAssembly modules that the host has; a missing one means plain TypeScript. */
export interface KernelModules {
  readonly pearson?: PearsonExports;
}

export interface KernelRegistry {
  readonly ids: readonly string[];
  /** The kernel; its `run` takes what its own `parseParams` returned. */
  get(id: string): Kernel | undefined;
  /** Those of `blocks` whose bytes the kernel would need, because it does not hold them prepared. */
  missingInputs(id: string, blocks: readonly BlockId[]): BlockId[];
}

export function createKernelRegistry(
  modules: KernelModules,
  options: { readonly memoryBudgetBytes?: number } = {},
): KernelRegistry {
  const budgetBytes = options.memoryBudgetBytes ?? MEMORY_BUDGET_BYTES;
  const engine =
    modules.pearson === undefined
      ? createTypescriptEngine(budgetBytes)
      : createWasmEngine(modules.pearson, budgetBytes);
  const pearson = createPearsonTile(engine);
  return {
    ids: [pearson.id],
    get: (id) => (id === pearson.id ? pearson : undefined),
    missingInputs: (id, blocks) =>
      blocks.filter((block, i) => {
        const held = id === pearson.id && engine.holds(block);
        return !held && blocks.indexOf(block) === i;
      }),
  };
}
