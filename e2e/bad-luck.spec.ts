// Whatever happens to a tab, the network or the coordinator, the job ends with the same bytes.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Page } from "@playwright/test";
import {
  CoordinatorProcess,
  expect,
  joinWorker,
  losePeerPackets,
  test,
} from "./cluster-fixture.ts";
import {
  correlate,
  openDashboard,
  saveDownload,
  waitForDone,
  waitForShare,
} from "./dashboard-actions.ts";
import { writeReturns } from "./generated-table.ts";

/**
 * Many tasks, so that bad luck can strike in the middle. Smaller tiles would travel in messages, and the
 * job be over before anybody could look.
 */
const TILE = 40;
let folder: string;
let table: string;
let undisturbed: Buffer;

test.beforeAll(async ({ browser }) => {
  folder = await mkdtemp(join(tmpdir(), "tabswarm-bad-luck-"));
  table = await writeReturns(join(folder, "returns.csv"), {
    series: 1_200,
    dates: 600,
    missing: 0.05,
  });
  const coordinator = await CoordinatorProcess.start();
  const context = await browser.newContext();
  await joinWorker(context, coordinator, "Alone");
  const dashboard = await startJob(context, coordinator);
  undisturbed = await finalMatrix(dashboard);
  await context.close();
  await coordinator.close();
});

test.afterAll(() => rm(folder, { recursive: true, force: true }));

async function startJob(context: BrowserContext, coordinator: CoordinatorProcess): Promise<Page> {
  const dashboard = await openDashboard(context, coordinator);
  await correlate(dashboard, table, { tile: TILE });
  return dashboard;
}

async function finalMatrix(dashboard: Page): Promise<Buffer> {
  await waitForDone(dashboard);
  return readFile(await saveDownload(dashboard, "Matrix (NPY)"));
}

/** Two workers and a job of which a tenth is done. */
async function jobInTheMiddle(
  browser: Browser,
  coordinator: CoordinatorProcess,
): Promise<{ first: Page; second: Page; dashboard: Page }> {
  const first = await joinWorker(await browser.newContext(), coordinator, "First");
  const second = await joinWorker(await browser.newContext(), coordinator, "Second");
  const dashboard = await startJob(await browser.newContext(), coordinator);
  await waitForShare(dashboard, 0.1);
  return { first, second, dashboard };
}

test("a worker's tab is closed in the middle of a job", async ({ browser, coordinator }) => {
  const { second, dashboard } = await jobInTheMiddle(browser, coordinator);
  await second.close();
  expect((await finalMatrix(dashboard)).equals(undisturbed)).toBe(true);
});

test("a worker's tab is reloaded in the middle of a job and rejoins", async ({
  browser,
  coordinator,
}) => {
  const { second, dashboard } = await jobInTheMiddle(browser, coordinator);
  await second.reload();
  await second.locator("html[data-worker-state]:not([data-worker-state=connecting])").waitFor();
  expect((await finalMatrix(dashboard)).equals(undisturbed)).toBe(true);
});

test("a worker's machine sleeps for 30 s in the middle of a job and wakes", async ({
  browser,
  coordinator,
  machine,
}) => {
  await joinWorker(await browser.newContext(), coordinator, "Awake");
  await joinWorker(await machine.browser.newContext(), coordinator, "Sleeper");
  const dashboard = await startJob(await browser.newContext(), coordinator);
  await waitForShare(dashboard, 0.1);
  machine.sleep();
  const sleptAtMs = Date.now();
  expect((await finalMatrix(dashboard)).equals(undisturbed)).toBe(true);
  await dashboard.goto(coordinator.dashboardUrl());
  await expect(dashboard.getByText("1 machine, 1 thread")).toBeVisible({ timeout: 60_000 });
  await expect.poll(() => Date.now() - sleptAtMs, { timeout: 40_000 }).toBeGreaterThan(30_000);
  machine.wake();
  await expect(dashboard.getByText("2 machines, 2 threads")).toBeVisible({ timeout: 60_000 });
});

test("the network between dashboard and workers is cut in the middle of a job", async ({
  browser,
  coordinator,
}) => {
  const { first, second, dashboard } = await jobInTheMiddle(browser, coordinator);
  for (const page of [first, second, dashboard]) {
    await losePeerPackets(page);
  }
  expect((await finalMatrix(dashboard)).equals(undisturbed)).toBe(true);
});

test("the dashboard's tab is reloaded in the middle of a job", async ({ browser, coordinator }) => {
  const { dashboard } = await jobInTheMiddle(browser, coordinator);
  await dashboard.reload();
  expect((await finalMatrix(dashboard)).equals(undisturbed)).toBe(true);
});

test("the coordinator is killed and started again in the middle of a job", async ({
  browser,
  coordinator,
}) => {
  const { dashboard } = await jobInTheMiddle(browser, coordinator);
  await coordinator.kill("SIGKILL");
  await expect(dashboard.getByText(/Connection to the coordinator lost/)).toBeVisible();
  await coordinator.start();
  expect((await finalMatrix(dashboard)).equals(undisturbed)).toBe(true);
});

test("one, two and five workers give the same bytes", async ({ browser, coordinator }) => {
  for (const name of ["One", "Two", "Three", "Four", "Five"]) {
    await joinWorker(await browser.newContext(), coordinator, name);
  }
  const dashboard = await startJob(await browser.newContext(), coordinator);
  expect((await finalMatrix(dashboard)).equals(undisturbed)).toBe(true);
});
