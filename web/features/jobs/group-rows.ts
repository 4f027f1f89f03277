// What the progress by kernel or function shows: counts, pace and time left of each group.
import { groupLabel } from "../../../shared/graph/function-group.ts";
import type { JobGroups } from "../../../shared/protocol/telemetry.ts";
import { formatCount, formatPlural, formatRate, formatTimeLeft } from "../../components/format.ts";
import type { TaskLook } from "../../components/task-state.tsx";

export type GroupCounts = JobGroups["groups"][number];

/** The tasks of a group by how they stand, in the order of the bar; what is none is left out. */
export function groupParts(group: GroupCounts): readonly (readonly [TaskLook, number])[] {
  const parts: (readonly [TaskLook, number])[] = [
    ["done", group.done],
    ["computing", group.leased],
    ["ready", group.ready],
    ["waiting", group.waiting],
    ["failed", group.failed],
  ];
  return parts.filter(([, count]) => count > 0);
}

const WORDS: Record<TaskLook, string> = {
  done: "done",
  computing: "with machines",
  ready: "ready",
  waiting: "waiting",
  failed: "failed",
  cancelled: "not needed any more",
};
export const lookWords = (look: TaskLook): string => WORDS[look];

/** "12 done, 4 with machines, 84 waiting", for those who do not see the bar. */
export const groupSummary = (group: GroupCounts): string =>
  groupParts(group)
    .map(([look, count]) => `${formatCount(count)} ${WORDS[look]}`)
    .join(", ") || "nothing to do";

/** "120 of 400 tasks", or how many there are when all is done. */
export function groupCountWords({ done, total }: GroupCounts): string {
  return done === total
    ? formatPlural(total, "task")
    : `${formatCount(done)} of ${formatPlural(total, "task")}`;
}

/** Fewer finished tasks than this make no pace. */
const TASKS_FOR_PACE_MIN = 5;

/**
 * The group's pace, and how long the rest takes at it. Null where it cannot be said: nothing was
 * finished lately, too little to tell, or the rest waits for other groups.
 */
export function groupPace(
  group: GroupCounts,
): { readonly pace: string; readonly left: string | null } | null {
  const { tasksPerSecond, done, total, failed, waiting, ready, leased } = group;
  if (!(tasksPerSecond > 0)) return null;
  const pace = formatRate(tasksPerSecond, "tasks");
  const rest = total - done - failed;
  const isHeldUp = ready + leased < Math.min(waiting, tasksPerSecond);
  if (rest <= 0 || isHeldUp || done < TASKS_FOR_PACE_MIN) return { pace, left: null };
  return { pace, left: formatTimeLeft((rest / tasksPerSecond) * 1_000) };
}

export interface GroupName {
  readonly label: string;
  /** Some digits that tell apart groups which are called the same; empty where none are. */
  readonly mark: string;
}

/** The names of all groups, told apart. */
export function groupNames(groups: readonly string[]): ReadonlyMap<string, GroupName> {
  const counts = new Map<string, number>();
  for (const group of groups) {
    const label = groupLabel(group);
    counts.set(label, (counts.get(label) ?? 0) + 1);
  }
  return new Map(
    groups.map((group) => {
      const label = groupLabel(group);
      const isShared = (counts.get(label) ?? 0) > 1;
      return [group, { label, mark: isShared ? markOf(group) : "" }];
    }),
  );
}

/** The first digits of a function's module, or a kernel's version. */
const markOf = (group: string): string =>
  /^function:([0-9a-f]{4})/.exec(group)?.[1] ?? /@(\d+)$/.exec(group)?.[1] ?? "";
