// The jobs that go on now, above everything else on the home page.
import type { JobView } from "../../../shared/protocol/messages.ts";
import { AppLink } from "../../app/app-link.tsx";
import { jobPath } from "../../app/router.ts";
import { formatCount, formatPlural } from "../../components/format.ts";
import { ChevronIcon } from "../../components/icons.tsx";
import { jobSizeWords, jobWords, newestFirst, progressOf } from "./job-rows.ts";
import styles from "./running-jobs.module.css";

/** Second copies of a task do not make it two. */
const onMachines = ({ tasksRunning, tasksTotal, tasksDone }: JobView): number =>
  Math.min(tasksRunning, tasksTotal - tasksDone);

export const RunningJobs = ({ jobs }: { readonly jobs: readonly JobView[] }) => (
  <ul className={styles["list"]}>
    {newestFirst(jobs).map((job) => (
      <li key={job.job}>
        <AppLink to={jobPath(job.job)} className={styles["job"]}>
          <span className={styles["head"]}>
            <span className={styles["name"]}>{job.title}</span>
            <span className={styles["detail"]}>{jobSizeWords(job)}</span>
            <ChevronIcon sizePx={16} />
          </span>
          <span className={styles["bar"]} data-state={job.state} aria-hidden="true">
            <span style={{ width: `${progressOf(job) * 100}%` }} />
          </span>
          <span className={styles["words"]}>
            <span>{jobWords(job)}</span>
            <span>
              {formatCount(job.tasksDone)} of {formatPlural(job.tasksTotal, "task")}
              {job.tasksRunning > 0 && `, ${formatCount(onMachines(job))} on machines`}
            </span>
          </span>
        </AppLink>
      </li>
    ))}
  </ul>
);
