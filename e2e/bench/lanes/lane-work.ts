// What a lane can be asked for, and its answers: all plain data, for processes and Web Workers alike.
import type { Precision } from "../../../shared/correlation/plan.ts";
import type { TableShape } from "../made-table.ts";

/** "exact" runs everywhere with the same bits; "fast" uses fused multiply-adds (relaxed SIMD). */
export type Build = "exact" | "fast";

export type Library = "numpy-ts" | "tfjs-wasm";

export interface PeakRequest {
  readonly build: Build;
  readonly precision: Precision;
  readonly operations: number;
}

export interface CorrelateRequest {
  readonly table: TableShape;
  readonly precision: Precision;
  readonly build: Build;
  /** Series along one side of a tile. */
  readonly tile: number | "auto";
  /** Only tiles whose rows and columns are different series: they are all of one kind. */
  readonly isSquareOnly: boolean;
  /** Lanes that share the tiles, and which of them this one is. */
  readonly lanes: number;
  readonly lane: number;
  /** Under another number the lane prepares its panels anew, as for a table that it never saw. */
  readonly generation: number;
  /** Pairs of each tile to compare with the reference, outside of the time measured. */
  readonly checksPerTile: number;
}

export interface SimulateRequest {
  readonly seed: number;
  readonly paths: number;
}

export interface MultiplyRequest {
  readonly library: Library;
  /** Complete: matrix libraries know no missing values. Its first half of series times the other. */
  readonly table: TableShape;
  readonly precision: Precision;
  /** Pairs to compare with the reference, outside of the time measured. */
  readonly checks: number;
}

export interface Work {
  readonly seconds: number;
  /** Additions and multiplications. */
  readonly operations: number;
}

export interface CheckedWork extends Work {
  /** The largest difference from the reference among the pairs that were checked. */
  readonly worst: number;
}

export interface Simulated {
  readonly seconds: number;
  readonly steps: number;
  readonly estimate: number;
  readonly standardError: number;
}

export interface LaneWork {
  /** Those that this place can run: relaxed SIMD is young. */
  builds(): Promise<readonly Build[]>;
  /** Multiply-adds that touch registers only: the most that a kernel of this build could do. */
  peak(request: PeakRequest): Promise<Work>;
  /** The lane's share of a correlation job, by the kernels alone. */
  correlate(request: CorrelateRequest): Promise<CheckedWork>;
  /** A Monte Carlo job over the article's option, by the kernel alone. */
  simulate(request: SimulateRequest): Promise<Simulated>;
  /** A library's product of two standardised matrices: the correlations of a square tile. */
  multiply(request: MultiplyRequest): Promise<CheckedWork>;
}

/** A thread of its own somewhere: a process of Node, or a Web Worker of a page. */
export interface Lane {
  readonly work: LaneWork;
}

/** The work of a lane that is asked by messages: `call` sends one and resolves with its answer. */
export function workByCalls(
  call: (method: keyof LaneWork, request: unknown) => Promise<unknown>,
): LaneWork {
  // Both ends are compiled from the interface above, so that an answer has its method's type.
  return {
    builds: () => call("builds", null) as Promise<readonly Build[]>,
    peak: (request) => call("peak", request) as Promise<Work>,
    correlate: (request) => call("correlate", request) as Promise<CheckedWork>,
    simulate: (request) => call("simulate", request) as Promise<Simulated>,
    multiply: (request) => call("multiply", request) as Promise<CheckedWork>,
  };
}

/** The other end: does what a message asks for. */
export function answerCall(
  work: LaneWork,
  method: keyof LaneWork,
  request: unknown,
): Promise<unknown> {
  const run = work[method] as (request: unknown) => Promise<unknown>;
  return run(request);
}
