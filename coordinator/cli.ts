// The command line: every command, option and exit status of `tabswarm`.
import { readFileSync } from "node:fs";
import { hostname } from "node:os";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { Command, CommanderError, Option } from "commander";
import { THREADS_PER_WORKER_MAX } from "../shared/limits.ts";
import { ensureBuilt } from "./build.ts";
import { addMonteCarlo } from "./commands/add-monte-carlo.ts";
import { addClusterOptions, checkClusterOptions } from "./commands/cluster-options.ts";
import { CommandError } from "./commands/command-error.ts";
import type { CorrelateOptions } from "./commands/correlate-command.ts";
import type { DemoOptions } from "./commands/demo-command.ts";
import { BROWSERS_MAX, integer } from "./commands/option-values.ts";
import type { RunOptions } from "./commands/run-command.ts";
import type { ServeOptions } from "./commands/serve-command.ts";
import type { WorkOptions } from "./commands/work-command.ts";
import { DATA_FOLDER } from "./https/authority-file.ts";

/** Runs one command and sets the process' exit status: 0, 2 for bad usage or input, 1 for a failure. */
export async function main(args: readonly string[]): Promise<void> {
  try {
    await createProgram().parseAsync(args, { from: "user" });
  } catch (error) {
    process.exitCode = exitStatusOf(error);
  }
}

function exitStatusOf(error: unknown): number {
  // The parser has said already what is wrong; help and version are no errors.
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof CommandError) {
    process.stderr.write(`error: ${oneLine(error.message)}\n`);
    return error.exitStatus;
  }
  const message = error instanceof Error ? error.message : String(error);
  process.stderr.write(`error: ${oneLine(message)}\n`);
  if (process.env["TABSWARM_DEBUG"] !== undefined) console.error(error);
  return 1;
}

const oneLine = (text: string): string =>
  stripVTControlCharacters(text)
    .trim()
    .replaceAll(/\s*\n\s*/g, " ");

// Each command's code is loaded when it runs: `--help` needs neither a server nor Playwright.
function createProgram(): Command {
  const program = new Command("tabswarm")
    .description("Turns the browsers of a home or office into one compute cluster.")
    .version(readVersion())
    .exitOverride()
    .showSuggestionAfterError(false)
    .addHelpText("after", EXAMPLES);
  addServe(program);
  addWork(program);
  addCorrelate(program);
  addMonteCarlo(program);
  addRun(program);
  addDemo(program);
  program
    .command("build")
    .description(
      "Build kernels, web app and client library into dist/ (other commands do when needed).",
    )
    .action(() => ensureBuilt((line) => console.error(line), true));
  return program;
}

function addServe(program: Command): void {
  program
    .command("serve")
    .description("Start a coordinator: prints the dashboard's and the join addresses.")
    .option("--host <address>", "address to listen on", "0.0.0.0")
    .option("--port <number>", "port to listen on; 0 takes any free one", integer(0, 65_535), 7070)
    .option("--data <folder>", "where jobs, datasets and results are kept", DATA_FOLDER)
    .option("--no-functions", "run only built-in kernels: refuse functions that users send")
    .option("--https", "serve https, with --cert and --key or by an authority made for it")
    .addOption(new Option("--cert <file>", "certificate in PEM format").implies({ https: true }))
    .addOption(new Option("--key <file>", "its private key in PEM format").implies({ https: true }))
    .action(async (options: ServeOptions) => {
      const { serve } = await import("./commands/serve-command.ts");
      await serve(options);
    });
}

function addWork(program: Command): void {
  program
    .command("work")
    .description("Join a cluster with headless browsers, until Ctrl-C.")
    .argument("<join-url>", 'the join address that "serve" prints, in quotes')
    .option(
      "--browsers <number>",
      "headless browsers, each one worker",
      integer(1, BROWSERS_MAX),
      1,
    )
    .option(
      "--threads <number>",
      "threads of each worker (default: one a core)",
      integer(1, THREADS_PER_WORKER_MAX),
    )
    .option("--name <name>", "the workers' name in the dashboard", hostname().slice(0, 40))
    .option("--ca <file>", "the coordinator's authority over https (default: that of ./.tabswarm)")
    .option("--functions", "agree to run functions that the cluster's users send, sandboxed")
    .action(async (joinUrl: string, options: WorkOptions) => {
      const { work } = await import("./commands/work-command.ts");
      await work(joinUrl, options);
    });
}

function addCorrelate(program: Command): void {
  addClusterOptions(
    program
      .command("correlate")
      .description("Correlate all pairs of series in a CSV file.")
      .argument("<file>", "CSV: date, name, value (long), or date and one column a series (wide)")
      .requiredOption("--out <file>", "pairs: series_1,series_2,correlation,observations")
      .option("--matrix <file>", "also write the square matrix in NPY format"),
  )
    .addOption(
      new Option("--layout <layout>", "how the table is laid out")
        .choices(["auto", "long", "wide"])
        .default("auto"),
    )
    .option("--date <column>", "name of the column with dates")
    .option("--series <column>", "long: name of the column with the series' names")
    .option("--value <column>", "long: name of the column with the values")
    .option("--min-periods <number>", "fewest common observations of a pair", integer(1, 1e9), 1)
    .addOption(
      new Option("--method <method>", "the coefficient")
        .choices(["pearson", "spearman"])
        .default("pearson"),
    )
    .addOption(
      new Option(
        "--precision <precision>",
        "of the computation; f16: computed in f32, sent in a quarter of the bytes",
      )
        .choices(["f64", "f32", "f16"])
        .default("f64"),
    )
    .option("--fast", "Pearson with fused multiply-adds: last bits may differ between machines")
    .option("--shrink", "shrink covariance and correlations as Ledoit and Wolf do; needs no gaps")
    .option("--covariance <file>", "with --shrink: also write the covariance in NPY format")
    .option("--common-dates", "keep only the dates that all series have")
    .option("--tile <number>", "series along a tile's side (default: chosen)", integer(8, 2_048))
    .option("--json", "print a summary as one JSON object on stdout")
    .action(async (file: string, options: CorrelateOptions) => {
      checkClusterOptions(options);
      const { correlate } = await import("./commands/correlate-command.ts");
      await correlate(file, options);
    });
}

function addRun(program: Command): void {
  addClusterOptions(
    program
      .command("run")
      .description('Run a script of yours with "cluster" in its scope, and exit with its status.')
      .argument("<script>", "TypeScript or JavaScript; its own imports are bundled")
      .argument("[args...]", 'after "--": what the script finds in process.argv'),
  )
    .addHelpText("after", RUN_HELP)
    .action(async (script: string, args: readonly string[], options: RunOptions) => {
      checkClusterOptions(options);
      const { run } = await import("./commands/run-command.ts");
      await run(script, args, options);
    });
}

const RUN_HELP = `
The script may use "await" anywhere. It ends when its last line has: await what you want to see.
  const squares = cluster.map((n) => n * n, [1, 2, 3]);
  console.log(await cluster.gather(squares));
cluster.load("./file.ts") gives the functions of a file for submit and map, with all that it imports.
Functions run in sandboxes, without network or files. Workers of --coordinator must have agreed to that.`;

function addDemo(program: Command): void {
  program
    .command("demo")
    .description("Correlate a bundled price table with two headless workers and a dashboard.")
    .option("--keep", "leave the coordinator and its workers running, until Ctrl-C")
    .action(async (options: DemoOptions) => {
      const { demo } = await import("./commands/demo-command.ts");
      await demo(options);
    });
}

function readVersion(): string {
  const path = join(import.meta.dirname, "../package.json");
  const { version } = JSON.parse(readFileSync(path, "utf8")) as { readonly version: string };
  return version;
}

const EXAMPLES = `
Examples:
  $ tabswarm serve
  $ tabswarm work "http://192.168.1.20:7070/join#t=TOKEN" --browsers 2
  $ tabswarm correlate prices.csv --out pairs.csv --matrix matrix.npy --json
  $ tabswarm correlate prices.csv --out pairs.csv --coordinator http://192.168.1.20:7070 --token TOKEN
  $ tabswarm correlate prices.csv --out pairs.csv --common-dates --shrink --covariance covariance.npy
  $ tabswarm run script.ts --workers 4 -- --its-own option
  $ tabswarm monte-carlo --paths 1e7 --sigma 0.1,0.2,0.3

Exit status: 0 when all went well, 2 for bad usage or bad input, 1 for any other failure; that of the
script for "run".
TABSWARM_BROWSER names the Chromium or Chrome that headless workers use.
"tabswarm COMMAND --help" explains a command.`;
