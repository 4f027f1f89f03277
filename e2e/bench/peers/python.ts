// Finds a Python that has the libraries we are compared with, and speaks with a script in it.
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { join } from "node:path";
import { promisify } from "node:util";
import type { Stage } from "../stage.ts";

const LIBRARIES = ["numpy", "pandas", "dask", "distributed"] as const;

export type PythonLibrary = (typeof LIBRARIES)[number];

export interface PythonFound {
  readonly command: string;
  readonly version: string;
  /** Only those that are there. */
  readonly libraries: Readonly<Partial<Record<PythonLibrary, string>>>;
}

/** The first is the user's own; systems keep their packages in the second. */
const COMMANDS = ["python3", "/usr/bin/python3", "python"];
const SEARCH_TIMEOUT_MS = 20_000;

/** Asks for versions without importing, which takes some of these seconds. */
const SEARCH = `
import importlib.metadata, json, platform
found = {}
for name in ${JSON.stringify(LIBRARIES)}:
    try:
        found[name] = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        pass
print(json.dumps({"version": platform.python_version(), "libraries": found}))
`;

/** The Python with most of the libraries; null when none has NumPy. */
export async function findPython(): Promise<PythonFound | null> {
  let best: PythonFound | null = null;
  for (const command of COMMANDS) {
    const found = await askLibraries(command);
    if (found?.libraries.numpy === undefined) continue;
    if (best === null || countOf(found) > countOf(best)) best = found;
  }
  return best;
}

const countOf = ({ libraries }: PythonFound): number => Object.keys(libraries).length;

async function askLibraries(command: string): Promise<PythonFound | null> {
  try {
    const options = { timeout: SEARCH_TIMEOUT_MS };
    const { stdout } = await promisify(execFile)(command, ["-c", SEARCH], options);
    // The search above printed exactly this.
    return { command, ...(JSON.parse(stdout) as Omit<PythonFound, "command">) };
  } catch {
    return null;
  }
}

/** A script of this folder, waiting for requests on its standard input. */
export interface PythonPeer {
  /** What the script answers; one request at a time. Rejects with what Python says went wrong. */
  ask<Answer>(request: Readonly<Record<string, unknown>>): Promise<Answer>;
  /** Ends it and everything that it started. */
  kill(): void;
}

/** Starts a script; it ends with the bench. */
export function startPython(stage: Stage, found: PythonFound, script: string): PythonPeer {
  // A process group of its own, as Dask starts processes that must end with it.
  const child = spawn(found.command, [join(import.meta.dirname, script)], {
    stdio: ["pipe", "pipe", "pipe"],
    detached: true,
    // What Dask leaves behind goes with the run's folder, and no compiled script stays in this one.
    env: { ...process.env, TMPDIR: stage.folder, PYTHONDONTWRITEBYTECODE: "1" },
  });
  const errors: string[] = [];
  child.stderr.on("data", (data: Buffer) => errors.push(data.toString()));
  // A peer that ends before it has read its request is told of by "close" below.
  child.stdin.on("error", () => undefined);
  let waiting: { resolve(line: string): void; reject(error: Error): void } | null = null;
  createInterface(child.stdout).on("line", (line) => {
    waiting?.resolve(line);
    waiting = null;
  });
  let ended: Error | null = null;
  const end = (why: string): void => {
    ended ??= new Error(`${script} ended: ${why} ${errors.join("").slice(-2_000)}`.trim());
    waiting?.reject(ended);
    waiting = null;
  };
  child.once("error", (error) => end(error.message));
  child.once("close", (code, signal) => end(`status ${code ?? signal ?? "unknown"}.`));
  const kill = (): void => killGroup(child);
  stage.cleanups.add(kill);
  return {
    ask: async <Answer>(request: Readonly<Record<string, unknown>>) => {
      const line = await new Promise<string>((resolve, reject) => {
        if (ended !== null) {
          reject(ended);
          return;
        }
        waiting = { resolve, reject };
        child.stdin.write(`${JSON.stringify(request)}\n`);
      });
      const answer = JSON.parse(line) as { readonly error?: string };
      if (answer.error !== undefined) throw new Error(`${script}: ${answer.error}`);
      return answer as Answer;
    },
    kill,
  };
}

function killGroup(child: ChildProcess): void {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return;
  try {
    process.kill(-child.pid, "SIGKILL");
  } catch {
    // Windows has no process groups, and a group may be gone already.
    child.kill("SIGKILL");
  }
}
