// From one merged row of statistics to an estimate and its standard error.
import { present } from "../assert.ts";
import type { Control } from "./asian-option.ts";
import {
  C_XY,
  M2_A,
  M2_X,
  M2_Y,
  MEAN_A,
  MEAN_X,
  MEAN_Y,
  PATHS,
  SAMPLES,
} from "./reduction-core.ts";

export interface Estimate {
  /** Undiscounted. */
  readonly value: number;
  readonly standardError: number;
  /** Of the payoff with its control; null without one or where nothing varies. */
  readonly correlation: number | null;
  /** Whether prices vary but no payoff did so far: its error is unknown then, not zero. */
  readonly isBlind: boolean;
}

/**
 * `controlMean` is E[X]. The control variate's estimate is meanY - b (meanX - E[X]), b = cXY / m2X,
 * its error that of the residuals, which have n - 2 degrees of freedom.
 */
export function estimateOf(row: Float64Array, control: Control, controlMean: number): Estimate {
  const at = (column: number): number => present(row[column], "column of a row");
  const samples = at(SAMPLES);
  const meanY = at(MEAN_Y);
  const price = at(MEAN_A);
  const m2Y = withoutRounding(at(M2_Y), samples, price);
  const m2X = withoutRounding(at(M2_X), samples, price);
  const isBlind = m2Y === 0 && withoutRounding(at(M2_A), at(PATHS), price) > 0;
  if (control !== "geometric" || m2X === 0 || m2Y === 0) {
    const standardError = Math.sqrt(m2Y / (samples - 1) / samples);
    return { value: meanY, standardError, correlation: null, isBlind };
  }
  const cXY = at(C_XY);
  const slope = cXY / m2X;
  const residuals = Math.max(0, m2Y - slope * cXY);
  return {
    value: meanY - slope * (at(MEAN_X) - controlMean),
    standardError: Math.sqrt(residuals / (samples - 2) / samples),
    correlation: cXY / Math.sqrt(m2X * m2Y),
    isBlind,
  };
}

/** Walks of thousands of steps, and means of thousands of them, are rounded by so much of a price. */
const ROUNDING = 2 ** -40;

/** The sum of squared deviations, or 0 where the values differ by no more than their rounding. */
const withoutRounding = (m2: number, count: number, price: number): number =>
  m2 <= count * (ROUNDING * price) ** 2 ? 0 : m2;

export const averageOf = (row: Float64Array): { readonly mean: number; readonly sd: number } => {
  const paths = present(row[PATHS], "paths");
  const mean = present(row[MEAN_A], "mean of averages");
  const m2 = withoutRounding(present(row[M2_A], "squares of averages"), paths, mean);
  return { mean, sd: Math.sqrt(m2 / (paths - 1)) };
};
