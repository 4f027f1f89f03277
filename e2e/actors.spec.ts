// Actors in real pages: classes of users in the sandbox, built-in kinds in threads of their own.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { expect, test } from "@playwright/test";
import { findBrowser } from "../coordinator/browser/find-browser.ts";
import {
  type HeadlessWorkers,
  startHeadlessWorkers,
} from "../coordinator/browser/headless-worker.ts";
import { type Cluster, connect } from "../coordinator/client.ts";
import { type Coordinator, startCoordinator } from "../coordinator/start-coordinator.ts";

let folder: string;
let coordinator: Coordinator;
let cluster: Cluster;
const workers: HeadlessWorkers[] = [];

test.beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tabswarm-actors-"));
  coordinator = await startCoordinator({
    host: "127.0.0.1",
    port: 0,
    dataDir: folder,
    staticDir: resolve(import.meta.dirname, "../dist/web"),
  });
  const url = `http://127.0.0.1:${coordinator.port}`;
  cluster = await connect(url, { token: coordinator.submitToken });
});

test.afterEach(async () => {
  await cluster.close();
  await Promise.all(workers.splice(0).map((worker) => worker.stop()));
  await coordinator.close();
  await rm(folder, { recursive: true, force: true });
});

async function joinPage(): Promise<HeadlessWorkers> {
  const worker = await startHeadlessWorkers({
    joinUrl: `http://127.0.0.1:${coordinator.port}/join#t=${coordinator.joinToken}`,
    browsers: 1,
    threads: 1,
    name: "Desk",
    runsFunctions: true,
    executablePath: await findBrowser(() => undefined),
    say: () => undefined,
  });
  workers.push(worker);
  return worker;
}

/** As a user writes one. */
class Tally {
  words: Record<string, number>;
  constructor(init: Record<string, number>) {
    this.words = { ...init };
  }
  add(word: string): number {
    this.words[word] = (this.words[word] ?? 0) + 1;
    return this.words[word];
  }
  reach(): Promise<number> {
    return fetch("/").then(({ status }) => status);
  }
  checkpoint(): Record<string, number> {
    return this.words;
  }
  restore(words: Record<string, number>): void {
    this.words = words;
  }
}

test("an actor of a user's class runs in the sandbox, and goes on when its page is closed", async () => {
  const first = await joinPage();
  const tally = await cluster.actor(Tally, { a: 1 }, { checkpointEveryCalls: 1 });
  expect(await tally.add("a")).toBe(2);
  expect(await tally.add("b")).toBe(1);
  await expect(tally.reach()).rejects.toThrow();
  await joinPage();
  await first.stop();
  expect(await tally.add("a")).toBe(3);
  expect(await tally.add("b")).toBe(2);
});
