// What a person does: drop a table, press Correlate, watch, read, export. Two real workers compute.
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { decodeNpy } from "../shared/codecs/npy.ts";
import { expect, joinWorker, test } from "./cluster-fixture.ts";
import { dropFile, saveDownload, referenceMatrix, waitForDone } from "./dashboard-actions.ts";

const prices = join(import.meta.dirname, "fixtures/tables/stock-prices.csv");

test("a dropped price table becomes a correlation matrix on two machines", async ({
  browser,
  coordinator,
}) => {
  const machines = await browser.newContext();
  const laptop = await joinWorker(machines, coordinator, "Laptop");
  const tower = await joinWorker(machines, coordinator, "Tower", 2);
  const dashboard = await (await browser.newContext()).newPage();
  const problems: string[] = [];
  dashboard.on("console", (message) => {
    if (message.type() === "error") problems.push(message.text());
  });
  dashboard.on("pageerror", (error) => problems.push(error.message));

  await dashboard.goto(coordinator.dashboardUrl());
  await expect(dashboard.getByText("2 machines, 3 threads")).toBeVisible();
  expect(new URL(dashboard.url()).hash).toBe("");

  await dropFile(dashboard, prices);
  await expect(dashboard.getByText("20 series")).toBeVisible();
  await expect(dashboard.getByText("7,126 dates")).toBeVisible();
  await dashboard.getByRole("button", { name: "Correlate" }).click();
  await waitForDone(dashboard);

  const matrix = await saveDownload(dashboard, "Matrix (NPY)");
  const got = decodeNpy(await readFile(matrix));
  const expected = await referenceMatrix(prices);
  expect(got.shape).toEqual([20, 20]);
  for (const [i, value] of expected.entries()) {
    expect(Math.abs((got.data[i] ?? Number.NaN) - value)).toBeLessThan(1e-9);
  }

  const pairs = await readFile(await saveDownload(dashboard, "All pairs (CSV)"), "utf8");
  const lines = pairs.trimEnd().split("\n");
  expect(lines[0]).toBe("series_1,series_2,correlation,observations");
  expect(lines).toHaveLength(1 + (20 * 19) / 2);
  const image = await readFile(await saveDownload(dashboard, "Heatmap (PNG)"));
  expect([...image.subarray(1, 4)]).toEqual([0x50, 0x4e, 0x47]);

  await expect(laptop.getByText("Laptop")).toBeVisible();
  await expect(tower.getByText("Tower")).toBeVisible();
  expect(problems).toEqual([]);
});
