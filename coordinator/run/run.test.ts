// `tabswarm run` with --coordinator: what a script sees, says and leaves behind. The worker is in this process.
import { spawn } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import type { JobView } from "../../shared/protocol/messages.ts";
import { httpPaths } from "../../shared/protocol/http.ts";
import { CoordinatorFixture } from "../coordinator-fixture.ts";
import { httpOf } from "../scripted-pages.ts";
import type { Coordinator } from "../start-coordinator.ts";
import { FunctionWorker } from "../testing/function-worker.ts";

/** Node starts twice in each test, on machines that do other things as well. */
const TIMEOUT_MS = 120_000;
const bin = join(import.meta.dirname, "../tabswarm.js");

let fixture: CoordinatorFixture;
let coordinator: Coordinator;
let folder = "";

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tabswarm-run-test-"));
  fixture = await CoordinatorFixture.create();
  coordinator = await fixture.start();
  await FunctionWorker.join(coordinator);
});
afterAll(async () => {
  await fixture.remove();
  await rm(folder, { recursive: true, force: true });
});

const write = (name: string, lines: readonly string[]): Promise<void> =>
  writeFile(join(folder, name), `${lines.join("\n")}\n`);

interface Outcome {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a script of these lines; `onOutput` hears all that it printed, and can send signals. */
async function runScript(
  lines: readonly string[],
  args: readonly string[] = [],
  onOutput: (stdout: string, signal: (name: NodeJS.Signals) => void) => void = () => undefined,
): Promise<Outcome> {
  await write("script.ts", lines);
  const address = `http://127.0.0.1:${coordinator.port}`;
  const options = ["--coordinator", address, "--token", coordinator.submitToken];
  return runCommand(["run", "script.ts", ...options, "--", ...args], onOutput);
}

function runCommand(
  args: readonly string[],
  onOutput: (stdout: string, signal: (name: NodeJS.Signals) => void) => void = () => undefined,
): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, [bin, ...args], {
      cwd: folder,
      stdio: ["ignore", "pipe", "pipe"],
    });
    let [stdout, stderr] = ["", ""];
    child.stdout.on("data", (data: Buffer) => {
      stdout += data.toString();
      onOutput(stdout, (name) => child.kill(name));
    });
    child.stderr.on("data", (data: Buffer) => (stderr += data.toString()));
    child.on("error", reject);
    child.on("close", (status) => resolve({ status, stdout, stderr }));
  });
}

const jobs = async (): Promise<readonly JobView[]> => {
  const response = await httpOf(coordinator, coordinator.submitToken)("GET", httpPaths.jobs);
  return (await response.json()) as JobView[];
};

describe("a script", { timeout: TIMEOUT_MS }, () => {
  test("has the cluster, its arguments, its own files, packages and the library", async () => {
    await mkdir(join(folder, "node_modules/tiny-package"), { recursive: true });
    await write("node_modules/tiny-package/package.json", [
      '{"name":"tiny-package","main":"i.js"}',
    ]);
    await write("node_modules/tiny-package/i.js", ["module.exports = { where: __dirname };"]);
    await write("helper.ts", ["export const twice = (n: number): number => 2 * n;"]);
    const { status, stdout, stderr } = await runScript(
      [
        'import { basename } from "node:path";',
        'import { lazy } from "tabswarm/client";',
        'import tiny from "tiny-package";',
        'import { twice } from "./helper.ts";',
        "const add = lazy((a: number, b: number) => a + b);",
        "const [sum] = await (await cluster.compute([add(1, add(2, 3))])).results();",
        "const squares = await cluster.gather(cluster.map((n: number) => n * n, [1, 2, 3]));",
        "console.log(sum, squares.join(), twice(4), process.argv.slice(2).join());",
        "console.log(basename(tiny.where), basename(import.meta.filename));",
      ],
      ["--its-own", "option"],
    );
    expect({ status, stderr }).toEqual({ status: 0, stderr: "" });
    expect(stdout).toBe("6 1,4,9 8 --its-own,option\ntiny-package script.ts\n");
  });

  test("loads a file whose functions run elsewhere, with all that it imports", async () => {
    await write("helper.ts", ["export const twice = (n: number): number => 2 * n;"]);
    await write("work.ts", [
      'import { twice } from "./helper.ts";',
      "export const fourfold = (n: number): number => twice(twice(n));",
      "export default (text: string): string => text.toUpperCase();",
    ]);
    const { stdout } = await runScript([
      'const work = await cluster.load<typeof import("./work.ts")>("./work.ts");',
      "const futures = [cluster.submit(work.fourfold, 3), cluster.submit(work.default, 'abc')];",
      "console.log(await cluster.gather(futures));",
      "console.log(await cluster.load('./none.ts').catch((error) => error.message));",
    ]);
    expect(stdout).toMatch(/^\[ 12, 'ABC' \]\n/);
    expect(stdout).toMatch(/cluster\.load: Could not resolve ".*none\.ts"/);
  });

  test("ends with the status that it gives", async () => {
    expect((await runScript(["process.exit(7);"])).status).toBe(7);
    expect((await runScript(["process.exitCode = 3;"])).status).toBe(3);
  });

  test("that throws ends with 1, and its own stack", async () => {
    const { status, stderr } = await runScript([
      "interface Lost { readonly line: number }",
      "function fall(depth: number): never {",
      "  throw new RangeError(`fell ${depth}`);",
      "}",
      "fall(3);",
    ]);
    expect(status).toBe(1);
    expect(stderr).toMatch(
      /^RangeError: fell 3\n    at fall \(\S*script\.ts:3:9\)\n.*script\.ts:5:1/,
    );
    expect(stderr).not.toContain("run-script");

    const rejected = await runScript(["void Promise.reject(new Error('nobody looks'));"]);
    expect(rejected).toMatchObject({ status: 1, stderr: expect.stringMatching(/^Error: nobody/) });
  });

  test("hears of what its functions threw elsewhere in lines of its own files", async () => {
    await write("work.ts", [
      "interface Gone { readonly a: number }",
      "export function half(n: number): number {",
      "  if (n % 2 !== 0) throw new TypeError(`odd ${n}`);",
      "  return n / 2;",
      "}",
    ]);
    const ofFile = await runScript([
      'const { half } = await cluster.load<typeof import("./work.ts")>("./work.ts");',
      "await cluster.submit(half, 3).result();",
    ]);
    expect(ofFile.status).toBe(1);
    expect(ofFile.stderr).toMatch(/^TypeError: odd 3\n    at half \(work\.ts:3:26\)\n/);

    const ofScript = await runScript([
      "interface Gone { readonly a: number }",
      "const halved = (n: number): number => { if (n % 2 !== 0) throw new TypeError(`odd ${n}`);",
      "  return n / 2; };",
      "await cluster.gather(cluster.map(halved, [2, 5]));",
    ]);
    expect(ofScript.stderr).toMatch(/^TypeError: odd 5\n    at .*\(?script\.ts:2:64\)?\n/);

    // On the first line of its text, which is shifted by what it is wrapped in.
    const ofLine = await runScript([
      "interface Inner { readonly a: { readonly b: string } }",
      "const readInner = (value: Inner): string => value.a.b;",
      "await cluster.submit(readInner, {} as Inner).result();",
    ]);
    expect(ofLine.stderr).toMatch(/^TypeError: .*\n    at .*\(?script\.ts:2:53\)?\n/);
  });

  test("that is stopped leaves nothing running", async () => {
    const outcome = await runScript(
      [
        "cluster.options({ priority: 1 });",
        "const never = cluster.submit(() => new Promise<never>(() => undefined));",
        "setInterval(async () => {",
        "  const [job] = await cluster.jobs();",
        "  if (job?.tasksRunning === 1) console.log('running');",
        "}, 20);",
        "await never.result();",
      ],
      [],
      (stdout, signal) => {
        if (stdout === "running\n") signal("SIGINT");
      },
    );
    expect(outcome.status).toBe(130);
    const left = (await jobs()).filter(({ state }) => state === "running");
    expect(left).toEqual([]);
  });
});

describe("what cannot be run", { timeout: TIMEOUT_MS }, () => {
  test.each([
    [["run", "none.ts"], 2, /^error: There is no script none\.ts\. Check its path\.\n$/],
    [["run", "."], 2, /^error: \. is a folder\./],
    [["run", "script.ts", "--token", "x"], 2, /^error: --token belongs to --coordinator/],
    [["run", "script.ts", "--workers", "0"], 2, /--workers/],
    [["run"], 2, /missing required argument 'script'/],
    [["run", "bad.ts"], 1, /^error: bad\.ts:1:10: Unexpected "="\n$/],
    [["run", "lost.ts"], 1, /^error: lost\.ts:1:8: Could not resolve "\.\/nothing\.ts"\n$/],
  ] as const)("%j is told in one line", async (args, status, message) => {
    await write("bad.ts", ["const x: = 1;"]);
    await write("lost.ts", ['import "./nothing.ts";']);
    await write("script.ts", [""]);
    const outcome = await runCommand(args);
    expect(outcome.status).toBe(status);
    expect(outcome.stderr).toMatch(message);
    expect(outcome.stderr.trimEnd().split("\n")).toHaveLength(1);
    expect(outcome.stdout).toBe("");
  });
});
