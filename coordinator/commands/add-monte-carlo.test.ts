// What `tabswarm monte-carlo` makes of its options, up to the moment at which a cluster is needed.
import { Command, CommanderError } from "commander";
import { describe, expect, test } from "vitest";
import { ARTICLE_OPTION } from "../../shared/monte-carlo/asian-option.ts";
import type { MonteCarloOptions } from "../../shared/monte-carlo/plan.ts";
import { addMonteCarlo } from "./add-monte-carlo.ts";
import { CommandError } from "./command-error.ts";
import { type MonteCarloCommandOptions, simulationOf } from "./monte-carlo-command.ts";

interface Refusal {
  readonly status: number;
  readonly line: string;
}

/** The command as the command line has it; `onOptions` takes the place of what it would do. */
function programOf(
  lines: string[],
  onOptions?: (options: MonteCarloCommandOptions) => void,
): Command {
  const program = new Command("tabswarm").exitOverride();
  program.configureOutput({ writeErr: (text) => void lines.push(text), writeOut: () => undefined });
  addMonteCarlo(program);
  const [command] = program.commands;
  command?.copyInheritedSettings(program);
  if (onOptions !== undefined) command?.action(onOptions);
  return program;
}

async function parse(...args: string[]): Promise<MonteCarloOptions> {
  let found: MonteCarloCommandOptions | undefined;
  const program = programOf([], (options) => {
    found = options;
  });
  await program.parseAsync(["monte-carlo", ...args], { from: "user" });
  if (found === undefined) throw new Error("The command was not run.");
  return simulationOf(found);
}

/** Only for what is refused before a cluster is started. */
async function refuse(...args: string[]): Promise<Refusal> {
  const lines: string[] = [];
  try {
    await programOf(lines).parseAsync(["monte-carlo", ...args], { from: "user" });
  } catch (error) {
    if (error instanceof CommandError) return { status: error.exitStatus, line: error.message };
    if (error instanceof CommanderError) return { status: 2, line: lines.join("").trimEnd() };
    throw error;
  }
  throw new Error("Nothing was refused.");
}

describe("tabswarm monte-carlo", () => {
  test("without options it prices the article's option with a million paths", async () => {
    expect(await parse()).toEqual({
      scenarios: [ARTICLE_OPTION],
      paths: 1_000_000,
      control: "none",
      seed: 1,
      targetStandardError: null,
    });
  });

  test("every option arrives", async () => {
    const args = "--paths 1e9 --s0 90 --mu -0.01 --sigma .3 --strike 95 --points 12 --put";
    const more = "--steps-per-year 12 --discount --control antithetic --seed 7 --target-se 0.5";
    expect(await parse(...args.split(" "), ...more.split(" "))).toEqual({
      scenarios: [
        {
          s0: 90,
          mu: -0.01,
          sigma: 0.3,
          strike: 95,
          points: 12,
          stepsPerYear: 12,
          type: "put",
          discounted: true,
        },
      ],
      paths: 1_000_000_000,
      control: "antithetic",
      seed: 7,
      targetStandardError: 0.5,
    });
  });

  test("lists make a grid, the last one running fastest", async () => {
    const { scenarios } = await parse("--s0", "90,100", "--strike", "95, 105", "--sigma", "0.1");
    expect(scenarios.map(({ s0, sigma, strike }) => [s0, sigma, strike])).toEqual([
      [90, 0.1, 95],
      [90, 0.1, 105],
      [100, 0.1, 95],
      [100, 0.1, 105],
    ]);
  });

  test("a target alone says how many paths it may take", async () => {
    const { paths } = await parse("--target-se", "0.01");
    // The payoff's spread is 18.01; that of the average, which is known before, is 24.77.
    expect(paths).toBeGreaterThan((18.01 / 0.01) ** 2);
    expect(paths).toBeLessThan((24.78 / 0.01) ** 2 * 1.1);
    expect((await parse("--target-se", "0.01", "--paths", "5e4")).paths).toBe(50_000);
  });
});

describe("bad usage ends with 2 and one line", () => {
  test.each<[string, string[], RegExp]>([
    ["no number of paths", ["--paths", "many"], /from 4 to 1000000000, such as 1e6/],
    ["half a path", ["--paths", "10.5"], /such as 1e6/],
    ["too many paths", ["--paths", "1e10"], /from 4 to 1000000000/],
    ["too few paths", ["--paths", "1"], /from 4/],
    ["an odd number of mirrored paths", ["--paths", "5", "--control", "antithetic"], /pairs/],
    ["a word for a price", ["--s0", "high"], /such as 90,100,110/],
    ["a list with a hole", ["--strike", "90,,100"], /such as 90,100,110/],
    ["an infinite drift", ["--mu", "Infinity"], /such as 90,100,110/],
    ["a negative price", ["--s0", "-1"], /first price is -1; give a number from/],
    ["a negative volatility in a list", ["--sigma", "0.2,-0.1"], /volatility is -0.1/],
    [
      "too large a grid",
      ["--s0", "1,2,3,4,5,6,7,8,9,10,11", "--mu", "0,0.1,0.2,0.3,0.4,0.5,0.6,0.7,0.8,0.9"],
      /110 combinations; at most 100/,
    ],
    ["no points", ["--points", "0"], /from 1 to 100000/],
    ["no steps a year", ["--steps-per-year", "0"], /steps a year is 0/],
    ["no such control", ["--control", "quasi"], /none, antithetic, geometric/],
    ["a negative seed", ["--seed", "-5"], /from 0 to 9007199254740991/],
    ["a target of nothing", ["--target-se", "0"], /target standard error is 0/],
    ["a target out of reach", ["--target-se", "1e-5"], /1,000,000,000.*larger/],
    ["a token alone", ["--token", "t"], /--coordinator/],
    ["a coordinator without a token", ["--coordinator", "http://127.0.0.1:1"], /token is missing/],
    ["two clusters at once", ["--coordinator", "http://h", "--workers", "3"], /cannot be used/],
    ["an argument that has no meaning", ["prices.csv"], /too many arguments/],
  ])("%s", async (_, args, message) => {
    const { status, line } = await refuse(...args);
    expect(line).toMatch(message);
    expect(line.split("\n")).toHaveLength(1);
    expect(status).toBe(2);
  });
});
