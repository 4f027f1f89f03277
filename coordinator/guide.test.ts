// Every snippet of the guide runs, and prints what the guide says.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { runInThisContext } from "node:vm";
import { transform } from "esbuild";
import { afterAll, beforeAll, expect, it } from "vitest";
import * as library from "./client.ts";
import { CoordinatorFixture } from "./coordinator-fixture.ts";
import { ActorWorker } from "./testing/actor-worker.ts";
import { FunctionWorker } from "./testing/function-worker.ts";

const guide = readFileSync(join(import.meta.dirname, "../e2e/examples/GUIDE.md"), "utf8");
const snippets = Array.from(guide.matchAll(/^```ts\n(.*?)^```/gms), ([, code = ""]) => code);
let fixture: CoordinatorFixture;
let cluster: library.Cluster;
let address = "";
let token = "";

beforeAll(async () => {
  fixture = await CoordinatorFixture.create();
  const coordinator = await fixture.start();
  await FunctionWorker.join(coordinator);
  await ActorWorker.join(coordinator, { threads: 8 });
  address = `http://127.0.0.1:${coordinator.port}`;
  token = coordinator.submitToken;
  cluster = await library.connect(address, { token });
});
afterAll(async () => {
  await cluster.close();
  await fixture.remove();
});

it("has snippets, and all that promise output", () => {
  expect(snippets.length).toBeGreaterThan(7);
  for (const code of snippets) expect(code).toContain("// → ");
});

it.each(snippets.map((code) => [code.split("\n")[0] ?? "", code]))("%s", async (_, code) => {
  const expected = Array.from(code.matchAll(/\/\/ → (.*)$/gm), ([, text = ""]) => text);
  const imported = code.replaceAll(
    /^import (\{.*\}) from "tabswarm\/client";$/gm,
    "const $1 = library;",
  );
  const body = `(async (cluster, library, console, address, token) => {\n${imported}\n})`;
  const script = (await transform(body, { loader: "ts", target: "node20" })).code;
  const printed: string[] = [];
  const log = (...values: readonly unknown[]): void => {
    printed.push(values.map((value) => JSON.stringify(value)).join(" "));
  };
  const run = runInThisContext(script) as (...scope: readonly unknown[]) => Promise<void>;
  await run(cluster, library, { log }, address, token);
  expect(printed).toEqual(expected);
});
