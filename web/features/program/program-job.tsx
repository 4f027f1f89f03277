// What a program's job shows: the results that came last, and every failure with its story.
import { Button } from "@mantine/core";
import { useEffect, useState } from "react";
import { useStore } from "zustand";
import type { ClusterClient } from "../../../shared/client/cluster-client.ts";
import type { TargetFailure } from "../../../shared/graph/task.ts";
import type { JobView } from "../../../shared/protocol/messages.ts";
import { browserTimers } from "../../app/sampler.ts";
import { formatPlural } from "../../components/format.ts";
import { createProgramStore, type ListedResult } from "./program-store.ts";
import styles from "./program-job.module.css";

export interface ProgramJobProps {
  readonly job: JobView;
  readonly client: ClusterClient;
}

export function ProgramJob({ job, client }: ProgramJobProps) {
  const [{ store, follow }] = useState(() => createProgramStore(client, job.job, browserTimers));
  useEffect(() => follow(), [follow]);
  const { results, failures } = useStore(store);
  return (
    <div className={styles["program"]}>
      {failures.length > 0 && <Failures failures={failures} job={job} client={client} />}
      <Results results={results} job={job} />
    </div>
  );
}

function Results({
  results,
  job,
}: {
  readonly results: readonly ListedResult[];
  readonly job: JobView;
}) {
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
              ? `The latest ${results.length} of ${job.targetsDone.toLocaleString()}`
              : formatPlural(results.length, "result")}
          </p>
          <ul className={styles["results"]}>
            {results.map(({ task, text }) => (
              <li key={task}>
                <code className={styles["task"]}>{task.slice(0, 8)}</code>
                <code className={styles["value"]}>{text}</code>
              </li>
            ))}
          </ul>
        </>
      )}
    </section>
  );
}

interface FailuresProps {
  readonly failures: readonly TargetFailure[];
  readonly job: JobView;
  readonly client: ClusterClient;
}

function Failures({ failures, job, client }: FailuresProps) {
  const [problem, setProblem] = useState<string | null>(null);
  const [isBusy, setIsBusy] = useState(false);
  const retry = (): void => {
    setIsBusy(true);
    setProblem(null);
    const retried = failures.map(({ task }) => task);
    client
      .extend(job.job, { released: [], retried, tasks: [], targets: [] })
      .catch((error: unknown) => setProblem(error instanceof Error ? error.message : String(error)))
      .finally(() => setIsBusy(false));
  };
  return (
    <section>
      <div className={styles["line"]}>
        <h2 className={styles["heading"]}>
          {formatPlural(Math.max(job.targetsFailed, failures.length), "failure")}
        </h2>
        {job.isOpen && (
          <Button variant="default" loading={isBusy} onClick={retry}>
            Try again
          </Button>
        )}
      </div>
      {problem !== null && (
        <p className={styles["problem"]} role="alert">
          {problem}
        </p>
      )}
      <ul className={styles["failures"]}>
        {failures.map((failure) => (
          <li key={failure.task}>
            <details>
              <summary>
                <code className={styles["task"]}>{failure.task.slice(0, 8)}</code>
                <span className={styles["error"]}>{headline(failure)}</span>
              </summary>
              <p className={styles["story"]}>{failure.message}</p>
              {failure.error !== null && failure.error.stack !== "" && (
                <pre className={styles["stack"]} tabIndex={0}>
                  {failure.error.stack}
                </pre>
              )}
            </details>
          </li>
        ))}
      </ul>
    </section>
  );
}

const headline = ({ error, message }: TargetFailure): string =>
  error === null ? message : `${error.name}: ${error.message}`;
