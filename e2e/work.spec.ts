// Headless workers of the command line whose pages are let go, removed or refused: they say so, and end.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import {
  createNodeTools,
  openNodeClient,
  type CoordinatorAddress,
} from "../coordinator/node-client.ts";
import { SETTINGS_FILE } from "../coordinator/run/run-settings.ts";
import type { ClusterClient } from "../shared/client/cluster-client.ts";
import type { WorkerId } from "../shared/ids.ts";
import { expect, test } from "./cluster-fixture.ts";

const root = resolve(import.meta.dirname, "..");

const commands = new Set<Command>();
test.afterEach(() => {
  for (const command of commands) command.stop();
  commands.clear();
});

class Command {
  readonly #child: ChildProcess;
  readonly exited: Promise<unknown[]>;
  text = "";

  constructor(args: readonly string[], folder = tmpdir()) {
    this.#child = spawn(process.execPath, [join(root, "coordinator/tabswarm.js"), ...args], {
      cwd: root,
      env: { ...process.env, TMPDIR: folder },
      stdio: ["ignore", "pipe", "pipe"],
    });
    this.exited = once(this.#child, "exit");
    commands.add(this);
    for (const stream of [this.#child.stdout, this.#child.stderr]) {
      stream?.on("data", (data: Buffer) => (this.text += data.toString()));
    }
  }

  stop(): void {
    this.#child.kill();
  }

  async says(words: string | RegExp): Promise<void> {
    await expect.poll(() => this.text, { timeout: 60_000 }).toMatch(words);
  }

  async ends(status: number): Promise<void> {
    expect(await this.exited, this.text).toEqual([status, null]);
  }
}

/** Does something with the worker of this name, as the dashboard does it. */
async function withWorker(
  address: CoordinatorAddress,
  name: string,
  act: (client: ClusterClient, worker: WorkerId) => Promise<void>,
): Promise<void> {
  const client = openNodeClient(address, await createNodeTools());
  const worker = await new Promise<WorkerId>((done) => {
    client.onView(({ workers }) => {
      const found = workers.find((view) => view.name === name);
      if (found !== undefined) done(found.worker);
    });
  });
  await act(client, worker);
  client.close();
}
const retire = (address: CoordinatorAddress, name: string): Promise<void> =>
  withWorker(address, name, (client, worker) => client.retireWorker(worker));
const remove = (address: CoordinatorAddress, name: string): Promise<void> =>
  withWorker(address, name, (client, worker) => client.removeWorker(worker));

test("work ends when its page is let go, removed, or not welcome any more", async ({
  coordinator,
}) => {
  const address = { baseUrl: coordinator.apiUrl(""), token: coordinator.submitToken };
  const work = (...options: string[]): Command =>
    new Command(["work", coordinator.joinUrl(), "--threads", "1", ...options]);

  const both = work("--browsers", "2", "--name", "Shed");
  await both.says("Joined with 2 headless browsers");
  await retire(address, "Shed 1");
  await both.says(
    'The worker "Shed 1" was let go: it finished what it had begun and handed everything over. 1 other goes on.',
  );
  await remove(address, "Shed 2");
  await both.ends(1);
  expect(both.text).toContain('The worker "Shed 2" was removed at the dashboard');

  const one = work("--name", "Barn");
  await one.says("Joined with 1 headless browser.");
  await retire(address, "Barn");
  await one.ends(0);
  expect(one.text).toMatch(/The worker "Barn" was let go: .* handed everything over\.\n$/);

  const last = work("--name", "Loft");
  await last.says("Joined with 1 headless browser.");
  await coordinator.kill();
  // Set up anew, it knows the old address no more.
  await rm(join(coordinator.dataDir, "tokens.json"));
  await coordinator.start();
  await last.ends(1);
  expect(last.text).toMatch(
    /The worker "Loft" cannot go on: The key in this address is not valid\.\n$/,
  );
});

test("run goes on without a worker of its own that is let go, and ends without any", async () => {
  const folder = await mkdtemp(join(tmpdir(), "tabswarm-work-"));
  const script = join(folder, "sum.ts");
  await writeFile(
    script,
    `const later = (n: number) => new Promise((done) => setTimeout(() => done(n * n), 50));
    console.log("began");
    console.log("sum", (await cluster.gather(cluster.map(later, [1, 2, 3], { batch: 1 }))).length);
    while ((await cluster.workers()).length > 1) await new Promise((done) => setTimeout(done, 50));
    console.log("one is left: " + (await cluster.submit(later, 4).result()));
    await new Promise((done) => setTimeout(done, 60_000));`,
  );
  const run = new Command(["run", script, "--workers", "2"], folder);
  await run.says("began");
  const inner = (await readdir(folder)).find((name) => name.startsWith("tabswarm-run-")) ?? "";
  const address = JSON.parse(
    await readFile(join(folder, inner, SETTINGS_FILE), "utf8"),
  ) as CoordinatorAddress;
  await retire(address, "headless 2");
  await run.says(/The worker "headless 2" was let go: .* 1 other goes on\./);
  await run.says("one is left: 16");
  await remove(address, "headless 1");
  await run.ends(1);
  expect(run.text).toMatch(
    /The worker "headless 1" was removed at the dashboard: its unfinished work went to the others\. No worker is left\.\n$/,
  );
  expect((await readdir(folder)).filter((name) => name.startsWith("tabswarm-"))).toEqual([]);
  await rm(folder, { recursive: true });
});
