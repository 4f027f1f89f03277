// What a program's job shows: the results that came last, and every failure with its story.
import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { useStore } from "zustand";
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";
import { browserTimers } from "../../app/sampler.ts";
import { formatCount, formatPlural } from "../../components/format.ts";
import { knownFailures } from "../jobs/failure-groups.ts";
import { JobFailures } from "../jobs/job-failures.tsx";
import { createProgramStore, type ListedResult } from "./program-store.ts";
import styles from "./program-job.module.css";

export interface ProgramJobProps {
  readonly job: JobView;
  readonly client: ClusterClient;
}

export function ProgramJob({ job, client }: ProgramJobProps) {
  const [{ store, follow, resume, forget }] = useState(() =>
    createProgramStore(client, job.job, browserTimers),
  );
  // A job that failed and is tried again has news once more.
  const isOver = job.state !== "running" && job.state !== "paused";
  useEffect(() => follow(), [follow]);
  useEffect(() => {
    if (!isOver) resume();
  }, [isOver, resume]);
  const { results, failures } = useStore(store);
  return (
    <div className={styles["program"]}>
      <JobFailures
        job={job}
        client={client}
        failures={knownFailures(job, failures)}
        onRetried={(tasks) => {
          forget(tasks);
          // It may have run and ended again before a view of it came.
          resume();
        }}
      />
      <Results results={results} job={job} />
    </div>
  );
}

/** What fits beside everything else; the others are one press away. */
const SHOWN_FIRST = 10;

function Results({
  results,
  job,
}: {
  readonly results: readonly ListedResult[];
  readonly job: JobView;
}) {
  const [isWhole, setIsWhole] = useState(false);
  const shown = isWhole ? results : results.slice(0, SHOWN_FIRST);
  return (
    <section>
      <h2 className={styles["heading"]}>Results</h2>
      {results.length === 0 ? (
        <p className={styles["empty"]}>
          {job.isOpen
            ? "Nothing was asked for yet, or all of it was let go. The results go to the program that sent this job; the latest ones show here."
            : "None yet. The results go to the program that sent this job; the latest ones show here."}
        </p>
      ) : (
        <>
          <p className={styles["caption"]}>
            {results.length < job.targetsDone
              ? `The latest ${results.length} of ${formatCount(job.targetsDone)}`
              : formatPlural(results.length, "result")}
          </p>
          <ul className={styles["results"]}>
            {shown.map(({ task, text }) => (
              <li key={task}>
                <code className={styles["task"]}>{task.slice(0, 8)}</code>
                <code className={styles["value"]}>{text}</code>
              </li>
            ))}
          </ul>
          {results.length > shown.length && (
            <Button variant="subtle" color="gray" onClick={() => setIsWhole(true)}>
              {`Show ${formatCount(results.length - shown.length)} more`}
            </Button>
          )}
        </>
      )}
    </section>
  );
}
