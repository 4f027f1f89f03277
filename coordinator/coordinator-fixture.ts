// Coordinators for tests: a temporary data folder each, which can be started on again, and their clients.
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Cluster, connect } from "./client.ts";
import {
  startCoordinator,
  type Coordinator,
  type CoordinatorOptions,
} from "./start-coordinator.ts";

export class CoordinatorFixture {
  readonly folder: string;
  readonly dataDir: string;
  readonly staticDir: string;
  readonly log: string[] = [];
  readonly #started: Coordinator[] = [];
  readonly #clusters: Cluster[] = [];

  private constructor(folder: string) {
    this.folder = folder;
    this.dataDir = join(folder, "data");
    this.staticDir = join(folder, "web");
  }

  static async create(): Promise<CoordinatorFixture> {
    const fixture = new CoordinatorFixture(await mkdtemp(join(tmpdir(), "tabswarm-coordinator-")));
    await mkdir(join(fixture.staticDir, "assets"), { recursive: true });
    const page = '<!doctype html><meta name="csp-nonce" content="__NONCE__"><title>App</title>';
    await writeFile(join(fixture.staticDir, "index.html"), page);
    const sandbox = '<!doctype html><script nonce="__NONCE__"></script>';
    await writeFile(join(fixture.staticDir, "sandbox.html"), sandbox);
    await writeFile(join(fixture.staticDir, "favicon.svg"), "<svg/>");
    await writeFile(join(fixture.staticDir, "assets", "main-abc123.js"), "export {};");
    return fixture;
  }

  async start(options: Partial<CoordinatorOptions> = {}): Promise<Coordinator> {
    const coordinator = await startCoordinator({
      host: "127.0.0.1",
      port: 0,
      dataDir: this.dataDir,
      staticDir: this.staticDir,
      log: (line) => this.log.push(line),
      ...options,
    });
    this.#started.push(coordinator);
    return coordinator;
  }

  /** A client of this coordinator, as a program is, at another address if given; closed with all else. */
  async connect(
    { port, submitToken }: Coordinator,
    url = `http://127.0.0.1:${port}`,
  ): Promise<Cluster> {
    const cluster = await connect(url, { token: submitToken });
    this.#clusters.push(cluster);
    return cluster;
  }

  async remove(): Promise<void> {
    await Promise.all(this.#clusters.map((cluster) => cluster.close()));
    await Promise.all(this.#started.map((coordinator) => coordinator.close()));
    await rm(this.folder, { recursive: true, force: true });
  }
}
