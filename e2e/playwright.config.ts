// Browser tests: real coordinator, real pages, real WebRTC, one test at a time (small machines).
import { defineConfig } from "@playwright/test";
import { findBrowser } from "../coordinator/browser/find-browser.ts";

const executablePath = await findBrowser((line) => process.stderr.write(`${line}\n`));

export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  outputDir: "../test-results",
  fullyParallel: false,
  workers: 1,
  // Shared build machines starve a browser now and then; what fails twice there is a fault.
  retries: process.env["CI"] === undefined ? 0 : 1,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  use: {
    launchOptions: {
      executablePath,
      // The whole browser, as people have it: real WebRTC and real background behaviour.
      args: [
        "--disable-background-networking",
        "--disable-component-update",
        "--disable-sync",
        "--no-first-run",
        "--allow-loopback-in-peer-connection",
      ],
    },
    trace: "off",
    locale: "en-GB",
    timezoneId: "UTC",
  },
});
