// Builds the web app into dist/web and configures the unit tests.
import { resolve } from "node:path";
import react from "@vitejs/plugin-react";
import { defineConfig } from "vitest/config";

export default defineConfig({
  root: "web",
  base: "/",
  plugins: [react()],
  build: {
    outDir: resolve(import.meta.dirname, "dist/web"),
    emptyOutDir: true,
    target: ["chrome111", "firefox114", "safari16.4"],
    sourcemap: true,
    // Inlined assets would be data: addresses, which the content security policy forbids.
    assetsInlineLimit: 0,
  },
  worker: { format: "es" },
  test: {
    root: import.meta.dirname,
    include: ["{shared,coordinator,web}/**/*.test.ts"],
    // Small machines under load start sockets and compile kernels slowly.
    testTimeout: 30_000,
    // The usual one less than the cores would be one on two of them, while half of the time is waiting.
    maxWorkers: "100%",
    globalSetup: [resolve(import.meta.dirname, "coordinator/testing/ensure-kernels.ts")],
  },
});
