// Https as people meet it: a browser that warns, the page that explains, and all that works once it trusts.
import { execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, readFile, rm } from "node:fs/promises";
import { createServer } from "node:https";
import type { AddressInfo } from "node:net";
import { networkInterfaces, tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { type Browser, chromium, type LaunchOptions, type Page } from "@playwright/test";
import { connect } from "../coordinator/client.ts";
import { pinServerKey } from "../coordinator/commands/trusted-authority.ts";
import { signServer } from "../coordinator/https/x509.ts";
import { joinAddresses } from "../coordinator/network-addresses.ts";
import { CoordinatorProcess, expect, joinWorker, test as base } from "./cluster-fixture.ts";
import { correlate, openDashboard, waitForDone } from "./dashboard-actions.ts";
import { expectSound } from "./view-check.ts";

const root = resolve(import.meta.dirname, "..");
const prices = join(import.meta.dirname, "fixtures/tables/stock-prices.csv");
const shots = join(import.meta.dirname, "../test-results/look");
const run = promisify(execFile);

/** Whether browsers here can be given an authority as a person would give it. */
const hasCertutil = await run("certutil", ["-H"]).then(
  () => true,
  (error: unknown) => (error as { code?: unknown }).code !== "ENOENT",
);

/** A browser that trusts the coordinator: by its authority, or by its key where none can be installed. */
async function launchTrusting(
  coordinator: CoordinatorProcess,
  launchOptions: LaunchOptions,
): Promise<Browser> {
  const authority = join(coordinator.dataDir, "authority.pem");
  const { args = [] } = launchOptions;
  if (!hasCertutil) {
    const ca = await readFile(authority, "utf8");
    const key = await pinServerKey(new URL(coordinator.apiUrl("/")), ca);
    const flag = `--ignore-certificate-errors-spki-list=${key}`;
    return chromium.launch({ ...launchOptions, args: [...args, flag] });
  }
  // Chromium looks for the authorities of its user there.
  const home = join(coordinator.dataDir, "home");
  const database = join(home, ".pki/nssdb");
  await mkdir(database, { recursive: true });
  await run("certutil", ["-d", `sql:${database}`, "-N", "--empty-password"]);
  const trust = ["-A", "-t", "C,,", "-n", "Tabswarm", "-i", authority];
  await run("certutil", ["-d", `sql:${database}`, ...trust]);
  return chromium.launch({ ...launchOptions, env: { ...process.env, HOME: home } });
}

const test = base.extend<{ trusting: Browser }>({
  // oxlint-disable-next-line no-empty-pattern -- Playwright reads the fixture's needs from the pattern.
  coordinator: async ({}, lend) => {
    const coordinator = await CoordinatorProcess.start("--https");
    await lend(coordinator);
    await coordinator.close();
  },
  trusting: async ({ coordinator, launchOptions }, lend) => {
    const browser = await launchTrusting(coordinator, launchOptions);
    await lend(browser);
    await browser.close();
  },
});

/** Takes the page at all widths, light and dark; it must be sound in each. */
async function look(page: Page, name: string): Promise<void> {
  await mkdir(shots, { recursive: true });
  await expectSound(page, name, async (size, scheme) => {
    const path = join(shots, `${name}-${size}-${scheme}.png`);
    await page.screenshot({ path, fullPage: true });
  });
}

test("without trust the browser warns, and the page by plain http tells what to do", async ({
  browser,
  coordinator,
}) => {
  const context = await browser.newContext();
  const warned = await context.newPage();
  await expect(warned.goto(coordinator.joinUrl())).rejects.toThrow(/ERR_CERT_AUTHORITY_INVALID/);
  // Without its "s" the same address leads to https, where the warning is.
  const plainUrl = coordinator.joinUrl().replace("https:", "http:");
  await expect(warned.goto(plainUrl)).rejects.toThrow(/ERR_CERT_AUTHORITY_INVALID/);

  const address = /open (http:\S+\/certificate) to install/.exec(coordinator.output)?.[1] ?? "";
  const fingerprint = /fingerprint: ([0-9A-F ]{79})/.exec(coordinator.output)?.[1] ?? "";
  const page = await context.newPage();
  await page.goto(address);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Trust this coordinator");
  const shown = await page.locator(".fingerprint").innerText();
  expect(shown.replaceAll(/\s+/g, " ").trim()).toBe(fingerprint);
  await look(page, "certificate");

  const download = page.waitForEvent("download");
  await page.getByRole("link", { name: "Download the certificate" }).first().click();
  const file = await download;
  expect(file.suggestedFilename()).toBe("tabswarm.crt");
  // Every other system unfolds by keyboard, with its own steps.
  const phone = page.getByText("iPhone and iPad", { exact: true });
  await phone.focus();
  await page.keyboard.press("Enter");
  await expect(page.getByText("Certificate Trust Settings")).toBeVisible();
  await context.close();
});

test("with the authority installed everything works, with shared memory and wake lock", async ({
  trusting,
  coordinator,
}) => {
  const context = await trusting.newContext({ locale: "en-GB" });
  // What the page's threads share is made by this constructor in the page itself.
  await context.addInitScript(() => {
    const shared = { bytes: 0 };
    Object.assign(globalThis, {
      shared,
      SharedArrayBuffer: new Proxy(SharedArrayBuffer, {
        construct(target, [bytes]: [number]) {
          shared.bytes += bytes;
          return new target(bytes);
        },
      }),
    });
  });
  const failed: string[] = [];
  context.on("requestfailed", (request) => {
    // Transfers that are given up for a faster way are no failures.
    const { errorText = "" } = request.failure() ?? {};
    if (errorText !== "net::ERR_ABORTED") failed.push(`${request.url()} ${errorText}`);
  });
  const workers = [
    await joinWorker(context, coordinator, "Kitchen", 2, { runsFunctions: true }),
    await joinWorker(context, coordinator, "Tower", 1),
  ];
  const dashboard = await openDashboard(context, coordinator);
  await correlate(dashboard, prices, { tile: 8 });
  await waitForDone(dashboard);
  for (const page of workers) {
    const has = await page.evaluate(() => ({
      isSecure: isSecureContext,
      isIsolated: crossOriginIsolated,
      wakeLock: typeof navigator.wakeLock.request,
      gpu: "gpu" in navigator,
      address: location.protocol,
    }));
    const expected = { isSecure: true, isIsolated: true, wakeLock: "function", gpu: true };
    expect(has).toEqual({ ...expected, address: "https:" });
  }
  const sharedBytes = await Promise.all(
    workers.map((page) =>
      page.evaluate(() => (globalThis as unknown as { shared: { bytes: number } }).shared.bytes),
    ),
  );
  // One table of 20 series × 7,126 dates went into the memory of whoever computed with it.
  expect(Math.max(...sharedBytes)).toBeGreaterThan(1_000_000);

  // A program by the authority, and a function in the sandbox of the page.
  const ca = await readFile(join(coordinator.dataDir, "authority.pem"), "utf8");
  const cluster = await connect(coordinator.apiUrl(""), { token: coordinator.submitToken, ca });
  expect(await cluster.submit((n: number) => n + 1, 41).result()).toBe(42);
  const paths = cluster.workers().map(({ name }) => name);
  expect(paths.toSorted()).toEqual(["Kitchen", "Tower"]);
  await cluster.close();
  expect(failed).toEqual([]);
  await context.close();
});

test("the page of the certificate says that it works, and what there is now", async ({
  trusting,
  coordinator,
}) => {
  const context = await trusting.newContext();
  const page = await context.newPage();
  await page.goto(`${coordinator.apiUrl("").replace("https:", "http:")}/certificate`);
  await page.getByRole("link", { name: "Check" }).click();
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("It works");
  expect(new URL(page.url()).protocol).toBe("https:");
  for (const gain of ["Shared memory", "Wake lock"]) {
    await expect(page.getByRole("listitem").filter({ hasText: gain })).toContainText("✓ Available");
  }
  await look(page, "certificate-works");
  await context.close();
});

test("a trusting browser refuses what the authority may not sign for", async ({
  trusting,
  coordinator,
}) => {
  test.skip(!hasCertutil, "Needs a browser that trusts the authority itself.");
  const [cert = "", key = ""] = await Promise.all(
    ["authority.pem", "authority-key.pem"].map((name) =>
      readFile(join(coordinator.dataDir, name), "utf8"),
    ),
  );
  const page = await (await trusting.newContext()).newPage();
  const own = joinAddresses(networkInterfaces())[0] ?? "127.0.0.1";
  /** What the browser says of a server that shows a certificate for these names. */
  const visit = async (names: readonly string[]): Promise<string> => {
    const shown = signServer({ cert, key }, { names, validDays: 30, nowMs: Date.now() });
    const server = createServer(shown, (_request, response) => response.end("open"));
    server.listen(0);
    await once(server, "listening");
    const url = `https://${own}:${(server.address() as AddressInfo).port}/`;
    const outcome = await page.goto(url).then(
      () => "open",
      (error: unknown) => /ERR_\w+/.exec(String(error))?.[0] ?? String(error),
    );
    server.closeAllConnections();
    server.close();
    return outcome;
  };
  expect(await visit([own, "localhost"])).toBe("open");
  // The address is the same and permitted; a certificate that also claims another's name is none at all.
  expect(await visit([own, "bank.example"])).toBe("ERR_CERT_INVALID");
  expect(await visit([own, "8.8.8.8"])).toBe("ERR_CERT_INVALID");
});

test("a headless worker joins by the authority, and by nothing else", async ({ coordinator }) => {
  const folder = await mkdtemp(join(tmpdir(), "tabswarm-work-"));
  const work = (...options: string[]) =>
    spawn(
      process.execPath,
      [join(root, "coordinator/tabswarm.js"), "work", coordinator.joinUrl(), ...options],
      // Nothing is trusted there, and no data folder is near.
      { cwd: folder, stdio: ["ignore", "ignore", "pipe"], env: { ...process.env, HOME: folder } },
    );
  const refused = work();
  let said = "";
  refused.stderr.on("data", (data: Buffer) => (said += data.toString()));
  expect(await once(refused, "exit")).toEqual([1, null]);
  expect(said).toMatch(/authority that is not trusted here.*--ca tabswarm\.pem/);

  const joined = work("--ca", join(coordinator.dataDir, "authority.pem"), "--threads", "1");
  let text = "";
  joined.stderr.on("data", (data: Buffer) => (text += data.toString()));
  await expect.poll(() => text, { timeout: 60_000 }).toMatch(/Joined with 1 headless browser/);
  joined.kill("SIGINT");
  await once(joined, "exit");
  await rm(folder, { recursive: true, force: true });
});
