// The task stream and the saved report on three real machines: every control, by mouse, keys and ear.
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Browser, BrowserContext, Locator, Page } from "@playwright/test";
import { connect } from "../coordinator/client.ts";
import { type CoordinatorProcess, expect, joinWorker, test } from "./cluster-fixture.ts";
import {
  correlate,
  openDashboard,
  openSimulation,
  saveDownload,
  startSimulation,
  waitForDone,
} from "./dashboard-actions.ts";
import { writeReturns } from "./generated-table.ts";
import { expectNoFaults, expectSound, sizes } from "./view-check.ts";

async function threeMachines(browser: Browser, coordinator: CoordinatorProcess): Promise<void> {
  for (const name of ["Attic", "Kitchen", "Studio"]) {
    await joinWorker(await browser.newContext(), coordinator, name, 1, { runsFunctions: true });
  }
}

/** A job of a program: many short tasks, one that takes long, and one that fails. */
async function runProgram(coordinator: CoordinatorProcess): Promise<string> {
  const cluster = await connect(coordinator.apiUrl(""), { token: coordinator.submitToken });
  const spin = (ms: number, salt: number): number => {
    const until = Date.now() + ms;
    while (Date.now() < until);
    return salt;
  };
  const fail = (): never => {
    throw new Error("No <b>oven</b> is that hot");
  };
  const short = Array.from({ length: 30 }, (_, salt) => cluster.submit(spin, 60, salt));
  const failing = cluster.submit(fail);
  await Promise.all(short.map((future) => future.result()));
  await failing.result().catch(() => undefined);
  // Longer than anything before it: an idle machine is given a second copy.
  await cluster.submit(spin, 3_000, 99).result();
  const jobs = await cluster.jobs();
  await cluster.close();
  return String(jobs[0]?.job);
}

const streamOf = (page: Page): Locator => page.getByRole("application", { name: /^Who computed/ });
const summaryOf = (page: Page): Locator => page.getByText(/^From .* computed .* of the time/);
const readoutOf = (page: Page): Locator =>
  page.getByRole("region", { name: "Task stream" }).getByRole("status").first();

/** The stretch in view as the summary says it: "From 14:05:09 to 14:06:12 (1 min 3 s)". */
const stretchOf = async (page: Page): Promise<string> =>
  /^From .*?\)/.exec(await summaryOf(page).innerText())?.[0] ?? "";

test("a running job streams, and is there after a reload", async ({ browser, coordinator }) => {
  test.setTimeout(180_000);
  await threeMachines(browser, coordinator);
  const folder = await mkdtemp(join(tmpdir(), "tabswarm-stream-"));
  const table = await writeReturns(join(folder, "funds.csv"), {
    series: 2_500,
    dates: 1_000,
    missing: 0.05,
  });
  const context = await browser.newContext({ viewport: sizes.desktop });
  const page = await openDashboard(context, coordinator);
  await correlate(page, table, { tile: 25 });
  await page.getByRole("link", { name: "Task stream" }).click();
  await expect(summaryOf(page)).toContainText("3 machines");
  for (const name of ["Attic", "Kitchen", "Studio"]) {
    await expect(page.getByRole("rowheader", { name })).toBeVisible();
  }
  const follow = page.getByRole("button", { name: "Follow now" });
  await follow.click();
  await expect(follow).toHaveAttribute("aria-pressed", "true");
  const before = await stretchOf(page);
  await expect.poll(() => stretchOf(page)).not.toBe(before);
  await page.getByRole("button", { name: "Pause" }).click();
  await page.getByRole("button", { name: "Resume" }).click();
  await waitForDone(page);
  await expect(follow).toBeHidden();
  const everything = page.getByRole("button", { name: "Everything" });
  await everything.click();
  // 100 × 101 / 2 tiles: so many that they last until the pause. The figures follow the picture within a second.
  await expect.poll(() => endedOf(page)).toBeGreaterThanOrEqual(5_050);
  const whole = await endedOf(page);
  await page.reload();
  // A second copy of a task may have ended after the job did.
  await expect.poll(() => endedOf(page)).toBeGreaterThanOrEqual(whole);
  await rm(folder, { recursive: true, force: true });
});

const endedOf = async (page: Page): Promise<number> =>
  Number(/([\d,]+) attempts ended/.exec(await summaryOf(page).innerText())?.[1]?.replace(",", ""));

test("zoom, pan, keys, pointer and the story of an attempt", async ({ browser, coordinator }) => {
  test.setTimeout(180_000);
  await threeMachines(browser, coordinator);
  const job = await runProgram(coordinator);
  const context = await browser.newContext({ viewport: sizes.desktop });
  const page = await openDashboard(context, coordinator);
  await expect(page.getByRole("link", { name: "Tabswarm" })).toBeVisible();
  await page.goto(`${new URL(page.url()).origin}/jobs/${job}/stream`);
  await expect(summaryOf(page)).toContainText("of them failed");
  await expectNoFaults(page, "stream");

  const whole = await stretchOf(page);
  await page.getByRole("button", { name: "Zoom in" }).click();
  await expect.poll(() => stretchOf(page)).not.toBe(whole);
  await page.getByRole("button", { name: "Everything" }).click();
  await expect.poll(() => stretchOf(page)).toBe(whole);

  const stream = streamOf(page);
  await stream.focus();
  await page.keyboard.press("ArrowRight");
  await expect(readoutOf(page)).toContainText(/computing \d/);
  const first = await readoutOf(page).innerText();
  await page.keyboard.press("ArrowLeft");
  await expect(readoutOf(page)).not.toHaveText(first);
  await page.keyboard.press("ArrowRight");
  await expect(readoutOf(page)).toHaveText(first);
  await page.keyboard.press("+");
  await expect.poll(() => stretchOf(page)).not.toBe(whole);
  const closer = await stretchOf(page);
  await page.keyboard.press("Shift+ArrowLeft");
  await expect.poll(() => stretchOf(page)).not.toBe(closer);
  await page.keyboard.press("0");
  await expect.poll(() => stretchOf(page)).toBe(whole);
  await page.keyboard.press("Enter");
  const story = page.getByRole("dialog");
  await expect(story).toBeVisible();
  await page.keyboard.press("Escape");
  await expect(story).toBeHidden();

  const box = await stream.boundingBox();
  if (box === null) throw new Error("The stream has no place in the page.");
  const middle = [box.x + box.width * 0.7, box.y + box.height / 2] as const;
  await page.mouse.move(...middle);
  await page.keyboard.down("Control");
  await page.mouse.wheel(0, -300);
  await page.keyboard.up("Control");
  await expect.poll(() => stretchOf(page)).not.toBe(whole);
  const wheeled = await stretchOf(page);
  await page.mouse.down();
  await page.mouse.move(middle[0] - 120, middle[1], { steps: 5 });
  await page.mouse.up();
  await expect.poll(() => stretchOf(page)).not.toBe(wheeled);
  await page.getByRole("button", { name: "Everything" }).click();
  await expect.poll(() => stretchOf(page)).toBe(whole);
  await pointAtBar(page, box);
  await expect(page.getByRole("tooltip")).toContainText("Computing");
  await page.mouse.down();
  await page.mouse.up();
  await expect(story).toBeVisible();
  await page.keyboard.press("Escape");
  await expectShownInFull(page);
  await page.setViewportSize(sizes.phone);
  await page.emulateMedia({ colorScheme: "dark" });
  await expectNoFaults(page, "stream");
  expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBe(sizes.phone.width);
});

/** Moves the pointer along the first lane until something is under it. */
async function pointAtBar(page: Page, box: { x: number; y: number; width: number }): Promise<void> {
  for (let x = box.x + 190; x < box.x + box.width; x += 6) {
    await page.mouse.move(x, box.y + 12);
    // What is under the pointer shows with the next picture.
    await page.evaluate(() => new Promise((drawn) => requestAnimationFrame(drawn)));
    if (await page.getByRole("tooltip").isVisible()) return;
  }
  throw new Error("Nothing is under the pointer anywhere along the lane.");
}

/** Steps through every attempt by keys, and finds a failed one and a second copy. */
async function expectShownInFull(page: Page): Promise<void> {
  await streamOf(page).focus();
  const readout = await readoutOf(page).elementHandle();
  // Six hundred steps: pressed within the page, as each from outside takes several round trips.
  const heard = await page.evaluate(async (readout) => {
    const heard = new Set<string>();
    const press = async (key: string, times: number): Promise<void> => {
      for (let time = 0; time < times; time += 1) {
        document.activeElement?.dispatchEvent(new KeyboardEvent("keydown", { key, bubbles: true }));
        await new Promise((shown) => setTimeout(shown));
        heard.add(readout?.textContent ?? "");
      }
    };
    await press("ArrowUp", 6);
    // Three threads, and the rows of data under them where something never came to a thread.
    for (let row = 0; row < 6; row += 1) {
      await press("ArrowLeft", 40);
      await press("ArrowRight", 60);
      await press("ArrowDown", 1);
    }
    return [...heard].join("\n");
  }, readout);
  expect(heard).toContain(". Failed");
  expect(heard).toContain("a second copy");
}

/** Opens a saved file in a browser without a network. */
async function openOffline(context: BrowserContext, text: string, folder: string): Promise<Page> {
  const path = join(folder, "report.html");
  await writeFile(path, text);
  await context.setOffline(true);
  const page = await context.newPage();
  const asked: string[] = [];
  page.on("request", (request) => asked.push(request.url()));
  page.on("pageerror", (error) => asked.push(`error ${error.message}`));
  page.on("console", (message) => asked.push(`console ${message.text()}`));
  await page.goto(`file://${path}`);
  expect(asked.filter((url) => !url.startsWith("data:"))).toEqual([`file://${path}`]);
  return page;
}

test("reports of every kind of job open offline, and hold what the job was", async ({
  browser,
  coordinator,
}) => {
  test.setTimeout(240_000);
  await threeMachines(browser, coordinator);
  const folder = await mkdtemp(join(tmpdir(), "tabswarm-report-"));
  const context = await browser.newContext({ viewport: sizes.desktop });
  const offline = await browser.newContext({ viewport: sizes.desktop });
  const page = await openDashboard(context, coordinator);
  const saved = async (): Promise<Page> => {
    const path = await saveDownload(page, "Save report (HTML)");
    const opened = await openOffline(offline, await readFile(path, "utf8"), folder);
    await expectSound(opened, "report");
    return opened;
  };

  await correlate(page, join(import.meta.dirname, "fixtures/tables/stock-prices.csv"));
  await waitForDone(page);
  const correlation = await saved();
  await expect(correlation.getByRole("img", { name: /^Heatmap/ })).toBeVisible();
  await expect(correlation.getByRole("heading", { name: "Task stream" })).toBeVisible();
  await expect(correlation.getByText("Strongest pairs above zero")).toBeVisible();

  await page.goto(coordinator.dashboardUrl());
  await openSimulation(page, { Paths: "100000" });
  await startSimulation(page);
  await waitForDone(page);
  const simulation = await saved();
  await expect(simulation.getByRole("img", { name: /after 100,000 paths$/ })).toBeVisible();

  const job = await runProgram(coordinator);
  await page.goto(`${new URL(page.url()).origin}/jobs/${job}`);
  const program = await saved();
  await expect(
    program.getByText("Error: No <b>oven</b> is that hot", { exact: true }),
  ).toBeVisible();
  await expect(program.getByText(/^Results$|^The latest/).first()).toBeVisible();
  await rm(folder, { recursive: true, force: true });
});
