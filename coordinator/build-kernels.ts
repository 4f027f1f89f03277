// Compiles the AssemblyScript kernels into dist/kernels, when they are missing or out of date.
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { randomUUID } from "node:crypto";

const root = resolve(import.meta.dirname, "..");
const sourceFolder = "shared/kernels/assembly";
const outputFolder = join(root, "dist/kernels");

/**
 * No garbage collector and no runtime: the kernels' memory is laid out by their TypeScript side, from
 * the end of the static data on. Without `abort` the modules import nothing.
 */
const flags = [
  "-O3",
  "--converge",
  "--noAssert",
  "--enable=simd",
  "--runtime=stub",
  "--use=abort=",
  "--initialMemory=1",
];

/** Modules whose name ends so use fused multiply-adds, which some browsers refuse to load. */
const RELAXED = "-relaxed";
/** A module of this name beside one without the ending works on that one's memory. */
const relaxedFlags = ["--enable=relaxed-simd", "--importMemory"];

/** Compiles every entry point (a file directly in shared/kernels/assembly). Rejects on an error. */
export async function buildKernels({ force = false } = {}): Promise<void> {
  const sources = await readdir(join(root, sourceFolder), { recursive: true });
  const newestMs = await newestChangeMs([
    import.meta.filename,
    ...sources.map((name) => join(root, sourceFolder, name)),
  ]);
  const entries = sources.filter((name) => name.endsWith(".ts") && !/[\\/]/.test(name));
  for (const entry of entries) {
    const output = join(outputFolder, `${basename(entry, ".ts")}.wasm`);
    if (force || (await changeMs(output)) < newestMs) await compile(entry, output);
  }
}

/** One entry point. The file appears whole or not at all: others may be reading or building too. */
async function compile(entry: string, output: string): Promise<void> {
  // The compiler is large and only needed here, so that an up-to-date build does not load it.
  const { main } = await import("assemblyscript/asc");
  const files = new Map<string, Uint8Array>();
  let messages = "";
  const { error } = await main(
    [`${sourceFolder}/${entry}`, "--baseDir", root, "--outFile", "out.wasm", ...flagsOf(entry)],
    {
      stderr: {
        write: (text: string | Uint8Array) => {
          messages += typeof text === "string" ? text : Buffer.from(text).toString();
        },
      },
      writeFile: (name: string, contents: Uint8Array | string) => {
        if (typeof contents !== "string") files.set(name, contents);
      },
    },
  );
  const wasm = files.get("out.wasm");
  if (error !== null || wasm === undefined) {
    throw new Error(`Kernel ${entry} does not compile.\n${messages}`);
  }
  await mkdir(outputFolder, { recursive: true });
  const partial = `${output}.${randomUUID()}.partial`;
  try {
    await writeFile(partial, wasm);
    await rename(partial, output);
  } finally {
    await rm(partial, { force: true });
  }
}

function flagsOf(entry: string): readonly string[] {
  return basename(entry, ".ts").endsWith(RELAXED) ? [...flags, ...relaxedFlags] : flags;
}

async function newestChangeMs(paths: readonly string[]): Promise<number> {
  return Math.max(...(await Promise.all(paths.map(changeMs))));
}

/** When a file last changed; the beginning of time for one that does not exist. */
async function changeMs(path: string): Promise<number> {
  try {
    return (await stat(path)).mtimeMs;
  } catch {
    return Number.NEGATIVE_INFINITY;
  }
}
