// Pricing an option by simulation: the form, the live estimate, grids, targets, reloads, bad values.
import { readFile } from "node:fs/promises";
import type { Page } from "@playwright/test";
import { expect, joinWorker, test } from "./cluster-fixture.ts";
import {
  openDashboard,
  openSimulation,
  readEstimate,
  saveDownload,
  startSimulation,
  waitForDone,
} from "./dashboard-actions.ts";
import { expectNoFaults } from "./view-check.ts";

/** The article's call, undiscounted, by backward induction; exact to the digits shown. */
const EXACT_PRICE = 11.612131;
/** The mean of its average price, in closed form. */
const EXACT_AVERAGE = 104.1058668;

function collectProblems(page: Page): string[] {
  const problems: string[] = [];
  page.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  page.on("pageerror", (error) => problems.push(error.message));
  return problems;
}

test("the article's option is priced within four standard errors", async ({
  browser,
  coordinator,
}) => {
  const machines = await browser.newContext();
  await joinWorker(machines, coordinator, "Laptop");
  await joinWorker(machines, coordinator, "Tower");
  const page = await openDashboard(await browser.newContext(), coordinator);
  const problems = collectProblems(page);

  await openSimulation(page, { Paths: "40,000" });
  await page.getByRole("radio", { name: "Geometric control" }).check();
  await expect(page.getByRole("button", { name: "Simulate 40,000 paths" })).toBeEnabled();
  await startSimulation(page);
  await waitForDone(page);

  const { value, standardError, paths } = await readEstimate(page);
  expect(paths).toBe(40_000);
  // The geometric control was measured to leave 0.0051 of these 0.09.
  expect(standardError).toBeLessThan(0.01);
  expect(Math.abs(value - EXACT_PRICE)).toBeLessThan(4 * standardError);
  await expect(page.getByRole("application", { name: /^Convergence/ })).toBeVisible();
  await expect(page.getByRole("application", { name: /^Histogram of the payoffs/ })).toBeVisible();
  await expect(page.getByRole("cell", { name: /standard errors, agrees/ })).toBeVisible();
  await expect(page.getByText(/plain paths would need to be \d+ times as many/)).toBeVisible();

  const csv = await readFile(await saveDownload(page, "Estimates (CSV)"), "utf8");
  const [names = "", figures = ""] = csv.split("\n");
  const column = (name: string): number =>
    Number(figures.split(",")[names.split(",").indexOf(name)]);
  expect(column("paths")).toBe(40_000);
  expect(Math.abs(column("estimate") - value)).toBeLessThan(standardError);
  expect(column("expected_average_price")).toBeCloseTo(EXACT_AVERAGE, 6);
  const points = await readFile(await saveDownload(page, "Convergence (CSV)"), "utf8");
  expect(points.trimEnd().split("\n").at(-1)).toMatch(/^1,40000,/);
  expect(problems).toEqual([]);
});

test("plots are read by keys, without a fault that axe finds", async ({ browser, coordinator }) => {
  const context = await browser.newContext();
  await joinWorker(context, coordinator, "Laptop", 2);
  const page = await openDashboard(context, coordinator);
  await openSimulation(page, { Paths: "20,000", "Prices averaged": "52", "Steps a year": "52" });
  await startSimulation(page);
  await waitForDone(page);
  await page.getByRole("application", { name: /^Convergence/ }).focus();
  await page.keyboard.press("Home");
  await expect(page.getByText(/after 4,096 paths/)).toBeVisible();
  await page.keyboard.press("End");
  await expect(page.getByText(/after 20,000 paths/)).toBeVisible();
  await page.getByRole("application", { name: /^Histogram/ }).focus();
  await page.keyboard.press("ArrowRight");
  await expect(page.getByText(/of the paths pay 0 to/)).toBeVisible();
  await expectNoFaults(page, "simulation");
});

test("lists make a grid whose rows can be sorted and shown", async ({ browser, coordinator }) => {
  const context = await browser.newContext();
  await joinWorker(context, coordinator, "Laptop", 2);
  const page = await openDashboard(context, coordinator);
  const fields = { Strike: "90, 100, 110", "Yearly volatility": "20%, 30%", Paths: "16,384" };
  await openSimulation(page, { ...fields, "Prices averaged": "52", "Steps a year": "52" });
  await expect(page.getByText("6 scenarios", { exact: true })).toBeVisible();
  await page.getByRole("button", { name: "Simulate 6 scenarios" }).click();
  await page.waitForURL(/\/jobs\//);
  await waitForDone(page);

  const rows = page.getByRole("region", { name: "Table of scenarios" }).getByRole("row");
  await expect(rows).toHaveCount(7);
  await page.getByRole("button", { name: "Price", exact: true }).click();
  await page.getByRole("button", { name: "Price", exact: true }).click();
  // The dearest call is the one with the lowest strike and the highest volatility.
  await expect(rows.nth(1)).toContainText("30%");
  await expect(rows.nth(1)).toContainText("90");
  await page.getByRole("button", { name: "Show volatility 30%, strike 110" }).click();
  await expect(page.getByRole("heading", { name: "Volatility 30%, strike 110" })).toBeVisible();
  const shown = await readEstimate(page);
  const chosen = rows.filter({ has: page.getByRole("button", { pressed: true }) });
  await expect(chosen).toContainText(String(shown.value));
});

test("a reload in the middle finds the simulation again", async ({ browser, coordinator }) => {
  const context = await browser.newContext();
  await joinWorker(context, coordinator, "Laptop", 2);
  const page = await openDashboard(context, coordinator);
  await openSimulation(page, { Paths: "20 million" });
  await startSimulation(page);
  const before = await readEstimate(page);
  await page.reload();
  const after = await readEstimate(page);
  expect(after.paths).toBeGreaterThanOrEqual(before.paths);
  await expect(page.getByRole("status").getByText(/^Computing: /)).toBeVisible();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(page.getByText(/^Cancelled at/)).toBeVisible();
  expect((await readEstimate(page)).paths).toBeGreaterThanOrEqual(after.paths);
});

test("a target ends the job, and it reads as reached after a reload and as done elsewhere", async ({
  browser,
  coordinator,
}) => {
  const context = await browser.newContext();
  const worker = await joinWorker(context, coordinator, "Laptop", 2);
  const page = await openDashboard(context, coordinator);
  await openSimulation(page, { Paths: "50 million", "Stop at a standard error of": "0.1" });
  await startSimulation(page);
  const words = page.getByRole("status").getByText(/^Target reached in/);
  await expect(words).toBeVisible({ timeout: 60_000 });
  const before = await readEstimate(page);
  expect(before.standardError).toBeLessThanOrEqual(0.1);
  expect(before.paths).toBeLessThan(1_000_000);
  // A job that is done is stored: the machine that computed it may go.
  await worker.close();
  await page.reload();
  await expect(words).toBeVisible({ timeout: 60_000 });
  expect(await readEstimate(page)).toEqual(before);
  await page.goto(coordinator.dashboardUrl());
  await expect(page.getByText(/^Done in/)).toBeVisible();
});

test("a bad value is refused in one sentence beside its field", async ({
  browser,
  coordinator,
}) => {
  const page = await openDashboard(await browser.newContext(), coordinator);
  await openSimulation(page);
  const refusals = [
    ["Yearly volatility", "0,2", /can be read in several ways/],
    ["Strike", "cheap", /“cheap” is not a number/],
    ["Paths", "5 billion", /1,000,000,000/],
    ["Prices averaged", "0", /prices averaged is 0; give a whole number/i],
  ] as const;
  for (const [label, text, words] of refusals) {
    const field = page.getByRole("textbox", { name: label, exact: true });
    const sound = await field.inputValue();
    await field.fill(text);
    await expect(page.getByText(words)).toBeVisible();
    await expect(field).toHaveAccessibleDescription(words);
    await expect(page.getByRole("button", { name: /^Simulate/ })).toBeDisabled();
    await field.fill(sound);
    await expect(page.getByRole("button", { name: "Simulate 1 million paths" })).toBeEnabled();
  }
});
