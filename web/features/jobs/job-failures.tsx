// What failed in a job: a line for each message, where it happened, and the ways to try again.
import { useState } from "react";
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import type { TargetFailure } from "../../../shared/graph/task.ts";
import type { JobId, TaskKey } from "../../../shared/ids.ts";
import { httpPaths } from "../../../shared/protocol/http.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";
import { taskStorySchema } from "../../../shared/protocol/telemetry.ts";
import { usePolled } from "../../app/use-polled.ts";
import { formatCount, formatPlural } from "../../components/format.ts";
import { groupFailures, whereItFailed, type FailureGroup } from "./failure-groups.ts";
import { RetryButtons } from "./retry-buttons.tsx";
import { StoryDialog, ThrownError } from "./story-dialog.tsx";
import { shortKey, withNames } from "./story-words.ts";
import styles from "./job-failures.module.css";

export interface JobFailuresProps {
  readonly job: JobView;
  readonly client: Pick<ClusterClient, "read" | "retry" | "view">;
  /** The newest first; may be fewer than there are. */
  readonly failures: readonly TargetFailure[];
  /** These, or all, are under way again. */
  readonly onRetried?: (tasks: readonly TaskKey[] | null) => void;
}

/** Messages that are listed; a job with more kinds of failure than these is wrong as a whole. */
const GROUPS_MAX = 8;

export function JobFailures({ job, client, failures, onRetried }: JobFailuresProps) {
  const [opened, setOpened] = useState<TaskKey | null>(null);
  if (failures.length === 0) return null;
  const groups = groupFailures(failures);
  const shown = groups.slice(0, GROUPS_MAX);
  const count = Math.max(job.targetsFailed, failures.length);
  return (
    <section className={styles["failures"]} aria-labelledby="failures-title">
      <div className={styles["head"]}>
        <h2 id="failures-title" className={styles["title"]}>
          {formatPlural(count, "failure")}
        </h2>
        {groups.length > 1 && (
          <RetryButtons
            client={client}
            job={job.job}
            what={`all ${formatPlural(count, "failure")}`}
            onRetried={() => onRetried?.(null)}
          />
        )}
      </div>
      <ul className={styles["groups"]}>
        {shown.map((group) => (
          <FailureLine
            key={group.key}
            group={group}
            job={job}
            // One message, and perhaps more tasks than are listed: all of them are meant.
            isAll={groups.length === 1}
            client={client}
            onOpen={setOpened}
            onRetried={onRetried}
          />
        ))}
      </ul>
      {groups.length > shown.length && (
        <p className={styles["muted"]}>
          and {formatCount(groups.length - shown.length)} other messages
        </p>
      )}
      <StoryDialog
        client={client}
        subject={opened === null ? null : { job: job.job, task: opened }}
        onClose={() => setOpened(null)}
      />
    </section>
  );
}

interface FailureLineProps extends Pick<JobFailuresProps, "job" | "client"> {
  readonly onRetried: JobFailuresProps["onRetried"] | undefined;
  readonly group: FailureGroup;
  readonly isAll: boolean;
  readonly onOpen: (task: TaskKey) => void;
}

/** Links to single tasks; the rest is behind the same words anyway. */
const TASKS_MAX = 12;

function FailureLine({ group, job, isAll, client, onOpen, onRetried }: FailureLineProps) {
  const { tasks, headline, error } = group;
  // A job that has ended runs on whole: what failed with other messages is tried again, too.
  const canRetry = isAll || job.state === "running" || job.state === "paused";
  const where = useWhere(client, job.job, tasks);
  const names = new Map<string, string>(
    [...job.timing.workers, ...client.view.workers].map(({ worker, name }) => [worker, name]),
  );
  const words = withNames(headline, names);
  const count = isAll ? Math.max(job.targetsFailed, tasks.length) : tasks.length;
  return (
    <li>
      <div className={styles["line"]}>
        <div className={styles["words"]}>
          {error === null ? (
            <p className={styles["message"]}>{words}</p>
          ) : (
            <ThrownError error={error} />
          )}
          <p className={styles["muted"]}>
            {[formatPlural(count, "task"), where].filter((part) => part !== "").join(", ")}.{" "}
            {tasks.length === 1 ? "Story: " : "Stories: "}
            {tasks.slice(0, TASKS_MAX).map((task) => (
              <button
                key={task}
                type="button"
                className={styles["story"]}
                aria-label={`Story of task ${shortKey(task)}`}
                onClick={() => onOpen(task)}
              >
                {shortKey(task)}
              </button>
            ))}
            {tasks.length > TASKS_MAX && `and ${formatCount(tasks.length - TASKS_MAX)} more`}
          </p>
        </div>
        {canRetry && (
          <RetryButtons
            client={client}
            job={job.job}
            {...(isAll ? {} : { tasks })}
            what={`${formatPlural(count, "task")} that failed with “${words.slice(0, 80)}”`}
            size="xs"
            onRetried={() => onRetried?.(isAll ? null : tasks)}
          />
        )}
      </div>
    </li>
  );
}

/** Where the group's first and last failure happened, as far as that is remembered. */
function useWhere(
  client: Pick<ClusterClient, "read">,
  job: JobId,
  tasks: readonly TaskKey[],
): string {
  const pathOf = (task: TaskKey | undefined): string | null =>
    task === undefined ? null : httpPaths.task(job, task);
  const first = usePolled(client, pathOf(tasks[0]), taskStorySchema, null);
  const last = usePolled(client, pathOf(tasks.at(-1)), taskStorySchema, null);
  return whereItFailed(first.value?.attempts ?? [], last.value?.attempts ?? []);
}
