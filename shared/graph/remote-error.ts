// What was thrown, made ready to cross machines: name, message and stack, each within its bound.
import type { RemoteError } from "./task.ts";

const NAME_LENGTH_MAX = 200;
const MESSAGE_LENGTH_MAX = 4_000;
const STACK_LENGTH_MAX = 8_000;

/** Anything can be thrown: what is no error counts as the message of one. Never throws. */
export function remoteError(thrown: unknown): RemoteError {
  try {
    const error = thrown instanceof Error ? thrown : new Error(String(thrown));
    return {
      name: textOf(error.name, NAME_LENGTH_MAX),
      message: textOf(error.message, MESSAGE_LENGTH_MAX),
      stack: textOf(error.stack ?? "", STACK_LENGTH_MAX),
    };
  } catch {
    return { name: "Error", message: "Something was thrown that cannot be described.", stack: "" };
  }
}

/** The fields of an error may have been set to anything. */
const textOf = (field: unknown, lengthMax: number): string => String(field).slice(0, lengthMax);
