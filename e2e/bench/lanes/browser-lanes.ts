// Lanes in a browser: Web Workers of one page, which a small server on this machine gives out.
import { createServer } from "node:http";
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, extname, join, normalize } from "node:path";
import type { Page } from "playwright";
import { build } from "vite";
import { launchBrowser } from "../../../coordinator/browser/launch-browser.ts";
import type { Cleanups } from "../../../coordinator/commands/cleanups.ts";
import type { Stage } from "../stage.ts";
import { workByCalls, type Lane } from "./lane-work.ts";

const KERNELS = join(import.meta.dirname, "../../../dist/kernels");

/** As the app's pages are served: isolated ones may read the time to 5 µs instead of 100. */
const ISOLATION = {
  "cross-origin-opener-policy": "same-origin",
  "cross-origin-embedder-policy": "require-corp",
} as const;

const CONTENT_TYPES: Readonly<Record<string, string>> = {
  ".html": "text/html; charset=utf-8",
  ".js": "text/javascript",
  ".wasm": "application/wasm",
};

/** A browser and a server for the pages whose Web Workers are lanes. */
export interface LaneHost {
  /** A page in a context, and thereby in a process, of its own. */
  open(): Promise<Page>;
}

/** What all benches of a run share: bundling and starting a browser take longer than some of them. */
export async function startLaneHost(
  folder: string,
  executablePath: string,
  cleanups: Cleanups,
  say: (line: string) => void,
): Promise<LaneHost> {
  await buildLanePage(folder);
  const address = await serveLanePage(folder, cleanups);
  const browser = await launchBrowser(executablePath, say);
  cleanups.add(() => browser.close());
  return {
    open: async () => {
      const context = await browser.newContext();
      const page = await context.newPage();
      await page.goto(address);
      await page.waitForFunction(() => "callLane" in window);
      return page;
    },
  };
}

/** Starts `count` lanes in one page; they end with the bench. */
export async function startBrowserLanes(stage: Stage, count: number): Promise<readonly Lane[]> {
  const host = await stage.laneHost();
  const page = await host.open();
  stage.cleanups.add(() => page.context().close());
  return Array.from({ length: count }, (_, lane) => ({
    work: workByCalls((method, request) =>
      page.evaluate(([lane, method, request]) => window.callLane(lane, method, request), [
        lane,
        method,
        request,
      ] as const),
    ),
  }));
}

/** Bundles the page and its worker into `folder`. */
async function buildLanePage(folder: string): Promise<void> {
  await build({
    configFile: false,
    root: join(import.meta.dirname, "page"),
    logLevel: "error",
    worker: { format: "es" },
    // Largeness of the libraries that we are compared with is no news.
    build: { outDir: folder, target: "esnext", chunkSizeWarningLimit: 10_000 },
  });
}

/** The page, our kernels, and the modules of TensorFlow.js; the address of the page. */
async function serveLanePage(page: string, cleanups: Cleanups): Promise<string> {
  const tfjs = dirname(createRequire(import.meta.url).resolve("@tensorflow/tfjs-backend-wasm"));
  const folders = { kernels: KERNELS, tfjs };
  const server = createServer((request, response) => {
    const path = normalize(new URL(request.url ?? "/", "http://localhost").pathname);
    const [, first = "", ...rest] = path.split("/");
    const folder = first in folders ? folders[first as keyof typeof folders] : null;
    const file = folder === null ? join(page, path) : join(folder, ...rest);
    readFile(path === "/" ? join(page, "index.html") : file).then(
      (bytes) => {
        const type = CONTENT_TYPES[path === "/" ? ".html" : extname(path)];
        response.writeHead(200, {
          ...ISOLATION,
          "content-type": type ?? "application/octet-stream",
        });
        response.end(bytes);
      },
      () => response.writeHead(404).end(),
    );
  });
  await new Promise<void>((resolve, reject) => {
    server.once("error", reject);
    server.listen(0, "127.0.0.1", resolve);
  });
  cleanups.add(() => {
    server.closeAllConnections();
    server.close();
  });
  const bound = server.address();
  if (bound === null || typeof bound === "string") throw new Error("The server has no port.");
  return `http://127.0.0.1:${bound.port}/`;
}
