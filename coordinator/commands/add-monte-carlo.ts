// The options of `tabswarm monte-carlo`; what it does is loaded when it runs.
import { type Command, Option } from "commander";
import { ARTICLE_OPTION } from "../../shared/monte-carlo/asian-option.ts";
import { PATHS_MAX, PATHS_MIN } from "../../shared/monte-carlo/plan.ts";
import { addClusterOptions, checkClusterOptions } from "./cluster-options.ts";
import type { MonteCarloCommandOptions } from "./monte-carlo-command.ts";
import { decimal, decimals, largeInteger } from "./option-values.ts";

export function addMonteCarlo(program: Command): void {
  const { s0, mu, sigma, strike, points, stepsPerYear } = ARTICLE_OPTION;
  const list = (flags: string, description: string, value: number): Option =>
    new Option(flags, description).argParser(decimals).default([value], String(value));
  addClusterOptions(
    program
      .command("monte-carlo")
      .summary("Price an Asian option by simulation.")
      .description(
        "Price an Asian option, on the arithmetic average of its prices, by simulating paths. " +
          "Several values with commas (--sigma 0.1,0.2) price every combination.",
      )
      .option(
        "--paths <number>",
        "paths of each option; with --target-se at most (default: 1e6, or what the target may take)",
        largeInteger(PATHS_MIN, PATHS_MAX),
      )
      .addOption(list("--s0 <prices>", "first price", s0))
      .addOption(list("--mu <rates>", "yearly drift", mu))
      .addOption(list("--sigma <rates>", "yearly volatility", sigma))
      .addOption(list("--strike <prices>", "strike price", strike))
      .option(
        "--points <number>",
        "prices averaged, the first counted",
        largeInteger(1, 1e5),
        points,
      )
      .option("--steps-per-year <number>", "steps of a path in a year", decimal, stepsPerYear)
      .option("--put", "price a put instead of a call")
      .option("--discount", "discount the payoff by the drift")
      .addOption(
        new Option("--control <method>", "how to reduce the variance")
          .choices(["none", "antithetic", "geometric"])
          .default("none"),
      )
      .option(
        "--seed <number>",
        "of the random numbers: the same seed gives the same result, on any workers",
        largeInteger(0, Number.MAX_SAFE_INTEGER),
        1,
      )
      .option("--target-se <number>", "stop when every standard error is this small", decimal),
  )
    .option("--json", "print the result as one JSON object on stdout")
    .action(async (options: MonteCarloCommandOptions) => {
      checkClusterOptions(options);
      const { monteCarlo } = await import("./monte-carlo-command.ts");
      await monteCarlo(options);
    });
}
