// A scenario's result for tests, with figures that are easy to check by hand.
import { ARTICLE_OPTION } from "../../../shared/monte-carlo/asian-option.ts";
import type { ScenarioResult } from "../../../shared/monte-carlo/estimate.ts";

export const scenarioResult = (change: Partial<ScenarioResult> = {}): ScenarioResult => ({
  option: ARTICLE_OPTION,
  estimate: 11.6,
  standardError: 0.018,
  confidence: [11.564, 11.636],
  paths: 1_000_000,
  samples: 1_000_000,
  averagePrice: 104.13,
  averagePriceSd: 25,
  expectedAveragePrice: 104.1,
  expectedAveragePriceSd: 24.75,
  controlCorrelation: null,
  histogram: {
    lowEdges: [0, 2, 4, 6],
    high: 8,
    counts: [200_000, 150_000, 100_000, 49_000],
    zero: 500_000,
    above: 1_000,
  },
  convergence: [
    { paths: 4_096, estimate: 11.2, standardError: 0.28 },
    { paths: 100_000, estimate: 11.5, standardError: 0.057 },
    { paths: 1_000_000, estimate: 11.6, standardError: 0.018 },
  ],
  ...change,
});
