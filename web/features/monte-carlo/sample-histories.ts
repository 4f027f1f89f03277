// A few possible price histories of an option, drawn in the page to show what is simulated.
import { createPrng, nextFloat } from "../../../shared/prng.ts";
import type { AsianOption } from "../../../shared/monte-carlo/asian-option.ts";

export interface SampleHistories {
  /** In years from the first price. */
  readonly times: readonly number[];
  /** One row a history, as long as `times`. */
  readonly prices: readonly (readonly number[])[];
}

/** More points than this are no longer told apart on a screen. */
const POINTS_MAX = 240;

/**
 * `count` histories from `seed`: the job's own walk where it has few points, and otherwise a coarser
 * one of the same drift and volatility. Prices that would fall below zero stay there.
 */
export function sampleHistories(
  option: Pick<AsianOption, "s0" | "mu" | "sigma" | "points" | "stepsPerYear">,
  count: number,
  seed: number,
): SampleHistories {
  const { s0, mu, sigma, points, stepsPerYear } = option;
  const years = (points - 1) / stepsPerYear;
  const steps = Math.min(points, POINTS_MAX) - 1;
  const dt = steps === 0 ? 0 : years / steps;
  const prng = createPrng(seed);
  const history = (): number[] => {
    const prices = [s0];
    let price = s0;
    for (let step = 0; step < steps; step += 1) {
      price = Math.max(0, price * (1 + mu * dt + sigma * Math.sqrt(dt) * normal(prng)));
      prices.push(price);
    }
    return prices;
  };
  return {
    times: Array.from({ length: steps + 1 }, (_, step) => step * dt),
    prices: Array.from({ length: count }, history),
  };
}

/** Box and Muller's transform; only a picture depends on it. */
const normal = (prng: ReturnType<typeof createPrng>): number =>
  Math.sqrt(-2 * Math.log(1 - nextFloat(prng))) * Math.cos(2 * Math.PI * nextFloat(prng));
