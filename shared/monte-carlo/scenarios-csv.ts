// The figures of a simulation as CSV files, every number with all of its digits.
import type { AsianOption } from "./asian-option.ts";
import type { ScenarioResult } from "./estimate.ts";
import type { MonteCarloMeta } from "./plan.ts";

type Cell = string | number | boolean | null;

const line = (cells: readonly Cell[]): string =>
  `${cells.map((cell) => (cell === null ? "" : String(cell))).join(",")}\n`;

const OPTION_COLUMNS: readonly (readonly [string, keyof AsianOption])[] = [
  ["s0", "s0"],
  ["mu", "mu"],
  ["sigma", "sigma"],
  ["strike", "strike"],
  ["points", "points"],
  ["steps_per_year", "stepsPerYear"],
  ["type", "type"],
  ["discounted", "discounted"],
];

const RESULT_COLUMNS: readonly (readonly [string, (result: ScenarioResult) => Cell])[] = [
  ["paths", (result) => result.paths],
  ["samples", (result) => result.samples],
  ["estimate", (result) => result.estimate],
  ["standard_error", (result) => result.standardError],
  ["confidence_95_low", (result) => result.confidence[0]],
  ["confidence_95_high", (result) => result.confidence[1]],
  ["average_price", (result) => result.averagePrice],
  ["average_price_sd", (result) => result.averagePriceSd],
  ["expected_average_price", (result) => result.expectedAveragePrice],
  ["expected_average_price_sd", (result) => result.expectedAveragePriceSd],
  ["control_correlation", (result) => result.controlCorrelation],
];

/** Names and rows of the table of scenarios, which are numbered from 1. */
export function scenariosTable(
  { control, seed }: Pick<MonteCarloMeta, "control" | "seed">,
  scenarios: readonly ScenarioResult[],
): { readonly names: readonly string[]; readonly rows: readonly (readonly Cell[])[] } {
  const names = [...OPTION_COLUMNS, ...RESULT_COLUMNS].map(([name]) => name);
  const rows = scenarios.map((result, index) => [
    index + 1,
    control,
    seed,
    ...OPTION_COLUMNS.map(([, key]) => result.option[key]),
    ...RESULT_COLUMNS.map(([, read]) => read(result)),
  ]);
  return { names: ["scenario", "control", "seed", ...names], rows };
}

/** One line a scenario, numbered from 1 as in the table. */
export function scenariosCsv(
  meta: Pick<MonteCarloMeta, "control" | "seed">,
  scenarios: readonly ScenarioResult[],
): string {
  const { names, rows } = scenariosTable(meta, scenarios);
  return line(names) + rows.map(line).join("");
}

/** One line a point of each scenario's convergence. */
export function convergenceCsv(scenarios: readonly ScenarioResult[]): string {
  const lines = scenarios.flatMap(({ convergence }, index) =>
    convergence.map(({ paths, estimate, standardError }) =>
      line([index + 1, paths, estimate, standardError]),
    ),
  );
  return line(["scenario", "paths", "estimate", "standard_error"]) + lines.join("");
}
