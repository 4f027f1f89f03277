// The contract of a kernel: a named, versioned, pure function from arrays and parameters to arrays.
import type { JsonValue, TaskCost } from "../graph/task.ts";
import type { NdArray } from "../codecs/npy.ts";
import type { BlockId } from "../ids.ts";

/** Bad parameters or shapes: what was expected, what came. Reported as "bad-input". */
export class KernelInputError extends Error {
  override name = "KernelInputError";
}

/** An input as a kernel sees it: the array, and the identity under which it may be kept prepared. */
export interface KernelInput {
  readonly block: BlockId;
  readonly array: NdArray;
}

export type Shape = readonly number[];

export interface Kernel<Params = unknown> {
  /** "name@version": a change of results, even of a bit, is a new version. */
  readonly id: string;
  readonly formula: string;
  /** "exact": the same bits on every machine; otherwise the largest absolute difference. */
  readonly determinism: "exact" | { readonly tolerance: number };
  /** Checks and narrows parameters. Throws KernelInputError. */
  parseParams(params: JsonValue): Params;
  /** Predicted cost from the inputs' shapes. */
  cost(params: Params, shapes: readonly Shape[]): TaskCost;
  /** Computes. Throws KernelInputError for inputs of a wrong shape or type. */
  run(params: Params, inputs: readonly KernelInput[]): readonly NdArray[];
}
