// The option that the Monte Carlo job prices, the parameters of its kernel, and what a sound option is.

/** An option on the arithmetic average of the prices of a walk of small independent steps. */
export interface AsianOption {
  /** The first price; it is one of the averaged ones. */
  readonly s0: number;
  /** Yearly drift. */
  readonly mu: number;
  /** Yearly volatility. */
  readonly sigma: number;
  readonly strike: number;
  /** Prices averaged, the first one counted: a path takes one step fewer. */
  readonly points: number;
  readonly stepsPerYear: number;
  readonly type: "call" | "put";
  /** Whether the payoff is worth exp(-mu · points / stepsPerYear) of itself, or all of itself. */
  readonly discounted: boolean;
}

/**
 * How the variance is reduced: not at all, by mirrored pairs of paths, or by the geometric average's
 * payoff, whose mean is known.
 */
export type Control = "none" | "antithetic" | "geometric";

/** The option of the article that this job is compared with (distributedpython.com, 2018-09-25). */
export const ARTICLE_OPTION: AsianOption = {
  s0: 100,
  mu: 0.02,
  sigma: 0.2,
  strike: 100,
  points: 1_460,
  stepsPerYear: 365,
  type: "call",
  discounted: false,
};

/**
 * Paths of one row of statistics; the leaf of the fixed reduction tree. Results do not depend on how
 * rows are grouped into tasks.
 */
export const BATCH_PATHS = 4_096;

/** What the kernel needs to know of an option; discounting is left to the reduction. */
export type WalkOption = Pick<
  AsianOption,
  "s0" | "mu" | "sigma" | "strike" | "points" | "stepsPerYear" | "type"
>;

/**
 * Parameters of the kernel "asian-option@1", which has no inputs and two outputs:
 * 1. float64, batches × STATISTICS, one row a batch, in the order of `STATISTICS`;
 * 2. uint32, bins + 2: paths that pay exactly 0, then `bins` equal bins over (0, high), then paths
 *    that pay `high` or more; for the whole task.
 */
export interface AsianOptionParams {
  readonly option: WalkOption;
  readonly control: Control;
  /** A whole number from 0 to 2^53 - 1. */
  readonly seed: number;
  readonly firstBatch: number;
  /**
   * Paths of this task from path `firstBatch` · BATCH_PATHS on; only the last batch may be partial.
   * Even where control is "antithetic", as a path and its mirror count as two.
   */
  readonly paths: number;
  /** Of the undiscounted payoffs of single paths. */
  readonly histogram: { readonly high: number; readonly bins: number };
}

/**
 * The columns of a row of statistics. Y is a sample's undiscounted payoff (antithetic: the mean of a
 * path's and its mirror's, so that there are paths / 2 samples); X is the payoff of the geometric
 * average of the exact exponential walk on the same normals (0 but for control "geometric"); A is the
 * arithmetic average of each single path. m2 are sums of squared deviations from the batch's mean,
 * cXY is the sum of products of deviations.
 */
export const STATISTICS = [
  "samples",
  "meanY",
  "m2Y",
  "meanX",
  "m2X",
  "cXY",
  "paths",
  "meanA",
  "m2A",
] as const;

/** A path of more points is no longer one of "small" steps, and its batch takes whole seconds. */
const POINTS_MAX = 100_000;

/** Which field cannot be as it is, and a sentence saying what was given and what is possible. */
export interface OptionProblem {
  readonly field: keyof AsianOption;
  readonly message: string;
}

interface NumberRange {
  readonly field: "s0" | "mu" | "sigma" | "strike" | "points" | "stepsPerYear";
  readonly what: string;
  readonly min: number;
  readonly max: number;
  readonly isWhole?: true;
}

const RANGES: readonly NumberRange[] = [
  { field: "s0", what: "The first price", min: 1e-6, max: 1e9 },
  { field: "mu", what: "The yearly drift", min: -10, max: 10 },
  { field: "sigma", what: "The yearly volatility", min: 0, max: 10 },
  { field: "strike", what: "The strike", min: 0, max: 1e9 },
  {
    field: "points",
    what: "The number of prices averaged",
    min: 1,
    max: POINTS_MAX,
    isWhole: true,
  },
  { field: "stepsPerYear", what: "The number of steps a year", min: 1, max: 1e6 },
];

/** The first thing that is wrong with an option, or null where nothing is. */
export function optionProblem(option: AsianOption): OptionProblem | null {
  for (const { field, what, min, max, isWhole } of RANGES) {
    const value: unknown = option[field];
    const isInside = typeof value === "number" && value >= min && value <= max;
    if (isInside && (isWhole !== true || Number.isInteger(value))) continue;
    const kind = isWhole === true ? "a whole number" : "a number";
    return { field, message: `${what} is ${String(value)}; give ${kind} from ${min} to ${max}.` };
  }
  if (option.type !== "call" && option.type !== "put") {
    const type: unknown = option.type;
    return { field: "type", message: `An option is a "call" or a "put", not ${String(type)}.` };
  }
  if (typeof option.discounted !== "boolean") {
    return { field: "discounted", message: "Whether to discount is either true or false." };
  }
  return null;
}
