// `npm run bench`: measures everything beside its peers and writes the table that the README quotes.
import { writeFile } from "node:fs/promises";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { CommandError } from "../../coordinator/commands/command-error.ts";
import { listenForStop } from "../../coordinator/commands/stop-signal.ts";
import type { Bench, Scale } from "./bench.ts";
import { BENCHES } from "./benches/all.ts";
import { writeReport } from "./report.ts";
import { runSuite } from "./suite.ts";

const NAMES = BENCHES.map(({ name }) => name).join(", ");
const HELP = `Usage: npm run bench -- [--quick | --toy] [--only NAME]… [--out FILE]

Measures the kernels and whole jobs beside pandas, NumPy, Dask, numpy-ts and TensorFlow.js, as far as
they are there, prints a Markdown table and writes it to e2e/bench/results.md. Tables of 300 MB are made
and sent several times, and pandas is waited for: it takes long. Close everything else meanwhile.

  --quick       small sizes, within two minutes; written only with --out
  --toy         the sizes of the tests: shows whether everything runs
  --only NAME   only this bench, or these; written only with --out
                (${NAMES})
  --out FILE    where to write the table`;

/** Between the last word and the end of this process and all that it started. */
const EXIT_LIMIT_MS = 3_000;

interface Arguments {
  readonly scale: Scale;
  readonly benches: readonly Bench[];
  readonly out: string | null;
}

function readArguments(args: readonly string[]): Arguments | null {
  const { values } = parse(args);
  if (values.help === true) return null;
  if (values.quick === true && values.toy === true) {
    throw new CommandError("--quick and --toy are different sizes; choose one of them.", 2);
  }
  const scale: Scale = values.quick === true ? "quick" : values.toy === true ? "toy" : "full";
  const only = values.only ?? [];
  const unknown = only.find((name) => !BENCHES.some((bench) => bench.name === name));
  if (unknown !== undefined) {
    throw new CommandError(`There is no bench "${unknown}"; choose from ${NAMES}.`, 2);
  }
  const isWhole = only.length === 0 && scale === "full";
  return {
    scale,
    benches: BENCHES.filter(({ name }) => only.length === 0 || only.includes(name)),
    out: values.out ?? (isWhole ? join(import.meta.dirname, "results.md") : null),
  };
}

function parse(args: readonly string[]) {
  try {
    return parseArgs({
      args: [...args],
      options: {
        quick: { type: "boolean" },
        toy: { type: "boolean" },
        only: { type: "string", multiple: true },
        out: { type: "string" },
        help: { type: "boolean" },
      },
    });
  } catch (cause) {
    const message = cause instanceof Error ? cause.message : String(cause);
    throw new CommandError(`${message} See npm run bench -- --help.`, 2, { cause });
  }
}

async function main(): Promise<void> {
  const chosen = readArguments(process.argv.slice(2));
  if (chosen === null) {
    process.stdout.write(`${HELP}\n`);
    return;
  }
  const stop = listenForStop();
  try {
    const report = await runSuite({
      ...chosen,
      signal: stop.signal,
      say: (line) => void process.stderr.write(`${line}\n`),
    });
    const text = writeReport(report);
    process.stdout.write(text);
    const isComplete = report.outcomes.every(({ failure }) => failure === null);
    if (stop.signal.aborted) process.exitCode = 130;
    else if (!isComplete) process.exitCode = 1;
    // Figures of a run that was cut short do not replace those of a whole one.
    if (chosen.out !== null && !stop.signal.aborted) await writeFile(chosen.out, text);
  } finally {
    stop.release();
    // Ends what did not end by itself; without effect when there is nothing left.
    setTimeout(() => process.exit(), EXIT_LIMIT_MS).unref();
  }
}

main().catch((error: unknown) => {
  const isKnown = error instanceof CommandError;
  process.stderr.write(`${isKnown ? error.message : String((error as Error).stack ?? error)}\n`);
  process.exitCode = isKnown ? error.exitStatus : 1;
});
