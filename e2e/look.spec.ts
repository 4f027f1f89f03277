// How it looks: the main views on desktop and phone, light and dark, without a fault that axe finds.
import { mkdir, mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { AxeBuilder } from "@axe-core/playwright";
import type { Page } from "@playwright/test";
import { expect, joinWorker, test } from "./cluster-fixture.ts";
import {
  correlate,
  dropFile,
  openDashboard,
  waitForDone,
  waitForShare,
} from "./dashboard-actions.ts";
import { writeReturns } from "./generated-table.ts";

const prices = join(import.meta.dirname, "fixtures/tables/stock-prices.csv");
const shots = join(import.meta.dirname, "../test-results/look");
const sizes = { desktop: { width: 1440, height: 900 }, phone: { width: 390, height: 844 } };

test.beforeAll(() => mkdir(shots, { recursive: true }));

/** Takes the view in both sizes and schemes; it must fit the width and have no fault. */
async function look(page: Page, name: string): Promise<void> {
  for (const [size, viewport] of Object.entries(sizes)) {
    for (const colorScheme of ["light", "dark"] as const) {
      await page.setViewportSize(viewport);
      await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
      await page.screenshot({ path: join(shots, `${name}-${size}-${colorScheme}.png`) });
      const width = await page.evaluate(() => document.documentElement.scrollWidth);
      expect(width, `${name} scrolls sideways on the ${size}`).toBeLessThanOrEqual(viewport.width);
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${name} ${id}: ${nodes[0]?.html}`)).toEqual([]);
    }
  }
  await page.setViewportSize(sizes.desktop);
}

test("every main view in both sizes and schemes", async ({ browser, coordinator }) => {
  test.setTimeout(240_000);
  const context = await browser.newContext({ viewport: sizes.desktop });
  const dashboard = await openDashboard(context, coordinator);
  await expect(dashboard.getByText("Drop a table")).toBeVisible();
  await look(dashboard, "empty");

  const worker = await joinWorker(context, coordinator, "Kitchen laptop", 2);
  await look(worker, "join-idle");
  await dropFile(dashboard, prices);
  await expect(dashboard.getByText("20 series", { exact: true })).toBeVisible();
  await look(dashboard, "preview");
  await dashboard.getByRole("button", { name: "Correlate" }).click();
  await waitForDone(dashboard);
  await look(dashboard, "job-done");

  const folder = await mkdtemp(join(tmpdir(), "tabswarm-look-"));
  const table = await writeReturns(join(folder, "funds.csv"), {
    // Enough tiles that the job is far from its end when it is paused, however fast the machine.
    series: 4_000,
    dates: 300,
    missing: 0.05,
  });
  await dashboard.goto(coordinator.dashboardUrl());
  await correlate(dashboard, table, { tile: 40 });
  await waitForShare(dashboard, 0.05);
  await worker.screenshot({ path: join(shots, "join-computing.png") });
  await dashboard.getByRole("button", { name: "Pause" }).click();
  await expect(dashboard.getByText(/^Paused at/)).toBeVisible();
  await look(dashboard, "job-paused");
  await dashboard.getByRole("button", { name: "Cancel" }).click();
  await dashboard.getByRole("button", { name: "Stop" }).click();
  await expect(dashboard.getByText(/^Cancelled at/)).toBeVisible();
  await dashboard.goto(coordinator.dashboardUrl());
  await expect(dashboard.getByText("Kitchen laptop").first()).toBeVisible();
  await look(dashboard, "home");
  await rm(folder, { recursive: true, force: true });
});
