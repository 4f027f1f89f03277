// Progress by kernel or function: a line for each, with a bar of how its tasks stand.
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import { httpPaths } from "../../../shared/protocol/http.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";
import { jobGroupsSchema } from "../../../shared/protocol/telemetry.ts";
import { usePolled } from "../../app/use-polled.ts";
import { formatCount, formatDuration } from "../../components/format.ts";
import { TaskSwatch } from "../../components/task-state.tsx";
import {
  groupCountWords,
  groupNames,
  groupPace,
  groupParts,
  groupSummary,
  lookWords,
  type GroupCounts,
  type GroupName,
} from "./group-rows.ts";
import styles from "./group-progress.module.css";

export interface GroupProgressProps {
  readonly job: JobView;
  readonly client: Pick<ClusterClient, "read">;
  /** A single group says no more than the bar above does, unless its name is news. */
  readonly isShownAlone: boolean;
}

const LIVE_INTERVAL_MS = 1_000;
/** A graph of hundreds of functions is looked at in its own view. */
const ROWS_MAX = 40;

export function GroupProgress({ job, client, isShownAlone }: GroupProgressProps) {
  const isLive = job.state === "running" || job.state === "paused";
  const interval = isLive ? LIVE_INTERVAL_MS : null;
  const { value } = usePolled(client, httpPaths.jobGroups(job.job), jobGroupsSchema, interval);
  const groups = value?.groups ?? [];
  if (groups.length === 0 || (groups.length === 1 && !isShownAlone)) return null;
  const names = groupNames(groups.map(({ name }) => name));
  const shown = groups.slice(0, ROWS_MAX);
  const looks = new Set(groups.flatMap((group) => groupParts(group).map(([look]) => look)));
  return (
    <section className={styles["groups"]} aria-labelledby="groups-title">
      <div className={styles["head"]}>
        <h2 id="groups-title" className={styles["title"]}>
          Progress by function
        </h2>
        <p className={styles["legend"]} aria-hidden="true">
          {[...looks].map((look) => (
            <span key={look}>
              <TaskSwatch look={look} /> {lookWords(look)}
            </span>
          ))}
        </p>
      </div>
      <ul className={styles["rows"]}>
        {shown.map((group) => (
          <GroupRow
            key={group.name}
            group={group}
            name={names.get(group.name)}
            isLive={job.state === "running"}
          />
        ))}
      </ul>
      {groups.length > shown.length && (
        <p className={styles["note"]}>
          and {formatCount(groups.length - shown.length)} more functions, which the graph shows
        </p>
      )}
    </section>
  );
}

interface GroupRowProps {
  readonly group: GroupCounts;
  readonly name: GroupName | undefined;
  readonly isLive: boolean;
}

function GroupRow({ group, name, isLive }: GroupRowProps) {
  const pace = isLive ? groupPace(group) : null;
  return (
    <li>
      <span className={styles["name"]}>
        <b>{name?.label ?? group.name}</b>
        {name !== undefined && name.mark !== "" && <code>{name.mark}</code>}
      </span>
      <span className={styles["bar"]} role="img" aria-label={groupSummary(group)}>
        {groupParts(group).map(([look, count]) => (
          <span key={look} data-task-state={look} style={{ flexGrow: count }} />
        ))}
      </span>
      <span className={styles["count"]}>{groupCountWords(group)}</span>
      <span className={styles["pace"]}>
        {pace === null
          ? group.computeMs > 0 && `${formatDuration(group.computeMs)} of computing`
          : [pace.pace, pace.left].filter((words) => words !== null).join(", ")}
      </span>
    </li>
  );
}
