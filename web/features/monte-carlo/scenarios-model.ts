// What the table of scenarios shows: the parameters that differ, sorted by any of its columns.
import type { AsianOption } from "../../../shared/monte-carlo/asian-option.ts";
import type { ScenarioResult } from "../../../shared/monte-carlo/estimate.ts";
import { formatPlain } from "../../components/format.ts";

const PARAMETERS = ["s0", "mu", "sigma", "strike", "points", "stepsPerYear", "type"] as const;
export type Parameter = (typeof PARAMETERS)[number];
export type ScenarioColumn = Parameter | "estimate" | "standardError";

export interface ScenarioSort {
  readonly column: ScenarioColumn;
  readonly isDescending: boolean;
}

/** A scenario's result with its place in the job. */
export interface ScenarioRow {
  readonly index: number;
  readonly result: ScenarioResult;
}

/** The parameters in which scenarios differ, in the order of the form. */
export const varyingParameters = (scenarios: readonly AsianOption[]): readonly Parameter[] =>
  PARAMETERS.filter((key) => scenarios.some((option) => option[key] !== scenarios[0]?.[key]));

const valueOf = ({ result }: ScenarioRow, column: ScenarioColumn): number | string =>
  column === "estimate" || column === "standardError" ? result[column] : result.option[column];

/** In the job's order without a sort; ties keep that order. */
export function scenarioRows(
  results: readonly ScenarioResult[],
  sort: ScenarioSort | null,
): readonly ScenarioRow[] {
  const rows = results.map((result, index) => ({ index, result }));
  if (sort === null) return rows;
  const { column, isDescending } = sort;
  const sign = isDescending ? -1 : 1;
  return rows.toSorted((a, b) => {
    const [left, right] = [valueOf(a, column), valueOf(b, column)];
    return left === right ? 0 : left < right ? -sign : sign;
  });
}

export const PARAMETER_WORDS: Record<Parameter, string> = {
  s0: "First price",
  mu: "Drift",
  sigma: "Volatility",
  strike: "Strike",
  points: "Prices",
  stepsPerYear: "Steps a year",
  type: "Type",
};

export function parameterWords(option: AsianOption, parameter: Parameter): string {
  const value = option[parameter];
  if (typeof value === "string") return value;
  return parameter === "mu" || parameter === "sigma"
    ? `${formatPlain(value * 100)}%`
    : formatPlain(value);
}

/** "Volatility 20%, strike 100": what tells a scenario from the others; empty where nothing does. */
export function scenarioWords(option: AsianOption, varying: readonly Parameter[]): string {
  const words = varying
    .map((key) => `${PARAMETER_WORDS[key].toLowerCase()} ${parameterWords(option, key)}`)
    .join(", ");
  return words.charAt(0).toUpperCase() + words.slice(1);
}
