// Runs one task's kernel on NPY bytes and turns whatever happens into a value.
import { NpyError, decodeNpy, encodeNpy } from "../codecs/npy.ts";
import { remoteError } from "../graph/remote-error.ts";
import type { JsonValue, RemoteError } from "../graph/task.ts";
import type { BlockId } from "../ids.ts";
import { type KernelInput, KernelInputError } from "./kernel.ts";
import { KernelMemoryError } from "./memory-arena.ts";
import type { KernelRegistry } from "./registry.ts";

/** An input as the thread pool sends it; no bytes for a block that the thread should still hold. */
export interface TaskInputBytes {
  readonly block: BlockId;
  readonly bytes: Uint8Array | null;
}

export type KernelOutcome =
  | { readonly ok: true; readonly outputs: Uint8Array<ArrayBuffer>[] }
  | {
      readonly ok: false;
      readonly reason: "kernel-error" | "bad-input" | "out-of-memory";
      readonly message: string;
      readonly error?: RemoteError;
    }
  /** Blocks without bytes were dropped meanwhile: send these and ask again. */
  | { readonly ok: false; readonly reason: "missing-inputs"; readonly missing: BlockId[] };

/** Synchronous; never throws. The outputs' buffers are fresh and may be transferred. */
export function runKernel(
  registry: KernelRegistry,
  kernelId: string,
  params: JsonValue,
  inputs: readonly TaskInputBytes[],
): KernelOutcome {
  try {
    const kernel = registry.get(kernelId);
    if (kernel === undefined) {
      throw new KernelInputError(
        `This worker does not know the kernel ${kernelId}, only ${registry.ids.join(", ")}. Reload its page.`,
      );
    }
    const parsed = kernel.parseParams(params);
    const supplied = new Set(inputs.flatMap(({ block, bytes }) => (bytes === null ? [] : [block])));
    const missing = registry
      .missingInputs(
        kernelId,
        inputs.map(({ block }) => block),
      )
      .filter((block) => !supplied.has(block));
    if (missing.length > 0) return { ok: false, reason: "missing-inputs", missing };
    const outputs = kernel.run(parsed, inputs.map(toKernelInput));
    return { ok: true, outputs: outputs.map(encodeNpy) };
  } catch (error) {
    return describeFailure(error);
  }
}

/** Decodes only when the kernel asks for the array, which it does not for a block it holds. */
function toKernelInput({ block, bytes }: TaskInputBytes): KernelInput {
  return {
    block,
    get array() {
      if (bytes === null) throw new KernelInputError(`The bytes of block ${block} did not come.`);
      return decodeNpy(bytes);
    },
  };
}

function describeFailure(error: unknown): KernelOutcome {
  const described = remoteError(error);
  return { ok: false, reason: failureReason(error), message: described.message, error: described };
}

function failureReason(error: unknown): "kernel-error" | "bad-input" | "out-of-memory" {
  if (error instanceof KernelInputError || error instanceof NpyError) return "bad-input";
  if (error instanceof KernelMemoryError || isAllocationFailure(error)) return "out-of-memory";
  return "kernel-error";
}

/** Engines report an array that is too large as a RangeError that says so ("allocation", "memory"). */
const isAllocationFailure = (error: unknown): boolean =>
  error instanceof RangeError && /alloc|memory|array (buffer )?length/i.test(error.message);
