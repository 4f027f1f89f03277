// The package as programs elsewhere find it: by its name, built, with its types.
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { pathToFileURL } from "node:url";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, it } from "vitest";
import { buildClient, clientFolder } from "./build-client.ts";
import { CoordinatorFixture } from "./coordinator-fixture.ts";
import { FunctionWorker } from "./testing/function-worker.ts";

const run = promisify(execFile);
const root = resolve(import.meta.dirname, "..");
let folder: string;
let fixture: CoordinatorFixture;

beforeAll(async () => {
  await buildClient({ hasTypes: true });
  fixture = await CoordinatorFixture.create();
  folder = await mkdtemp(join(tmpdir(), "tabswarm-program-"));
  await mkdir(join(folder, "node_modules"));
  await symlink(root, join(folder, "node_modules/tabswarm"), "dir");
});
afterAll(async () => {
  await fixture.remove();
  await rm(folder, { recursive: true });
});

it("runs a program that imports it by name, and lets it end", async () => {
  const coordinator = await fixture.start();
  await FunctionWorker.join(coordinator);
  const program = `
    import { connect, lazy } from "tabswarm/client";
    const [url, token] = process.argv.slice(2);
    const cluster = await connect(url, { token });
    const cubes = await cluster.gather(cluster.map((n) => n ** 3, [1, 2, 3]));
    const job = await cluster.compute([lazy((a, b) => a + b)(lazy((n) => n)(4), 5)]);
    console.log(JSON.stringify([cubes, await job.results()]));
    await cluster.close();`;
  await writeFile(join(folder, "program.mjs"), program);
  const url = `http://127.0.0.1:${coordinator.port}`;
  const args = [join(folder, "program.mjs"), url, coordinator.submitToken];
  expect(JSON.parse((await run(process.execPath, args)).stdout)).toEqual([[1, 8, 27], [9]]);
  const withFragment = [join(folder, "program.mjs"), `${url}/#t=${coordinator.submitToken}`];
  expect(JSON.parse((await run(process.execPath, withFragment)).stdout)).toHaveLength(2);
});

it("has a build of its own for browsers", async () => {
  const resolveIt = 'console.log(import.meta.resolve("tabswarm/client"))';
  const resolved = async (...args: string[]): Promise<string> => {
    const all = [...args, "--input-type=module", "-e", resolveIt];
    return (await run(process.execPath, all, { cwd: folder })).stdout.trim();
  };
  const fileUrl = (name: string): string => pathToFileURL(join(clientFolder, name)).href;
  expect(await resolved()).toBe(fileUrl("node.js"));
  expect(await resolved("--conditions=browser")).toBe(fileUrl("browser.js"));
});

it("has types that infer results and refuse wrong arguments", async () => {
  const source = `
    import { connect } from "tabswarm/client";
    const cluster = await connect("http://localhost:7070", { token: "t" });
    const length = cluster.submit((text: string, factor = 1) => text.length * factor, "abc");
    export const all: number[] = await cluster.gather([length, ...cluster.map((n: number) => n, [1, length])]);
    // @ts-expect-error -- a number is no string.
    cluster.submit((text: string) => text, 1);
    // @ts-expect-error -- the result is a number.
    export const wrong: string = await length.result();`;
  await writeFile(join(folder, "package.json"), '{ "type": "module" }');
  await writeFile(join(folder, "program.ts"), source);
  const compiler = join(root, "node_modules/typescript/bin/tsc");
  const options = [
    "--ignoreConfig",
    "--noEmit",
    "--strict",
    "--skipLibCheck",
    "--module",
    "nodenext",
  ];
  // The compiler says on its standard output what is wrong.
  const { stdout } = await run(process.execPath, [
    compiler,
    ...options,
    join(folder, "program.ts"),
  ]).catch((error: unknown) => error as { readonly stdout: string });
  expect(stdout).toBe("");
});
