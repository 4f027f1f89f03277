// Files that are no table, keys that do not fit, browsers that refuse: one clear sentence each.
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { chromium } from "@playwright/test";
import { expect, joinWorker, test } from "./cluster-fixture.ts";
import {
  correlate,
  dropFile,
  openDashboard,
  saveDownload,
  waitForDone,
} from "./dashboard-actions.ts";
import { writeReturns } from "./generated-table.ts";

let folder: string;
test.beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "tabswarm-bad-input-"));
});
test.afterAll(() => rm(folder, { recursive: true, force: true }));

const refusals: readonly (readonly [string, string | Uint8Array, RegExp])[] = [
  ["empty.csv", "", /is empty/],
  ["header-only.csv", "date,A,B\n", /only a header|no rows|header/i],
  ["one-column.csv", "price\n1\n2\n3\n4\n", /one column/i],
  [
    "picture.csv",
    new Uint8Array([0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10, 0, 0, 0]),
    /no table|not a table|picture|image/i,
  ],
  ["words.csv", "date,A,B\n2020-01-01,x,y\n2020-01-02,x,y\n2020-01-03,x,z\n", /number/i],
  ["two-dates.csv", "date,A,B\n2020-01-01,1,2\n2020-01-02,2,1\n", /three|two dates/i],
];

test("a file that is no table is refused in one sentence", async ({ browser, coordinator }) => {
  const page = await openDashboard(await browser.newContext(), coordinator);
  for (const [name, content, words] of refusals) {
    const path = join(folder, name);
    await writeFile(path, content);
    await dropFile(page, path);
    const notice = page.getByRole("alert").filter({ hasText: words });
    await expect(notice, name).toBeVisible();
    await page.reload();
  }
});

test("a 10,000-character cell is text like any other", async ({ browser, coordinator }) => {
  const page = await openDashboard(await browser.newContext(), coordinator);
  const path = join(folder, "long-cell.csv");
  const cell = "x".repeat(10_000);
  await writeFile(
    path,
    `date,note,A,B\n2020-01-01,${cell},1,2\n2020-01-02,,2,1\n2020-01-03,,4,3\n`,
  );
  await dropFile(page, path);
  await expect(page.getByText("2 series", { exact: true })).toBeVisible();
});

test("a wrong key is refused with what to do", async ({ browser, coordinator }) => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(
    coordinator.joinUrl().replace(/#t=.*/, "?auto=1#t=wrong-key-that-nobody-gave-out"),
  );
  await expect(page.getByText("The key in this address is not valid")).toBeVisible();
  await page.goto(coordinator.joinUrl().replace(/\/join#t=.*/, "/#t=wrong-key-of-a-dashboard"));
  await expect(page.getByText("The key in this address is not valid")).toBeVisible();
  await page.goto(coordinator.joinUrl().replace(/\/join#t=.*/, "/"));
});

test("a stale dashboard is told to reload", async ({ browser, coordinator }) => {
  const page = await (await browser.newContext()).newPage();
  // An older page speaks an older version; only that number is changed on its way.
  await page.routeWebSocket(/\/control$/, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((message) =>
      server.send(String(message).replace(/"version":\d+/, '"version":0')),
    );
  });
  await page.goto(coordinator.dashboardUrl());
  await expect(page.getByText("This page is older than the coordinator")).toBeVisible();
  await expect(page.getByRole("button", { name: "Reload" })).toBeVisible();
});

test("a browser that refuses IndexedDB computes without a cache", async ({
  browser,
  coordinator,
}) => {
  const profile = await mkdtemp(join(folder, "profile-"));
  // Chromium's own setting "block all site data": IndexedDB and session storage both refuse.
  await writeFile(
    join(profile, "Preferences-draft"),
    JSON.stringify({ profile: { default_content_setting_values: { cookies: 2 } } }),
  );
  const { mkdir, rename } = await import("node:fs/promises");
  await mkdir(join(profile, "Default"));
  await rename(join(profile, "Preferences-draft"), join(profile, "Default", "Preferences"));
  const context = await chromium.launchPersistentContext(
    profile,
    test.info().project.use.launchOptions ?? {},
  );
  const worker = await joinWorker(context, coordinator, "Forgetful");
  await expect(worker.getByText(/This browser keeps no data for this page/)).toBeVisible();
  const table = await writeReturns(join(folder, "small.csv"), {
    series: 30,
    dates: 60,
    missing: 0,
  });
  const dashboard = await openDashboard(await browser.newContext(), coordinator);
  await correlate(dashboard, table);
  await waitForDone(dashboard);
  await saveDownload(dashboard, "Matrix (NPY)");
  await context.close();
});
