// What the kernel "asian-option@1" needs of an engine: sums along paths, before anything is made of them.
import type { Control, WalkOption } from "../../monte-carlo/asian-option.ts";

/** Paths with consecutive numbers that share one option and one key. */
export interface WalkRequest {
  readonly option: WalkOption;
  readonly control: Control;
  readonly seed: number;
  /** The first path's number in the random numbers' counter; a multiple of 2,048. */
  readonly firstPath: number;
  /** At most 4,096, and none beyond the next multiple of 4,096. */
  readonly paths: number;
}

/** Sums over the points of each path; valid until the engine's next call. */
export interface PathSums {
  /** The prices, the first one included. */
  readonly prices: Float64Array;
  /**
   * antithetic: the prices of the mirrored path; geometric: the logarithm of the exact exponential walk
   * from 1 on without its drift; none: not to be read.
   */
  readonly others: Float64Array;
}

export interface WalkEngine {
  /** Throws KernelMemoryError. */
  simulate(request: WalkRequest): PathSums;
}

/** What a step adds to a price, relatively, and the variance of its shock. */
export const stepOf = (option: WalkOption): { growth: number; variance: number } => ({
  growth: 1 + option.mu / option.stepsPerYear,
  variance: (option.sigma * option.sigma) / option.stepsPerYear,
});
