// Holds the simulated average price against its closed form: in standard errors, and in words.
import type { Control } from "../../../shared/monte-carlo/asian-option.ts";
import type { ScenarioResult } from "../../../shared/monte-carlo/estimate.ts";

export type Verdict = "agrees" | "unusual" | "differs";

export interface AverageCheck {
  /** Of the simulated average, as of so many independent paths. */
  readonly standardError: number;
  /** How many of these it lies above (or below) the exact value; 0 where nothing varies. */
  readonly zScore: number;
  readonly verdict: Verdict;
}

/** One honest simulation in 370 lies further off; one in 15,000 further than four. */
const USUAL = 3;
const POSSIBLE = 4;
/** Without any spread both values are sums of the same numbers, but for their rounding. */
const ROUNDING = 1e-9;

export function checkAverage(result: ScenarioResult): AverageCheck {
  const { averagePrice, averagePriceSd, expectedAveragePrice, paths } = result;
  const standardError = averagePriceSd / Math.sqrt(paths);
  const difference = averagePrice - expectedAveragePrice;
  const isSame = Math.abs(difference) <= ROUNDING * Math.abs(expectedAveragePrice);
  const zScore = isSame ? 0 : difference / standardError;
  const distance = Math.abs(zScore);
  const verdict = distance <= USUAL ? "agrees" : distance <= POSSIBLE ? "unusual" : "differs";
  return { standardError, zScore, verdict };
}

/**
 * How many times as many plain paths would give the same error, by the correlation ρ of payoff and
 * control: 1 / (1 - ρ²). Null without a control.
 */
export function controlGain(control: Control, correlation: number | null): number | null {
  if (control !== "geometric" || correlation === null) return null;
  const rest = 1 - correlation ** 2;
  return rest > 0 ? 1 / rest : null;
}
