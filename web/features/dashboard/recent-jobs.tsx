// The jobs of the cluster, newest first; each row leads to its job's page.
import { Button } from "@mantine/core";
import { useState } from "react";
import type { JobView } from "../../../shared/protocol/messages.ts";
import { AppLink } from "../../app/app-link.tsx";
import { jobPath } from "../../app/router.ts";
import { useNow, wallClock } from "../../app/use-now.ts";
import { formatAgo } from "../../components/format.ts";
import { ChevronIcon } from "../../components/icons.tsx";
import { jobSizeWords, jobWords, newestFirst, progressOf, RECENT_JOBS_MAX } from "./job-rows.ts";
import styles from "./recent-jobs.module.css";

const AGO_INTERVAL_MS = 20_000;

export function RecentJobs({ jobs }: { jobs: readonly JobView[] }) {
  const [isWhole, setIsWhole] = useState(false);
  const nowMs = useNow(AGO_INTERVAL_MS, wallClock);
  const sorted = newestFirst(jobs);
  const shown = isWhole ? sorted : sorted.slice(0, RECENT_JOBS_MAX);
  return (
    <>
      <ul className={styles["list"]}>
        {shown.map((job) => (
          <li key={job.job}>
            <AppLink to={jobPath(job.job)} className={styles["row"]}>
              <span className={styles["title"]}>
                <span className={styles["name"]}>{job.title}</span>
                <span className={styles["detail"]}>{jobSizeWords(job)}</span>
              </span>
              <span className={styles["state"]} data-state={job.state}>
                <span className={styles["bar"]} aria-hidden="true">
                  <span style={{ width: `${progressOf(job) * 100}%` }} />
                </span>
                <span>{jobWords(job)}</span>
              </span>
              <span className={styles["when"]}>{formatAgo(job.submittedAtMs, nowMs)}</span>
              <ChevronIcon sizePx={16} />
            </AppLink>
          </li>
        ))}
      </ul>
      {sorted.length > shown.length && (
        <Button variant="subtle" color="gray" onClick={() => setIsWhole(true)}>
          Show all {sorted.length}
        </Button>
      )}
    </>
  );
}
