// Failures that are the same to a person: one line for all tasks that failed with one message.
import type { TargetFailure } from "../../../shared/graph/task.ts";
import type { TaskKey } from "../../../shared/ids.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";
import type { AttemptStory } from "./story-words.ts";

export interface FailureGroup {
  /** What they have in common. */
  readonly key: string;
  readonly headline: string;
  /** The oldest first. */
  readonly tasks: readonly TaskKey[];
  /** Of the newest. */
  readonly error: TargetFailure["error"];
}

/** Keys, numbers of attempts and machines differ from task to task, and are no other failure. */
const sameText = (text: string): string =>
  text.replace(/\b(?:w_[\w-]{22}|[0-9a-f]{6,64}|\d+)/g, "…");

export const headlineOf = ({ error, message }: Pick<TargetFailure, "error" | "message">): string =>
  error === null ? message : `${error.name}: ${error.message}`;

/**
 * The failures that were told. Where none were, as of a job that ended with the first one or before the
 * coordinator's restart: the one that the job's view says.
 */
export function knownFailures(
  { failure }: JobView,
  told: readonly TargetFailure[] = [],
): readonly TargetFailure[] {
  if (told.length > 0 || failure === null) return told;
  const { task, message, thrown } = failure;
  return [{ task, message: thrown ?? message, error: null }];
}

/** `failures`: the newest first, as they are listed; the largest group comes first. */
export function groupFailures(failures: readonly TargetFailure[]): FailureGroup[] {
  const groups = new Map<string, TargetFailure[]>();
  for (const failure of failures) {
    const key = sameText(headlineOf(failure));
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [failure]);
    else group.push(failure);
  }
  return [...groups]
    .map(([key, [newest, ...older]]) => ({
      key,
      headline: newest === undefined ? key : headlineOf(newest),
      tasks: [...older.map(({ task }) => task).toReversed(), ...(newest ? [newest.task] : [])],
      error: newest?.error ?? null,
    }))
    .toSorted((a, b) => b.tasks.length - a.tasks.length);
}

/** "on Laptop", or "first on Laptop, last on Phone"; empty where no failed attempt is remembered. */
export function whereItFailed(
  first: readonly AttemptStory[],
  last: readonly AttemptStory[],
): string {
  const failed = (attempts: readonly AttemptStory[]): string[] =>
    attempts.filter(({ outcome }) => outcome === "failed").map(({ name }) => name);
  const firstName = failed(first)[0];
  const lastName = failed(last).at(-1);
  if (firstName === undefined || lastName === undefined) {
    const only = firstName ?? lastName;
    return only === undefined ? "" : `on ${only}`;
  }
  return firstName === lastName ? `on ${firstName}` : `first on ${firstName}, last on ${lastName}`;
}
