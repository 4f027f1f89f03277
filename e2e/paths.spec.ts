// Which way the bytes go: directly between tabs, or through the coordinator, and who says so.
import { mkdtemp, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Page, chromium } from "@playwright/test";
import { datasetListSchema, httpPaths } from "../shared/protocol/http.ts";
import { type CoordinatorProcess, expect, joinWorker, test } from "./cluster-fixture.ts";
import { correlate, openDashboard, saveDownload, waitForDone } from "./dashboard-actions.ts";
import { writeReturns } from "./generated-table.ts";

let folder: string;
let table: string;
test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tabswarm-paths-"));
  table = await writeReturns(join(folder, "returns.csv"), {
    series: 200,
    dates: 400,
    missing: 0.02,
  });
});
test.afterAll(() => rm(folder, { recursive: true, force: true }));

/** Counts the blocks that a page gets from the coordinator over HTTP. */
function countDownloads(page: Page): { readonly count: number } {
  const downloads = { count: 0 };
  page.on("request", (request) => {
    if (request.method() === "GET" && request.url().includes("/api/blocks/")) downloads.count += 1;
  });
  return downloads;
}

/** In the page: the blocks that its cache has. The machine must be quiet for a second before it is written. */
function cachedBlocks(): Promise<string[]> {
  return new Promise((resolve, reject) => {
    const opening = indexedDB.open("tabswarm-blocks");
    opening.addEventListener("error", () => reject(new Error("The cache cannot be opened.")));
    opening.addEventListener("success", () => {
      const listing = opening.result.transaction("blocks").objectStore("blocks").getAllKeys();
      listing.addEventListener("success", () => {
        opening.result.close();
        resolve(listing.result.map(String));
      });
    });
  });
}

/** The blocks of the one table that was uploaded. */
async function panelsOf(coordinator: CoordinatorProcess): Promise<string[]> {
  const response = await fetch(coordinator.apiUrl(httpPaths.datasets), {
    headers: { authorization: `Bearer ${coordinator.submitToken}` },
  });
  const [dataset] = datasetListSchema.parse(await response.json());
  return dataset?.panels.map(({ block }) => block) ?? [];
}

test("with the coordinator's blocks out of reach, every byte goes by data channel", async ({
  browser,
  coordinator,
}) => {
  const context = await browser.newContext();
  await context.route("**/api/blocks/*", (route) =>
    route.request().method() === "GET" ? route.abort() : route.continue(),
  );
  const first = await joinWorker(context, coordinator, "First");
  await joinWorker(context, coordinator, "Second");
  const dashboard = await openDashboard(context, coordinator);
  // Small tiles, so that there are enough for both: short tasks are handed out by the dozen.
  await correlate(dashboard, table, { tile: 10 });
  await waitForDone(dashboard);
  await expect(first.getByText(/Data travels directly/)).toBeVisible();
  await dashboard.goto(coordinator.dashboardUrl());
  await expect(dashboard.getByText("Direct", { exact: true })).toHaveCount(2);
});

test("without any data channel the coordinator carries the bytes and the list says why", async ({
  browser,
  coordinator,
  launchOptions,
}) => {
  // The browser's own policy against peer-to-peer UDP, as companies set it.
  const policy = "--webrtc-ip-handling-policy=disable_non_proxied_udp";
  const fenced = await chromium.launch({
    ...launchOptions,
    args: [...(launchOptions.args ?? []), policy],
  });
  const worker = await joinWorker(await fenced.newContext(), coordinator, "Fenced");
  const downloads = countDownloads(worker);
  const dashboard = await openDashboard(await browser.newContext(), coordinator);
  await correlate(dashboard, table, { tile: 40 });
  await waitForDone(dashboard);
  const matrix = await readFile(await saveDownload(dashboard, "Matrix (NPY)"));
  expect(matrix.length).toBeGreaterThan(200 * 200 * 8);
  expect(downloads.count).toBeGreaterThan(0);
  await dashboard.goto(coordinator.dashboardUrl());
  await expect(dashboard.getByText("Through the coordinator").first()).toBeVisible();
  await expect(dashboard.getByText(/carries the bytes/i).first()).toBeVisible();
  await fenced.close();
});

test("a reloaded tab does not fetch again what it holds", async ({ browser, coordinator }) => {
  const context = await browser.newContext();
  const worker = await joinWorker(context, coordinator, "Keeper");
  const dashboard = await openDashboard(await browser.newContext(), coordinator);
  await correlate(dashboard, table, { tile: 40 });
  await waitForDone(dashboard);
  const panels = await panelsOf(coordinator);
  expect(panels).not.toEqual([]);
  const missing = async (): Promise<string[]> => {
    const cached = await worker.evaluate(cachedBlocks);
    return panels.filter((block) => !cached.includes(block));
  };
  await expect.poll(missing).toEqual([]);
  await worker.reload();
  const downloads = countDownloads(worker);
  await worker.locator("html[data-worker-state=idle]").waitFor();
  // The same table with other options is other work over the same panels.
  await dashboard.goto(coordinator.dashboardUrl());
  await dashboard.getByRole("button", { name: "returns.csv" }).first().click();
  await dashboard.getByLabel("Minimum observations").fill("100");
  await dashboard.getByRole("button", { name: "Correlate" }).click();
  await dashboard.waitForURL(/\/jobs\//);
  await waitForDone(dashboard);
  expect(downloads.count).toBe(0);
  await expect(worker.getByText("Received").locator("..")).toContainText("0 B");
});
