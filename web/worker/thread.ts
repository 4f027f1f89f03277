// The entry of a thread: a Web Worker that runs kernels and hashes what they produce.
import { expose, transfer } from "comlink";
import { asBlockId } from "../../shared/ids.ts";
import type {
  PearsonBlocks,
  PearsonExports,
} from "../../shared/kernels/correlation/wasm-engine.ts";
import type { AsianOptionExports } from "../../shared/kernels/monte-carlo/wasm-engine.ts";
import {
  createKernelRegistry,
  type KernelModules,
  type KernelRegistry,
} from "../../shared/kernels/registry.ts";
import type { SpearmanExports } from "../../shared/kernels/spearman/wasm-engine.ts";
import { runKernel } from "../../shared/kernels/run-task.ts";
import spearmanUrl from "../../dist/kernels/spearman.wasm?url";
import asianOptionUrl from "../../dist/kernels/asian-option.wasm?url";
import pearsonRelaxedUrl from "../../dist/kernels/pearson-relaxed.wasm?url";
import pearsonUrl from "../../dist/kernels/pearson.wasm?url";
import { createHash } from "../transport/hash.ts";
import type { ThreadApi } from "./thread-api.ts";
import { claimGpu } from "./webgpu/claim-gpu.ts";
import { createGpuPearson } from "./webgpu/gpu-pearson.ts";

/** Without SIMD a module is left out and its kernels run in plain TypeScript: slowly, same bits. */
async function loadModule(
  url: string,
  memory?: WebAssembly.ExportValue,
): Promise<WebAssembly.Exports | undefined> {
  const response = await fetch(url);
  if (!response.ok) throw new Error(`The kernels could not be loaded (${response.status}).`);
  const bytes = await response.arrayBuffer();
  if (!WebAssembly.validate(bytes)) return undefined;
  const imports = memory === undefined ? {} : { env: { memory } };
  const { exports } = (await WebAssembly.instantiate(bytes, imports)).instance;
  if (exports["memory"] instanceof WebAssembly.Memory) memories.add(exports["memory"]);
  return exports;
}

/** Those of all loaded modules. */
const memories = new Set<WebAssembly.Memory>();

const memoryBytes = (): number => {
  let sum = 0;
  for (const { buffer } of memories) sum += buffer.byteLength;
  return sum;
};

/** The modules are built from shared/kernels/assembly with exactly the exports that are said here. */
async function loadModules(): Promise<KernelModules> {
  const urls = [pearsonUrl, spearmanUrl, asianOptionUrl];
  const [pearson, spearman, asianOption] = await Promise.all(urls.map((url) => loadModule(url)));
  // Not every browser has fused multiply-adds; the fast kernel is as exact as the other then.
  const relaxed = pearson && (await loadModule(pearsonRelaxedUrl, pearson["memory"]));
  return {
    ...(pearson && { pearson: pearson as unknown as PearsonExports }),
    ...(relaxed && { pearsonRelaxed: relaxed as unknown as PearsonBlocks }),
    ...(spearman && { spearman: spearman as unknown as SpearmanExports }),
    ...(asianOption && { asianOption: asianOption as unknown as AsianOptionExports }),
  };
}

const loadRegistry = async (): Promise<KernelRegistry> => createKernelRegistry(await loadModules());

/** Begun at once, so that the first task does not wait for it alone. */
const ready = Promise.all([loadRegistry(), createHash()]);
// The first task reports a failure; until there is one nobody listens.
ready.catch(() => undefined);

/** Asked first for fast tiles; software in place of a GPU is never used. */
const gpu = createGpuPearson({ gpu: navigator.gpu, claim: claimGpu });

const api: ThreadApi = {
  async run({ kernel, params, inputs }) {
    const [registry, hash] = await ready;
    const startedAtMs = performance.now();
    const onGpu = await gpu.run(kernel, params, inputs);
    const outcome = onGpu ?? runKernel(registry, kernel, params, inputs);
    if (!outcome.ok) return outcome;
    const computeMs = performance.now() - startedAtMs;
    const outputs = outcome.outputs.map((bytes) => ({ block: asBlockId(hash(bytes)), bytes }));
    return transfer(
      { ok: true, outputs, computeMs, memoryBytes: memoryBytes() },
      outputs.map(({ bytes }) => bytes.buffer),
    );
  },
};

expose(api);
