// Browser tests: real coordinator, real pages, real WebRTC, one test at a time (small machines).
import { defineConfig } from "@playwright/test";
import { browserOptions } from "../coordinator/browser/find-browser.ts";

export default defineConfig({
  testDir: ".",
  testMatch: "*.spec.ts",
  outputDir: "../test-results",
  fullyParallel: false,
  workers: 1,
  retries: 0,
  timeout: 120_000,
  expect: { timeout: 20_000 },
  reporter: [["list"]],
  use: {
    launchOptions: await browserOptions(),
    trace: "off",
    locale: "en-GB",
    timezoneId: "UTC",
  },
});
