// No byte leaves the network: every request, socket and helper of WebRTC is the coordinator's own.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { BrowserContext } from "@playwright/test";
import { expect, joinWorker, test } from "./cluster-fixture.ts";
import { correlate, openDashboard, waitForDone } from "./dashboard-actions.ts";
import { writeReturns } from "./generated-table.ts";

interface Watched {
  /** Every origin that a page, its Web Workers or its frames asked for anything. */
  readonly origins: Set<string>;
  readonly sockets: Set<string>;
  /** Servers that a page named for finding a direct way. */
  readonly helpers: string[];
  readonly connections: { count: number };
}

/** Watches all pages of a context from their first request on. */
async function watch(context: BrowserContext): Promise<Watched> {
  const watched: Watched = {
    origins: new Set(),
    sockets: new Set(),
    helpers: [],
    connections: { count: 0 },
  };
  context.on("request", (request) => {
    const { protocol, origin } = new URL(request.url());
    // What a page makes for itself goes nowhere.
    if (protocol !== "data:" && protocol !== "blob:") watched.origins.add(origin);
  });
  context.on("page", (page) => {
    page.on("websocket", (socket) => watched.sockets.add(new URL(socket.url()).host));
  });
  await context.exposeFunction("tellConnection", (helpers: string[]) => {
    watched.connections.count += 1;
    watched.helpers.push(...helpers);
  });
  await context.addInitScript(() => {
    const { tellConnection } = globalThis as unknown as {
      tellConnection: (helpers: string[]) => void;
    };
    const Real = RTCPeerConnection;
    globalThis.RTCPeerConnection = class extends Real {
      /** From here on a browser looks for ways, and asks the servers that it was given. */
      override setLocalDescription(description?: RTCLocalSessionDescriptionInit): Promise<void> {
        const servers = this.getConfiguration().iceServers ?? [];
        tellConnection(servers.flatMap(({ urls }) => urls));
        return super.setLocalDescription(description);
      }
    };
  });
  return watched;
}

test("a whole job, the dashboard and two join pages call nobody but the coordinator", async ({
  browser,
  coordinator,
}) => {
  const folder = await mkdtemp(join(tmpdir(), "tabswarm-outside-"));
  const table = await writeReturns(join(folder, "returns.csv"), {
    series: 300,
    dates: 300,
    missing: 0.02,
  });
  const context = await browser.newContext();
  const watched = await watch(context);
  const first = await joinWorker(context, coordinator, "First");
  await joinWorker(context, coordinator, "Second");
  const dashboard = await openDashboard(context, coordinator);
  await correlate(dashboard, table, { tile: 20 });
  await waitForDone(dashboard);
  await first.getByRole("button", { name: "Check the connection" }).click();
  await expect(first.getByLabel("What was checked")).toBeVisible();
  const { origin, host } = new URL(coordinator.dashboardUrl());
  expect([...watched.origins]).toEqual([origin]);
  expect([...watched.sockets]).toEqual([host]);
  expect(watched.connections.count).toBeGreaterThan(2);
  expect(watched.helpers).toEqual([]);
  await rm(folder, { recursive: true, force: true });
});

test("the page can be put on a home screen: manifest and icons come with their types", async ({
  browser,
  coordinator,
}) => {
  const page = await (await browser.newContext()).newPage();
  await page.goto(coordinator.joinUrl());
  const devtools = await page.context().newCDPSession(page);
  const { url, errors, data } = await devtools.send("Page.getAppManifest");
  expect(new URL(url).pathname).toBe("/manifest.webmanifest");
  expect(errors).toEqual([]);
  const manifest = JSON.parse(data ?? "{}") as {
    icons: readonly { src: string; type: string; sizes: string }[];
  };
  const listed = await page.request.get(url);
  expect(listed.headers()["content-type"]).toContain("application/manifest+json");
  for (const { src, type, sizes } of manifest.icons) {
    const response = await page.request.get(new URL(src, url).href);
    expect(response.headers()["content-type"], src).toContain(type);
    if (type !== "image/png") continue;
    // The width stands in the header of the file.
    expect(`${(await response.body()).readUInt32BE(16)}`, src).toBe(sizes.split("x", 1)[0]);
  }
});
