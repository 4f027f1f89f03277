// The steps that several browser tests share, in the words of the dashboard.
import { readFile } from "node:fs/promises";
import { type BrowserContext, type Page, expect } from "@playwright/test";
import { openTable } from "../coordinator/commands/read-table.ts";
import { correlateAll } from "../shared/kernels/correlation/pearson-reference.ts";
import type { CoordinatorProcess } from "./cluster-fixture.ts";

export async function openDashboard(
  context: BrowserContext,
  coordinator: CoordinatorProcess,
): Promise<Page> {
  const page = await context.newPage();
  await page.goto(coordinator.dashboardUrl());
  return page;
}

/** Drops a file on the page as a person would with the mouse. */
export async function dropFile(page: Page, path: string): Promise<void> {
  const content = await readFile(path);
  const name = path.slice(path.lastIndexOf("/") + 1);
  await expect(page.getByRole("button", { name: "Choose a file" })).toBeVisible();
  const transfer = await page.evaluateHandle(
    ([base64, fileName]) => {
      const bytes = Uint8Array.from(atob(base64 ?? ""), (char) => char.codePointAt(0) ?? 0);
      const data = new DataTransfer();
      data.items.add(new File([bytes], fileName ?? "", { type: "text/csv" }));
      return data;
    },
    [content.toString("base64"), name],
  );
  for (const type of ["dragenter", "dragover", "drop"]) {
    await page.dispatchEvent("body", type, { dataTransfer: transfer });
  }
  await transfer.dispose();
}

/** Drops the table, sets the partition size if one is given, and presses Correlate. */
export async function correlate(
  page: Page,
  path: string,
  options: { tile?: number } = {},
): Promise<void> {
  await dropFile(page, path);
  if (options.tile !== undefined) {
    await page.getByText("Advanced", { exact: true }).click();
    await page.getByLabel("Partition size").fill(String(options.tile));
  }
  await page.getByRole("button", { name: "Correlate" }).click();
  await page.waitForURL(/\/jobs\//);
}

/** Waits until the job is done and every pair has arrived in the page. */
export async function waitForDone(page: Page): Promise<void> {
  await expect(page.getByRole("status").getByText(/^Done in /)).toBeVisible({ timeout: 90_000 });
  await expect(page.getByRole("progressbar")).toBeHidden({ timeout: 30_000 });
}

/** Waits until the job's progress bar shows at least this share (0 to 1). */
export async function waitForShare(page: Page, share: number): Promise<void> {
  const bar = page.getByRole("progressbar", { name: "Share of the job that is computed" });
  await expect
    .poll(async () => Number(await bar.getAttribute("aria-valuenow")), { intervals: [50] })
    .toBeGreaterThanOrEqual(share * 100);
}

/** Opens the simulation form from the dashboard and fills the fields that are given, by their labels. */
export async function openSimulation(
  page: Page,
  fields: Readonly<Record<string, string>> = {},
): Promise<void> {
  await page.getByRole("link", { name: "Set up a simulation" }).click();
  for (const [label, text] of Object.entries(fields)) {
    await page.getByRole("textbox", { name: label, exact: true }).fill(text);
  }
}

/** Presses the button that starts the simulation, and waits for its page. */
export async function startSimulation(page: Page): Promise<void> {
  await page.getByRole("button", { name: /^Simulate/ }).click();
  await page.waitForURL(/\/jobs\//);
}

export interface ShownEstimate {
  readonly value: number;
  readonly standardError: number;
  readonly paths: number;
}

/** The figures of the chosen scenario, as the page shows them now. */
export async function readEstimate(page: Page): Promise<ShownEstimate> {
  const estimate = page.getByRole("region", { name: "Estimate", exact: true });
  await expect(estimate).toBeVisible({ timeout: 60_000 });
  const texts = await estimate.getByRole("definition").allInnerTexts();
  const number = (text: string | undefined): number => Number(text?.replaceAll(/[±,\s]/g, ""));
  return { value: number(texts[0]), standardError: number(texts[1]), paths: number(texts[3]) };
}

/** Presses a download button and returns the path of the saved file. */
export async function saveDownload(page: Page, button: string): Promise<string> {
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: button }).click();
  return (await download).path();
}

/** The matrix that the slow, clear reference gives for a table, row-major. */
export async function referenceMatrix(path: string): Promise<Float64Array> {
  const file = await openTable(path, {});
  const table = await file.read(() => {}, new AbortController().signal);
  await file.close();
  return correlateAll(
    table.series.map((_, index) => table.at(index)),
    1,
  ).r;
}
