// The join page as its person uses it: one button, every control, every reason to pause, every farewell.
import type { BrowserContext, Page } from "@playwright/test";
import { type CoordinatorProcess, expect, joinWorker, test } from "./cluster-fixture.ts";
import { openDashboard, openSimulation, startSimulation } from "./dashboard-actions.ts";

/** A job that does not end within a test, so that there is always work. */
async function computeForLong(dashboard: Page): Promise<void> {
  await openSimulation(dashboard, { Paths: "1 billion" });
  await startSimulation(dashboard);
}

async function startLongJob(context: BrowserContext, coordinator: CoordinatorProcess) {
  const dashboard = await openDashboard(context, coordinator);
  await computeForLong(dashboard);
  return dashboard;
}

const title = (page: Page) => page.getByRole("status").first();
const state = (page: Page, word: string) => page.locator(`html[data-worker-state=${word}]`);

for (const [place, host] of [
  ["a plain-http address of the network", undefined],
  ["localhost", "localhost"],
] as const) {
  test(`at ${place}: one press of one button, and the machine computes`, async ({
    browser,
    coordinator,
  }) => {
    const context = await browser.newContext();
    const page = await context.newPage();
    await page.goto(coordinator.joinUrl(host));
    await state(page, "not-joined").waitFor();
    await expect(page.getByText(/Nothing is installed/)).toBeVisible();
    await page.getByRole("button", { name: "Rename this machine" }).click();
    await page.getByRole("textbox", { name: "Name of this machine" }).fill("Kitchen laptop");
    await page.getByRole("button", { name: "Save" }).click();
    const dashboard = await openDashboard(context, coordinator);
    await expect(dashboard.getByText("No machines yet")).toBeVisible();
    await page.getByRole("button", { name: "Help compute" }).click();
    await state(page, "idle").waitFor();
    await expect(page.getByRole("heading", { name: "Kitchen laptop" })).toBeVisible();
    await computeForLong(dashboard);
    await state(page, "computing").waitFor();
    await expect(page.getByText(/This machine has computed .+ tasks? for 1 job\./)).toBeVisible();
    // Reloaded, it goes on by itself, and remembers what it gave.
    await page.reload();
    await expect(page.locator("html[data-worker-state=computing]")).toBeAttached();
    await expect(
      page.getByText(/With earlier visits it has computed .+ for 1 job\./),
    ).toBeVisible();
  });
}

test("a name is made up, and kept", async ({ browser, coordinator }) => {
  const context = await browser.newContext();
  const [first, second] = [await context.newPage(), await context.newPage()];
  await first.goto(coordinator.joinUrl());
  const name = (await first.locator("strong").innerText()).trim();
  expect(name).toMatch(/^[A-Z][a-z]+ [A-Z][a-z]+$/);
  await second.goto(coordinator.joinUrl().replace("/join", "/join?auto"));
  await expect(second.getByRole("heading", { name })).toBeVisible();
});

test("opened from the home screen, without its key, it is known", async ({
  browser,
  coordinator,
}) => {
  const context = await browser.newContext();
  await joinWorker(context, coordinator, "Desk").then((page) => page.close());
  const page = await context.newPage();
  await page.goto(new URL("/join", coordinator.joinUrl()).href);
  await page.getByRole("button", { name: "Help compute" }).click();
  await state(page, "idle").waitFor();
});

test("pause, for a while, resume, finish, and leave", async ({ browser, coordinator }) => {
  const worker = await joinWorker(await browser.newContext(), coordinator, "Desk");
  const dashboard = await startLongJob(await browser.newContext(), coordinator);
  await state(worker, "computing").waitFor();
  await worker.getByRole("button", { name: "Pause", exact: true }).click();
  await expect(title(worker)).toContainText("Paused by you");
  await state(worker, "paused").waitFor();
  // A reload does not undo what a person asked for.
  await worker.reload();
  await expect(title(worker)).toContainText("Paused by you");
  await worker.getByRole("button", { name: "Resume" }).click();
  await state(worker, "computing").waitFor();
  for (const wait of ["Pause for 15 min", "Pause for 1 h"]) {
    await worker.getByRole("button", { name: wait }).click();
    await expect(title(worker)).toContainText(/Paused until \d\d:\d\d/);
    await worker.getByRole("button", { name: "Resume" }).click();
    await state(worker, "computing").waitFor();
  }
  await worker.getByRole("button", { name: "Leave" }).click();
  await expect(worker.getByRole("heading", { name: "This machine has left" })).toBeVisible();
  await state(worker, "left").waitFor();
  await expect(dashboard.getByText("No machines yet")).toBeVisible();
});

test("finish, then stop: what runs ends, and the machine does not come back", async ({
  browser,
  coordinator,
}) => {
  const worker = await joinWorker(await browser.newContext(), coordinator, "Desk");
  const dashboard = await startLongJob(await browser.newContext(), coordinator);
  await expect(worker.getByText(/This machine has computed [1-9]/)).toBeVisible();
  await worker.getByRole("button", { name: "Finish, then stop" }).click();
  await expect(
    worker.getByRole("heading", { name: /Finished: this machine has left/ }),
  ).toBeVisible({ timeout: 60_000 });
  await expect(dashboard.getByText("No machines yet")).toBeVisible();
  await worker.getByRole("button", { name: "Join again" }).click();
  await state(worker, "computing").waitFor();
});

/** Stands for the browser's battery, which no tool can drain; "unplug" and "plug" are its cable. */
async function withBattery(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    const battery = Object.assign(new EventTarget(), { charging: true, level: 0.8 });
    Object.assign(navigator, { getBattery: () => Promise.resolve(battery) });
    addEventListener("unplug", () => {
      battery.charging = false;
      battery.dispatchEvent(new Event("chargingchange"));
    });
    addEventListener("plug", () => {
      battery.charging = true;
      battery.dispatchEvent(new Event("chargingchange"));
    });
  });
}

/** Stands for another window in front of the page; a headless browser has none. */
async function withCover(context: BrowserContext): Promise<void> {
  await context.addInitScript(() => {
    let isHidden = false;
    Object.defineProperty(document, "hidden", { get: () => isHidden });
    Object.defineProperty(document, "visibilityState", {
      get: () => (isHidden ? "hidden" : "visible"),
    });
    for (const name of ["cover", "uncover"]) {
      addEventListener(name, () => {
        isHidden = name === "cover";
        document.dispatchEvent(new Event("visibilitychange"));
      });
    }
  });
}

const say = (page: Page, what: string): Promise<void> =>
  page.evaluate((name) => void dispatchEvent(new Event(name)), what);

test("rules: only when plugged in, stop when hidden, and both are remembered", async ({
  browser,
  coordinator,
}) => {
  const context = await browser.newContext();
  await withBattery(context);
  await withCover(context);
  const worker = await joinWorker(context, coordinator, "Laptop");
  await startLongJob(await browser.newContext(), coordinator);
  await state(worker, "computing").waitFor();
  await expect(worker.getByText("Plugged in now, charged to 80%.")).toBeVisible();
  await worker.getByRole("switch", { name: "Only when plugged in" }).check();
  await worker.getByRole("switch", { name: "Stop when this page is hidden" }).check();
  await say(worker, "unplug");
  await expect(title(worker)).toContainText("Paused: on battery");
  await say(worker, "plug");
  await state(worker, "computing").waitFor();
  await say(worker, "cover");
  await expect(title(worker)).toContainText("Paused: this page is hidden");
  await say(worker, "uncover");
  await state(worker, "computing").waitFor();
  await worker.reload();
  await expect(worker.getByRole("switch", { name: "Only when plugged in" })).toBeChecked();
  await expect(worker.getByRole("switch", { name: "Stop when this page is hidden" })).toBeChecked();
  await say(worker, "unplug");
  await expect(title(worker)).toContainText("Paused: on battery");
  await worker.getByRole("button", { name: "Compute anyway" }).click();
  await state(worker, "computing").waitFor();
  await expect(worker.getByRole("switch", { name: "Only when plugged in" })).not.toBeChecked();
});

test("a browser that does not tell of its battery says so", async ({ browser, coordinator }) => {
  const worker = await joinWorker(await browser.newContext(), coordinator, "Desk");
  await expect(worker.getByText(/does not tell whether this machine is plugged in/)).toBeVisible();
  await expect(worker.getByRole("switch", { name: "Only when plugged in" })).toBeDisabled();
});

test("pressure of something else takes threads, and calm gives them back", async ({
  browser,
  coordinator,
}) => {
  const context = await browser.newContext();
  const worker = await context.newPage();
  const devtools = await context.newCDPSession(worker);
  const source = { source: "cpu" } as const;
  await devtools.send("Emulation.setPressureSourceOverrideEnabled", { ...source, enabled: true });
  const url = new URL(coordinator.joinUrl("localhost"));
  url.search = "?auto&threads=2";
  await worker.goto(url.href);
  await state(worker, "idle").waitFor();
  const press = (word: "nominal" | "critical") =>
    devtools.send("Emulation.setPressureStateOverride", { ...source, state: word });
  await press("critical");
  const giving = "Using 1 of 2 threads: this machine is busy with something else";
  await expect(title(worker)).toContainText(giving);
  await expect(title(worker)).toContainText("Paused: this machine is busy", { timeout: 40_000 });
  await press("nominal");
  await expect(title(worker)).toContainText(giving, { timeout: 40_000 });
  await worker.getByRole("switch", { name: "Give way when this machine is busy" }).uncheck();
  await expect(title(worker)).toContainText("Tasks come by themselves");
});

test("on localhost the screen is kept on while computing, and the page says what it may", async ({
  browser,
  coordinator,
}) => {
  const worker = await joinWorker(await browser.newContext(), coordinator, "Desk", 1, {
    host: "localhost",
  });
  await expect(worker.getByText(/shared memory/)).toBeVisible();
  await startLongJob(await browser.newContext(), coordinator);
  await expect(worker.getByText("The screen stays on while this machine computes.")).toBeVisible();
  await worker.getByRole("button", { name: "Pause", exact: true }).click();
  await expect(worker.getByText(/kept on only while this machine computes/)).toBeVisible();
});

test("what the dashboard changes shows here, and so does its farewell", async ({
  browser,
  coordinator,
}) => {
  const context = await browser.newContext();
  const worker = await joinWorker(context, coordinator, "Desk", 2);
  const id = (): Promise<string | null> =>
    worker.evaluate(() => sessionStorage.getItem("tabswarm-worker"));
  const ask = async (method: string, path = "", body?: object): Promise<void> => {
    const response = await fetch(coordinator.apiUrl(`/api/workers/${await id()}${path}`), {
      method,
      headers: {
        authorization: `Bearer ${coordinator.submitToken}`,
        ...(body === undefined ? {} : { "content-type": "application/json" }),
      },
      ...(body === undefined ? {} : { body: JSON.stringify(body) }),
    });
    expect(response.status).toBeLessThan(300);
  };
  await ask("PATCH", "", { name: "Attic box", threads: 1, paused: true });
  await expect(worker.getByRole("heading", { name: "Attic box" })).toBeVisible();
  await expect(title(worker)).toContainText("Paused at the dashboard");
  await expect(worker.getByText("Use 1 of 2 threads")).toBeVisible();
  await expect(worker.getByText(/The dashboard changed its name to “Attic box”/)).toBeVisible();
  await worker.getByRole("button", { name: "Resume" }).click();
  await state(worker, "idle").waitFor();
  await expect(worker.getByText(/The dashboard changed/)).toBeHidden();
  await ask("POST", "/retire");
  const farewell = worker.getByRole("heading", { name: "The dashboard let this machine go" });
  await expect(farewell).toBeVisible();
  await worker.getByRole("button", { name: "Join again" }).click();
  await state(worker, "idle").waitFor();
  await ask("DELETE");
  const removed = worker.getByRole("heading", { name: /was removed at the dashboard/ });
  await expect(removed).toBeVisible();
});

test("a network that goes and comes back is noticed at once, by itself", async ({
  browser,
  coordinator,
}) => {
  const context = await browser.newContext();
  const worker = await joinWorker(context, coordinator, "Laptop");
  const dashboard = await openDashboard(await browser.newContext(), coordinator);
  await expect(dashboard.getByText("1 machine, 1 thread")).toBeVisible();
  await coordinator.kill();
  await expect(title(worker)).toContainText("Connection lost");
  await context.setOffline(true);
  await coordinator.start();
  await context.setOffline(false);
  await state(worker, "idle").waitFor();
});
