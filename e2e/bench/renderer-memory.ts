// The memory of a browser's pages, as the kernel of Linux counts it.
import { readdir, readFile } from "node:fs/promises";
import { setTimeout as delay } from "node:timers/promises";

const SAMPLE_MS = 250;

/** Renderer processes below this one; none where the system has no /proc. */
export async function findRenderers(): Promise<readonly number[]> {
  const names = await readdir("/proc").catch(() => []);
  const parents = new Map<number, number>();
  for (const name of names) {
    const pid = Number(name);
    const parent = Number.isInteger(pid) ? await parentOf(pid) : null;
    if (parent !== null) parents.set(pid, parent);
  }
  const isOurs = (pid: number): boolean => {
    const parent = parents.get(pid);
    return parent !== undefined && (parent === process.pid || isOurs(parent));
  };
  const renderers: number[] = [];
  for (const pid of parents.keys()) {
    const command = isOurs(pid) ? await read(`/proc/${pid}/cmdline`) : null;
    if (command?.includes("--type=renderer") === true) renderers.push(pid);
  }
  return renderers;
}

async function parentOf(pid: number): Promise<number | null> {
  const stat = await read(`/proc/${pid}/stat`);
  // The name, in parentheses, may hold anything; after it come the state and the parent.
  const fields = /.*\) \S (\d+) /s.exec(stat ?? "");
  return fields === null ? null : Number(fields[1]);
}

/** The largest process's proportional set size at its peak while `work` runs; null if hidden from us. */
export async function peakWhile(
  renderers: readonly number[],
  work: Promise<void>,
): Promise<number | null> {
  const over = new AbortController();
  const ended = work.finally(() => over.abort());
  let peak: number | null = null;
  while (!over.signal.aborted) {
    for (const pid of renderers) {
      const bytes = await proportionalBytes(pid);
      if (bytes !== null) peak = Math.max(peak ?? 0, bytes);
    }
    await delay(SAMPLE_MS, undefined, { signal: over.signal }).catch(() => undefined);
  }
  await ended;
  return peak;
}

/** Memory that several processes share is divided among them. */
async function proportionalBytes(pid: number): Promise<number | null> {
  const text = await read(`/proc/${pid}/smaps_rollup`);
  const kibibytes = /^Pss:\s+(\d+) kB$/m.exec(text ?? "")?.[1];
  return kibibytes === undefined ? null : Number(kibibytes) * 1_024;
}

const read = (path: string): Promise<string | null> => readFile(path, "utf8").catch(() => null);
