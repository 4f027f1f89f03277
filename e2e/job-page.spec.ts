// The job page with three real machines: every control, failures and their stories, the graph.
import { join } from "node:path";
import type { BrowserContext, Page } from "@playwright/test";
import { type Cluster, connect, lazy } from "../coordinator/client.ts";
import { type CoordinatorProcess, expect, joinWorker, test } from "./cluster-fixture.ts";
import {
  dropFile,
  openDashboard,
  openSimulation,
  startSimulation,
  waitForDone,
} from "./dashboard-actions.ts";

const prices = join(import.meta.dirname, "fixtures/tables/stock-prices.csv");
const names = ["Kitchen laptop", "Gaming PC", "Old phone"];

async function joinThree(context: BrowserContext, coordinator: CoordinatorProcess): Promise<void> {
  for (const name of names) {
    await joinWorker(context, coordinator, name, 1, { runsFunctions: true });
  }
}

/** A program's connection, closed at the end of the test's work. */
async function asProgram(
  coordinator: CoordinatorProcess,
  work: (cluster: Cluster) => Promise<void>,
): Promise<void> {
  const url = `http://127.0.0.1:${coordinator.port}`;
  const cluster = await connect(url, { token: coordinator.submitToken });
  try {
    await work(cluster);
  } finally {
    await cluster.close();
  }
}

async function openJob(
  context: BrowserContext,
  coordinator: CoordinatorProcess,
  job: string,
  view = "",
): Promise<Page> {
  const page = await context.newPage();
  await page.goto(coordinator.dashboardUrl().replace("/#", `/jobs/${job}${view}#`));
  return page;
}

async function choose(page: Page, item: string, role: "menuitem" | "menuitemradio" = "menuitem") {
  await page.getByRole("button", { name: "More", exact: true }).click();
  await page.getByRole(role, { name: item }).click();
}

// As users write them: their texts travel to the machines.
function spin(ms: number, label: number): number {
  const end = Date.now() + ms;
  while (Date.now() < end);
  return label;
}
function load(row: number): number {
  return row;
}
function addPair(a: number, b: number): number {
  return a + b;
}
function total(all: readonly number[]): number {
  return all.reduce((sum, one) => sum + one, 0);
}
function readRow(row: number): number {
  if (row % 2 === 1) throw new RangeError(`row ${row} is empty`);
  return row;
}

test("a correlation is duplicated with its choices, shared with its key, and deleted", async ({
  browser,
  coordinator,
}) => {
  const context = await browser.newContext();
  await joinThree(context, coordinator);
  const page = await openDashboard(context, coordinator);
  await dropFile(page, prices);
  await page.getByRole("radio", { name: "Spearman" }).check();
  await page.getByRole("textbox", { name: "Minimum observations" }).fill("7");
  await page.getByRole("button", { name: "Correlate" }).click();
  await page.waitForURL(/\/jobs\//);
  await waitForDone(page);
  const first = page.url();

  await choose(page, "Share link…");
  const shared = await page.getByRole("textbox", { name: "Address of this job" }).inputValue();
  await expect(page.getByText(/whoever has it can see every job/)).toBeVisible();
  // A plain-http page has no clipboard: the older command must do.
  await page.getByRole("button", { name: "Copy", exact: true }).click();
  await expect(page.getByRole("button", { name: /Copied|Selected/ })).toBeVisible();
  await page.getByRole("button", { name: "Close" }).click();
  const other = await browser.newContext();
  const guest = await other.newPage();
  await guest.goto(shared);
  await expect(guest.getByRole("heading", { name: "Correlate stock-prices.csv" })).toBeVisible();
  await waitForDone(guest);
  await other.close();

  await choose(page, "Duplicate…");
  await expect(page.getByRole("radio", { name: "Spearman" })).toBeChecked();
  await expect(page.getByRole("textbox", { name: "Minimum observations" })).toHaveValue("7");
  await page.getByRole("radio", { name: "Pearson" }).check();
  await page.getByRole("button", { name: "Correlate" }).click();
  await page.waitForURL((url) => url.pathname.startsWith("/jobs/") && url.href !== first);
  await waitForDone(page);

  await choose(page, "Delete job…");
  await page.getByRole("button", { name: "Keep it" }).click();
  await expect(page.getByRole("heading", { name: /^Correlate/ })).toBeVisible();
  await choose(page, "Delete job…");
  await page.getByRole("button", { name: "Delete job", exact: true }).click();
  await page.waitForURL((url) => url.pathname === "/");
  await expect(page.getByRole("link", { name: /Correlate stock-prices.csv/ })).toHaveCount(1);
});

test("a simulation is duplicated with its fields, paused, resumed and cancelled", async ({
  browser,
  coordinator,
}) => {
  const context = await browser.newContext();
  await joinThree(context, coordinator);
  const page = await openDashboard(context, coordinator);
  await openSimulation(page, { Strike: "90, 110", Paths: "200,000", Seed: "7" });
  await startSimulation(page);
  await waitForDone(page);
  await choose(page, "Duplicate…");
  await expect(page.getByRole("textbox", { name: "Strike" })).toHaveValue("90, 110");
  await expect(page.getByRole("textbox", { name: "Seed" })).toHaveValue("7");
  await page.getByRole("textbox", { name: "Paths", exact: true }).fill("1 billion");
  await startSimulation(page);
  await page.getByRole("button", { name: "Pause" }).click();
  await expect(page.getByText(/^Paused at/)).toBeVisible();
  await page.getByRole("button", { name: "Resume" }).click();
  await expect(page.getByRole("button", { name: "Pause" })).toBeVisible();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Keep going" }).click();
  await page.getByRole("button", { name: "Cancel" }).click();
  await page.getByRole("button", { name: "Stop" }).click();
  await expect(page.getByText(/^Cancelled at/)).toBeVisible();
});

test("a job of a higher priority is done before one that was there earlier", async ({
  browser,
  coordinator,
}) => {
  const context = await browser.newContext();
  await joinThree(context, coordinator);
  await asProgram(coordinator, async (cluster) => {
    const call = lazy(spin);
    const calls = (count: number, from: number) =>
      Array.from({ length: count }, (_, at) => call(100, from + at));
    // Far from done when the other is, however long the page takes to open.
    const early = await cluster.compute(calls(2_000, 0), { title: "Early" });
    const late = await cluster.compute(calls(20, 2_000), { title: "Late" });
    const page = await openJob(context, coordinator, late.id);
    await choose(page, "High", "menuitemradio");
    await expect(page.getByText("Asked for by a program · High priority")).toBeVisible();
    await late.results();
    expect((await early.view()).state).toBe("running");
    const other = await openJob(context, coordinator, early.id);
    await choose(other, "Low", "menuitemradio");
    await expect(other.getByText(/Low priority/)).toBeVisible();
    await other.getByRole("button", { name: "Cancel" }).click();
    await other.getByRole("button", { name: "Stop" }).click();
    await expect(other.getByText(/^Cancelled at/)).toBeVisible();
  });
});

test("an open job of a program is closed from its page", async ({ browser, coordinator }) => {
  const context = await browser.newContext();
  await joinThree(context, coordinator);
  await asProgram(coordinator, async (cluster) => {
    expect(await cluster.submit(load, 4).result()).toBe(4);
    const job = (await cluster.jobs())[0]?.job ?? "";
    const page = await openJob(context, coordinator, job);
    await expect(page.getByText("Open: all that was asked for is there")).toBeVisible();
    await page.getByRole("button", { name: "Close" }).click();
    await expect(page.getByText(/^Done in/)).toBeVisible();
    // No form makes a program's job.
    await page.getByRole("button", { name: "More", exact: true }).click();
    await expect(page.getByRole("menuitem", { name: "Share link…" })).toBeVisible();
    await expect(page.getByRole("menuitem", { name: "Duplicate…" })).toHaveCount(0);
  });
});

test("failures of one message are one line; tried again elsewhere, another machine has them", async ({
  browser,
  coordinator,
}) => {
  const context = await browser.newContext();
  await joinThree(context, coordinator);
  await asProgram(coordinator, async (cluster) => {
    const read = lazy(readRow);
    const job = await cluster.compute([1, 2, 3, 4].map((row) => read(row)));
    await job.ended();
    const page = await openJob(context, coordinator, job.id);
    const failures = page.getByRole("region", { name: "2 failures" });
    await expect(failures.getByRole("listitem")).toHaveCount(1);
    await failures.getByText(/^RangeError: row \d is empty$/).click();
    await expect(page.getByRole("region", { name: "Stack of the error" })).toContainText("readRow");

    const stories = failures.getByRole("button", { name: /^Story of task/ });
    await expect(stories).toHaveCount(2);
    await stories.first().click();
    const story = page.getByRole("dialog", { name: /^readRow/ });
    await expect(story.getByRole("heading", { name: "1 attempt" })).toBeVisible();
    await expect(story.getByText(/It calls the function “readRow”/)).toBeVisible();
    const attempts = story.getByRole("listitem").filter({ hasText: /^(?:Kit|Gam|Old).*failed/ });
    const machine = await attempts.locator("b").innerText();
    await expect(story.getByText(/everything of it that failed is tried again/)).toBeVisible();
    await story.getByRole("button", { name: /^Try again elsewhere/ }).click();
    await expect(story.getByRole("heading", { name: "2 attempts" })).toBeVisible();
    const machines = await attempts.locator("b").allInnerTexts();
    expect(machines[0]).toBe(machine);
    expect(machines[1]).not.toBe(machine);
    await story.getByRole("button", { name: "Close" }).click();

    await expect(failures).toBeVisible();
    await failures.getByRole("button", { name: /^Try again: / }).click();
    await expect(failures).toBeVisible();
    await stories.first().click();
    await expect(story.getByRole("heading", { name: /^[23] attempts/ })).toBeVisible();
  });
});

test("a graph of three levels unfolds, and every task tells its story", async ({
  browser,
  coordinator,
}) => {
  const context = await browser.newContext();
  await joinThree(context, coordinator);
  await asProgram(coordinator, async (cluster) => {
    const [loaded, added, summed] = [lazy(load), lazy(addPair), lazy(total)];
    const sums = Array.from({ length: 6 }, (_, at) => added(loaded(2 * at), loaded(2 * at + 1)));
    const job = await cluster.compute([summed(sums)]);
    expect(await job.results()).toEqual([66]);
    await job.ended();

    const page = await openJob(context, coordinator, job.id);
    const progress = page.getByRole("region", { name: "Progress by function" });
    await expect(progress.getByRole("listitem").filter({ hasText: "load" })).toContainText(
      "12 tasks",
    );
    await page.getByRole("link", { name: "Graph" }).click();
    await expect(page).toHaveURL(/\/graph$/);
    const graph = page.getByRole("application", { name: "Graph of 3 functions" });
    const said = page.getByRole("region", { name: "Graph of the job" }).getByRole("status");
    await graph.focus();
    await page.keyboard.press("ArrowRight");
    await expect(said).toContainText("load 12 done. Enter or a click unfolds it.");
    await page.keyboard.press("ArrowRight");
    await expect(said).toContainText("addPair 6 done");
    await page.keyboard.press("Enter");
    await expect(said).toContainText(/addPair [0-9a-f]{8} done, reads 2 tasks, read by 1 task/);
    await page.keyboard.press("ArrowRight");
    await expect(said).toContainText("total 1 done");
    await page.keyboard.press("ArrowLeft");
    await page.keyboard.press("Enter");
    const story = page.getByRole("dialog", { name: /^addPair/ });
    await expect(story.getByText(/on the results of 2 tasks/)).toBeVisible();
    // Its inputs are tasks with stories of their own.
    const inputs = story.getByRole("listitem").getByRole("button");
    await inputs.first().click();
    await expect(page.getByRole("dialog", { name: /^load/ })).toBeVisible();
    await page.getByRole("button", { name: "Back to the task before" }).click();
    await expect(story).toBeVisible();
    await page.keyboard.press("Escape");
    await graph.focus();
    await page.keyboard.press("Backspace");
    await expect(said).toContainText("addPair 6 done");

    // The same without the picture.
    await page.getByText("The functions as a table").click();
    const row = page.getByRole("row", { name: /^addPair/ });
    await expect(row).toContainText("load");
    await row.getByRole("button", { name: "Unfold addPair" }).click();
    await expect(row.getByRole("button", { name: "Fold addPair" })).toBeVisible();
    await page.getByRole("textbox", { name: "Find a task" }).fill("total");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("dialog", { name: /^total/ })).toBeVisible();
  });
});

test("a graph of five thousand tasks is drawn, unfolded and gone through", async ({
  browser,
  coordinator,
}) => {
  const context = await browser.newContext();
  await asProgram(coordinator, async (cluster) => {
    const [loaded, added, summed] = [lazy(load), lazy(addPair), lazy(total)];
    // Equal calls are one task: three thousand rows, each read by one or two of the sums.
    const sums = Array.from({ length: 2_000 }, (_, at) => added(loaded(at), loaded(2_999 - at)));
    const job = await cluster.compute(
      Array.from({ length: 20 }, (_, at) => summed(sums.slice(100 * at, 100 * at + 100))),
    );
    const page = await openJob(context, coordinator, job.id, "/graph");
    const graph = page.getByRole("application", { name: "Graph of 3 functions" });
    const said = page.getByRole("region", { name: "Graph of the job" }).getByRole("status");
    await expect(graph).toBeVisible();
    await page.getByRole("button", { name: "Unfold all" }).click();
    await expect(page.getByRole("button", { name: "Fold all" })).toBeVisible();
    await graph.focus();
    await page.keyboard.press("ArrowRight");
    await expect(said).toContainText(/load [0-9a-f]{8} ready/);
    await page.keyboard.press("ArrowRight");
    await expect(said).toContainText(/addPair [0-9a-f]{8} waiting, reads [12] tasks/);
    await page.keyboard.press("0");
    const box = await graph.boundingBox();
    if (box === null) throw new Error("The graph has a place on the page.");
    await page.mouse.move(box.x + box.width / 2, box.y + box.height / 2);
    for (let step = 0; step < 10; step += 1) await page.mouse.wheel(0, step < 5 ? -200 : 150);
    await page.mouse.down();
    await page.mouse.move(box.x + box.width / 2 + 120, box.y + box.height / 2 + 40, { steps: 10 });
    await page.mouse.up();
    await page.getByRole("textbox", { name: "Find a task" }).fill("addPair");
    await expect(page.getByText("The first 12 of 2,000 tasks, failed ones first")).toBeVisible();
    await page
      .getByRole("button", { name: /^addPair/ })
      .first()
      .click();
    await expect(page.getByRole("dialog").getByText("Waiting for the tasks")).toBeVisible();
    await page.keyboard.press("Escape");
    await page.getByRole("button", { name: "Fold all" }).click();
    await expect(page.getByRole("button", { name: "Unfold all" })).toBeVisible();
  });
});
