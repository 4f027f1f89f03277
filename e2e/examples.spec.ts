// Every example, through the real command with real browsers.
import { spawn } from "node:child_process";
import { join, resolve } from "node:path";
import { expect, test } from "@playwright/test";

const root = resolve(import.meta.dirname, "..");

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function runExample(name: string, ...args: readonly string[]): Promise<Outcome> {
  return new Promise((done, fail) => {
    const script = join("e2e/examples", name);
    const child = spawn(
      process.execPath,
      ["coordinator/tabswarm.js", "run", script, "--", ...args],
      { cwd: root, stdio: ["ignore", "pipe", "pipe"] },
    );
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (data: Buffer) => (stdout += data.toString()));
    child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
    child.on("error", fail);
    child.on("close", (status) => done({ status, stdout, stderr }));
  });
}

async function outputOf(name: string, ...args: readonly string[]): Promise<string> {
  const { status, stdout, stderr } = await runExample(name, ...args);
  expect(status, stderr).toBe(0);
  return stdout;
}

test("word count", async () => {
  expect(await outputOf("word-count.ts")).toBe("the 13\nthat 12\nall 3\n");
});

test("Mandelbrot", async () => {
  const lines = (await outputOf("mandelbrot.ts", "33", "11")).trimEnd().split("\n");
  expect(lines).toHaveLength(11);
  expect(lines.every((line) => line.length === 33)).toBe(true);
  // The middle line crosses the set from its tip; the picture is the same upside down.
  expect(lines[5]).toMatch(/@{8,}/);
  expect(lines.slice(0, 5)).toEqual(lines.slice(6).toReversed());
});

test("prime search", async () => {
  expect(await outputOf("primes.ts", "1000000")).toBe("78498 primes below 1000000\n");
});

test("the delayed Monte Carlo of the article", async () => {
  const output = await outputOf("monte-carlo.ts", "10000");
  const [, price = ""] = /^The option is worth ([\d.]+), from 10000 paths\n$/.exec(output) ?? [];
  // About 11.6, with a standard error of 0.18.
  expect(Math.abs(Number(price) - 11.6)).toBeLessThan(0.75);
});

test("an actor that counts", async () => {
  expect(await outputOf("counter.ts")).toBe("The counter went 11, 13, 16\n");
});
