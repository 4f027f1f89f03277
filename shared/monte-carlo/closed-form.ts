// What is known of the option without simulation: moments of the average price, and the price of the
// same option on the geometric average. The simulation is controlled by, and checked against, these.
import type { AsianOption, WalkOption } from "./asian-option.ts";
import { exp, log, normalCdf } from "./portable-math.ts";

export interface Moments {
  readonly mean: number;
  readonly sd: number;
}

/**
 * Mean and standard deviation of the arithmetic average A of the walk S_i = S_{i-1}(1 + e_i),
 * e_i ~ N(mu dt, sigma² dt) independent. Carries Var(S), Cov(sum, S) and Var(sum) along the walk, so
 * that no large squares are subtracted; not finite where the walk leaves the range of a double.
 */
export function averageMoments({ s0, mu, sigma, points, stepsPerYear }: WalkOption): Moments {
  const dt = 1 / stepsPerYear;
  const growth = 1 + mu * dt;
  const shock = sigma * sigma * dt;
  let mean = 1;
  let meanOfSum = 1;
  let variance = 0;
  let covariance = 0;
  let varianceOfSum = 0;
  for (let i = 1; i < points; i += 1) {
    variance = (growth * growth + shock) * variance + shock * mean * mean;
    mean *= growth;
    covariance *= growth;
    varianceOfSum += 2 * covariance + variance;
    covariance += variance;
    meanOfSum += mean;
  }
  return {
    mean: (s0 * meanOfSum) / points,
    sd: (s0 * Math.sqrt(Math.max(0, varianceOfSum))) / points,
  };
}

interface LogMoments {
  /** Mean of ln(G / s0). */
  readonly mean: number;
  readonly variance: number;
}

/** G, the geometric average of S_i = s0 exp((mu - sigma²/2) i dt + sigma W(i dt)), i from 0. */
function geometricLogMoments({ mu, sigma, points, stepsPerYear }: WalkOption): LogMoments {
  const dt = 1 / stepsPerYear;
  const n = points;
  return {
    mean: ((mu - (sigma * sigma) / 2) * dt * (n - 1)) / 2,
    variance: (sigma * sigma * dt * (n - 1) * (2 * n - 1)) / (6 * n),
  };
}

/** E[G]; not finite where it leaves the range of a double. */
export function geometricMean(option: WalkOption): number {
  const { mean, variance } = geometricLogMoments(option);
  return option.s0 * exp(mean + variance / 2);
}

/** E[max(G - K, 0)] or E[max(K - G, 0)], undiscounted. */
export function geometricPayoffMean(option: WalkOption): number {
  const { s0, strike, type } = option;
  const { mean, variance } = geometricLogMoments(option);
  const forward = geometricMean(option);
  if (variance === 0) {
    const gain = type === "call" ? forward - strike : strike - forward;
    return Math.max(0, gain);
  }
  const sd = Math.sqrt(variance);
  const d2 = (log(s0 / strike) + mean) / sd;
  const d1 = d2 + sd;
  return type === "call"
    ? forward * normalCdf(d1) - strike * normalCdf(d2)
    : strike * normalCdf(-d2) - forward * normalCdf(-d1);
}

/** What one unit at the end is worth now: 1 unless the option is discounted. */
export const discountOf = ({ mu, points, stepsPerYear, discounted }: AsianOption): number =>
  discounted ? exp((-mu * points) / stepsPerYear) : 1;

/** True where the average price is larger than a double, or its spread or its control's is. */
export function exceedsRange(option: WalkOption): boolean {
  const { mean, sd } = averageMoments(option);
  const log2nd = geometricLogMoments(option);
  const geometricSquare = option.s0 * option.s0 * exp(2 * log2nd.mean + 2 * log2nd.variance);
  return !(mean * mean + sd * sd < RANGE_MAX && geometricSquare < RANGE_MAX);
}

/** Squares of single paths are summed: these may lie far above their mean. */
const RANGE_MAX = 1e200;
