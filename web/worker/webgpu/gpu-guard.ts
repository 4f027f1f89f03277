// Turns whatever a GPU says against its work into one error.

/** Why the GPU did not compute. After "failed" its device is not to be trusted any more. */
type GpuFailure = "too-large" | "out-of-memory" | "failed";

export class GpuError extends Error {
  override name = "GpuError";
  readonly reason: GpuFailure;

  constructor(reason: GpuFailure, message: string) {
    super(message);
    this.reason = reason;
  }
}

/** The scope opened last closes first. */
const SCOPES = ["validation", "internal", "out-of-memory"] as const;

/**
 * Runs `work`. WebGPU reports errors to scopes, not as exceptions, and a lost device refuses to map its
 * buffers: either rejects with GpuError.
 */
export async function guardDevice<T>(device: GPUDevice, work: () => Promise<T>): Promise<T> {
  for (const filter of SCOPES) device.pushErrorScope(filter);
  const outcome = await work().then(
    (value) => ({ isDone: true as const, value }),
    (error: unknown) => ({ isDone: false as const, error }),
  );
  const [memory, ...others] = await Promise.all(SCOPES.map(() => device.popErrorScope())).catch(
    (error: unknown) => {
      throw new GpuError("failed", `The GPU is gone: ${String(error)}`);
    },
  );
  if (memory) throw new GpuError("out-of-memory", memory.message);
  const reported = others.find((error) => error !== null);
  if (reported) throw new GpuError("failed", reported.message);
  if (outcome.isDone) return outcome.value;
  if (outcome.error instanceof DOMException) throw new GpuError("failed", outcome.error.message);
  throw outcome.error;
}
