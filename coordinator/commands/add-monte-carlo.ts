// The options of `tabswarm monte-carlo`; what it does is loaded when it runs.
import { type Command, Option } from "commander";
import { ARTICLE_OPTION } from "../../shared/monte-carlo/asian-option.ts";
import { PATHS_MAX, PATHS_MIN } from "../../shared/monte-carlo/plan.ts";
import { CommandError } from "./command-error.ts";
import type { MonteCarloCommandOptions } from "./monte-carlo-command.ts";
import { BROWSERS_MAX, decimal, decimals, integer, largeInteger } from "./option-values.ts";

export function addMonteCarlo(program: Command): void {
  const { s0, mu, sigma, strike, points, stepsPerYear } = ARTICLE_OPTION;
  const list = (flags: string, description: string, value: number): Option =>
    new Option(flags, description).argParser(decimals).default([value], String(value));
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
    .option("--points <number>", "prices averaged, the first counted", largeInteger(1, 1e5), points)
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
    .option("--target-se <number>", "stop when every standard error is this small", decimal)
    .addOption(
      new Option("--coordinator <url>", "use this coordinator and its workers").conflicts(
        "workers",
      ),
    )
    .addOption(
      new Option("--token <token>", "the coordinator's submit token: see #t= in its address"),
    )
    .addOption(
      new Option("--workers <number>", "without --coordinator: headless workers for this run")
        .argParser(integer(1, BROWSERS_MAX))
        .default(2),
    )
    .option("--json", "print the result as one JSON object on stdout")
    .action(async (options: MonteCarloCommandOptions) => {
      if (options.token !== undefined && options.coordinator === undefined) {
        throw new CommandError("--token belongs to --coordinator; give both or none.", 2);
      }
      const { monteCarlo } = await import("./monte-carlo-command.ts");
      await monteCarlo(options);
    });
}
