// The connection doctor in front of real causes: each is named on the join page, with what can be done.
import { EventEmitter, once } from "node:events";
import { chromium, type Page } from "@playwright/test";
import { expect, joinWorker, test } from "./cluster-fixture.ts";

async function check(page: Page): Promise<void> {
  await page.getByRole("button", { name: "Check the connection" }).click();
  await expect(page.getByLabel("What was checked")).toBeVisible({ timeout: 40_000 });
}

const region = (page: Page) => page.getByRole("region", { name: "Connection" });

test("with a second machine the direct way works, and every figure is there", async ({
  browser,
  coordinator,
}) => {
  const first = await joinWorker(await browser.newContext(), coordinator, "First");
  await check(first);
  await expect(region(first)).toContainText("Nobody else is here to connect to");
  await joinWorker(await browser.newContext(), coordinator, "Second");
  await first.getByRole("button", { name: "Check the connection" }).click();
  await expect(region(first)).toContainText("The direct way works");
  const line = (term: string) => region(first).getByRole("definition").filter({ hasText: term });
  await expect(line("answers in")).toHaveCount(3);
  await expect(line("MB/s").or(line("GB/s"))).toBeVisible();
});

test("a machine that is asked for before it can be introduced is waited for", async ({
  browser,
  coordinator,
}) => {
  // The other machine's signalling opens only when it was found missing.
  const signalling = new EventEmitter();
  const [asking, late] = [await browser.newContext(), await browser.newContext()];
  await late.routeWebSocket(/\/signal\//, async (socket) => {
    await once(signalling, "missed");
    socket.connectToServer();
  });
  await asking.routeWebSocket(/\/signal\//, (socket) => {
    socket.connectToServer().onMessage((message) => {
      if (message.toString().includes("EXPIRE")) signalling.emit("missed");
      socket.send(message);
    });
  });
  const first = await joinWorker(asking, coordinator, "First");
  await joinWorker(late, coordinator, "Late");
  await check(first);
  await expect(region(first)).toContainText("The direct way works");
});

/** Addresses reach the other side, but with a port at which nobody listens. */
const misdirect = (message: string | Buffer): string =>
  message.toString().replaceAll(/( udp \d+ \S+ )\d+( typ )/gi, "$19$2");

test("names are exchanged, and no packet comes through", async ({ browser, coordinator }) => {
  await joinWorker(await browser.newContext(), coordinator, "Second");
  const context = await browser.newContext();
  await context.routeWebSocket(/\/signal\//, (socket) => {
    const server = socket.connectToServer();
    socket.onMessage((message) => server.send(misdirect(message)));
    server.onMessage((message) => socket.send(misdirect(message)));
  });
  const first = await joinWorker(context, coordinator, "First");
  await check(first);
  await expect(region(first)).toContainText("keeps its machines from finding each other");
  await expect(region(first)).toContainText("Work goes on through the coordinator.");
});

test("a browser whose policy forbids it, seen from itself and from the other machine", async ({
  browser,
  coordinator,
  launchOptions,
}) => {
  const fenced = await chromium.launch({
    ...launchOptions,
    args: [...(launchOptions.args ?? []), "--webrtc-ip-handling-policy=disable_non_proxied_udp"],
  });
  const inside = await joinWorker(await fenced.newContext(), coordinator, "Fenced");
  const outside = await joinWorker(await browser.newContext(), coordinator, "Free");
  await check(inside);
  await expect(region(inside)).toContainText("This browser offers no direct way");
  await check(outside);
  await expect(region(outside)).toContainText("Fenced offers no direct way");
  await fenced.close();
});

test("a browser without WebRTC", async ({ browser, coordinator }) => {
  const context = await browser.newContext();
  await context.addInitScript(() => {
    // The second name is the one of old, which libraries fall back to.
    Reflect.deleteProperty(globalThis, "RTCPeerConnection");
    Reflect.deleteProperty(globalThis, "webkitRTCPeerConnection");
  });
  const old = await joinWorker(context, coordinator, "Old tablet");
  await joinWorker(await browser.newContext(), coordinator, "Second");
  await check(old);
  await expect(region(old)).toContainText("This browser has no WebRTC");
});

test("a socket that somebody between blocks, while pages pass", async ({
  browser,
  coordinator,
}) => {
  const context = await browser.newContext();
  await context.routeWebSocket(/\/signal\//, (socket) => socket.close());
  const worker = await joinWorker(context, coordinator, "Behind");
  await joinWorker(await browser.newContext(), coordinator, "Second");
  await check(worker);
  await expect(region(worker)).toContainText("Something blocks the socket that introduces");
});

test("a coordinator that is gone", async ({ browser, coordinator }) => {
  const worker = await joinWorker(await browser.newContext(), coordinator, "Alone");
  await coordinator.kill();
  await expect(worker.getByRole("status").first()).toContainText("Connection lost");
  await check(worker);
  await expect(region(worker)).toContainText("The coordinator does not answer");
});
