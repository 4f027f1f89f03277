// A thread as web/worker/thread.ts is one, but with a GPU whose faults the test commands.
import { expose, transfer } from "comlink";
import { asBlockId } from "../../shared/ids.ts";
import { createKernelRegistry } from "../../shared/kernels/registry.ts";
import { runKernel } from "../../shared/kernels/run-task.ts";
import type { ThreadOutcome, ThreadTask } from "../../web/worker/thread-api.ts";
import { claimGpu } from "../../web/worker/webgpu/claim-gpu.ts";
import {
  type GpuPearson,
  type GpuPearsonOptions,
  type GpuState,
  createGpuPearson,
} from "../../web/worker/webgpu/gpu-pearson.ts";
import { type Fault, createFaultyGpu } from "./faults.ts";

export type HarnessOptions = Pick<
  GpuPearsonOptions,
  "allowSoftware" | "panelBytesMax" | "tileTimeoutMs"
> & {
  /** As on pages that are no secure context. */
  readonly hasGpu?: boolean;
};

export interface Tally {
  /** Tiles by whom they were computed. */
  readonly gpu: number;
  readonly processor: number;
  /** Tiles for which the GPU asked for bytes again. */
  readonly askedAgain: number;
  /** Devices that the browser gave. */
  readonly devices: number;
}

const faulty = createFaultyGpu(navigator.gpu);
let gpu: GpuPearson | undefined;
const registry = createKernelRegistry({});
const tally = { gpu: 0, processor: 0, askedAgain: 0 };

const harness = {
  open({ hasGpu = true, ...options }: HarnessOptions): void {
    gpu = createGpuPearson({ gpu: hasGpu ? faulty : undefined, claim: claimGpu, ...options });
  },

  async run({ kernel, params, inputs }: ThreadTask): Promise<ThreadOutcome> {
    const onGpu = (await gpu?.run(kernel, params, inputs)) ?? null;
    const outcome = onGpu ?? runKernel(registry, kernel, params, inputs);
    if (!outcome.ok) {
      if (onGpu !== null) tally.askedAgain += 1;
      return outcome;
    }
    tally[onGpu === null ? "processor" : "gpu"] += 1;
    const outputs = outcome.outputs.map((bytes, i) => ({ block: asBlockId(String(i)), bytes }));
    return transfer(
      { ok: true, outputs, computeMs: 0 },
      outputs.map(({ bytes }) => bytes.buffer),
    );
  },

  state: (): GpuState | undefined => gpu?.state,
  tally: (): Tally => ({ ...tally, devices: faulty.devices }),
  setFault(fault: Fault): void {
    faulty.fault = fault;
  },
  destroyDevice: (): void => faulty.destroy(),
  close: (): void => gpu?.close(),
};

export type HarnessThread = typeof harness;

expose(harness);
