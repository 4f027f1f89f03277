// A GPU with faults for tests: the browser's own, whose devices misbehave on demand.
import type { GpuEntry } from "../../web/worker/webgpu/adapter.ts";

export type Fault =
  | "none"
  /** There is no adapter at all. */
  | "absent"
  /** The driver refuses the shaders. */
  | "refused shaders"
  /** The driver computes sums that are a little wrong. */
  | "wrong sums"
  /** The device is lost while a tile is on it. */
  | "lost"
  /** The next tile does not fit into the GPU's memory. */
  | "out of memory"
  /** The next tile makes a call that the GPU's rules forbid. */
  | "invalid call"
  /** The GPU never answers. */
  | "hanging";

export interface FaultyGpu extends GpuEntry {
  /** From now on; "lost", "out of memory" and "invalid call" happen once. */
  fault: Fault;
  /** How many devices were given. */
  readonly devices: number;
  /** Destroys the present device between two tiles. */
  destroy(): void;
}

export function createFaultyGpu(real: GpuEntry): FaultyGpu {
  let last: GPUDevice | null = null;
  let devices = 0;
  const gpu: FaultyGpu = {
    fault: "none",
    get devices() {
      return devices;
    },
    destroy: () => last?.destroy(),
    async requestAdapter(options) {
      const adapter = gpu.fault === "absent" ? null : await real.requestAdapter(options);
      if (adapter === null) return null;
      const requestDevice = adapter.requestDevice.bind(adapter);
      adapter.requestDevice = async (descriptor) => {
        const device = await requestDevice(descriptor);
        last = device;
        devices += 1;
        spoil(device, gpu);
        return device;
      };
      return adapter;
    },
  };
  return gpu;
}

/** A tile is gathered and cleared by three submissions; the fourth computes. */
const SUBMISSIONS_BEFORE_LOSS = 3;

/** Replaces methods of this one device. */
function spoil(device: GPUDevice, gpu: { fault: Fault }): void {
  const createShaderModule = device.createShaderModule.bind(device);
  device.createShaderModule = ({ code, ...rest }) =>
    createShaderModule({ ...rest, code: spoilShader(code, gpu.fault) });

  const submit = device.queue.submit.bind(device.queue);
  let submissions = 0;
  device.queue.submit = (commands) => {
    submit(commands);
    if (gpu.fault === "lost") submissions += 1;
    if (submissions > SUBMISSIONS_BEFORE_LOSS) {
      submissions = 0;
      gpu.fault = "none";
      device.destroy();
    }
    if (gpu.fault === "invalid call") {
      gpu.fault = "none";
      // A buffer cannot be both read and written by the processor.
      device.createBuffer({ size: 16, usage: 0x03 });
    }
  };

  const popErrorScope = device.popErrorScope.bind(device);
  device.popErrorScope = async () => {
    const error = await popErrorScope();
    if (gpu.fault !== "out of memory") return error;
    gpu.fault = "none";
    return new GPUOutOfMemoryError("No memory is left.");
  };

  const createBuffer = device.createBuffer.bind(device);
  device.createBuffer = (descriptor) => {
    const buffer = createBuffer(descriptor);
    const mapAsync = buffer.mapAsync.bind(buffer);
    buffer.mapAsync = (...range) =>
      gpu.fault === "hanging" ? new Promise<never>(() => undefined) : mapAsync(...range);
    return buffer;
  };
}

function spoilShader(code: string, fault: Fault): string {
  if (fault === "refused shaders") return `${code}\nthis is not WGSL`;
  return fault === "wrong sums"
    ? code.replace("xy_0 += group_xy_0", "xy_0 += 1.00001 * group_xy_0")
    : code;
}
