// The peak of a build: multiplying and adding in registers alone, compiled like the kernels.
import type { Build, PeakRequest, Work } from "./lane-work.ts";

/** The exports of dist/kernels/peak.wasm and peak-relaxed.wasm. */
interface PeakExports {
  /** Runs so many rounds of the loop; the value only keeps the compiler from leaving them out. */
  peakF64(rounds: number): number;
  peakF32(rounds: number): number;
  /** In each lane of a vector. */
  operationsPerRound(): number;
}

const FILES: Readonly<Record<Build, string>> = {
  exact: "peak.wasm",
  fast: "peak-relaxed.wasm",
};

/** Of a vector of 128 bits. */
const VECTOR_LANES = { f64: 2, f32: 4 } as const;

/** A loop that runs cannot be replaced by its optimised version; the next call of it can. */
const CALLS = 64;

const loaded = new Map<Build, Promise<PeakExports>>();

type ReadKernel = (file: string) => Promise<ArrayBuffer>;

/** A peak that this engine can run stands for everything of its build. */
export async function findBuilds(readKernel: ReadKernel): Promise<readonly Build[]> {
  const isFastThere = WebAssembly.validate(await readKernel(FILES.fast));
  return isFastThere ? ["exact", "fast"] : ["exact"];
}

export async function measurePeak(
  readKernel: ReadKernel,
  { build, precision, operations }: PeakRequest,
): Promise<Work> {
  const peak = await load(readKernel, build);
  const perRound = peak.operationsPerRound() * VECTOR_LANES[precision];
  const rounds = Math.ceil(operations / perRound / CALLS);
  let value = 0;
  const startMs = performance.now();
  for (let call = 0; call < CALLS; call += 1) {
    value += precision === "f64" ? peak.peakF64(rounds) : peak.peakF32(rounds);
  }
  const seconds = (performance.now() - startMs) / 1_000;
  if (!Number.isFinite(value)) throw new Error("The peak loop left the range of its numbers.");
  return { seconds, operations: rounds * perRound * CALLS };
}

function load(readKernel: ReadKernel, build: Build): Promise<PeakExports> {
  let loading = loaded.get(build);
  if (loading === undefined) {
    loading = instantiate(readKernel, build);
    loaded.set(build, loading);
  }
  return loading;
}

async function instantiate(readKernel: ReadKernel, build: Build): Promise<PeakExports> {
  // Relaxed modules share the memory of the plain ones; the peak has no use for any.
  const imports = { env: { memory: new WebAssembly.Memory({ initial: 1 }) } };
  const { instance } = await WebAssembly.instantiate(await readKernel(FILES[build]), imports);
  return instance.exports as unknown as PeakExports;
}
