// The work of a lane over the kernels as workers run them, wherever it is: in Node or in a Web Worker.
import {
  createKernelRegistry,
  type KernelModules,
  type KernelRegistry,
} from "../../../shared/kernels/registry.ts";
import { correlateAlone } from "./correlate-alone.ts";
import type { LaneWork, Library } from "./lane-work.ts";
import { createMultiplying, type Multiplier } from "./multiplying.ts";
import { findBuilds, measurePeak } from "./peak.ts";
import { simulateAlone } from "./simulate-alone.ts";

export interface LanePlace {
  /** The bytes of a module of dist/kernels. */
  readonly readKernel: (file: string) => Promise<ArrayBuffer>;
  /** Matrix libraries that run in this place; loaded when they are first asked for. */
  readonly libraries: Readonly<Partial<Record<Library, () => Promise<Multiplier>>>>;
}

interface ModuleFile {
  readonly file: string;
  /** The module, listed before it, whose memory it works on. */
  readonly memoryOf?: keyof KernelModules;
}

/** The registry's own list of modules says whether one was forgotten. */
const MODULES: Readonly<Record<keyof KernelModules, ModuleFile>> = {
  pearson: { file: "pearson.wasm" },
  pearsonRelaxed: { file: "pearson-relaxed.wasm", memoryOf: "pearson" },
  spearman: { file: "spearman.wasm" },
  asianOption: { file: "asian-option.wasm" },
};

export function createLaneWork(place: LanePlace): LaneWork {
  const registry = loadRegistry(place);
  const multiply = createMultiplying(place.libraries);
  return {
    builds: () => findBuilds(place.readKernel),
    peak: (request) => measurePeak(place.readKernel, request),
    correlate: async (request) => correlateAlone(await registry, request),
    simulate: async (request) => simulateAlone(await registry, request),
    multiply,
  };
}

/** As threads do it: a module that this engine cannot run is left out. */
async function loadRegistry({ readKernel }: LanePlace): Promise<KernelRegistry> {
  const modules = new Map<string, WebAssembly.Exports>();
  for (const [name, { file, memoryOf }] of Object.entries(MODULES)) {
    const bytes = await readKernel(file);
    if (!WebAssembly.validate(bytes)) continue;
    const memory = memoryOf === undefined ? undefined : modules.get(memoryOf)?.["memory"];
    if (memoryOf !== undefined && memory === undefined) continue;
    const imports = memory === undefined ? {} : { env: { memory } };
    modules.set(name, (await WebAssembly.instantiate(bytes, imports)).instance.exports);
  }
  // Built from shared/kernels/assembly with exactly the exports that the types name.
  return createKernelRegistry(Object.fromEntries(modules));
}
