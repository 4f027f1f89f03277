// Builds the client library into dist/client/: one file for Node, one for browsers, and their types.
import { execFile } from "node:child_process";
import { randomUUID } from "node:crypto";
import { existsSync } from "node:fs";
import { rename, rm, writeFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join, resolve } from "node:path";
import { promisify } from "node:util";

const root = resolve(import.meta.dirname, "..");
export const clientFolder = join(root, "dist/client");
/** As the web app is built for; see vite.config.ts. */
const BROWSERS = ["chrome111", "firefox114", "safari16.4"];

export interface ClientBuildOptions {
  /** Also the types, for which TypeScript must be there: it is only when this is a working copy. */
  readonly hasTypes: boolean;
}

/** Builds beside the old files and then swaps, so that programs that start meanwhile find either. */
export async function buildClient({ hasTypes }: ClientBuildOptions): Promise<void> {
  const { build } = await import("esbuild");
  const draft = `${clientFolder}-${randomUUID()}`;
  const shared = { bundle: true, format: "esm", sourcemap: true, logLevel: "error" } as const;
  try {
    await build({
      ...shared,
      entryPoints: [join(root, "coordinator/client.ts")],
      outfile: join(draft, "node.js"),
      platform: "node",
      target: "node20",
      // What npm installs beside this package anyway.
      external: ["ws", "hash-wasm"],
    });
    await build({
      ...shared,
      entryPoints: [join(root, "web/client.ts")],
      outfile: join(draft, "browser.js"),
      platform: "browser",
      target: BROWSERS,
    });
    if (hasTypes) await buildTypes(join(draft, "types"));
    await rm(clientFolder, { recursive: true, force: true });
    await rename(draft, clientFolder);
  } finally {
    await rm(draft, { recursive: true, force: true });
  }
}

/** The declarations of the library's own sources; those for Node serve browsers, too. */
async function buildTypes(folder: string): Promise<void> {
  const manifest = createRequire(import.meta.url).resolve("typescript/package.json");
  const config = `${folder}.json`;
  await writeFile(
    config,
    JSON.stringify({
      extends: join(root, "coordinator/tsconfig.json"),
      compilerOptions: {
        noEmit: false,
        declaration: true,
        emitDeclarationOnly: true,
        rootDir: root,
        outDir: folder,
        typeRoots: [join(root, "node_modules/@types")],
      },
      include: [],
      exclude: [],
      files: [join(root, "coordinator/client.ts")],
    }),
  );
  const compiler = join(dirname(manifest), "bin/tsc");
  await promisify(execFile)(process.execPath, [compiler, "-p", config]);
  await rm(config);
}

export const isClientBuilt = (): boolean => existsSync(join(clientFolder, "node.js"));
