// The machine and the programs that a run's figures belong to; nothing that names it or its owner.
import { execFile } from "node:child_process";
import { arch, availableParallelism, cpus, platform, totalmem } from "node:os";
import { promisify } from "node:util";
import type { PythonFound } from "./peers/python.ts";

/** Lines like "Processor: …", in the order in which they are printed. */
export async function describeMachine(
  executablePath: string,
  python: PythonFound | null,
): Promise<readonly string[]> {
  const model = cpus()[0]?.model.trim() ?? "unknown";
  const gibibytes = Math.round(totalmem() / 2 ** 30);
  const libraries = Object.entries(python?.libraries ?? {}).map((pair) => pair.join(" "));
  return [
    `Processor: ${model}, ${availableParallelism()} logical cores`,
    `Memory: ${gibibytes} GiB; system: ${platform()} ${arch()}`,
    `Node ${process.versions.node}; browser: ${await browserVersion(executablePath)}`,
    python === null
      ? "Python: none with NumPy"
      : `Python ${python.version} with ${libraries.join(", ")}`,
  ];
}

async function browserVersion(executablePath: string): Promise<string> {
  // On Windows `--version` would open a window instead of answering.
  if (platform() === "win32") return "not asked for";
  try {
    const { stdout } = await promisify(execFile)(executablePath, ["--version"], {
      timeout: 20_000,
    });
    // Distributors add where it was built.
    return /\S.*? \d[\d.]+/.exec(stdout)?.[0] ?? "unknown";
  } catch {
    return "unknown";
  }
}
