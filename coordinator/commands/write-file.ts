// Files that appear whole or not at all.
import { randomUUID } from "node:crypto";
import { open, rename, rm, stat } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { CommandError } from "./command-error.ts";

/** Throws CommandError (2) when no file can be made at `path`, before any work is spent on it. */
export async function checkWritable(path: string): Promise<void> {
  const folder = await stat(dirname(path)).catch(() => null);
  if (folder?.isDirectory() !== true) {
    throw new CommandError(`The folder ${dirname(path)} does not exist. Make it first.`, 2);
  }
  const existing = await stat(path).catch(() => null);
  if (existing?.isDirectory() === true) {
    throw new CommandError(`${path} is a folder. Give the name of a file in it.`, 2);
  }
}

/** Writes all chunks beside `path`, then renames. Throws CommandError when the disk will not. */
export async function writeFileAtomically(
  path: string,
  chunks: AsyncIterable<Uint8Array>,
  signal?: AbortSignal,
): Promise<void> {
  const draft = join(dirname(path), `.${basename(path)}.${randomUUID()}.partial`);
  try {
    const file = await open(draft, "wx");
    try {
      for await (const chunk of chunks) {
        signal?.throwIfAborted();
        await file.appendFile(chunk);
      }
      await file.sync();
    } finally {
      await file.close();
    }
    await rename(draft, path);
  } catch (error) {
    await rm(draft, { force: true });
    if (!(error instanceof Error) || !("syscall" in error)) throw error;
    throw new CommandError(`${path} could not be written: ${error.message}.`, 1, { cause: error });
  }
}
