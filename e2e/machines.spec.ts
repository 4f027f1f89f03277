// The pages of machines and of the coordinator: every control, what it does at the machine itself,
// and that the figures of the last minutes survive a reload.
import { readFile } from "node:fs/promises";
import type { BrowserContext, Locator, Page } from "@playwright/test";
import { type CoordinatorProcess, expect, joinWorker, test } from "./cluster-fixture.ts";
import { openDashboard, saveDownload } from "./dashboard-actions.ts";
import { expectNoFaults, expectSound, sizes } from "./view-check.ts";

/** Goes to a page by the navigation in the header, as a person does. */
async function goTo(page: Page, words: "Home" | "Machines" | "System"): Promise<void> {
  const link = page.getByRole("navigation", { name: "Pages" }).getByRole("link", { name: words });
  await link.click();
  await expect(link).toHaveAttribute("aria-current", "page");
}

/** Opens a machine's details from the list. */
async function openMachine(page: Page, name: string): Promise<Locator> {
  await page.getByRole("button", { name, exact: true }).click();
  const dialog = page.getByRole("dialog", { name, exact: true });
  await expect(dialog).toBeVisible();
  return dialog;
}

const names = (page: Page): Promise<string[]> =>
  page
    .getByRole("table", { name: "Machines" })
    .getByRole("rowheader")
    .getByRole("button")
    .allInnerTexts();

/** Three machines of different sizes, each in a context of its own. */
async function threeMachines(
  newContext: () => Promise<BrowserContext>,
  coordinator: CoordinatorProcess,
): Promise<{ attic: Page; kitchen: Page; studio: Page }> {
  return {
    attic: await joinWorker(await newContext(), coordinator, "Attic", 1),
    kitchen: await joinWorker(await newContext(), coordinator, "Kitchen", 2),
    studio: await joinWorker(await newContext(), coordinator, "Studio", 2),
  };
}

test("a machine is found, paused, limited, renamed, retired and removed from the dashboard", async ({
  browser,
  coordinator,
}) => {
  test.setTimeout(120_000);
  const { attic, kitchen, studio } = await threeMachines(() => browser.newContext(), coordinator);
  const page = await openDashboard(
    await browser.newContext({ viewport: sizes.desktop }),
    coordinator,
  );
  await goTo(page, "Machines");
  await expect.poll(() => names(page)).toEqual(["Attic", "Kitchen", "Studio"]);

  // Order and search.
  await page.getByRole("button", { name: "Machine", exact: true }).click();
  expect(await names(page)).toEqual(["Studio", "Kitchen", "Attic"]);
  await page.getByRole("button", { name: "Threads", exact: true }).click();
  expect((await names(page)).at(-1)).toBe("Attic");
  await expect(page.getByRole("columnheader", { name: "Threads" })).toHaveAttribute(
    "aria-sort",
    "descending",
  );
  await page.getByRole("searchbox", { name: "Find machines" }).fill("kitch");
  await expect(page.getByText("1 of 3 machines")).toBeVisible();
  expect(await names(page)).toEqual(["Kitchen"]);
  await page.getByRole("searchbox", { name: "Find machines" }).fill("");

  // Pause, resume: at the machine's own page, too.
  let dialog = await openMachine(page, "Kitchen");
  await dialog.getByRole("button", { name: "Pause" }).click();
  await expect(dialog.getByText("Paused: from the dashboard")).toBeVisible();
  await expect(kitchen.locator("html[data-worker-state=paused]")).toBeAttached();
  await dialog.getByRole("button", { name: "Resume" }).click();
  await expect(dialog.getByText("Waiting for work")).toBeVisible();
  await expect(kitchen.locator("html[data-worker-state=idle]")).toBeAttached();

  // Threads by the keyboard.
  await dialog.getByRole("slider").focus();
  await page.keyboard.press("ArrowLeft");
  await expect(dialog.getByText(/Threads it may use: 1 of/)).toBeVisible();
  await expect(kitchen.getByText(/Use 1 of/)).toBeVisible();

  // A new name, first thought better of.
  await dialog.getByRole("button", { name: "Rename" }).click();
  await dialog.getByRole("textbox", { name: "Name of the machine" }).fill("Nothing");
  await dialog.getByRole("button", { name: "Keep the name" }).click();
  await dialog.getByRole("button", { name: "Rename" }).click();
  await dialog.getByRole("textbox", { name: "Name of the machine" }).fill("Pantry");
  await dialog.getByRole("button", { name: "Save" }).click();
  dialog = page.getByRole("dialog", { name: "Pantry" });
  await expect(dialog).toBeVisible();
  await expect(kitchen.getByRole("heading", { name: "Pantry" })).toBeVisible();

  // Retire: asked first, then it leaves by itself.
  await dialog.getByRole("button", { name: "Retire gently" }).click();
  await expect(dialog.getByText("Let Pantry finish and leave?")).toBeVisible();
  await dialog.getByRole("button", { name: "Keep it" }).click();
  await dialog.getByRole("button", { name: "Retire gently" }).click();
  await dialog.getByRole("button", { name: "Retire it" }).click();
  await expect(dialog.getByText("This machine has left.")).toBeVisible();
  await dialog.getByRole("button", { name: "Close" }).click();
  await expect.poll(() => names(page)).toHaveLength(2);

  // Remove: at once, and the machine's page says so.
  dialog = await openMachine(page, "Studio");
  await dialog.getByRole("button", { name: "Remove", exact: true }).click();
  await expect(dialog.getByText("Remove Studio now?")).toBeVisible();
  await dialog.getByRole("button", { name: "Remove it" }).click();
  await expect(dialog.getByText("This machine has left.")).toBeVisible();
  await expect(studio.getByText(/removed/i).first()).toBeVisible();
  await page.keyboard.press("Escape");
  await expect.poll(() => names(page)).toEqual(["Attic"]);
  await expect(attic.locator("html[data-worker-state=idle]")).toBeAttached();
});

test("machines show as cards, and the speeds between them as a matrix that keys walk through", async ({
  browser,
  coordinator,
}) => {
  await threeMachines(() => browser.newContext(), coordinator);
  const page = await openDashboard(
    await browser.newContext({ viewport: sizes.desktop }),
    coordinator,
  );
  await goTo(page, "Machines");
  await page.getByText("Cards", { exact: true }).click();
  const cards = page.getByRole("list", { name: "Machines" });
  await expect(cards.getByRole("listitem")).toHaveCount(3);
  await page.setViewportSize(sizes.phone);
  await expect(cards.getByRole("listitem")).toHaveCount(3);

  const grid = page.getByRole("grid", { name: /Speed between machines/ });
  await expect(grid.getByRole("gridcell")).toHaveCount(12);
  await grid.getByRole("gridcell").first().focus();
  await page.keyboard.press("ArrowRight");
  await page.keyboard.press("ArrowDown");
  await expect(page.getByText(/^Kitchen from Attic: /)).toBeVisible();
});

test("the coordinator's figures are drawn, read by keys, saved, and survive a reload", async ({
  browser,
  coordinator,
}) => {
  await joinWorker(await browser.newContext(), coordinator, "Attic", 1);
  const page = await openDashboard(
    await browser.newContext({ viewport: sizes.desktop }),
    coordinator,
  );
  await goTo(page, "System");
  await expect(page.getByText(/^Tabswarm .* on Node/)).toBeVisible();
  await expect(page.getByText(/of one core; it has/)).toBeVisible();
  const chart = page.getByRole("application", { name: /^Threads over the last 5 minutes/ });
  await expect(chart).toHaveAttribute("aria-label", /joined latest 1, /);

  // The cross hair is shared: what keys point at in one chart is read in all.
  await chart.focus();
  await page.keyboard.press("End");
  await expect(page.getByRole("figure").getByText(/^\d\d:\d\d:\d\d$/)).toHaveCount(8);
  await page.keyboard.press("Escape");
  await expect(page.getByRole("figure").getByText(/^\d\d:\d\d:\d\d$/)).toHaveCount(0);
  await page.getByText("1 h", { exact: true }).click();
  await expect(page.getByRole("application", { name: /over the last hour/ })).toHaveCount(8);

  const times = async (): Promise<string[]> => {
    const text = await readFile(await saveDownload(page, "Save as CSV"), "utf8");
    return text
      .trim()
      .split("\r\n")
      .slice(1)
      .map((line) => line.split(",")[0] ?? "");
  };
  const before = await times();
  expect(before.length).toBeGreaterThan(0);
  await page.reload();
  await expect(page.getByRole("button", { name: "Save as CSV" })).toBeEnabled();
  expect((await times()).slice(0, before.length)).toEqual(before);
});

test("the home page turns from an invitation into ready machines without moving", async ({
  browser,
  coordinator,
}) => {
  const page = await openDashboard(
    await browser.newContext({ viewport: sizes.desktop }),
    coordinator,
  );
  await expect(page.getByRole("heading", { name: "Add your first machine" })).toBeVisible();
  const drop = page.getByRole("heading", { name: /^Drop a table/ });
  const before = await drop.boundingBox();
  await joinWorker(await browser.newContext(), coordinator, "Attic", 1);
  await expect(page.getByRole("heading", { name: "Attic is ready" })).toBeVisible();
  const after = await drop.boundingBox();
  expect([after?.x, after?.y]).toEqual([before?.x, before?.y]);
  await page.reload();
  await expect(page.getByRole("heading", { name: "Attic is ready" })).toBeHidden();
  await expect(page.getByText("Threads computing")).toBeVisible();
});

test("axe finds nothing on either page, at any width and in both schemes", async ({
  browser,
  coordinator,
}) => {
  test.setTimeout(120_000);
  await threeMachines(() => browser.newContext(), coordinator);
  const page = await openDashboard(await browser.newContext(), coordinator);
  for (const words of ["Machines", "System"] as const) {
    await goTo(page, words);
    const whole = words === "Machines" ? page.getByRole("grid") : page.getByText(/of one core;/);
    await expectSound(page, words, () => expect(whole).toBeVisible());
  }
  await goTo(page, "Machines");
  await openMachine(page, "Attic");
  await expectNoFaults(page, "details");
});
