// Assertions for programmers' mistakes: always on, in production too.

export class AssertionError extends Error {
  override name = "AssertionError";
}

/** Throws when `condition` is false. For our own mistakes only; failures of the world are values. */
export function assert(condition: boolean, message: string): asserts condition {
  if (!condition) throw new AssertionError(message);
}

/** Returns `value`, which the caller knows to be there; `what` names it in the error otherwise. */
export function present<T>(value: T | undefined | null, what: string): T {
  assert(value !== undefined && value !== null, `${what} is missing`);
  return value;
}

/** For the default branch of an exhaustive switch. */
export function unreachable(value: never): never {
  throw new AssertionError(`unreachable value: ${JSON.stringify(value)}`);
}
