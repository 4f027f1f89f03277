// What the story of a task says: what it computes, how it stands, how each attempt went.
import { FUNCTION_KERNEL } from "../../../shared/graph/task.ts";
import { groupLabel } from "../../../shared/graph/function-group.ts";
import type { TaskStory } from "../../../shared/protocol/telemetry.ts";
import { formatBytes, formatPlural } from "../../components/format.ts";

export type AttemptStory = TaskStory["attempts"][number];

/** Keys are told apart by their first digits, as everywhere in the app. */
export const shortKey = (task: string): string => task.slice(0, 8);

/** "add 3f2a91bc" */
export const storyTitle = ({ group, task }: Pick<TaskStory, "group" | "task">): string =>
  `${groupLabel(group)} ${shortKey(task)}`;

export function whatItComputes(story: TaskStory): string {
  const what =
    story.kernel === FUNCTION_KERNEL
      ? `It calls the function “${groupLabel(story.group)}” of a program`
      : `It runs the kernel ${story.kernel}`;
  const reads =
    story.reads.length === 0
      ? "on inputs that were there from the start"
      : `on the results of ${formatPlural(story.reads.length, "task")}`;
  const wanted = story.isTarget ? " Its result is one that the job was asked for." : "";
  return `${what}, ${reads}.${wanted}`;
}

const STATES: Record<TaskStory["state"], string> = {
  waiting: "Waiting for the tasks that it reads",
  ready: "Ready: waits for a free thread",
  leased: "With a machine",
  done: "Done",
  failed: "Failed",
  cancelled: "Not needed any more",
};
export const stateWords = (state: TaskStory["state"]): string => STATES[state];

export function sizeWords({ inputBytes, outputBytes }: TaskStory): string {
  const out = outputBytes === null ? "no result yet" : `result of ${formatBytes(outputBytes)}`;
  return `${inputBytes === 0 ? "No inputs" : `Inputs of ${formatBytes(inputBytes)}`}, ${out}`;
}

const OUTCOMES: Record<NonNullable<AttemptStory["outcome"]>, string> = {
  finished: "finished",
  failed: "failed",
  cancelled: "ended: another was faster, or it was not needed any more",
  returned: "given back unharmed",
};
export function outcomeWords({ outcome, isSpeculative }: AttemptStory): string {
  const words = outcome === null ? "under way" : OUTCOMES[outcome];
  return isSpeculative ? `second copy, ${words}` : words;
}

export interface AttemptBar {
  /** Shares of the whole timeline, 0 to 1: where it begins, and each phase's length. */
  readonly start: number;
  readonly phases: readonly { readonly key: AttemptPhase; readonly share: number }[];
}
type AttemptPhase = "transfer" | "wait" | "compute" | "unknown";

/**
 * The attempts on one line of time, from the first lease to the last end, or to `nowMs` while one is
 * under way. Phases end where the attempt ends; what is not known of it is drawn as such.
 */
export function attemptBars(attempts: readonly AttemptStory[], nowMs: number): AttemptBar[] {
  const ends = attempts.map(({ grantedMs, endMs }) => Math.max(grantedMs, endMs ?? nowMs));
  const first = Math.min(...attempts.map(({ grantedMs }) => grantedMs));
  const spanMs = Math.max(1, Math.max(...ends) - first);
  return attempts.map((attempt, index) => {
    const { grantedMs, fetchMs, waitMs, computeMs } = attempt;
    const lengthMs = (ends[index] ?? grantedMs) - grantedMs;
    const known: [AttemptPhase, number][] = [
      ["transfer", fetchMs ?? 0],
      ["wait", waitMs ?? 0],
      ["compute", computeMs ?? 0],
    ];
    const knownMs = known.reduce((sum, [, ms]) => sum + ms, 0);
    // Clocks of two machines: phases that were measured there may be a little longer than the lease.
    const scale = knownMs > lengthMs && knownMs > 0 ? lengthMs / knownMs : 1;
    const unknownMs = Math.max(0, lengthMs - knownMs);
    return {
      start: (grantedMs - first) / spanMs,
      phases: [["unknown", unknownMs] as const, ...known]
        .filter(([, ms]) => ms > 0)
        .map(([key, ms]) => ({
          key,
          share: (key === "unknown" ? ms : ms * scale) / spanMs,
        })),
    };
  });
}

const WORKER_ID = /\bw_[\w-]{22}/g;

/** Sentences of the coordinator with the names of machines where it says their numbers. */
export const withNames = (text: string, names: ReadonlyMap<string, string>): string =>
  text.replace(WORKER_ID, (id) => names.get(id) ?? "a machine");
