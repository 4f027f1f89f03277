// How it looks: every view in every state that people meet, at three widths, light and dark, without a
// fault that axe finds and without scrolling sideways. The pictures are in test-results/look.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Page } from "@playwright/test";
import { connect, lazy } from "../coordinator/client.ts";
import { joinSimulatedMachines } from "./bench/simulated-machines.ts";
import { type CoordinatorProcess, expect, joinWorker, test } from "./cluster-fixture.ts";
import {
  correlate,
  dropFile,
  openDashboard,
  waitForDone,
  waitForShare,
} from "./dashboard-actions.ts";
import { writeReturns } from "./generated-table.ts";
import { expectSound, sizes } from "./view-check.ts";

const prices = join(import.meta.dirname, "fixtures/tables/stock-prices.csv");
const shots = join(import.meta.dirname, "../test-results/look");

test.beforeAll(() => mkdir(shots, { recursive: true }));

let folder: string;
test.beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), "tabswarm-look-"));
});
test.afterEach(() => rm(folder, { recursive: true, force: true }));

/** Takes the view at all widths, light and dark; it must be sound in each. */
const look = (page: Page, name: string): Promise<void> =>
  expectSound(page, name, async (size, scheme) => {
    await page.screenshot({ path: join(shots, `${name}-${size}-${scheme}.png`) });
  });

/** Goes to an address within the open dashboard, as its links do, and waits for the view. */
async function goTo(page: Page, path: string): Promise<void> {
  await page.evaluate((path) => {
    history.pushState(null, "", path);
    dispatchEvent(new PopStateEvent("popstate"));
  }, path);
  await expect(page.getByRole("main").getByRole("heading").first()).toBeVisible();
}

test("an empty cluster, its first machine, and a job from start to end", async ({
  browser,
  coordinator,
}) => {
  test.setTimeout(400_000);
  const context = await browser.newContext({ viewport: sizes.desktop });
  const dashboard = await openDashboard(context, coordinator);
  await expect(dashboard.getByText("Drop a table")).toBeVisible();
  await look(dashboard, "home-empty");
  for (const [name, path] of [
    ["machines-empty", "/workers"],
    ["system-empty", "/system"],
    ["simulate", "/simulate"],
  ] as const) {
    await goTo(dashboard, path);
    await look(dashboard, name);
  }
  await goTo(dashboard, "/");

  const worker = await joinWorker(context, coordinator, "Kitchen laptop", 2);
  await look(worker, "join-idle");
  await expect(dashboard.getByText("Kitchen laptop").first()).toBeVisible();
  await look(dashboard, "home-first-machine");
  await dropFile(dashboard, prices);
  await expect(dashboard.getByText("20 series", { exact: true })).toBeVisible();
  await look(dashboard, "preview");
  await dashboard.getByRole("button", { name: "Correlate" }).click();
  await waitForDone(dashboard);
  await look(dashboard, "job-done");

  await dashboard.goto(coordinator.dashboardUrl());
  const table = await writeReturns(join(folder, "funds.csv"), {
    // Enough tiles that the job is far from its end when it is paused, however fast the machine.
    series: 4_000,
    dates: 300,
    missing: 0.05,
  });
  await correlate(dashboard, table, { tile: 40 });
  await waitForShare(dashboard, 0.05);
  await look(worker, "join-computing");
  await dashboard.getByRole("button", { name: "Pause" }).click();
  await expect(dashboard.getByText(/^Paused at/)).toBeVisible();
  await look(dashboard, "job-paused");
  const job = new URL(dashboard.url()).pathname;
  await goTo(dashboard, `${job}/stream`);
  await expect(dashboard.getByRole("button", { name: "Everything" })).toBeVisible();
  await look(dashboard, "stream");
  await goTo(dashboard, "/");
  await look(dashboard, "home-running");
  await goTo(dashboard, "/workers");
  await look(dashboard, "machines");
  await goTo(dashboard, "/system");
  await look(dashboard, "system");

  await coordinator.kill();
  await expect(dashboard.getByText("Connection to the coordinator lost")).toBeVisible({
    timeout: 30_000,
  });
  await look(dashboard, "connection-lost");
  await look(worker, "join-lost");
});

/** A program in three layers, some of whose functions fail for good. */
async function failInPart(coordinator: CoordinatorProcess): Promise<string> {
  const token = coordinator.submitToken;
  const cluster = await connect(coordinator.apiUrl("/"), { token });
  try {
    const load = lazy(function load(i: number) {
      return i * 2;
    });
    const clean = lazy(function clean(x: number) {
      if (x % 14 === 0) throw new RangeError(`No prices for week ${x}.`);
      return x + 1;
    });
    const join = lazy(function join(a: number, b: number) {
      return a + b;
    });
    const cleaned = Array.from({ length: 40 }, (_, i) => clean(load(i)));
    const pairs = cleaned.slice(1).map((each, i) => join(each, cleaned[i] ?? each));
    const job = await cluster.compute(pairs, { title: "Weekly features" });
    await job.ended();
    return job.id;
  } finally {
    await cluster.close();
  }
}

test("a program that failed in part: its page, its graph, its stream, a story", async ({
  browser,
  coordinator,
}) => {
  test.setTimeout(240_000);
  const context = await browser.newContext({ viewport: sizes.desktop });
  await joinWorker(context, coordinator, "Kitchen laptop", 2, { runsFunctions: true });
  const job = await failInPart(coordinator);
  const dashboard = await openDashboard(context, coordinator);
  await goTo(dashboard, `/jobs/${job}`);
  await expect(dashboard.getByText("No prices for week").first()).toBeVisible();
  await look(dashboard, "job-failed-in-part");
  await goTo(dashboard, `/jobs/${job}/graph`);
  await dashboard.getByRole("button", { name: "Unfold all" }).click();
  await look(dashboard, "graph");
  await goTo(dashboard, `/jobs/${job}/stream`);
  await expect(dashboard.getByRole("button", { name: "Everything" })).toBeVisible();
  await look(dashboard, "stream-failed");
  // By keyboard alone: what has the focus must be seen.
  await goTo(dashboard, "/");
  for (let step = 0; step < 3; step += 1) await dashboard.keyboard.press("Tab");
  await look(dashboard, "keyboard-only");
});

test("fifty machines", async ({ browser, coordinator }) => {
  test.setTimeout(240_000);
  const leave = await joinSimulatedMachines({
    port: coordinator.port,
    joinToken: coordinator.joinToken,
    machines: 50,
    threads: 4,
    taskMs: 200,
    seed: 1,
  });
  try {
    const context = await browser.newContext({ viewport: sizes.desktop });
    const dashboard = await openDashboard(context, coordinator);
    await expect(dashboard.getByText("50 machines, 200 threads").first()).toBeVisible();
    await look(dashboard, "home-fifty");
    await goTo(dashboard, "/workers");
    await expect(dashboard.getByRole("table").first()).toBeVisible();
    await look(dashboard, "machines-fifty");
  } finally {
    await leave();
  }
});

test("seven thousand series", async ({ browser, coordinator }) => {
  test.setTimeout(400_000);
  const context = await browser.newContext({ viewport: sizes.desktop });
  await joinWorker(context, coordinator, "Studio", 2);
  const table = await writeReturns(join(folder, "all-shares.csv"), {
    series: 7_000,
    dates: 40,
    missing: 0,
  });
  const dashboard = await openDashboard(context, coordinator);
  await correlate(dashboard, table);
  await expect(dashboard.getByRole("status").getByText(/^Done in /)).toBeVisible({
    timeout: 240_000,
  });
  await expect(dashboard.getByRole("progressbar")).toBeHidden({ timeout: 60_000 });
  await look(dashboard, "job-seven-thousand");
});
